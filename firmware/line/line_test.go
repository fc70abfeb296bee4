package line

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// machine is what the two machines have in common.
type machine interface {
	Step(now time.Time, ev Event, out []Effect) []Effect
	Deadline() (time.Time, bool)
	State() (State, time.Time)
	Describe() string
}

// step is an event at a time after the start, and the effects it must have.
type step struct {
	at   string
	ev   Event
	want string
}

func wire(e port.Event) Event { return Wire{e} }

var t0 = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// walk steps m and compares; a deadline that falls before the next event is
// stepped, and its effects belong to a step with a nil event at that time.
func walk(t *testing.T, m machine, steps []step) {
	t.Helper()
	for i, s := range steps {
		d, err := time.ParseDuration(s.at)
		if err != nil {
			t.Fatal(err)
		}
		now := t0.Add(d)
		ev := s.ev
		if due, ok := m.Deadline(); ok && due.Before(now) {
			t.Fatalf("step %d: a deadline at %s stands before %s", i, due.Sub(t0), s.at)
		}
		if ev == nil {
			if due, ok := m.Deadline(); !ok || !due.Equal(now) {
				t.Fatalf("step %d: the deadline is %s %t, want %s", i, due.Sub(t0), ok, s.at)
			}
			ev = TimedOut{}
		}
		var got []string
		for _, e := range m.Step(now, ev, nil) {
			got = append(got, e.String())
		}
		if g := strings.Join(got, " | "); g != s.want {
			t.Fatalf("step %d at %s, %s:\n got %s\nwant %s", i, s.at, ev, g, s.want)
		}
	}
}

func TestFXS(t *testing.T) {
	for name, steps := range map[string][]step{
		"rung and answered, hangs up": {
			{"0s", Ring{Number: "600", Name: tel.CleanText("Juan")}, `state ringing  | do ring "600" "Juan"`},
			{"3s", wire(port.OffHook{}), "state talking  | do stop ring | audio true | up: the telephone was picked up"},
			{"4s", wire(port.HookFlash{}), "flashed"},
			{"9s", wire(port.OnHook{}), "gone: normal, the telephone was hung up | audio false | state idle "},
		},
		"dials an extension": {
			{"0s", wire(port.OffHook{}), "state dial tone  | audio true | tone dial"},
			{"1s", Key{'1'}, "state collecting  | tone none | digits 1"},
			{"1s", Verdict{More}, ""},
			{"2s", wire(port.PulseDigit{Digit: '0'}), "digits 10"},
			{"2s", Verdict{More}, ""},
			{"3s", Key{'1'}, "digits 101"},
			{"3s", Verdict{Complete}, "state calling  | dialled 101"},
			{"4s", Key{'9'}, ""},
			{"5s", Through{}, "state talking "},
			{"9s", HangUp{tel.ToneBusy}, "state released  | tone busy"},
			{"29s", nil, "state howling  | tone howler"},
			{"89s", nil, "state parked  | tone none"},
			{"99s", wire(port.OnHook{}), "audio false | state idle "},
		},
		"stops dialling: the time-out ends the number": {
			{"0s", wire(port.OffHook{}), "state dial tone  | audio true | tone dial"},
			{"1s", Key{'0'}, "state collecting  | tone none | digits 0"},
			{"5s", nil, "state calling  | dialled 0"},
			{"5s", HangUp{tel.ToneCongestion}, "state released  | tone congestion"},
		},
		"an impossible number": {
			{"0s", wire(port.OffHook{}), "state dial tone  | audio true | tone dial"},
			{"1s", Key{'9'}, "state collecting  | tone none | digits 9"},
			{"1s", Verdict{Never}, "state released  | tone congestion"},
		},
		"forgets to dial": {
			{"0s", wire(port.OffHook{}), "state dial tone  | audio true | tone dial"},
			{"15s", nil, "state released  | tone congestion"},
		},
		"busy when off hook": {
			{"0s", wire(port.OffHook{}), "state dial tone  | audio true | tone dial"},
			{"1s", Ring{Number: "600"}, "gone: busy, the telephone is dial tone"},
		},
		"ringing taken back": {
			{"0s", Ring{Number: "600"}, `state ringing  | do ring "600" ""`},
			{"3s", HangUp{}, "do stop ring | state idle "},
		},
		"unplugged while ringing": {
			{"0s", Ring{Number: "600"}, `state ringing  | do ring "600" ""`},
			{"3s", wire(port.Lost{Why: "gone"}), "do stop ring | gone: lost, the port's hardware is gone: gone | state dead "},
			{"4s", Ring{Number: "600"}, "gone: busy, the telephone is dead"},
			{"5s", wire(port.Found{}), "state idle "},
		},
	} {
		t.Run(name, func(t *testing.T) { walk(t, NewFXS(t0, port.Caps{}), steps) })
	}
}

func TestFXSDropsTheLoopForADevice(t *testing.T) {
	walk(t, NewFXS(t0, port.Caps{Disconnect: true}), []step{
		{"0s", Ring{Number: "600"}, `state ringing  | do ring "600" ""`},
		{"3s", wire(port.OffHook{}), "state talking  | do stop ring | audio true | up: the telephone was picked up"},
		{"9s", HangUp{}, "do disconnect 500 ms | state released  | tone busy"},
	})
}

// Random events keep four promises: audio goes on and off in turns, the loop is
// closed exactly while audio is on, a call that was told or came through is
// ended exactly once, and the machine never waits in a call state for ever.
func TestRandomEvents(t *testing.T) {
	fxs := []Event{
		wire(port.OffHook{}), wire(port.OnHook{}), wire(port.HookFlash{}), wire(port.PulseDigit{Digit: '1'}), wire(port.Lost{}), wire(port.Found{}),
		Ring{Number: "600"}, Key{'1'}, Verdict{More}, Verdict{Complete}, Verdict{Never}, HangUp{}, HangUp{tel.ToneBusy}, Through{},
	}
	for seed := range uint64(400) {
		random(t, seed, NewFXS(t0, port.Caps{Disconnect: seed%2 == 0}), fxs)
	}
}

func random(t *testing.T, seed uint64, m machine, events []Event) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	now, audio, log := t0, false, []string{}
	fail := func(why string) {
		t.Helper()
		t.Fatalf("seed %d, %T: %s after\n%s", seed, m, why, strings.Join(log[max(0, len(log)-12):], "\n"))
	}
	for range 400 {
		ev := events[r.IntN(len(events))]
		next := now.Add(time.Duration(r.IntN(4000)) * time.Millisecond)
		if due, ok := m.Deadline(); ok && !due.After(next) {
			ev, next = TimedOut{}, due
		}
		if next.After(now) {
			now = next
		}
		out := m.Step(now, ev, nil)
		log = append(log, fmt.Sprintf("%s %s -> %v", now.Sub(t0), ev, out))
		for _, e := range out {
			if a, ok := e.(Audio); ok {
				if a.On == audio {
					fail("audio went twice the same way")
				}
				audio = a.On
			}
		}
		s, _ := m.State()
		if open := s == Idle || s == Ringing || s == Dead; open == audio {
			fail(fmt.Sprintf("audio %t in state %s", audio, s))
		}
		_, waits := m.Deadline()
		if !waits && (s == Collecting || s == DialTone || s == Released || s == Howling) {
			fail("waits for nothing in state " + s.String())
		}
		if m.Describe() == "" {
			fail("cannot describe itself")
		}
	}
}

func BenchmarkFXOStep(b *testing.B) {
	m, out := NewFXO(t0, Settings{}), make([]Effect, 0, 8)
	b.ReportAllocs()
	for b.Loop() {
		out = m.Step(t0, wire(port.RingOff{}), out[:0])
	}
}
