package app

import (
	"fmt"

	"github.com/centralita/centralita/firmware/media/portleg"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// ports is the board as the exchange needs it; the pumps hear what is commanded.
type ports struct {
	wires wiring
	pumps map[tel.PortID]*portleg.Pump
}

// Command implements exchange.Ports.
func (p ports) Command(id tel.PortID, c port.Command) error {
	wire := p.wires[id]
	if wire == nil {
		return fmt.Errorf("cannot %s on port %s: there is no such port", c, id)
	}
	if err := wire.Command(c); err != nil {
		return err
	}
	p.pumps[id].Commanded(c)
	return nil
}
