package app

import (
	"io"
	"slices"
	"time"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/firmware/view"
)

// parts returns what became of the hardware, as it is now: a display can be unplugged
// and plugged in while the house works.
func (h *House) parts() []view.Hardware {
	h.real.lock.Lock()
	defer h.real.lock.Unlock()
	return h.hardware
}

// addPart adds what a driver answered.
func (h *House) addPart(r board.Report) {
	h.real.lock.Lock()
	defer h.real.lock.Unlock()
	h.hardware = append(slices.Clip(h.hardware), view.Hardware{
		Driver: r.Driver, Port: r.Port, State: r.State.String(), What: r.What, Why: r.Why, Hint: r.Hint,
	})
}

// frontTold takes in that a part of the real front, "display", "lamps" or "digits",
// cannot be shown on, or can again. One that was not there at the start and is still not
// has been told then.
func (h *House) frontTold(part string, err error) {
	if h.changePart(part, err) {
		h.repaint()
	}
}

func (h *House) changePart(part string, err error) bool {
	h.real.lock.Lock()
	defer h.real.lock.Unlock()
	i := slices.IndexFunc(h.hardware, func(p view.Hardware) bool { return p.Driver == frontDriver && p.Port == part })
	if i < 0 || err != nil && h.hardware[i].State != board.Loaded.String() {
		return false
	}
	now := slices.Clone(h.hardware) // pictures hold the old one
	if err == nil {
		now[i] = view.Hardware{Driver: frontDriver, Port: part, State: board.Loaded.String(), What: h.real.what[part]}
		h.log.Warn("a part of the front answers", "part", part)
	} else {
		now[i] = view.Hardware{Driver: frontDriver, Port: part, State: board.Failed.String(), Why: err.Error(), Hint: "look at its plug and cable; it is taken again as soon as it answers"}
		h.log.Error("a part of the front is gone; calls go on", "part", part, "err", err)
	}
	h.hardware = now
	return true
}

// holdFront raises or clears the conditions of the front.
func (h *House) holdFront(now time.Time) {
	gone := h.frontGone()
	for _, part := range health.FrontParts {
		h.register.Hold(now, slices.Contains(gone, part), health.FrontGone(part))
	}
}

// frontGone are the parts of the front that were there and do not answer now.
func (h *House) frontGone() []string {
	var gone []string
	for _, p := range h.parts() {
		if p.Driver == frontDriver && p.State == board.Failed.String() && h.real.shows(p.Port) {
			gone = append(gone, p.Port)
		}
	}
	return gone
}

// shows reports whether a part was opened to be shown on.
func (f *realFront) shows(part string) bool {
	switch part {
	case "display":
		return f.screen != nil
	case "lamps":
		return f.lamps != nil
	case "digits":
		return f.digits != nil
	}
	return false
}

// closeFront darkens the front and gives it back. What does not answer cannot be
// darkened, and that is no reason to end badly: a watchdog would restart the machine.
func (h *House) closeFront() {
	f := &h.real
	closing := func(part string, c io.Closer) {
		if err := c.Close(); err != nil {
			h.log.Warn("a part of the front is left as it was", "part", part, "err", err)
		}
	}
	if f.buttons != nil {
		closing("buttons", f.buttons)
	}
	if f.lamps != nil {
		closing("lamps", f.lamps)
	}
	if f.screen != nil {
		closing("display", f.screen)
	}
	if f.digits != nil {
		closing("digits", f.digits)
	}
}
