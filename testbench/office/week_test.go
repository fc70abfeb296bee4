package office

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/linesim"
	"github.com/centralita/centralita/testbench/phone"
)

// How much `make sim` asks for; plain go test takes a sample.
var (
	seeds = flag.Int("seeds", 1, "how many offices")
	first = flag.Uint64("seed", 1, "the first seed")
	days  = flag.Int("days", 7, "how many days each lives")
	calls = flag.Int("calls", 40, "about how many calls from outside in that time")
)

// people are everybody outside one office.
type people struct {
	o    *Office
	seed uint64
	ctx  context.Context
	mu   sync.Mutex
	r    *rand.Rand
	all  sync.WaitGroup
	made int
}

func (p *people) n(n int) int { p.mu.Lock(); defer p.mu.Unlock(); return p.r.IntN(n) }

// some waits between a and b; false when the time is over.
func (p *people) some(a, b time.Duration) bool {
	p.mu.Lock()
	d := a + time.Duration(p.r.Int64N(int64(b-a)))
	p.mu.Unlock()
	select {
	case <-p.ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// picksUp is what an agent does when his phone rings.
func (p *people) picksUp(c *phone.Call) {
	c.Ring()
	switch k := p.n(100); {
	case k < 12:
		c.Reject(603)
	case k < 20:
		c.Busy()
	case k < 32: // nobody there
	default:
		p.some(time.Second, 12*time.Second)
		c.Answer()
		if p.n(5) == 0 && p.some(time.Second, 3*time.Second) {
			if c.Hold(phone.HoldForm(p.n(2))) == nil && p.some(time.Second, 10*time.Second) {
				_ = c.Resume() // the other end may be gone by now
			}
		}
		if p.n(2) == 0 && p.some(2*time.Second, 40*time.Second) {
			c.HangUp()
		}
	}
}

// sits registers a phone again and again, and vanishes now and then.
func (p *people) sits(ext, host string) {
	for p.ctx.Err() == nil {
		f, err := phone.New(phone.Memory(p.o.Net), host+":5060", phone.Account{User: ext, Password: "secret-of-" + ext, Server: SIP, Expires: 600})
		if err != nil {
			p.o.T.Errorf("seed %d: %v", p.seed, err)
			return
		}
		f.OnCall = p.picksUp
		end := time.Now().Add(time.Duration(6+p.n(40)) * time.Hour)
		for time.Now().Before(end) && p.ctx.Err() == nil {
			ctx, cancel := context.WithTimeout(p.ctx, 40*time.Second)
			err := f.Register(ctx)
			cancel()
			pause := 9 * time.Minute
			if err != nil {
				pause = 30 * time.Second // the house restarts
			}
			if !p.some(pause, pause+30*time.Second) {
				break
			}
		}
		f.Close()
		p.some(time.Minute, time.Hour)
	}
}

// keys are what callers press.
var keys = []string{"1", "1", "1", "1", "0", "101", "202", "9", "", "12#*0"}

// callsSIP makes one call through the carrier.
func (p *people) callsSIP(carrier *phone.Phone) {
	c := carrier.Call("912000000")
	ctx, cancel := context.WithTimeout(p.ctx, 40*time.Second)
	defer cancel()
	if c.WaitUp(ctx) != nil || !p.some(time.Second, 4*time.Second) {
		c.HangUp()
		return
	}
	c.SendDigits(keys[p.n(len(keys))], phone.DigitForm(p.n(2)))
	p.some(time.Second, 100*time.Second)
	c.HangUp()
}

// callsLine makes one call over a line.
func (p *people) callsLine() {
	copper := p.o.Copper()
	defer func() { _ = copper.Close() }() // a pulled cord has nothing to say
	l, err := copper.Line(1 + p.n(2))
	if err != nil {
		p.o.T.Errorf("seed %d: %v", p.seed, err)
		return
	}
	c, err := l.Call(linesim.Caller{Number: "600123456", Name: "Juan"})
	if err != nil {
		return // the line is in use
	}
	ctx, cancel := context.WithTimeout(p.ctx, time.Minute)
	defer cancel()
	if _, err := c.WaitAnswer(ctx); err == nil && p.some(time.Second, 3*time.Second) {
		if c.Press(ctx, keys[p.n(len(keys))]) == nil {
			p.some(time.Second, 60*time.Second)
		}
	}
	if p.n(4) > 0 {
		c.HangUp()
		p.some(2*time.Second, 3*time.Second)
	}
}

// live makes calls until the time is over; the house is restarted now and then.
func (p *people) live() {
	carrier := p.o.Phone(Far, phone.Account{User: "600123456", Name: "Juan"})
	defer carrier.Close()
	pause := time.Duration(*days) * 24 * time.Hour / time.Duration(*calls)
	var going sync.WaitGroup
	for p.some(0, 2*pause) {
		switch k := p.n(20); {
		case k == 0:
			p.o.Stop()
			p.some(time.Second, time.Minute)
			p.o.Start()
		case k < 5:
			p.made++
			p.callsLine() // one cord only
		default:
			for range 1 + p.n(4) {
				p.made++
				going.Go(func() { p.callsSIP(carrier) })
				p.some(0, 20*time.Second)
			}
		}
		if k := p.n(4); k == 0 {
			going.Wait() // a restart must not meet them every time
		}
	}
	going.Wait()
}

// watch reads every picture and holds it against what must always be true.
func (p *people) watch(done <-chan struct{}) {
	for {
		s := p.o.House().View()
		on := map[tel.CallID]tel.AgentID{}
		for _, a := range s.Agents {
			if a.Call != "" && (a.State == "reserved" || a.State == "talking") {
				if other, twice := on[a.Call]; twice {
					p.o.T.Errorf("seed %d: call %s is with %s and %s", p.seed, a.Call, other, a.ID)
				}
				on[a.Call] = a.ID
			}
		}
		select {
		case <-done:
			return
		case <-time.After(time.Second):
		}
	}
}

// backoff is how long a pair that just failed is kept apart; a lone agent who
// refused is free for others, not for this caller.
const backoff = 10 * time.Second

// dispatch is how long a caller may wait beside a free eligible agent.
const dispatch = 250 * time.Millisecond

// floor replays who waited and who was free.
type floor struct {
	ready   map[tel.AgentID]time.Time                // since
	waiting map[tel.CallID]time.Time                 // not offered to anybody since
	tried   map[tel.CallID]map[tel.AgentID]time.Time // failed at
}

// fault returns a pair that has stood side by side for too long at the instant t.
func (f *floor) fault(t time.Time) string {
	for c, waits := range f.waiting {
		for a, ready := range f.ready {
			since := ready
			if waits.After(since) {
				since = waits
			}
			if again := f.tried[c][a].Add(backoff); again.After(since) {
				since = again
			}
			if t.Sub(since) > dispatch {
				return fmt.Sprintf("%s waited beside %s, who was free, from %s to %s", c, a, since, t)
			}
		}
	}
	return ""
}

// take applies a fact.
func (f *floor) take(e call.Fact) {
	switch e.Kind {
	case call.Boot: // nobody of the boot before waits or is free
		*f = floor{map[tel.AgentID]time.Time{}, map[tel.CallID]time.Time{}, map[tel.CallID]map[tel.AgentID]time.Time{}}
	case call.AgentState:
		delete(f.ready, e.Agent)
		if e.State == "ready" {
			f.ready[e.Agent] = e.At
		}
	case call.Queued:
		f.waiting[e.Call] = e.At
		f.tried[e.Call] = map[tel.AgentID]time.Time{}
	case call.Offered, call.QueueLeft, call.Ended:
		delete(f.waiting, e.Call)
	case call.Declined:
		f.waiting[e.Call] = e.At
		if f.tried[e.Call] != nil {
			f.tried[e.Call][e.Agent] = e.At
		}
	}
}

// A week of random calls, refusals, hang-ups, lost phones and restarts.
func TestRandomWeek(t *testing.T) {
	for i := range *seeds {
		seed := *first + uint64(i)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			bubble(t, seed, func(o *Office) { week(o, seed) })
		})
	}
}

func week(o *Office, seed uint64) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(*days)*24*time.Hour)
	defer cancel()
	p := &people{o: o, seed: seed, ctx: ctx, r: rand.New(rand.NewPCG(seed, 3))}
	done := make(chan struct{})
	p.all.Go(func() { p.sits("201", "10.0.0.21") })
	p.all.Go(func() { p.sits("202", "10.0.0.22") })
	var watching sync.WaitGroup
	watching.Go(func() { p.watch(done) })
	p.live()
	p.all.Wait()
	close(done)
	watching.Wait()
	o.Until("everybody is gone", 5*time.Minute, func() bool { return len(o.House().View().Calls) == 0 && o.House().View().Media.Legs == 0 })
	<-time.After(20 * time.Minute) // registrations and after-call work end
	p.rest()
}

// rest looks for what was left over, and reads the book.
func (p *people) rest() {
	o := p.o
	s := o.House().View()
	for _, a := range s.Agents {
		if a.State == "reserved" || a.State == "talking" || a.State == "acw" || a.State == "engaged" {
			o.T.Errorf("seed %d: agent %s at rest is %s", p.seed, a.ID, a.State)
		}
	}
	for _, l := range s.Lines {
		if l.Detail != "idle" {
			o.T.Errorf("seed %d: line %s at rest is %s", p.seed, l.ID, l.Detail)
		}
	}
	if n := o.House().SIPLegs(); n != 0 {
		o.T.Errorf("seed %d: %d SIP legs left over", p.seed, n)
	}
	began, ended := map[tel.CallID]int{}, map[tel.CallID]int{}
	waiting := map[tel.QueueID][]tel.CallID{}
	var fl floor
	for _, row := range o.Facts() {
		var f call.Fact
		if err := json.Unmarshal(row.Body, &f); err != nil {
			o.T.Fatal(err)
		}
		if why := fl.fault(f.At); why != "" {
			o.T.Errorf("seed %d: %s", p.seed, why)
		}
		fl.take(f)
		switch f.Kind {
		case call.Began:
			began[f.Call]++
		case call.Ended:
			ended[f.Call]++
		case call.Queued:
			waiting[f.Queue] = append(waiting[f.Queue], f.Call)
		case call.Offered, call.QueueLeft:
			q := waiting[f.Queue]
			for i, c := range q {
				if c == f.Call {
					if f.Kind == call.Offered && i > 0 {
						o.T.Errorf("seed %d: %s was offered before %s, who came first", p.seed, c, q[0])
					}
					waiting[f.Queue] = append(q[:i:i], q[i+1:]...)
				}
			}
		}
	}
	recs := o.Records()
	for _, r := range recs {
		if began[r.ID] != 1 || ended[r.ID] != 1 || r.Ended.IsZero() || r.Cause == "" || r.EndedBy == "" {
			o.T.Errorf("seed %d: record %s began %d times, ended %d times: %+v", p.seed, r.ID, began[r.ID], ended[r.ID], r)
		}
	}
	if len(recs) != len(began) {
		o.T.Errorf("seed %d: %d records of %d calls", p.seed, len(recs), len(began))
	}
	answered := 0
	for _, r := range recs {
		if !r.Connected.IsZero() {
			answered++
		}
	}
	o.T.Logf("seed %d: %d calls made, %d records, %d put through", p.seed, p.made, len(recs), answered)
	if answered < len(recs)/10 || len(recs) == 0 {
		o.T.Errorf("seed %d: the week proves too little", p.seed)
	}
}
