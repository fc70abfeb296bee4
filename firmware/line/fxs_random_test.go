package line

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

var telephones = flag.Int("telephones", 100_000, "random events for the machine of a telephone")

// keeper watches one telephone and holds the promises against it.
type keeper struct {
	t    *testing.T
	seed uint64
	p    *FXS
	now  time.Time
	log  []string

	audio, bell, sending, turned bool
	call                         bool // somebody may be told that this telephone left
	walked                       walked
}

func (k *keeper) fail(format string, args ...any) {
	k.t.Helper()
	k.t.Fatalf("seed %d: %s after\n%s", k.seed, fmt.Sprintf(format, args...), strings.Join(k.log[max(0, len(k.log)-14):], "\n"))
}

// step steps the machine and looks at what it does.
func (k *keeper) step(ev Event) {
	before, _ := k.p.State()
	out := k.p.Step(k.now, ev, nil)
	after, _ := k.p.State()
	k.walked.step(before, ev, after)
	k.log = append(k.log, fmt.Sprintf("%9.3f %s -> %v", k.now.Sub(t0).Seconds(), ev, out))
	if _, ok := ev.(HangUp); ok && after != before {
		k.call = false
	}
	if _, ok := ev.(Ring); ok && after != before {
		k.call = true
	}
	for _, ef := range out {
		k.effect(before, ev, ef)
	}
	k.hold(after)
}

func (k *keeper) effect(before State, ev Event, ef Effect) {
	switch ef := ef.(type) {
	case Audio:
		if ef.On == k.audio {
			k.fail("audio went twice the same way")
		}
		k.audio = ef.On
	case Do:
		k.command(ef.Command)
	case SendID:
		if k.sending || k.audio {
			k.fail("sends to the display, sending before %t, off hook %t", k.sending, k.audio)
		}
		k.sending = true
	case StopID:
		if !k.sending {
			k.fail("stops what is not being sent")
		}
		k.sending = false
	case Dialled:
		k.call = true
	case Gone:
		if _, refused := ev.(Ring); refused {
			return
		}
		if !k.call {
			k.fail("a call was ended that there is not")
		}
		k.call = false
	case Asks:
		if !k.call {
			k.fail("asks something of a call that there is not")
		}
		k.call = ef.Wish != HandOver && ef.Wish != WalkOff
	}
}

func (k *keeper) command(c port.Command) {
	switch c := c.(type) {
	case port.Ring:
		if k.bell || k.audio {
			k.fail("rings, rung before %t, off hook %t", k.bell, k.audio)
		}
		k.bell = true
	case port.StopRing:
		if !k.bell {
			k.fail("stops a bell that does not ring")
		}
		k.bell = false
	case port.Reverse:
		if c.On == k.turned {
			k.fail("reversed twice")
		}
		k.turned = c.On
	}
}

// hold looks at what must be true in every state.
func (k *keeper) hold(s State) {
	onHook := s == Idle || s == Ringing || s == SendingID || s == SendingMessages || s == Dead
	if onHook == k.audio {
		k.fail("audio %t in state %s", k.audio, s)
	}
	if k.bell && s != Ringing || k.turned && s != Ringing && s != SendingID {
		k.fail("bell %t, reversed %t in state %s", k.bell, k.turned, s)
	}
	if k.sending && s != Ringing && s != SendingID && s != SendingMessages {
		k.fail("sends to the display in state %s", s)
	}
	calls := s == Ringing || s == SendingID || s == Calling || s == Talking || s >= RecallTone && s <= Holding
	if calls != k.call {
		k.fail("in state %s a call %t", s, k.call)
	}
	_, waits := k.p.Deadline()
	switch s {
	case SendingID, SendingMessages, DialTone, Collecting, Released, Howling, RecallTone, SecondCollecting, SecondRefused, Holding, Dropping:
		if !waits {
			k.fail("waits for nothing in state %s", s)
		}
	}
	if k.p.Describe() == "" {
		k.fail("cannot describe itself")
	}
}

// comesToRest lets a copy of the telephone be hung up and left alone: whatever it
// was doing, it must become idle.
func (k *keeper) comesToRest() {
	c := *k
	m := *k.p
	c.p, c.log, c.walked = &m, append([]string(nil), k.log...), walked{}
	if m.state == Dead {
		c.step(Wire{port.Found{}})
	}
	c.step(HangUp{})
	c.step(Wire{port.OnHook{}})
	for range 8 {
		due, ok := c.p.Deadline()
		if !ok {
			break
		}
		c.now = due
		c.step(TimedOut{})
	}
	if s, _ := c.p.State(); s != Idle {
		c.fail("hung up, and it stays %s", s)
	}
}

// Whatever happens in whatever order: audio, bell, display and reversal are
// balanced; every call is ended exactly once; no state waits for nothing; every
// hung-up telephone comes to rest; and the machine walks its whole table and
// nothing else.
func TestRandomTelephones(t *testing.T) {
	all := walked{}
	for left, seed := *telephones, uint64(1); left > 0; seed++ {
		n := min(left, 2000)
		left -= n
		live(t, seed, n, all)
	}
	all.holds(t, FXSMoves())
	t.Logf("%d events, seeds 1 to %d", *telephones, (*telephones+1999)/2000)
}

func live(t *testing.T, seed uint64, n int, all walked) {
	r := rand.New(rand.NewPCG(seed, 7))
	odd := func() bool { return r.IntN(2) == 0 }
	tel := Telephone{
		Caps:  port.Caps{OnHookAudio: odd(), CallerID: r.IntN(4) == 0, RingSignal: odd(), Bursts: odd(), Polarity: odd(), Neon: odd(), Disconnect: odd()},
		Bells: Bells([]int{1000, 4000}), IDBefore: odd(),
	}
	k := &keeper{t: t, seed: seed, p: NewFXS(t0, tel), now: t0, walked: all}
	for i := range n {
		ev := k.random(r)
		next := k.now.Add(time.Duration(r.ExpFloat64() * float64(1200*time.Millisecond)))
		if r.IntN(40) == 0 {
			next = next.Add(time.Duration(r.IntN(150)) * time.Second)
		}
		if due, ok := k.p.Deadline(); ok && !due.After(next) {
			ev, next = TimedOut{}, due
		}
		if next.After(k.now) {
			k.now = next
		}
		if _, sent := ev.(IDSent); sent {
			if !k.sending {
				continue
			}
			k.sending = false
		}
		k.step(ev)
		if i%50 == 0 {
			k.comesToRest()
		}
	}
}

// random is something that can happen, more often what fits the state.
func (k *keeper) random(r *rand.Rand) Event {
	s, _ := k.p.State()
	if r.IntN(50) == 0 {
		return wire(port.Lost{Why: "unplugged"})
	}
	if r.IntN(3) > 0 {
		if fits := k.fitting(s); len(fits) > 0 {
			return fits[r.IntN(len(fits))]
		}
	}
	any := []Event{
		wire(port.OffHook{}), wire(port.OnHook{}), wire(port.HookFlash{}), wire(port.PulseDigit{Digit: '1'}), wire(port.RingOn{}), wire(port.RingOff{}),
		wire(port.Found{}), Ring{Number: "600"}, Ring{Bell: BellCallback}, Key{'1'}, Key{'#'}, Key{'3'}, Verdict{More}, Verdict{Complete}, Verdict{Never},
		HangUp{}, HangUp{tel.ToneCongestion}, Through{}, Held{}, Freed{}, IDSent{}, Messages{r.IntN(3)}, PartyGone{true, tel.ToneBusy}, PartyGone{Second: false}, TimedOut{},
	}
	return any[r.IntN(len(any))]
}

// fitting is what people and machines do next in a state.
func (k *keeper) fitting(s State) []Event {
	flash, key := wire(port.HookFlash{}), Key{'3'}
	switch s {
	case Dead:
		return []Event{wire(port.Found{})}
	case Dropping:
		return []Event{wire(port.OnHook{}), wire(port.OffHook{}), wire(port.Lost{Why: "unplugged"})}
	case Idle:
		return []Event{Ring{Number: "600"}, wire(port.OffHook{})}
	case SendingID, SendingMessages:
		return []Event{IDSent{}, IDSent{}, IDSent{}, wire(port.OffHook{})}
	case Ringing:
		return []Event{wire(port.OffHook{}), wire(port.RingOff{}), IDSent{}}
	case DialTone, RecallTone, Holding:
		return []Event{key, key, wire(port.PulseDigit{Digit: '2'})}
	case Collecting, SecondCollecting:
		return []Event{Verdict{Complete}, Key{'#'}, key}
	case Calling, SecondCalling:
		return []Event{Through{}, Through{}, Through{}, PartyGone{Second: true}}
	case Talking:
		return []Event{flash, Held{}, Held{}}
	case Second, Swapped:
		return []Event{flash, flash, key, wire(port.PulseDigit{Digit: '3'})}
	case Conference:
		return []Event{flash, PartyGone{Second: true}, PartyGone{}}
	}
	return nil
}
