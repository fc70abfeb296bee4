package console

import (
	"context"

	"github.com/centralita/centralita/firmware/view"
)

// showBoard prints what became of the hardware at the start.
func showBoard(_ context.Context, s *session) int {
	v, ok := s.picture()
	if !ok {
		return s.stopped()
	}
	code := Fine
	for _, h := range v.Board {
		if s.r.check && h.State == "failed" {
			code = NotFine
		}
		if s.r.json {
			s.json(h)
		} else {
			s.hardware(h)
		}
	}
	return code
}

// hardware prints one port, or a driver that did not come as far as its ports.
func (s *session) hardware(h view.Hardware) {
	name := h.Port
	if name == "" {
		name = h.Driver
	}
	lamp, text := view.Dead, safe(s.plain(h.Why))
	switch h.State {
	case "loaded":
		lamp, text = view.Idle, s.t("cargado", "loaded")
		if h.What != "" {
			text += ": " + safe(s.plain(h.What))
		}
	case "skipped":
		lamp, text = view.Warn, s.t("omitido porque ", "skipped because ")+text
	default:
		text = s.t("falló porque ", "failed because ") + text
	}
	if h.Hint != "" {
		text += "; " + safe(s.plain(h.Hint))
	}
	s.wrap(sign(lamp)+" "+safe(name)+":", "  ", text)
}

// missing prints the hardware that was not loaded.
func (s *session) missing(v *view.Snapshot) {
	for _, h := range v.Board {
		if h.State != "loaded" {
			s.hardware(h)
		}
	}
}
