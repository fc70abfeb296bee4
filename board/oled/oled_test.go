package oled_test

import (
	"strings"
	"testing"

	"github.com/centralita/centralita/board/oled"
	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/display/displaytest"
	"github.com/centralita/centralita/testbench/chips"
)

func TestDisplayKeepsTheContract(t *testing.T) {
	for _, mute := range []bool{false, true} {
		displaytest.Run(t, func(t *testing.T) (display.Display, func() displaytest.Seen) {
			m := chips.NewSSD1306()
			m.Mute = mute
			d, err := oled.Open(m, 0x3C)
			if err != nil {
				t.Fatal(err)
			}
			return d, func() displaytest.Seen { return displaytest.Seen(m.Seen()) }
		})
	}
}

func open(t *testing.T) (*chips.SSD1306, *oled.OLED) {
	t.Helper()
	m := chips.NewSSD1306()
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
	if s := m.Seen(); s.Rows[0] != english || s.Rows[3] != spanish {
		t.Errorf("shows %q", s.Rows)
	}
	for x := range 128 {
		if edge := x < 4 || x >= 124; edge && (m.Dot(x, 8) || m.Dot(x, 56)) {
			t.Errorf("column %d beside the cells is lit", x)
		}
	}
}

// A full frame is 99 ms on a bus of 100 kHz: a clock that moves must not cost it.
func TestOnlyDifferencesAreSent(t *testing.T) {
	m, d := open(t)
	must(t, d.Write(0, english))
	before := m.Sent
	must(t, d.Write(0, "Downtown off.  10:43"))
	if n := m.Sent - before; n != 7+1+12 {
		t.Errorf("%d bytes sent for one cell, want 20", n)
	}
	before = m.Sent
	must(t, d.Write(0, "Downtown off.  10:43"))
	if m.Sent != before {
		t.Error("nothing changed and something was sent")
	}
}

func TestARedefinedGlyphChangesWhereItIsShown(t *testing.T) {
	m, d := open(t)
	must(t, d.Define(3, display.Bitmap{0x1F, 0x11, 3}))
	must(t, d.Write(1, strings.Repeat(string(display.Glyph(3)), 20)))
	must(t, d.Define(3, display.Bitmap{0x1F, 0x11, 7}))
	if got, want := m.Seen().Rows[1], strings.Repeat(string(display.Glyph(7)), 20); got != want {
		t.Errorf("shows %q, want %q", got, want)
	}
}

func TestSurvivesUnplugging(t *testing.T) {
	m, d := open(t)
	must(t, d.Write(0, english))
	must(t, d.Backlight(display.Full))
	m.Unplugged = true
	for range 2 {
		if err := d.Write(1, spanish); err == nil || !strings.Contains(err.Error(), "i2c-1 0x3c: sysfs-i2c: remote I/O error") {
			t.Fatalf("unplugged: %v", err)
		}
	}
	m.Power()
	must(t, d.Write(1, spanish))
	check := func(when string) {
		t.Helper()
		if s := m.Seen(); s.Rows[0] != english || s.Rows[1] != spanish || s.Rows[2] != strings.Repeat(" ", 20) || s.Light != display.Full {
			t.Errorf("%s shows %q, light %s", when, s.Rows, s.Light)
		}
	}
	check("after it came back")
	m.Power() // between two calls: only the status tells
	must(t, d.Write(1, spanish))
	check("after a power cut that nobody saw")
}

func TestWhatIsNotThere(t *testing.T) {
	m := chips.NewSSD1306()
	if _, err := oled.Open(m, 0x3D); err == nil || m.Closed != 1 {
		t.Errorf("%v, closed %d times", err, m.Closed)
	}
}
