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

func TestFXO(t *testing.T) {
	for name, steps := range map[string][]step{
		"caller id between the first bursts, answered, caller hangs up": {
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"1.5s", wire(port.RingOff{}), ""},
			{"2s", wire(port.CallerID{Number: "600 123-456", Name: "Juan\r\nPérez"}), `incoming 600123456 "Juan Pérez" `},
			{"2.1s", Answer{}, "state talking  | do seize | audio true | up: we closed the loop"},
			{"9s", wire(port.Battery{On: false}), "do release | gone: loop drop, the exchange dropped the loop current | audio false | state clearing "},
			{"9.4s", wire(port.Battery{On: true}), ""},
			{"10.4s", nil, "state idle "},
		},
		"no caller id: told at the second burst": {
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"1s", wire(port.RingOff{}), ""},
			{"4s", wire(port.RingOn{}), `incoming  "" `},
			{"5s", wire(port.RingOff{}), ""},
			{"11.5s", nil, "gone: abandoned, no ring for 6.5 s | state clearing "},
			{"12.5s", nil, "state idle "},
		},
		"no caller id and a long pause: told after the wait": {
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"1s", wire(port.RingOff{}), ""},
			{"5s", nil, `incoming  "" `},
			{"7.5s", nil, "gone: abandoned, no ring for 6.5 s | state clearing "},
		},
		"caller id before the first burst": {
			{"0s", wire(port.CallerID{Number: "600"}), ""},
			{"1s", wire(port.RingOn{}), `state ringing  | incoming 600 "" `},
		},
		"stale caller id does not name the next caller": {
			{"0s", wire(port.CallerID{Number: "600"}), ""},
			{"60s", wire(port.RingOn{}), "state ringing "},
			{"61s", wire(port.RingOff{}), ""},
			{"65s", nil, `incoming  "" `},
		},
		"outgoing: dial tone, digits, answered by reversal, cleared by reversal": {
			{"0s", Dial{"910000001"}, "state seizing  | do seize | audio true"},
			{"600ms", Heard{Tone: tel.ToneDial, Sure: 1, Evidence: "dial tone 425 Hz"}, "state dialling  | send digits 910000001"},
			{"2s", DigitsSent{}, "state talking  | up: number outpulsed; this line gives no answer signal"},
			{"3s", Heard{Tone: tel.ToneDial, Sure: 1, Evidence: "lingering"}, ""},
			{"8s", wire(port.Polarity{Reversed: true}), ""},
			{"20s", wire(port.Polarity{Reversed: false}), "do release | gone: reversal, the exchange reversed the line | audio false | state clearing "},
		},
		"outgoing: busy": {
			{"0s", Dial{"910000001"}, "state seizing  | do seize | audio true"},
			{"600ms", Heard{Tone: tel.ToneDial, Sure: 1, Evidence: "dial tone 425 Hz"}, "state dialling  | send digits 910000001"},
			{"2s", DigitsSent{}, "state talking  | up: number outpulsed; this line gives no answer signal"},
			{"4s", Heard{Tone: tel.ToneBusy, Sure: 1, Evidence: "busy tone 425 Hz 200/200"}, "do release | gone: busy, busy tone 425 Hz 200/200 | audio false | state clearing "},
		},
		"no dial tone: never outpulsed": {
			{"0s", Dial{"910000001"}, "state seizing  | do seize | audio true"},
			{"5s", nil, "do release | gone: congestion, no dial tone in 5 s | audio false | state clearing "},
			{"5.5s", Dial{"910000001"}, "gone: congestion, the line is clearing"},
			{"6s", nil, "state idle "},
		},
		"glare: the ring wins": {
			{"0s", Dial{"910000001"}, "state seizing  | do seize | audio true"},
			{"200ms", wire(port.RingOn{}), "do release | gone: congestion, glare: the line rang while it was being seized | audio false | state ringing "},
			{"1s", Dial{"910000001"}, "gone: congestion, the line is ringing"},
		},
		"release by busy tone": {
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"1s", wire(port.CallerID{Number: "1"}), `incoming 1 "" `},
			{"1s", Answer{}, "state talking  | do seize | audio true | up: we closed the loop"},
			{"50s", Heard{Tone: tel.ToneBusy, Sure: 1, Evidence: "busy tone 425 Hz 200/200"}, "do release | gone: release tone, busy tone 425 Hz 200/200 | audio false | state clearing "},
		},
		"our side hangs up; a ring during the guard is a new call": {
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"1s", wire(port.CallerID{Number: "1"}), `incoming 1 "" `},
			{"1s", Answer{}, "state talking  | do seize | audio true | up: we closed the loop"},
			{"9s", HangUp{}, "do release | audio false | state clearing "},
			{"9.8s", wire(port.RingOn{}), "state ringing "},
		},
		"battery gone while idle: dead, and back": {
			{"0s", wire(port.Battery{On: false}), ""},
			{"1.5s", nil, "state dead no battery"},
			{"2s", Dial{"1"}, "gone: congestion, the line is dead: no battery"},
			{"60s", wire(port.Battery{On: true}), "state idle "},
		},
		"a short battery dip while idle is nothing": {
			{"0s", wire(port.Battery{On: false}), ""},
			{"0.4s", wire(port.Battery{On: true}), ""},
			{"60s", Dial{"1"}, "state seizing  | do seize | audio true"},
		},
		"a battery dip in the pause between two bursts does not lose the caller": {
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"1s", wire(port.CallerID{Number: "1"}), `incoming 1 "" `},
			{"1.5s", wire(port.RingOff{}), ""},
			{"2s", wire(port.Battery{On: false}), ""},
			{"2.2s", wire(port.Battery{On: true}), ""},
			{"4.5s", wire(port.RingOn{}), ""},
			{"5.5s", wire(port.RingOff{}), ""},
			{"12s", nil, "gone: abandoned, no ring for 6.5 s | state clearing "},
		},
		"hardware unplugged in mid call": {
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"1s", wire(port.CallerID{Number: "1"}), `incoming 1 "" `},
			{"1s", Answer{}, "state talking  | do seize | audio true | up: we closed the loop"},
			{"2s", wire(port.Lost{Why: "unplugged"}), "gone: lost, the port's hardware is gone: unplugged | audio false | state clearing  | state dead hardware gone: unplugged"},
			{"9s", wire(port.Found{}), "state idle "},
		},
		"answered too late": {
			{"0s", Answer{}, "gone: abandoned, the caller stopped ringing before the answer"},
		},
	} {
		t.Run(name, func(t *testing.T) { walk(t, NewFXO(t0, port.Caps{}), steps) })
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
	fxo := []Event{
		wire(port.RingOn{}), wire(port.RingOff{}), wire(port.CallerID{Number: "600"}), wire(port.Battery{}), wire(port.Battery{On: true}),
		wire(port.Polarity{}), wire(port.Lost{}), wire(port.Found{}), Answer{}, Dial{"910000001"}, DigitsSent{}, HangUp{},
		Heard{Tone: tel.ToneDial, Sure: 1, Evidence: "d"}, Heard{Tone: tel.ToneBusy, Sure: 1, Evidence: "b"}, Heard{Tone: tel.ToneCongestion, Sure: 1, Evidence: "c"},
	}
	fxs := []Event{
		wire(port.OffHook{}), wire(port.OnHook{}), wire(port.HookFlash{}), wire(port.PulseDigit{Digit: '1'}), wire(port.Lost{}), wire(port.Found{}),
		Ring{Number: "600"}, Key{'1'}, Verdict{More}, Verdict{Complete}, Verdict{Never}, HangUp{}, HangUp{tel.ToneBusy}, Through{},
	}
	for seed := range uint64(400) {
		random(t, seed, NewFXO(t0, port.Caps{}), fxo)
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
		if _, isFXS := m.(*FXS); isFXS {
			if open := s == Idle || s == Ringing || s == Dead; open == audio {
				fail(fmt.Sprintf("audio %t in state %s", audio, s))
			}
		} else if closed := s == Talking || s == Seizing || s == Dialling; closed != audio {
			fail(fmt.Sprintf("audio %t in state %s", audio, s))
		}
		_, waits := m.Deadline()
		if !waits && (s == Seizing || s == Clearing || s == Collecting || s == DialTone || s == Released || s == Howling) {
			fail("waits for nothing in state " + s.String())
		}
		if m.Describe() == "" {
			fail("cannot describe itself")
		}
	}
}

func BenchmarkFXOStep(b *testing.B) {
	m, out := NewFXO(t0, port.Caps{}), make([]Effect, 0, 8)
	b.ReportAllocs()
	for b.Loop() {
		out = m.Step(t0, wire(port.RingOff{}), out[:0])
	}
}
