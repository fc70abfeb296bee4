package line

import (
	"container/heap"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/hal/port"
)

// How much `make sim` asks for; plain go test takes a sample.
var (
	lineEvents = flag.Int("events", 40_000, "how many events a random line lives through")
	lineSeed   = flag.Uint64("lineseed", 1, "the first seed of the random lines")
	lineSeeds  = flag.Int("lineseeds", 4, "how many random lines")
)

// sim is one line between an exchange that can do anything an exchange does, and a
// house that answers, dials and hangs up at random. It runs on its own clock.
type sim struct {
	t     *testing.T
	seed  uint64
	r     *rand.Rand
	now   time.Time
	later simQueue
	seq   int
	steps int
	log   []string
	taken map[[2]State]bool

	l     *FXO
	caps  port.Caps
	audio bool // as the effects say
	loop  bool
	house house
	co    office
}

// house is what our side knows of its call.
type house struct {
	call    int  // number of the call going on, 0 none
	n       int  // calls so far
	in      bool // it came from the exchange
	dialled bool // Dial was accepted, or not refused yet
	urgent  bool // it is an emergency
	kinds   map[string]int
}

type simQueue []simEvent

type simEvent struct {
	at  time.Time
	seq int
	do  func()
}

func (q simQueue) Len() int { return len(q) }
func (q simQueue) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].seq < q[j].seq
}
func (q simQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *simQueue) Push(x any)   { *q = append(*q, x.(simEvent)) }
func (q *simQueue) Pop() any     { o := *q; x := o[len(o)-1]; *q = o[:len(o)-1]; return x }

func newSim(t *testing.T, seed uint64) *sim {
	s := &sim{t: t, seed: seed, r: rand.New(rand.NewPCG(seed, 7)), now: t0, taken: map[[2]State]bool{}}
	s.caps = port.Caps{Battery: seed%4 != 3, Polarity: seed%4 != 3}
	s.l = NewFXO(t0, Settings{
		Caps: s.caps, BlockCollect: seed%3 == 1, Longest: time.Duration(seed%3) * 20 * time.Minute, Silence: time.Minute,
		Timing: TimingFor([]string{"ES", "GB", "US", ""}[seed%4], [][]int{{1500, 3000}, {400, 200, 400, 2000}, {2000, 4000}, nil}[seed%4]),
	})
	s.house.kinds = map[string]int{}
	s.co.init(s)
	return s
}

func (s *sim) fail(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("seed %d, event %d at %s: %s after\n%s", s.seed, s.steps, s.now.Sub(t0), fmt.Sprintf(format, args...),
		strings.Join(s.log[max(0, len(s.log)-40):], "\n"))
}

func (s *sim) after(d time.Duration, do func()) {
	s.seq++
	heap.Push(&s.later, simEvent{s.now.Add(d), s.seq, do})
}

// some returns a random time between a and b milliseconds.
func (s *sim) some(a, b int) time.Duration {
	return time.Duration(a+s.r.IntN(b-a)) * time.Millisecond
}

func (s *sim) chance(percent int) bool { return s.r.IntN(100) < percent }

// run lets time pass until n events were stepped, or nothing is left.
func (s *sim) run(n int, until time.Time) {
	for s.steps < n {
		due, ok := s.l.Deadline()
		switch {
		case len(s.later) > 0 && (!ok || !s.later[0].at.After(due)):
			if s.later[0].at.After(until) {
				return
			}
			e := heap.Pop(&s.later).(simEvent)
			s.now = e.at
			e.do()
		case ok:
			if due.After(until) {
				return
			}
			if due.After(s.now) {
				s.now = due
			}
			s.step(TimedOut{})
			for n := 0; ; n++ { // several may be due at once, but not for ever
				if again, ok := s.l.Deadline(); !ok || again.After(s.now) {
					break
				}
				if n == 5 {
					s.fail("a deadline fires and nothing comes of it")
				}
				s.step(TimedOut{})
			}
		default:
			return
		}
	}
}

// step gives the machine one event and holds its effects against the promises.
func (s *sim) step(ev Event) {
	s.steps++
	before, _ := s.l.State()
	out := s.l.Step(s.now, ev, nil)
	if _, timed := ev.(TimedOut); !timed || len(out) > 0 {
		s.log = append(s.log, fmt.Sprintf("%s %s -> %v", s.now.Sub(t0), ev, out))
		if len(s.log) > 400 {
			s.log = append(s.log[:0], s.log[200:]...)
		}
	}
	state := before
	for _, e := range out {
		if c, ok := e.(Changed); ok {
			if c.State != state {
				s.taken[[2]State{state, c.State}] = true
				if !declared(state, c.State) {
					s.fail("it went from %s to %s, which the table does not have", state, c.State)
				}
			}
			state = c.State
		}
		s.effect(ev, e)
	}
	now, _ := s.l.State()
	if now != state {
		s.fail("it is %s and told %s", now, state)
	}
	s.check(now)
}

// check holds what must be true after every event.
func (s *sim) check(now State) {
	_, waits := s.l.Deadline()
	switch {
	case !waits && now != Idle && !(now == Alarm && s.l.gone):
		s.fail("it waits for nothing in state %s", now)
	case now == Idle && !s.l.away.IsZero() && !waits:
		s.fail("it has no battery and waits for nothing")
	case s.audio && !s.loop:
		s.fail("audio flows while the loop is open")
	case (now == Idle || now == Blocked || now == Alarm || now == Testing || now == Clearing || now == Confirming || now == Ringing || now == ReadingID) && (s.loop || s.audio):
		s.fail("the loop is closed in state %s", now)
	case (now == Idle || now == Blocked || now == Alarm) && s.house.call != 0:
		s.fail("call %d has no end, the line is %s", s.house.call, now)
	case s.l.Describe() == "":
		s.fail("it cannot describe itself")
	}
}

// effect lets the world follow, and holds one effect against the promises.
func (s *sim) effect(because Event, e Effect) {
	h := &s.house
	switch e := e.(type) {
	case Do:
		switch e.Command.(type) {
		case port.Seize:
			if s.loop {
				s.fail("the loop was closed twice")
			}
			s.loop = true
			s.co.seized()
		case port.Release:
			if !s.loop {
				s.fail("the loop was opened twice")
			}
			s.loop = false
			s.co.released()
		default:
			s.fail("unexpected command %s", e)
		}
	case Audio:
		if e.On == s.audio {
			s.fail("audio went twice the same way")
		}
		s.audio = e.On
	case Incoming:
		if h.call != 0 {
			s.fail("a call is told while another goes on")
		}
		h.n++
		*h = house{call: h.n, n: h.n, in: true, kinds: h.kinds}
		s.co.offered = true
		s.takeCall()
	case SendDigits:
		if !h.urgent && !s.co.dialTone() {
			s.fail("outpulsed without fresh dial tone")
		}
		s.co.digits()
		if s.chance(97) {
			s.after(s.some(200, 2500), func() { s.step(DigitsSent{}) })
		}
	case Gone:
		if h.call == 0 {
			if _, ok := because.(Answer); !ok {
				s.fail("an end without a call: %s", e)
			}
			return
		}
		if e.Evidence == "" || e.Cause == "" {
			s.fail("an end without a reason")
		}
		h.kinds[string(e.Cause)]++
		h.call = 0
	case Up, Proceeding:
		if h.call == 0 {
			s.fail("%s without a call", e)
		}
	}
}

// takeCall: our side answers, hangs up, or never does.
func (s *sim) takeCall() {
	id := s.house.call
	mine := func(do func()) func() {
		return func() {
			if s.house.call == id {
				do()
			}
		}
	}
	if s.chance(85) {
		s.after(s.some(0, 3000), mine(func() { s.step(Answer{}) }))
	}
	if s.chance(60) {
		s.after(s.some(100, 400_000), mine(s.hangUp))
	}
}

func (s *sim) hangUp() {
	s.house.call = 0
	s.house.kinds["we hung up"]++
	s.step(HangUp{})
}

// dial: our side wants to call.
func (s *sim) dial() {
	if s.house.call != 0 {
		return
	}
	h := &s.house
	h.n++
	urgent := s.chance(5)
	*h = house{call: h.n, n: h.n, dialled: true, urgent: urgent, kinds: h.kinds}
	id := h.call
	s.step(Dial{Number: "910000001", Emergency: urgent})
	if h.call == id && s.chance(70) {
		wait := s.some(100, 300_000)
		if s.chance(5) {
			wait = s.some(5, 95) // he thought better of it
		}
		s.after(wait, func() {
			if h.call == id {
				s.hangUp()
			}
		})
	}
}

// TestRandomLines lives random lines and holds the promises of the package: no
// state without an end, no call without one end, no number without dial tone, no
// caller lost in glare, audio only on a closed loop.
func TestRandomLines(t *testing.T) {
	taken := map[[2]State]bool{}
	for i := range *lineSeeds {
		seed := *lineSeed + uint64(i)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s := newSim(t, seed)
			s.live()
			s.run(*lineEvents, t0.AddDate(10, 0, 0))
			s.rest()
			t.Logf("%d events, %d calls, %s of line time, ends: %v, lost in glare 0 of %d", s.steps, s.house.n, s.now.Sub(t0).Round(time.Hour), s.house.kinds, s.co.met)
			for k := range s.taken {
				taken[k] = true
			}
		})
	}
	if t.Failed() || *lineEvents*(*lineSeeds) < 1_000_000 {
		return // a sample may miss a rare transition
	}
	for _, tr := range transitions {
		if !taken[[2]State{tr.From, tr.To}] {
			t.Errorf("the table has %s to %s (%s), which no line took", tr.From, tr.To, tr.When)
		}
	}
}

// rest lets everything end, and looks for what was left over.
func (s *sim) rest() {
	s.later = nil
	s.co.quiet, s.co.caller = true, false
	s.run(s.steps+10_000, s.now.Add(49*time.Hour))
	switch now, _ := s.l.State(); {
	case now != Idle && now != Blocked && now != Alarm:
		s.fail("left alone it stays %s", now)
	case s.house.call != 0 || s.audio || s.loop:
		s.fail("left over: call %d, audio %t, loop %t", s.house.call, s.audio, s.loop)
	}
}
