package charlcd_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/board/charlcd"
	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/display/displaytest"
	"github.com/centralita/centralita/testbench/chips"
	"periph.io/x/conn/v3/i2c/i2ctest"
)

// kinds are the displays that people buy.
var kinds = []struct {
	rom        charlcd.ROM
	cols, rows int
}{{charlcd.A00, 16, 2}, {charlcd.A00, 20, 4}, {charlcd.A02, 16, 2}, {charlcd.A02, 20, 4}}

func TestDisplaysKeepTheContract(t *testing.T) {
	for _, k := range kinds {
		t.Run(fmt.Sprintf("PCF8574 %s %dx%d", k.rom, k.cols, k.rows), func(t *testing.T) {
			displaytest.Run(t, func(t *testing.T) (display.Display, func() displaytest.Seen) {
				m := chips.NewHD44780(k.cols, k.rows, k.rom == charlcd.A00)
				d, err := charlcd.OpenI2C(m, 0x27, k.rom, k.cols, k.rows)
				return watched(t, m, d, err)
			})
		})
		t.Run(fmt.Sprintf("GPIO %s %dx%d", k.rom, k.cols, k.rows), func(t *testing.T) {
			displaytest.Run(t, func(t *testing.T) (display.Display, func() displaytest.Seen) {
				m := chips.NewHD44780(k.cols, k.rows, k.rom == charlcd.A00)
				d, err := charlcd.OpenGPIO(chips.Wired{HD44780: m}, true, k.rom, k.cols, k.rows)
				return watched(t, m, d, err)
			})
		})
	}
}

func watched(t *testing.T, m *chips.HD44780, d *charlcd.LCD, err error) (display.Display, func() displaytest.Seen) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if len(m.Faults) > 0 {
			t.Errorf("the display was spoken to wrongly: %q", m.Faults)
		}
	})
	return d, func() displaytest.Seen { return displaytest.Seen(m.Seen()) }
}

// in runs a test of a 20×4 display with ROM A00 in virtual time.
func in(t *testing.T, test func(m *chips.HD44780, d *charlcd.LCD)) {
	synctest.Test(t, func(t *testing.T) {
		m := chips.NewHD44780(20, 4, true)
		d, err := charlcd.OpenI2C(m, 0x27, charlcd.A00, 20, 4)
		if err != nil {
			t.Fatal(err)
		}
		test(m, d)
		if len(m.Faults) > 0 {
			t.Errorf("the display was spoken to wrongly: %q", m.Faults)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The instructions of figure 24 (four bits), after a nibble that only asks.
func TestBeginsAsTheDataSheetSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &i2ctest.Record{Bus: chips.NewHD44780(16, 2, false)}
		_, err := charlcd.OpenI2C(closing{rec}, 0x27, charlcd.A02, 16, 2)
		must(t, err)
		three := []byte{0x30, 0x34, 0x30, 0}
		want := [][]byte{three, three, three, three, {0x20, 0x24, 0x20, 0},
			{0, 0x24, 0x20, 0x84, 0x80, 0x04, 0x00, 0x84, 0x80, 0x04, 0x00, 0x14, 0x10, 0}, // 28, 08, 01
			{0, 0x04, 0x00, 0x64, 0x60, 0}, // 06
			{0, 0x04, 0x00, 0xC4, 0xC0, 0}, // 0C
			{0}}
		if len(rec.Ops) != len(want) {
			t.Fatalf("%d transfers, want %d: %x", len(rec.Ops), len(want), rec.Ops)
		}
		for i, o := range rec.Ops {
			if !bytes.Equal(o.W, want[i]) {
				t.Errorf("transfer %d: % x, want % x", i, o.W, want[i])
			}
		}
	})
}

type closing struct{ *i2ctest.Record }

func (closing) Close() error { return nil }

func TestOnlyDifferencesAreSent(t *testing.T) {
	in(t, func(m *chips.HD44780, d *charlcd.LCD) {
		must(t, d.Write(0, "Oficina Centro 10:42"))
		before := m.Data
		must(t, d.Write(0, "Oficina Centro 10:43"))
		if n := m.Data - before; n != 1 {
			t.Errorf("%d characters sent for one that changed", n)
		}
		before = m.Data
		must(t, d.Write(0, "oficina centro 10:43"))
		if n := m.Data - before; n != 2 {
			t.Errorf("%d characters sent for two that changed", n)
		}
		must(t, d.Write(0, "oficina centro 10:43"))
		if m.Seen().Rows[0] != "oficina centro 10:43" {
			t.Errorf("shows %q", m.Seen().Rows)
		}
	})
}

func TestLettersOfTheROMs(t *testing.T) {
	for _, c := range []struct {
		rom         charlcd.ROM
		has, hasNot string
		glyphs      int
	}{
		{charlcd.A00, `ñü\~`, "áéíóú¿¡ÑÁÉÍÓÚÜ", 6},
		{charlcd.A02, `ñüáéíóú¿¡ÑÁÉÍÓÚÜ\~`, "Ж", 8},
	} {
		m := chips.NewHD44780(16, 2, c.rom == charlcd.A00)
		d, err := charlcd.OpenI2C(m, 0x27, c.rom, 16, 2)
		must(t, err)
		for _, r := range c.has {
			must(t, d.Write(0, strings.Repeat(string(r), 16)))
			if !d.Has(r) || m.Seen().Rows[0] != strings.Repeat(string(r), 16) {
				t.Errorf("%s: %q has %t, shows %q", c.rom, r, d.Has(r), m.Seen().Rows[0])
			}
		}
		for _, r := range c.hasNot {
			if d.Has(r) || d.Write(0, strings.Repeat(string(r), 16)) == nil {
				t.Errorf("%s has %q", c.rom, r)
			}
		}
		if d.Glyphs() != c.glyphs {
			t.Errorf("%s: %d own glyphs, want %d", c.rom, d.Glyphs(), c.glyphs)
		}
	}
}

// The cable comes out, the house goes on, and the cable comes back: the display
// is set up and painted anew by the first call.
func TestSurvivesUnplugging(t *testing.T) {
	in(t, func(m *chips.HD44780, d *charlcd.LCD) {
		must(t, d.Define(2, display.Bitmap{1, 2, 3, 4, 5, 6, 7, 8}))
		must(t, d.Write(0, "Oficina Centro 10:42"))
		must(t, d.Write(2, strings.Repeat(string(display.Glyph(2)), 20)))
		must(t, d.Backlight(display.Full))
		m.Unplugged = true
		sent := m.Sent
		for range 3 {
			if err := d.Write(1, "Todo en orden       "); err == nil || !strings.Contains(err.Error(), "i2c-1 0x27: sysfs-i2c: remote I/O error") {
				t.Fatalf("unplugged: %v", err)
			}
		}
		if m.Sent != sent {
			t.Error("something was sent")
		}
		m.Unplugged = false
		m.Power()
		must(t, d.Write(1, "Todo en orden       "))
		want := []string{"Oficina Centro 10:42", "Todo en orden       ", strings.Repeat(string(display.Glyph(2)), 20), strings.Repeat(" ", 20)}
		if s := m.Seen(); fmt.Sprintf("%q", s.Rows) != fmt.Sprintf("%q", want) || s.Light != display.Full {
			t.Errorf("after it came back shows %q, light %s", s.Rows, s.Light)
		}
		if got := m.CGRAM[16:24]; !bytes.Equal(got, []byte{1, 2, 3, 4, 5, 6, 7, 8}) {
			t.Errorf("glyph 2 is % x", got)
		}
	})
}

// Unplugged and back between two calls: nobody saw an error, the pins tell it.
func TestAPowerCutBetweenTwoCallsIsNoticed(t *testing.T) {
	in(t, func(m *chips.HD44780, d *charlcd.LCD) {
		must(t, d.Write(0, "Oficina Centro 10:42"))
		m.Power()
		must(t, d.Write(0, "Oficina Centro 10:43"))
		if got := m.Seen().Rows[0]; got != "Oficina Centro 10:43" {
			t.Errorf("shows %q", got)
		}
	})
}

func TestWhatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := chips.NewHD44780(20, 4, true)
		began := time.Now()
		if _, err := charlcd.OpenI2C(m, 0x3F, charlcd.A00, 20, 4); err == nil || !strings.Contains(err.Error(), "0x3f: sysfs-i2c: remote I/O error") {
			t.Error(err)
		}
		if d := time.Since(began); d > 0 || m.Closed != 1 {
			t.Errorf("waited %s for a display that is not there, %d closes", d, m.Closed)
		}
		for _, size := range [][2]int{{20, 3}, {40, 4}, {0, 2}, {-20, 4}} {
			if _, err := charlcd.OpenI2C(m, 0x27, charlcd.A00, size[0], size[1]); err == nil {
				t.Errorf("a display of %v was opened", size)
			}
		}
		if _, err := charlcd.OpenI2C(m, 0x27, "A01", 16, 2); err == nil {
			t.Error("ROM A01 was accepted")
		}
	})
}
