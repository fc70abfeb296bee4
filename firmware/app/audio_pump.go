package app

import (
	"fmt"

	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/media/portleg"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// buildPumps makes the pump of each port. Caller id that they hear goes the way
// of what the port itself reports.
func (h *House) buildPumps() error {
	h.pumps = map[tel.PortID]*portleg.Pump{}
	lines := map[tel.PortID]config.Line{}
	for _, l := range h.cfg.Lines {
		lines[l.ID] = l
	}
	for id, p := range h.wires {
		pump, err := portleg.New(portleg.Config{
			Port: p, Tail: lines[id].Echo, Category: category(lines[id]), Log: h.log,
			Heard: func(ev port.CallerID) { h.told(id, ev) },
			Sent:  func(play uint64) { h.exchange.Post(exchange.OnSentID{Port: id, ID: tel.PlayID(play)}) },
		})
		if err != nil {
			return fmt.Errorf("cannot hear port %s: %w", id, err)
		}
		h.pumps[id] = pump
	}
	return nil
}

// category reports whether the caller id of a line begins with the caller's category.
func category(l config.Line) bool { return l.Country == "BR" }

// listen carries a port's events to its pump and to the exchange until the port
// is closed.
func (h *House) listen(id tel.PortID, p port.Port) {
	h.cancelEcho(id, p)
	for ev := range p.Events() {
		h.pumps[id].Happened(ev)
		if _, back := ev.(port.Found); back {
			h.cancelEcho(id, p)
		}
		h.told(id, ev)
	}
}

// cancelEcho switches the hardware's canceller of a line on where the
// configuration wants it; ours is off then. Hardware that refuses leaves ours on.
func (h *House) cancelEcho(id tel.PortID, p port.Port) {
	if !hardwareEcho(h.cfg) || p.Info().Kind != port.FXO || !p.Info().Caps.EchoCancel {
		return
	}
	if err := (ports{h.wires, h.pumps}).Command(id, port.EchoCancel{On: true}); err != nil {
		h.log.Warn("the echo canceller of the hardware is not used", "port", id, "err", err)
	}
}

func hardwareEcho(cfg *config.Config) bool { return cfg.Board.DAHDI != nil && cfg.Board.DAHDI.Hardware }
