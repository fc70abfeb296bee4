package oled_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/centralita/centralita/board/oled"
	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/display/displaytest"
	"github.com/centralita/centralita/hal/display/dots"
	"periph.io/x/conn/v3/physic"
)

// ssd1306 is the controller as its data sheet has it, at 0x3C.
type ssd1306 struct {
	memory               [8][128]byte
	from, to, page, last int // the window
	first                int // its first page
	col                  int
	on, pump, horizontal bool
	contrast             byte
	mute                 bool // it tells no status
	unplug               bool
	sent, closed         int
}

func powered() *ssd1306 {
	m := &ssd1306{}
	m.power()
	return m
}

// power is a power cycle: the memory holds anything.
func (m *ssd1306) power() {
	*m = ssd1306{mute: m.mute, to: 127, last: 7, contrast: 0x7F}
	for p := range m.memory {
		for c := range m.memory[p] {
			m.memory[p][c] = byte(p*c + 1)
		}
	}
}

func (m *ssd1306) String() string                  { return "i2c-1" }
func (m *ssd1306) SetSpeed(physic.Frequency) error { return nil }
func (m *ssd1306) Close() error                    { m.closed++; return nil }

func (m *ssd1306) Tx(addr uint16, w, r []byte) error {
	if m.unplug || addr != 0x3C {
		return errors.New("sysfs-i2c: remote I/O error")
	}
	for i := range r {
		r[i] = 0
		if !m.on || m.mute {
			r[i] = 0x40
		}
	}
	if len(w) == 0 {
		return nil
	}
	m.sent += len(w)
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

func (m *ssd1306) put(b byte) {
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

func (m *ssd1306) commands(b []byte) error {
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

// dot reports whether a dot is lit, y from the top.
func (m *ssd1306) dot(x, y int) bool { return m.memory[y/8][x]>>(y%8)&1 == 1 }

// seen is what a person would read were the display lit.
func (m *ssd1306) seen() displaytest.Seen {
	s := displaytest.Seen{Rows: make([]string, 4)}
	if m.on && m.pump {
		s.Light = display.Full
		if m.contrast < 0x20 {
			s.Light = display.Dim
		}
	}
	for row := range s.Rows {
		for col := range 20 {
			var b display.Bitmap
			for y := range 16 {
				for x := range 5 {
					if m.dot(4+col*6+x, row*16+y) {
						b[y/2] |= 1 << (4 - x)
					}
				}
			}
			s.Rows[row] += string(letter(b))
		}
	}
	return s
}

func letter(b display.Bitmap) rune {
	for r := ' '; r < 0x100; r++ {
		if d, ok := dots.Of(r); ok && d == b {
			return r
		}
	}
	if b[0] == 0x1F && b[1] == 0x11 { // the suite's own glyphs
		return display.Glyph(int(b[2]))
	}
	return '▯'
}

func TestDisplayKeepsTheContract(t *testing.T) {
	for _, mute := range []bool{false, true} {
		displaytest.Run(t, func(t *testing.T) (display.Display, func() displaytest.Seen) {
			m := powered()
			m.mute = mute
			d, err := oled.Open(m, 0x3C)
			if err != nil {
				t.Fatal(err)
			}
			return d, m.seen
		})
	}
}

func open(t *testing.T) (*ssd1306, *oled.OLED) {
	t.Helper()
	m := powered()
	d, err := oled.Open(m, 0x3C)
	if err != nil {
		t.Fatal(err)
	}
	return m, d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const english, spanish = "Downtown off.  10:42", "¿Mañana? ¡Sí! Güé óú"

func TestBothLanguages(t *testing.T) {
	m, d := open(t)
	must(t, d.Write(0, english))
	must(t, d.Write(3, spanish))
	if s := m.seen(); s.Rows[0] != english || s.Rows[3] != spanish {
		t.Errorf("shows %q", s.Rows)
	}
	for x := range 128 {
		if edge := x < 4 || x >= 124; edge && (m.dot(x, 8) || m.dot(x, 56)) {
			t.Errorf("column %d beside the cells is lit", x)
		}
	}
}

// A full frame is 99 ms on a bus of 100 kHz: a clock that moves must not cost it.
func TestOnlyDifferencesAreSent(t *testing.T) {
	m, d := open(t)
	must(t, d.Write(0, english))
	before := m.sent
	must(t, d.Write(0, "Downtown off.  10:43"))
	if n := m.sent - before; n != 7+1+12 {
		t.Errorf("%d bytes sent for one cell, want 20", n)
	}
	before = m.sent
	must(t, d.Write(0, "Downtown off.  10:43"))
	if m.sent != before {
		t.Error("nothing changed and something was sent")
	}
}

func TestARedefinedGlyphChangesWhereItIsShown(t *testing.T) {
	m, d := open(t)
	must(t, d.Define(3, display.Bitmap{0x1F, 0x11, 3}))
	must(t, d.Write(1, strings.Repeat(string(display.Glyph(3)), 20)))
	must(t, d.Define(3, display.Bitmap{0x1F, 0x11, 7}))
	if got, want := m.seen().Rows[1], strings.Repeat(string(display.Glyph(7)), 20); got != want {
		t.Errorf("shows %q, want %q", got, want)
	}
}

func TestSurvivesUnplugging(t *testing.T) {
	m, d := open(t)
	must(t, d.Write(0, english))
	must(t, d.Backlight(display.Full))
	m.unplug = true
	for range 2 {
		if err := d.Write(1, spanish); err == nil || !strings.Contains(err.Error(), "i2c-1 0x3c: sysfs-i2c: remote I/O error") {
			t.Fatalf("unplugged: %v", err)
		}
	}
	m.power()
	must(t, d.Write(1, spanish))
	check := func(when string) {
		t.Helper()
		if s := m.seen(); s.Rows[0] != english || s.Rows[1] != spanish || s.Rows[2] != strings.Repeat(" ", 20) || s.Light != display.Full {
			t.Errorf("%s shows %q, light %s", when, s.Rows, s.Light)
		}
	}
	check("after it came back")
	m.power() // between two calls: only the status tells
	must(t, d.Write(1, spanish))
	check("after a power cut that nobody saw")
}

func TestWhatIsNotThere(t *testing.T) {
	m := powered()
	if _, err := oled.Open(m, 0x3D); err == nil || m.closed != 1 {
		t.Errorf("%v, closed %d times", err, m.closed)
	}
}
