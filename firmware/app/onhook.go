package app

import (
	"fmt"

	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
)

// SendID implements exchange.Media.
func (a *audio) SendID(p tel.PortID, _ tel.PlayID, _ line.ID) error {
	return fmt.Errorf("cannot send caller id to telephone %s: its audio is not open while it is on hook", p)
}

// StopID implements exchange.Media.
func (a *audio) StopID(tel.PortID) {}
