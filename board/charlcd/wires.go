package charlcd

import (
	"errors"
	"fmt"
	"time"

	"periph.io/x/conn/v3/i2c"
)

// Bits of the PCF8574 as the backpacks are wired: P4..P7 are D4..D7.
const (
	bitRS    = 0x01
	bitE     = 0x04 // P1 is R/W, kept low: we only write
	bitLight = 0x08
)

// expander is the PCF8574 on an I²C bus, 0x20 to 0x27, or the PCF8574A, 0x38 to
// 0x3F. A byte on a bus of 100 kHz takes 90 µs, more than the 37 µs of a write.
type expander struct {
	bus  i2c.BusCloser
	addr uint16
	glow byte // bitLight or 0
}

// OpenI2C sets up a display behind a PCF8574; it owns the bus from now on.
func OpenI2C(bus i2c.BusCloser, addr uint16, rom ROM, cols, rows int) (*LCD, error) {
	return open(&expander{bus: bus, addr: addr}, rom, cols, rows)
}

// LaterI2C is OpenI2C of a display that may be plugged in later: the first call that it
// answers sets it up. An error is a display that cannot be.
func LaterI2C(bus i2c.BusCloser, addr uint16, rom ROM, cols, rows int) (*LCD, error) {
	return later(&expander{bus: bus, addr: addr}, rom, cols, rows)
}

func (x *expander) String() string { return fmt.Sprintf("%s 0x%02x", x.bus, x.addr) }

func (x *expander) send(pins ...byte) error {
	for i := range pins {
		pins[i] |= x.glow
	}
	return x.bus.Tx(x.addr, pins, nil)
}

func (x *expander) half(nibble byte) error {
	return x.send(nibble<<4, nibble<<4|bitE, nibble<<4, 0)
}

// write sets RS before the first rise of E; data may change with the rise, they
// count at the fall. At the end all is low, which check looks for.
func (x *expander) write(data bool, bytes ...byte) error {
	rs := byte(0)
	if data {
		rs = bitRS
	}
	pins := make([]byte, 1, 2+4*len(bytes))
	pins[0] = rs
	for _, b := range bytes {
		high, low := b&0xF0|rs, b<<4|rs
		pins = append(pins, high|bitE, high, low|bitE, low)
	}
	return x.send(append(pins, 0)...)
}

func (x *expander) light(on bool) error {
	x.glow = 0
	if on {
		x.glow = bitLight
	}
	return x.send(0)
}

// check reads the pins back: a PCF8574 that had no power has them all high
// (data sheet 7.4). The pin of the light drives a transistor, which clamps it.
func (x *expander) check() error {
	var pins [1]byte
	if err := x.bus.Tx(x.addr, nil, pins[:]); err != nil {
		return err
	}
	if pins[0]&^bitLight != 0 {
		return errLost
	}
	return nil
}

func (x *expander) close() error { return x.bus.Close() }

// Lines are GPIO lines that are driven together.
type Lines interface {
	SetValues(values []int) error
	Close() error
}

// parallel is RS, E, D4..D7 and maybe the backlight on GPIO lines.
type parallel struct {
	lines  Lines
	values []int
}

// OpenGPIO sets up a display on the lines RS, E, D4, D5, D6, D7 and, where light
// is set, its backlight; it owns them from now on. Nothing comes back on these
// lines: a display that is not there is not noticed.
func OpenGPIO(lines Lines, light bool, rom ROM, cols, rows int) (*LCD, error) {
	n := 6
	if light {
		n = 7
	}
	return open(&parallel{lines: lines, values: make([]int, n)}, rom, cols, rows)
}

// Times of the controller on lines that are as fast as we are.
const (
	powerOn = 50 * time.Millisecond // from 2.7 V on, data sheet figure 24: 40 ms
	execute = 60 * time.Microsecond // 37 µs at 270 kHz; copies run at 190
)

func (p *parallel) String() string { return "its GPIO lines" }

func (p *parallel) half(nibble byte) error { return p.strobe(false, nibble) }

func (p *parallel) strobe(data bool, nibble byte) error {
	p.values[0], p.values[1] = 0, 0
	if data {
		p.values[0] = 1
	}
	for i := range 4 {
		p.values[2+i] = int(nibble >> i & 1)
	}
	var errs error
	for _, e := range []int{0, 1, 0} {
		p.values[1] = e
		errs = errors.Join(errs, p.lines.SetValues(p.values))
	}
	return errs
}

func (p *parallel) write(data bool, bytes ...byte) error {
	for _, b := range bytes {
		if err := errors.Join(p.strobe(data, b>>4), p.strobe(data, b&0xF)); err != nil {
			return err
		}
		time.Sleep(execute)
	}
	return nil
}

func (p *parallel) light(on bool) error {
	if len(p.values) < 7 {
		return nil // it has none, or one that is always on
	}
	p.values[6] = 0
	if on {
		p.values[6] = 1
	}
	return p.lines.SetValues(p.values)
}

func (p *parallel) check() error { return nil }
func (p *parallel) close() error { return p.lines.Close() }
