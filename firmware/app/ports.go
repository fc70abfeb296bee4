package app

import (
	"fmt"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// ports is the board as the exchange needs it.
type ports struct{ wires wiring }

// Command implements exchange.Ports.
func (p ports) Command(id tel.PortID, c port.Command) error {
	wire := p.wires[id]
	if wire == nil {
		return fmt.Errorf("cannot %s on port %s: there is no such port", c, id)
	}
	return wire.Command(c)
}
