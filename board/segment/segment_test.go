package segment_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/centralita/centralita/board/segment"
	"github.com/centralita/centralita/hal/display"
	"periph.io/x/conn/v3/physic"
)

// face is what a person sees: four digits from the left, the colon, the light.
type face struct {
	digits [4]byte
	colon  bool
	light  display.Light
}

// chip is a model of a module.
type chip interface {
	seen() face
	power()
	setUnplug(bool)
	count() int
}

// holtek is an HT16K33 at 0x70.
type holtek struct {
	memory         [16]byte
	clock, on      bool
	duty           byte
	unplug         bool
	writes, closed int
}

func (h *holtek) power() {
	*h = holtek{duty: 15, writes: h.writes}
	for i := range h.memory {
		h.memory[i] = byte(i * 37)
	}
}
func (h *holtek) setUnplug(u bool)                { h.unplug = u }
func (h *holtek) count() int                      { return h.writes }
func (h *holtek) String() string                  { return "i2c-1" }
func (h *holtek) SetSpeed(physic.Frequency) error { return nil }
func (h *holtek) Close() error                    { h.closed++; return nil }

func (h *holtek) Tx(addr uint16, w, r []byte) error {
	if h.unplug || addr != 0x70 {
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
	h.writes++
	return nil
}

func (h *holtek) seen() face {
	f := face{digits: [4]byte{h.memory[0], h.memory[2], h.memory[6], h.memory[8]}, colon: h.memory[4]&2 != 0}
	if h.on && h.clock {
		f.light = display.Full
		if h.duty < 8 {
			f.light = display.Dim
		}
	}
	return f
}

// titan is a TM1637 on two wires.
type titan struct {
	clk, dio int // as we drive them
	started  bool
	pull     bool // it pulls DIO down
	bits     int
	shift    byte
	list     []byte
	memory   [6]byte
	on       bool
	duty     byte
	unplug   bool
	writes   int
	closed   int
}

func (m *titan) power() {
	*m = titan{clk: 1, dio: 1, memory: [6]byte{1, 2, 3, 4, 5, 6}, writes: m.writes}
}
func (m *titan) setUnplug(u bool) { m.unplug = u }
func (m *titan) count() int       { return m.writes }
func (m *titan) Close() error     { m.closed++; return nil }

func (m *titan) Values(v []int) error {
	v[0], v[1] = m.clk, m.dio
	if m.pull && !m.unplug {
		v[1] = 0
	}
	return nil
}

func (m *titan) SetValues(v []int) error {
	clk, dio := v[0], v[1]
	if clk != m.clk && dio != m.dio {
		return errors.New("both wires changed at once")
	}
	switch {
	case m.clk == 1 && clk == 1 && m.dio == 1 && dio == 0:
		m.started, m.bits, m.list = true, 0, nil
	case m.clk == 1 && clk == 1 && m.dio == 0 && dio == 1:
		if m.started && !m.unplug {
			m.take()
		}
		m.started = false
	case m.started && m.clk == 0 && clk == 1 && m.bits < 8:
		m.shift |= byte(dio) << m.bits
		m.bits++
	case m.started && m.clk == 1 && clk == 0 && m.bits == 8:
		m.list, m.pull, m.bits, m.shift = append(m.list, m.shift), true, 9, 0
	case m.started && m.clk == 1 && clk == 0 && m.bits == 9:
		m.pull, m.bits = false, 0
	}
	m.clk, m.dio = clk, dio
	return nil
}

// take is a whole transfer.
func (m *titan) take() {
	m.writes++
	switch b := m.list[0]; b & 0xC0 {
	case 0xC0:
		copy(m.memory[b&7:], m.list[1:])
	case 0x80:
		m.on, m.duty = b&8 != 0, b&7
	}
}

func (m *titan) seen() face {
	f := face{digits: [4]byte(m.memory[:4]), colon: m.memory[1]&0x80 != 0}
	f.digits[1] &^= 0x80
	if m.on {
		f.light = display.Full
		if m.duty < 4 {
			f.light = display.Dim
		}
	}
	return f
}

func each(t *testing.T, test func(t *testing.T, c chip, m *segment.Module)) {
	t.Run("HT16K33", func(t *testing.T) {
		h := &holtek{}
		h.power()
		m, err := segment.OpenHT16K33(h, 0x70)
		if err != nil {
			t.Fatal(err)
		}
		test(t, h, m)
	})
	t.Run("TM1637", func(t *testing.T) {
		h := &titan{}
		h.power()
		m, err := segment.OpenTM1637(h)
		if err != nil {
			t.Fatal(err)
		}
		test(t, h, m)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestShows(t *testing.T) {
	each(t, func(t *testing.T, c chip, m *segment.Module) {
		if f := c.seen(); f != (face{}) {
			t.Errorf("begins with %v", f)
		}
		must(t, m.Backlight(display.Full))
		for text, want := range map[string]face{
			"8":     {[4]byte{0, 0, 0, 0x7F}, false, display.Full},
			"4:12":  {[4]byte{0, 0x66, 0x06, 0x5B}, true, display.Full},
			"10:59": {[4]byte{0x06, 0x3F, 0x6D, 0x6F}, true, display.Full},
			"1h05":  {[4]byte{0x06, 0x74, 0x3F, 0x6D}, false, display.Full},
			"----":  {[4]byte{0x40, 0x40, 0x40, 0x40}, false, display.Full},
			"":      {light: display.Full},
		} {
			must(t, m.Show(text))
			if f := c.seen(); f != want {
				t.Errorf("%q shows %v, want %v", text, f, want)
			}
		}
		for _, l := range []display.Light{display.Dim, display.Off, display.Full} {
			must(t, m.Backlight(l))
			if f := c.seen(); f.light != l {
				t.Errorf("light %s, want %s", f.light, l)
			}
		}
		must(t, m.Show("8"))
		before := c.seen()
		for _, bad := range []string{"12345", "é", "1:2:3", "1:234", ":12345", "12:3"} {
			if m.Show(bad) == nil || c.seen() != before {
				t.Errorf("%q was accepted", bad)
			}
		}
		must(t, m.Close())
		must(t, m.Close())
		if f := c.seen(); f.digits != [4]byte{} || f.light != display.Off {
			t.Errorf("after Close shows %v", f)
		}
		if m.Show("8") == nil || m.Backlight(display.Full) == nil {
			t.Error("a closed module took something")
		}
	})
}

func TestOnlyDifferencesAreSentAndUnpluggingIsSurvived(t *testing.T) {
	each(t, func(t *testing.T, c chip, m *segment.Module) {
		must(t, m.Backlight(display.Full))
		must(t, m.Show("4:12"))
		before, want := c.count(), c.seen()
		must(t, m.Show("4:12"))
		if c.count() != before {
			t.Error("nothing changed and something was sent")
		}
		c.setUnplug(true)
		for range 2 {
			if err := m.Show("4:13"); err == nil || !strings.Contains(err.Error(), "cannot show it on the digits at") {
				t.Fatalf("unplugged: %v", err)
			}
		}
		c.power()
		must(t, m.Show("4:12"))
		if f := c.seen(); f != want {
			t.Errorf("after it came back shows %v, want %v", f, want)
		}
	})
}

func TestAPowerCutThatNobodySaw(t *testing.T) {
	h := &holtek{}
	h.power()
	m, err := segment.OpenHT16K33(h, 0x70)
	must(t, err)
	must(t, m.Backlight(display.Full))
	must(t, m.Show("4:12"))
	want := h.seen()
	h.power()
	must(t, m.Show("4:12"))
	if f := h.seen(); fmt.Sprint(f) != fmt.Sprint(want) {
		t.Errorf("shows %v, want %v", f, want)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	h, k := &holtek{unplug: true}, &titan{clk: 1, dio: 1, unplug: true}
	if _, err := segment.OpenHT16K33(h, 0x70); err == nil || h.closed != 1 {
		t.Errorf("%v, closed %d times", err, h.closed)
	}
	if _, err := segment.OpenTM1637(k); err == nil || !strings.Contains(err.Error(), "it does not answer") || k.closed != 1 {
		t.Errorf("%v, closed %d times", err, k.closed)
	}
}
