package chips

import (
	"errors"
	"fmt"

	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/display/dots"
	"periph.io/x/conn/v3/physic"
)

// SSD1306 is the controller as its data sheet has it, at 0x3C.
type SSD1306 struct {
	memory               [8][128]byte
	from, to, page, last int // the window
	first                int // its first page
	col                  int
	on, pump, horizontal bool
	contrast             byte
	Mute                 bool // it tells no status
	Unplugged            bool
	Sent, Closed         int
}

// NewSSD1306 returns a module that has just got power.
func NewSSD1306() *SSD1306 {
	m := &SSD1306{}
	m.Power()
	return m
}

// Power is a power cycle: the memory holds anything.
func (m *SSD1306) Power() {
	*m = SSD1306{Mute: m.Mute, to: 127, last: 7, contrast: 0x7F}
	for p := range m.memory {
		for c := range m.memory[p] {
			m.memory[p][c] = byte(p*c + 1)
		}
	}
}

func (m *SSD1306) String() string                  { return "i2c-1" }
func (m *SSD1306) SetSpeed(physic.Frequency) error { return nil }
func (m *SSD1306) Close() error                    { m.Closed++; return nil }

func (m *SSD1306) Tx(addr uint16, w, r []byte) error {
	if m.Unplugged || addr != 0x3C {
		return errors.New("sysfs-i2c: remote I/O error")
	}
	for i := range r {
		r[i] = 0
		if !m.on || m.Mute {
			r[i] = 0x40
		}
	}
	if len(w) == 0 {
		return nil
	}
	m.Sent += len(w)
	switch w[0] {
	case 0x00:
		return m.commands(w[1:])
	case 0x40:
		for _, b := range w[1:] {
			m.put(b)
		}
		return nil
	}
	return fmt.Errorf("control byte %02x", w[0])
}

func (m *SSD1306) put(b byte) {
	m.memory[m.page][m.col] = b
	if m.col++; m.col > m.to {
		m.col = m.from
		if m.page++; m.page > m.last {
			m.page = m.first
		}
	}
}

// arguments of the commands that have some.
var arguments = map[byte]int{0x20: 1, 0x21: 2, 0x22: 2, 0x81: 1, 0x8D: 1, 0xA8: 1, 0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1}

func (m *SSD1306) commands(b []byte) error {
	for len(b) > 0 {
		n := 1 + arguments[b[0]]
		if len(b) < n {
			return fmt.Errorf("command %02x without its arguments", b[0])
		}
		switch b[0] {
		case 0x20:
			m.horizontal = b[1] == 0
		case 0x21:
			m.from, m.to, m.col = int(b[1]), int(b[2]), int(b[1])
		case 0x22:
			m.first, m.last, m.page = int(b[1]), int(b[2]), int(b[1])
		case 0x81:
			m.contrast = b[1]
		case 0x8D:
			m.pump = b[1] == 0x14
		case 0xAE, 0xAF:
			m.on = b[0] == 0xAF
		}
		b = b[n:]
	}
	return nil
}

// Dot reports whether a dot is lit, y from the top.
func (m *SSD1306) Dot(x, y int) bool { return m.memory[y/8][x]>>(y%8)&1 == 1 }

// Seen is what a person would read were the display lit.
func (m *SSD1306) Seen() Seen {
	s := Seen{Rows: make([]string, 4)}
	if m.on && m.pump {
		s.Light = display.Full
		if m.contrast < 0x20 {
			s.Light = display.Dim
		}
	}
	for row := range s.Rows {
		for col := range 20 {
			s.Rows[row] += string(dotted(m.Cell(row, col)))
		}
	}
	return s
}

// Cell is the dots of a cell of 20×4, each of two that are one above the other.
func (m *SSD1306) Cell(row, col int) (b display.Bitmap) {
	for y := range 16 {
		for x := range 5 {
			if m.Dot(4+col*6+x, row*16+y) {
				b[y/2] |= 1 << (4 - x)
			}
		}
	}
	return b
}

// dotted is the letter that dots draw.
func dotted(b display.Bitmap) rune {
	for r := ' '; r < 0x100; r++ {
		if d, ok := dots.Of(r); ok && d == b {
			return r
		}
	}
	if b[0] == 0x1F && b[1] == 0x11 { // own glyphs of the display suite
		return display.Glyph(int(b[2]))
	}
	return '▯'
}
