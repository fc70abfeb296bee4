package segment

import (
	"bytes"
	"fmt"

	"github.com/centralita/centralita/hal/display"
	"periph.io/x/conn/v3/i2c"
)

// ht16k33 is the controller on I²C, 0x70 to 0x77, wired as clock modules are:
// the digits at 0, 2, 6 and 8 of its memory, the colon at 4.
type ht16k33 struct {
	bus  i2c.BusCloser
	addr uint16
}

// Commands (HT16K33 data sheet, command summary).
const (
	oscillatorOn = 0x21
	displayOff   = 0x80
	displayOn    = 0x81
	dimming      = 0xE0 // and the duty, 0 to 15 sixteenths
)

// places of the digits in the memory, and the bit of the colon at place 4.
var places = [Digits]int{0, 2, 6, 8}

const colonBit = 0x02

// OpenHT16K33 darkens a module; it owns the bus from now on.
func OpenHT16K33(bus i2c.BusCloser, addr uint16) (*Module, error) {
	return open(&ht16k33{bus: bus, addr: addr})
}

// LaterHT16K33 returns a module that may be plugged in later: the first call that it
// answers sets it up.
func LaterHT16K33(bus i2c.BusCloser, addr uint16) *Module {
	return &Module{chip: &ht16k33{bus: bus, addr: addr}}
}

func (h *ht16k33) String() string { return fmt.Sprintf("%s 0x%02x", h.bus, h.addr) }

// memory is a picture as the controller keeps it.
func (*ht16k33) memory(p picture) []byte {
	m := make([]byte, 9)
	for i, place := range places {
		m[place] = p.digits[i]
	}
	if p.colon {
		m[4] = colonBit
	}
	return m
}

func (h *ht16k33) show(p picture, l display.Light) error {
	list := [][]byte{{oscillatorOn}, append([]byte{0}, h.memory(p)...), {dimming}, {displayOff}}
	switch l {
	case display.Dim:
		list[3][0] = displayOn
	case display.Full:
		list[2][0], list[3][0] = dimming|15, displayOn
	}
	for _, b := range list {
		if err := h.bus.Tx(h.addr, b, nil); err != nil {
			return err
		}
	}
	return nil
}

// lost reads the memory back: after a power cut it holds anything else.
func (h *ht16k33) lost(p picture) (bool, error) {
	got := make([]byte, 9)
	if err := h.bus.Tx(h.addr, []byte{0}, got); err != nil {
		return false, err
	}
	return !bytes.Equal(got, h.memory(p)), nil
}

func (h *ht16k33) close() error { return h.bus.Close() }
