package line

import (
	"strings"
	"testing"

	"github.com/centralita/centralita/hal/port"
)

// tunable is a card with everything.
var tunable = port.Caps{FullDuplex: true, Battery: true, Polarity: true, Gain: true, Impedance: true}

// A test has the wire for itself; a ring takes it back, and so does time.
func TestLent(t *testing.T) {
	for name, steps := range map[string][]step{
		"and given back": {
			{"0s", Lend{true}, "state testing "},
			{"1s", wire(port.Battery{}), ""},
			{"2s", wire(port.Battery{On: true}), ""},
			{"3s", wire(port.Polarity{Reversed: true}), ""},
			{"4s", dialTone("425"), ""},
			{"5s", Dial{Number: "910000001"}, "gone: congestion, the line is testing"},
			{"6s", Lend{}, "state clearing "},
			{"7s", nil, "state confirming idle "},
			{"7.5s", nil, "state idle "},
		},
		"a caller has the right of way": {
			{"0s", Lend{true}, "state testing "},
			{"3s", wire(port.RingOn{}), "state ringing "},
			{"3s", Lend{}, ""},
			{"3.1s", nil, ""},
			{"4s", wire(port.RingOff{}), "state caller id "},
			{"8s", nil, `state ringing  | incoming  "" `},
		},
		"and forgotten": {
			{"0s", Lend{true}, "state testing "},
			{"2m0s", nil, "state clearing "},
		},
		"with no battery left": {
			{"0s", Lend{true}, "state testing "},
			{"1s", wire(port.Battery{}), ""},
			{"2s", Lend{}, "state clearing "},
			{"3s", nil, "state confirming idle "},
			{"4.5s", nil, "anomaly: no battery | state alarm no battery"},
		},
		"a line in use is not": after(rung, step{"5s", Lend{true}, ""}),
	} {
		t.Run(name, func(t *testing.T) { walk(t, NewFXO(t0, Settings{Caps: tunable}), steps) })
	}
}

// What was set by hand is kept, also by a frozen profile, and set again when the
// hardware has forgotten it or another profile comes.
func TestTuned(t *testing.T) {
	tune := port.Tune{RxTenths: 15, TxTenths: -30, Impedance: "600"}
	l := NewFXO(t0, Settings{Caps: tunable, Profile: Profile{Frozen: true}})
	if _, ok := l.Tuning(); ok {
		t.Error("a line that nobody tuned is tuned")
	}
	if out := l.Step(t0, Tuned{tune}, nil); len(out) != 1 {
		t.Fatalf("tuned: %v", out)
	}
	if got, ok := l.Tuning(); !ok || got != tune {
		t.Errorf("it is tuned to %v", got)
	}
	again, err := ParseProfile(l.Profile().Text())
	if err != nil || again.Tuning == nil || !again.Frozen {
		t.Fatalf("the profile comes back as %+v, %v", again, err)
	}
	l.Step(t0, wire(port.Lost{Why: "unplugged"}), nil)
	out := l.Step(t0, wire(port.Found{}), nil)
	if len(out) == 0 || out[0] != Effect(Do{tune}) {
		t.Errorf("plugged in again: %v", out)
	}
	if out := l.Step(t0, UseProfile{again}, nil); len(out) != 2 || out[1] != Effect(Do{tune}) {
		t.Errorf("with an imported profile: %v", out)
	}
	plain := NewFXO(t0, Settings{Caps: full, Profile: again})
	for _, ef := range plain.Step(t0, UseProfile{again}, nil) {
		if _, ok := ef.(Do); ok {
			t.Errorf("a card that cannot be tuned is: %v", ef)
		}
	}
	if _, err := ParseProfile([]byte(`{"tuning": {"rx_tenths_db": 900}}`)); err == nil || !strings.Contains(err.Error(), "beyond ±200") {
		t.Errorf("a gain of 90 dB: %v", err)
	}
}
