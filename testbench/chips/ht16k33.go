package chips

import (
	"errors"

	"github.com/centralita/centralita/hal/display"
	"periph.io/x/conn/v3/physic"
)

// Face is what a person sees: four Digits from the left, the colon, the light.
type Face struct {
	Digits [4]byte
	Colon  bool
	Light  display.Light
}

// HT16K33 is the controller of four digits as its data sheet has it, at 0x70.
type HT16K33 struct {
	memory         [16]byte
	clock, on      bool
	duty           byte
	Unplugged      bool
	Writes, Closed int
}

// Power is a power cycle: the memory holds anything.
func (h *HT16K33) Power() {
	*h = HT16K33{duty: 15, Writes: h.Writes}
	for i := range h.memory {
		h.memory[i] = byte(i * 37)
	}
}

// String, Tx, SetSpeed and Close make it an I²C bus.
func (h *HT16K33) String() string                  { return "i2c-1" }
func (h *HT16K33) SetSpeed(physic.Frequency) error { return nil }
func (h *HT16K33) Close() error                    { h.Closed++; return nil }

func (h *HT16K33) Tx(addr uint16, w, r []byte) error {
	if h.Unplugged || addr != 0x70 {
		return errors.New("sysfs-i2c: remote I/O error")
	}
	switch {
	case len(r) > 0:
		copy(r, h.memory[w[0]:])
		return nil
	case w[0] == 0x20 || w[0] == 0x21:
		h.clock = w[0] == 0x21
	case w[0]&0xF0 == 0x80:
		h.on = w[0]&1 == 1
	case w[0]&0xF0 == 0xE0:
		h.duty = w[0] & 15
	case w[0] < 16:
		copy(h.memory[w[0]:], w[1:])
	}
	h.Writes++
	return nil
}

// Seen is what a person sees.
func (h *HT16K33) Seen() Face {
	f := Face{Digits: [4]byte{h.memory[0], h.memory[2], h.memory[6], h.memory[8]}, Colon: h.memory[4]&2 != 0}
	if h.on && h.clock {
		f.Light = display.Full
		if h.duty < 8 {
			f.Light = display.Dim
		}
	}
	return f
}
