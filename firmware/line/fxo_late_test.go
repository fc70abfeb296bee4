package line

import (
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// The exchange refuses a number before the last digit is out. The ear tells a tone
// once, so that it must be remembered until the number is out.
func TestRefusedWhileDialling(t *testing.T) {
	busy := func(ended bool) Event {
		return Heard{Tone: tel.ToneCongestion, Ended: ended, Sure: 0.9, Evidence: "congestion tone 425 Hz 200/200"}
	}
	dial := dialled[:3]
	for name, steps := range map[string][]step{
		"and still does": after(dial, step{"2s", busy(false), ""},
			step{"3s", DigitsSent{}, "state waiting for answer  | proceeding: number outpulsed: dial tone 425 Hz continuous | do release | gone: congestion, congestion tone 425 Hz 200/200 | audio false | state clearing "}),
		"or rings": after(dial, step{"2s", Heard{Tone: tel.ToneRingback, Sure: 0.9, Evidence: "ringback"}, ""},
			step{"3s", DigitsSent{}, "state waiting for answer  | proceeding: number outpulsed: dial tone 425 Hz continuous"},
			step{"3m3s", nil, "do release | gone: no answer, it rang for 180.0 s | audio false | state clearing "}),
		"and no longer does": after(dial, step{"2s", busy(false), ""}, step{"2.5s", busy(true), ""},
			step{"3s", DigitsSent{}, "state waiting for answer  | proceeding: number outpulsed: dial tone 425 Hz continuous"}),
	} {
		t.Run(name, func(t *testing.T) { walk(t, NewFXO(t0, Settings{Caps: full}), steps) })
	}
}

// Battery that comes and goes without end behind a call makes no line: it is taken
// out of service and shown, and comes back when battery stays.
func TestBatteryThatFlutters(t *testing.T) {
	l := NewFXO(t0, Settings{Caps: full})
	now := t0
	l.Step(now, Lend{true}, nil)
	l.Step(now, Lend{}, nil)
	flutters(t, l, now)
	walk(t, l, []step{{"1m0s", wire(port.Battery{}), ""}, {"1m0.4s", wire(port.Battery{On: true}), "state confirming idle battery is back"},
		{"1m1.4s", nil, "state idle "}})
}

func flutters(t *testing.T, l *FXO, now time.Time) {
	t.Helper()
	for range 200 {
		for _, on := range []bool{false, true} {
			for at, ok := l.Deadline(); ok && !at.After(now); at, ok = l.Deadline() {
				l.Step(at, TimedOut{}, nil)
			}
			l.Step(now, Wire{port.Battery{On: on}}, nil)
			now = now.Add(400 * time.Millisecond)
		}
		if s, _ := l.State(); s == Alarm && l.Fault() == FaultBattery {
			return
		}
	}
	s, since := l.State()
	t.Errorf("after %s the line is %s since %s, for nobody", now.Sub(t0), s, since.Sub(t0))
}
