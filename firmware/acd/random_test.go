package acd

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

var (
	events = flag.Int("events", 100_000, "random events a run")
	seed   = flag.Uint64("seed", 0, "seed of the random events; 0 means by the clock")
)

// office is a random house: who sits where, and what rings.
type office struct {
	rnd  *rand.Rand
	m    *Machine
	r    *referee
	now  time.Time
	n    int
	wait []tel.CallID // joined at some time; many are gone
	live []tel.OfferID
	log  []string // the last steps
}

func newOffice(seed uint64) *office {
	rnd := rand.New(rand.NewPCG(seed, 7))
	var cfg Settings
	queues := []tel.QueueID{"a", "b", "c", "d"}[:1+rnd.IntN(4)]
	for i, q := range queues {
		cfg.Queues = append(cfg.Queues, QueueSettings{
			ID: q, Ring: time.Duration(5+rnd.IntN(20)) * time.Second, ACW: time.Duration(rnd.IntN(3)) * 10 * time.Second,
			Backoff: time.Duration(2+rnd.IntN(15)) * time.Second, MaxWait: time.Duration(30+rnd.IntN(300)) * time.Second,
			Announce: time.Duration(i%2) * 15 * time.Second, MaxCallers: 3 + rnd.IntN(20),
		})
	}
	for i := range 1 + rnd.IntN(9) {
		a := AgentSettings{ID: tel.AgentID(fmt.Sprintf("p%d", i))}
		for _, q := range queues {
			if rnd.IntN(2) == 0 {
				a.Queues = append(a.Queues, q)
			}
		}
		cfg.Agents = append(cfg.Agents, a)
	}
	cfg.Misses, cfg.Refusals = rnd.IntN(5)-1, rnd.IntN(7)-1
	cfg.Seed = seed
	o := &office{rnd: rnd, now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), m: New(cfg)}
	o.r = &referee{cfg: cfg, agents: map[tel.AgentID]*seenAgent{}, offers: map[tel.OfferID]*seenOffer{}}
	for _, a := range cfg.Agents {
		o.r.agents[a.ID] = &seenAgent{}
	}
	return o
}

// step gives one event to machine and referee.
func (o *office) step(ev Event) {
	out := o.m.Step(o.now, ev, nil)
	o.r.step(o.now, ev, out)
	for _, e := range out {
		if of, ok := e.(Offer); ok {
			o.live = append(o.live, of.Offer)
		}
	}
	if len(o.log) > 40 {
		o.log = o.log[1:]
	}
	o.log = append(o.log, fmt.Sprintf("%s %s => %v", o.now.Format("15:04:05.000"), ev, out))
}

// pass lets time go by and meets every deadline on the way.
func (o *office) pass(d time.Duration) {
	to := o.now.Add(d)
	for at, ok := o.m.Deadline(); ok && !at.After(to); at, ok = o.m.Deadline() {
		if at.After(o.now) {
			o.now = at
		}
		o.step(TimedOut{})
	}
	o.now = to
}

func (o *office) someOffer() tel.OfferID {
	for len(o.live) > 0 {
		i := o.rnd.IntN(len(o.live))
		id := o.live[i]
		if o.r.offers[id] != nil || o.rnd.IntN(20) == 0 { // now and then late news
			return id
		}
		o.live = append(o.live[:i], o.live[i+1:]...)
	}
	return 0
}

// random makes one event up.
func (o *office) random() Event {
	rnd, cfg := o.rnd, &o.r.cfg
	agent := cfg.Agents[rnd.IntN(len(cfg.Agents))].ID
	ext := tel.Number(fmt.Sprint(200 + rnd.IntN(len(cfg.Agents)+1)))
	switch k := rnd.IntN(100); {
	case k < 22:
		o.n++
		e := Joined{Call: tel.CallID(fmt.Sprint("c", o.n)), Queue: cfg.Queues[rnd.IntN(len(cfg.Queues))].ID}
		if rnd.IntN(5) == 0 {
			e.Since = o.now.Add(-time.Duration(rnd.IntN(60)) * time.Second)
		}
		o.wait = append(o.wait, e.Call)
		return e
	case k < 28 && len(o.wait) > 0:
		i := rnd.IntN(len(o.wait))
		id := o.wait[i]
		o.wait = append(o.wait[:i], o.wait[i+1:]...)
		return Left{id, tel.CauseAbandoned}
	case k < 46:
		return Accepted{o.someOffer()}
	case k < 60:
		return Connected{o.someOffer()}
	case k < 66:
		return Declined{o.someOffer(), []tel.Cause{tel.CauseRefused, tel.CauseBusy, tel.CauseLost, tel.CauseUnreachable}[rnd.IntN(4)]}
	case k < 76:
		return Released{o.someOffer()}
	case k < 83:
		return Login{agent, ext, rnd.IntN(4) > 0, tel.ByAgent}
	case k < 85:
		return Logout{agent, tel.ByAgent}
	case k < 88:
		return Pause{agent, []string{"descanso", "tarea"}[rnd.IntN(2)], tel.ByAgent}
	case k < 93:
		return Unpause{agent, tel.ByAgent}
	case k < 99:
		up := rnd.IntN(4) > 0
		return Phone{ext, up, up && rnd.IntN(3) == 0, "news"}
	}
	return Reload{*cfg}
}

// TestInvariants plays random days in random offices (I1-I15, I17, I19-I21,
// I24) against the referee. `make sim` asks for more by -events.
func TestInvariants(t *testing.T) {
	first := *seed
	if first == 0 {
		first = uint64(time.Now().UnixNano())
	}
	total, offers, again, answered := 0, 0, 0, 0
	for s := first; total < *events; s++ {
		o := newOffice(s)
		for range 4000 {
			if o.rnd.IntN(3) > 0 {
				o.pass(time.Duration(o.rnd.Int64N(int64(8 * time.Second))))
			}
			o.step(o.random())
			total++
			if len(o.r.wrong) > 0 {
				for _, l := range o.log {
					t.Log(l)
				}
				t.Log(o.m.Describe())
				t.Fatalf("run again with -seed %d: %s", s, o.r.wrong[0])
			}
		}
		o.drain(t, s)
		offers, again, answered = offers+o.r.made, again+o.r.again, answered+o.r.answered
	}
	t.Logf("seed %d: %d events, %d offers, %d of them repeated, %d answered", first, total, offers, again, answered)
	if offers < total/20 || answered < total/100 || again < total/1000 {
		t.Errorf("the random day is too quiet to prove anything")
	}
}

// drain ends all calls and logs everybody out: nothing may be left over (I2).
func (o *office) drain(t *testing.T, seed uint64) {
	for _, id := range o.wait {
		o.step(Left{id, tel.CauseAbandoned})
	}
	for _, id := range o.live {
		o.step(Released{id})
	}
	for _, a := range o.r.cfg.Agents {
		o.step(Logout{a.ID, tel.BySystem})
	}
	o.pass(time.Hour)
	if len(o.r.wrong) > 0 {
		t.Fatalf("run again with -seed %d: %s", seed, o.r.wrong[0])
	}
	m := o.m
	if len(m.callers)+len(m.offerOf)+len(m.timers.heap) > 0 {
		t.Fatalf("seed %d: left over: %d callers, %d offers, %d timers", seed, len(m.callers), len(m.offerOf), len(m.timers.heap))
	}
	for _, q := range m.queues {
		if q.all.len()+q.open.len()+q.ready.len() > 0 {
			t.Fatalf("seed %d: left over in queue %s", seed, q.ID)
		}
	}
	for _, a := range m.Agents() {
		if a.State != LoggedOut {
			t.Fatalf("seed %d: %s stays %s", seed, a.ID, a.State)
		}
	}
}

// TestSameStepsSameEffects proves that the machine has no other input than its
// steps: two runs of the same events give the same effects.
func TestSameStepsSameEffects(t *testing.T) {
	play := func() string {
		o := newOffice(11)
		var all string
		for range 2000 {
			o.pass(time.Duration(o.rnd.Int64N(int64(4 * time.Second))))
			o.step(o.random())
			all += o.log[len(o.log)-1]
		}
		return all
	}
	first, second := play(), play()
	if first != second {
		t.Error("the same events gave other effects")
	}
}
