package voicemodem

import "github.com/centralita/centralita/testbench/pty"

// Cable is a pseudo terminal with a modem at its far end. Link is the device's name,
// which a replug moves to a new terminal.
type Cable struct {
	Modem *Modem
	Link  string

	line pty.Cable
}

// Plug makes a pseudo terminal, names it, and lets the modem speak over it.
func (c *Cable) Plug() error {
	c.line.Link = c.Link
	if err := c.line.Plug(); err != nil {
		return err
	}
	c.Modem.Plug()
	go c.Modem.Serve(pty.Patient{File: c.line.Far()})
	return nil
}

// Unplug takes the terminal and its name away.
func (c *Cable) Unplug() error {
	err := c.line.Unplug()
	c.Modem.Unplug()
	return err
}
