package chips

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/hal/display"
	"periph.io/x/conn/v3/physic"
)

// HD44780 is the controller as its data sheet has it, behind a PCF8574 or on lines.
type HD44780 struct {
	cols, rows int
	japanese   bool // ROM A00

	Now func() time.Time // the time of what happens on the pins

	powered   time.Time
	Unplugged bool // nothing answers
	e         bool
	eight     bool // interface of eight bits, as after power-on
	upper     int  // −1: the next nibble is the upper one
	resets    int  // function sets of figure 24 so far
	ready     time.Time
	ddram     [0x80]byte
	CGRAM     [64]byte
	address   byte
	glyph     bool // address is in CGRAM
	on        bool
	twoLines  bool
	Light     bool
	pins      byte // of the PCF8574
	Closed    int
	Sent      int // transfers
	Data      int // characters received
	Faults    []string
}

// NewHD44780 returns a module that has just got power.
func NewHD44780(cols, rows int, japanese bool) *HD44780 {
	m := &HD44780{cols: cols, rows: rows, japanese: japanese, Now: time.Now}
	m.Power()
	return m
}

// Power is a power cycle: the RAM holds anything.
func (m *HD44780) Power() {
	m.powered, m.pins, m.e, m.eight, m.upper, m.resets, m.on, m.twoLines, m.Light = m.Now(), 0xFF, false, true, -1, 0, false, false, false
	for i := range m.ddram {
		m.ddram[i] = byte('a' + i%26)
	}
	for i := range m.CGRAM {
		m.CGRAM[i] = byte(i)
	}
}

func (m *HD44780) fault(format string, a ...any) {
	m.Faults = append(m.Faults, fmt.Sprintf(format, a...))
}

// Set is what the pins are from now on; bits of nibble are D7..D4.
func (m *HD44780) Set(rs, e bool, nibble byte) {
	if m.e && !e {
		m.fall(rs, nibble)
	}
	m.e = e
}

func (m *HD44780) fall(rs bool, nibble byte) {
	now := m.Now()
	if now.Sub(m.powered) < 40*time.Millisecond {
		m.resets = 0
		return // not awake
	}
	if now.Before(m.ready) {
		m.fault("nibble %x while busy", nibble)
	}
	if m.eight {
		m.instruction(nibble<<4, now)
		return
	}
	if m.upper < 0 {
		m.upper = int(nibble)
		return
	}
	b := byte(m.upper)<<4 | nibble
	m.upper = -1
	if !rs {
		m.instruction(b, now)
		return
	}
	m.Data++
	if m.glyph {
		m.CGRAM[m.address&63] = b
	} else {
		m.ddram[m.address] = b
	}
	m.address = (m.address + 1) & 0x7F
}

func (m *HD44780) instruction(b byte, now time.Time) {
	switch {
	case b&0x80 != 0:
		m.address, m.glyph = b&0x7F, false
	case b&0x40 != 0:
		m.address, m.glyph = b&0x3F, true
	case b&0x20 != 0 && m.eight:
		wait := [...]time.Duration{4100 * time.Microsecond, 100 * time.Microsecond, 0}
		if b&0x10 == 0 && m.resets < 3 {
			m.fault("four bits after %d of the three function sets", m.resets)
		}
		m.eight = b&0x10 != 0
		m.ready = now.Add(wait[min(m.resets, 2)])
		m.resets++
	case b&0x20 != 0:
		if b&0x10 != 0 { // 0011: the sequence of figure 24 begins again
			m.eight, m.resets, m.ready = true, 1, now.Add(4100*time.Microsecond)
			return
		}
		m.twoLines = b&0x08 != 0
	case b&0x08 != 0:
		m.on = b&0x04 != 0
	case b&0x04 != 0:
		if b != 0x06 {
			m.fault("entry mode %02x", b)
		}
	case b&0x01 != 0:
		for i := range m.ddram {
			m.ddram[i] = ' '
		}
		m.address, m.glyph, m.ready = 0, false, now.Add(1520*time.Microsecond)
	}
}

// String, Tx, SetSpeed and Close make it an I²C bus with a PCF8574 at 0x27.
func (m *HD44780) String() string                  { return "i2c-1" }
func (m *HD44780) SetSpeed(physic.Frequency) error { return nil }
func (m *HD44780) Close() error                    { m.Closed++; return nil }

func (m *HD44780) Tx(addr uint16, w, r []byte) error {
	if m.Unplugged || addr != 0x27 {
		return errors.New("sysfs-i2c: remote I/O error")
	}
	m.Sent++
	for _, pins := range w {
		m.pins, m.Light = pins, pins&0x08 != 0
		if pins&0x02 != 0 {
			m.fault("pins %02x read from the display", pins)
		}
		m.Set(pins&0x01 != 0, pins&0x04 != 0, pins>>4)
	}
	for i := range r {
		r[i] = m.pins &^ 0x08 // the light's transistor holds its pin low
	}
	return nil
}

// Wired is it on GPIO lines RS, E, D4..D7, light.
type Wired struct{ *HD44780 }

func (w Wired) SetValues(v []int) error {
	var nibble byte
	for i := range 4 {
		nibble |= byte(v[2+i]) << i
	}
	w.Light = v[6] != 0
	w.Set(v[0] != 0, v[1] != 0, nibble)
	return nil
}

// Seen is what a person reads.
func (m *HD44780) Seen() Seen {
	s := Seen{Rows: make([]string, m.rows)}
	if m.Light {
		s.Light = display.Full
	}
	for row := range s.Rows {
		var b strings.Builder
		for col := range m.cols {
			b.WriteRune(m.letter(m.code(row, col)))
		}
		s.Rows[row] = b.String()
	}
	return s
}

// code is what the memory has in a cell.
func (m *HD44780) code(row, col int) byte {
	if !m.on || !m.twoLines || m.eight {
		return ' '
	}
	return m.ddram[[]int{0, 0x40, m.cols, 0x40 + m.cols}[row]+col]
}

// letter is what a code looks like, read from the tables of the data sheet.
func (m *HD44780) letter(c byte) rune {
	dots := func(slot byte) (b [8]byte) { copy(b[:], m.CGRAM[slot*8:]); return b }
	switch {
	case c < 8 && dots(c) == [8]byte{0x00, 0x10, 0x08, 0x04, 0x02, 0x01}:
		return '\\'
	case c < 8 && dots(c) == [8]byte{0, 0, 0x08, 0x15, 0x02}:
		return '~'
	case c < 8:
		return display.Glyph(int(c))
	case m.japanese && c == 0x5C:
		return '¥'
	case m.japanese && c == 0x7E:
		return '→'
	case m.japanese && c == 0xA5:
		return '·'
	case m.japanese && c == 0xDF:
		return '°'
	case m.japanese && c == 0xEE:
		return 'ñ'
	case m.japanese && c == 0xF5:
		return 'ü'
	case c >= ' ' && c <= '~', !m.japanese && c > 0xA0:
		return rune(c) // as Latin-1 has it
	}
	return '▯'
}
