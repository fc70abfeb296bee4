package panel

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/view"
)

// How long buttons that do much must be held.
const (
	RestartHold = 3 * time.Second  // a sleeve does not
	EraseHold   = 10 * time.Second // nobody does by chance, while the box starts
)

// toldFor is how long it is shown what a button would do, or what it did.
const toldFor = 8 * time.Second

// HoldEvent is what a Holder is told.
type HoldEvent interface {
	isHoldEvent()
	String() string
}

// Events of a Holder.
type (
	// Down: the button Button, which does Does when it is held, was pressed. Late: Does
	// can be begun only while the box starts, and it runs.
	Down struct {
		Button int
		Does   view.Deed
		OK     bool
		Late   bool
	}
	// Up: it was let go.
	Up struct{ Button int }
	// Failed: what was ordered cannot be done.
	Failed struct{}
	// TimedOut: the Deadline has come.
	TimedOut struct{}
)

func (Down) isHoldEvent()     {}
func (Up) isHoldEvent()       {}
func (Failed) isHoldEvent()   {}
func (TimedOut) isHoldEvent() {}

func (e Down) String() string {
	late := ""
	if e.Late {
		late = " late"
	}
	return fmt.Sprintf("button %d down for %s%s", e.Button, e.Does, late)
}
func (e Up) String() string     { return fmt.Sprintf("button %d up", e.Button) }
func (Failed) String() string   { return "failed" }
func (TimedOut) String() string { return "timed out" }

// HoldEffect is what a Holder wants.
type HoldEffect interface {
	isHoldEffect()
	String() string
}

// Effects of a Holder.
type (
	// ShowHeld: the display shows Held; nil: nothing of it any more.
	ShowHeld struct{ Held *view.Held }
	// Order: the button was held long enough: do it.
	Order struct{ Does view.Deed }
)

func (ShowHeld) isHoldEffect() {}
func (Order) isHoldEffect()    {}

func (e ShowHeld) String() string {
	if e.Held == nil {
		return "show nothing"
	}
	return fmt.Sprintf("show %s %s", e.Held.Does, e.Held.Phase)
}
func (e Order) String() string { return "order " + string(e.Does) }

// Holder turns presses of buttons that must be held into orders. One button counts at a
// time. The zero Holder is ready; it holds no clock.
type Holder struct {
	shown  view.Held // Phase "": nothing
	button int       // while it is held
}

// Deadline is when the Holder must be told TimedOut.
func (h *Holder) Deadline() (time.Time, bool) {
	return h.shown.Until, h.shown.Phase != "" && !h.shown.Until.IsZero()
}

// Step takes one event at the instant now and appends to out what must be done.
func (h *Holder) Step(now time.Time, ev HoldEvent, out []HoldEffect) []HoldEffect {
	held := h.shown.Phase == view.PhaseHeld
	erasing := h.shown.Phase == view.PhaseDone && h.shown.Does == view.DeedErase
	switch ev := ev.(type) {
	case Down:
		switch {
		case held || erasing:
			return out
		case ev.Late:
			return h.show(now, view.Held{Does: ev.Does, Phase: view.PhaseTold, OK: ev.OK}, toldFor, out)
		}
		h.button = ev.Button
		long := RestartHold
		if ev.Does == view.DeedErase {
			long = EraseHold
		}
		return h.show(now, view.Held{Does: ev.Does, Phase: view.PhaseHeld, OK: ev.OK}, long, out)
	case Up:
		switch {
		case !held || ev.Button != h.button:
			return out
		case h.shown.Does == view.DeedErase:
			return h.clear(out)
		}
		return h.show(now, view.Held{Does: h.shown.Does, Phase: view.PhaseTold}, toldFor, out)
	case Failed:
		return h.clear(out)
	case TimedOut:
		at, ok := h.Deadline()
		switch {
		case !ok || now.Before(at):
			return out
		case !held:
			return h.clear(out)
		}
		long := toldFor
		if h.shown.Does == view.DeedErase {
			long = 0 // until the end
		}
		out = append(out, Order{h.shown.Does})
		return h.show(now, view.Held{Does: h.shown.Does, Phase: view.PhaseDone}, long, out)
	}
	return out
}

func (h *Holder) show(now time.Time, s view.Held, long time.Duration, out []HoldEffect) []HoldEffect {
	if s.Since = now; long > 0 {
		s.Until = now.Add(long)
	}
	h.shown = s
	return append(out, ShowHeld{&s})
}

func (h *Holder) clear(out []HoldEffect) []HoldEffect {
	if h.shown.Phase == "" {
		return out
	}
	h.shown = view.Held{}
	return append(out, ShowHeld{})
}

// Describe says how the Holder stands.
func (h *Holder) Describe() string {
	if h.shown.Phase == "" {
		return "no button is held"
	}
	return fmt.Sprintf("%s: %s", h.shown.Does, h.shown.Phase)
}
