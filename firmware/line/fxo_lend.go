package line

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/hal/port"
)

// A line in the hands of a technician: lent to a test, and tuned.

type (
	// Lend: a test wants the wire for itself, or gives it back (FXO). A line that
	// rings takes itself back.
	Lend struct{ On bool }
	// Tuned: gain and impedance were set by hand (FXO).
	Tuned struct{ Tune port.Tune }
)

func (Lend) isEvent()  {}
func (Tuned) isEvent() {}

func (e Lend) String() string  { return fmt.Sprintf("lend %t", e.On) }
func (e Tuned) String() string { return "tuned: " + e.Tune.String() }

// Tuning is what a technician set of the hardware.
type Tuning struct {
	RxTenths  int    `json:"rx_tenths_db"` // towards us
	TxTenths  int    `json:"tx_tenths_db"` // towards the line
	Impedance string `json:"impedance,omitempty"`
}

// maxGain is the strongest gain that a profile may hold, in tenths of a decibel.
const maxGain = 200

// lentFor is how long a test may keep a line: none takes longer than a minute.
const lentFor = 2 * time.Minute

// Lendable reports whether a test may have the line: nobody uses it, and nobody
// rings. One that is out of service may well be tested.
func (l *FXO) Lendable() bool {
	switch l.state {
	case Idle, Blocked, Alarm:
		return !l.gone
	}
	return false
}

// Settles reports whether the line is free soon, unless somebody rings.
func (l *FXO) Settles() bool {
	switch l.state {
	case Clearing, Confirming:
		return true
	case ReadingID:
		return !l.bell.real
	case Seizing:
		return l.out.quit
	}
	return false
}

func (l *FXO) lend(now time.Time, on bool, out []Effect) []Effect {
	switch {
	case on && l.Lendable():
		return l.become(now, Testing, "", lentFor, out)
	case !on && l.state == Testing:
		return l.takeBack(now, out)
	}
	return out
}

// takeBack leaves the line alone until it is trusted again, like after a call.
func (l *FXO) takeBack(now time.Time, out []Effect) []Effect {
	l.stirred = now
	return l.clear(now, out)
}

// Tuning returns what was set by hand, and whether anything was.
func (l *FXO) Tuning() (port.Tune, bool) {
	t := l.prof.Tuning
	if t == nil {
		return port.Tune{}, false
	}
	return port.Tune{RxTenths: t.RxTenths, TxTenths: t.TxTenths, Impedance: t.Impedance}, true
}

// tuned keeps what was set, in a frozen profile too: a person wanted it.
func (l *FXO) tuned(t port.Tune, out []Effect) []Effect {
	p := l.prof.Clone()
	p.Tuning = &Tuning{t.RxTenths, t.TxTenths, t.Impedance}
	l.use(p)
	return append(out, Learned{l.prof.Clone()})
}

// retune sets the hardware again, which has forgotten.
func (l *FXO) retune(out []Effect) []Effect {
	if t, ok := l.Tuning(); ok && (l.set.Caps.Gain || l.set.Caps.Impedance) {
		return append(out, Do{t})
	}
	return out
}
