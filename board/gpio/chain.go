package gpio

import (
	"errors"
	"fmt"
	"slices"

	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
)

// chainClock is how fast bits are pushed: a 74HC595 takes 20 MHz at 4.5 V, a
// ribbon cable to the front of a box does not.
const chainClock = physic.MegaHertz

// MostRegisters is how long a chain may be: 32 lamps of two colours.
const MostRegisters = 8

// chain is some 74HC595 in a row: SER at MOSI, SRCLK at the clock, RCLK at chip
// select, whose rise at the end of a transfer shows what was pushed. The first
// bit pushed ends up in QH of the last register.
type chain struct {
	port      spi.PortCloser
	conn      spi.Conn
	outputs   []int // output of the chain → index of the strip's values; −1: nothing is wired
	activeLow bool
}

// OpenChain lights lamps, health last, by a chain of registers on an SPI port,
// which it owns from now on. Output 0 is QA of the register next to the
// processor, 8 is QA of the second. All lamps are dark.
func OpenChain(port spi.PortCloser, registers int, activeLow bool, lamps []Lamp) (*Strip, error) {
	s, err := openChain(port, registers, activeLow, lamps)
	if err != nil {
		return nil, errors.Join(err, port.Close())
	}
	return s, nil
}

func openChain(port spi.PortCloser, registers int, activeLow bool, lamps []Lamp) (*Strip, error) {
	lines, err := wires(lamps)
	switch {
	case err != nil:
		return nil, err
	case registers < 1 || registers > MostRegisters:
		return nil, fmt.Errorf("cannot drive %d registers: a chain has 1 to %d", registers, MostRegisters)
	case slices.Min(lines) < 0 || slices.Max(lines) >= 8*registers:
		return nil, fmt.Errorf("cannot light output %d: %d registers have outputs 0..%d", slices.Max(lines), registers, 8*registers-1)
	}
	conn, err := port.Connect(chainClock, spi.Mode0, 8)
	if err != nil {
		return nil, fmt.Errorf("cannot speak to the chain at %s: %w", port, err)
	}
	c := &chain{port: port, conn: conn, outputs: make([]int, 8*registers), activeLow: activeLow}
	for i := range c.outputs {
		c.outputs[i] = slices.Index(lines, i)
	}
	dark := make([]int, len(lines))
	if err := c.set(dark); err != nil { // registers wake with anything in them
		return nil, fmt.Errorf("cannot darken the chain at %s: %w", port, err)
	}
	return newStrip(lamps, lines, c), nil
}

func (c *chain) set(values []int) error {
	bits := make([]byte, len(c.outputs)/8)
	for out, i := range c.outputs {
		lit := i >= 0 && values[i] != 0
		if lit != c.activeLow {
			bits[len(bits)-1-out/8] |= 1 << (out % 8)
		}
	}
	return c.conn.Tx(bits, nil)
}

func (c *chain) close() error { return c.port.Close() }
