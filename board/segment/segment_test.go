package segment_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/centralita/centralita/board/segment"
	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/testbench/chips"
)

// chip is a model of a module.
type chip interface {
	Seen() chips.Face
	Power()
	setUnplug(bool)
	count() int
}

// holtek is an HT16K33.
type holtek struct{ *chips.HT16K33 }

func (h *holtek) setUnplug(u bool) { h.Unplugged = u }
func (h *holtek) count() int       { return h.Writes }

// titan is a TM1637.
type titan struct{ *chips.TM1637 }

func (m *titan) setUnplug(u bool) { m.Unplugged = u }
func (m *titan) count() int       { return m.Writes }

func each(t *testing.T, test func(t *testing.T, c chip, m *segment.Module)) {
	t.Run("HT16K33", func(t *testing.T) {
		h := &holtek{&chips.HT16K33{}}
		h.Power()
		m, err := segment.OpenHT16K33(h, 0x70)
		if err != nil {
			t.Fatal(err)
		}
		test(t, h, m)
	})
	t.Run("TM1637", func(t *testing.T) {
		h := &titan{chips.NewTM1637()}
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
		if f := c.Seen(); f != (chips.Face{}) {
			t.Errorf("begins with %v", f)
		}
		must(t, m.Backlight(display.Full))
		for text, want := range map[string]chips.Face{
			"8":     {Digits: [4]byte{0, 0, 0, 0x7F}, Colon: false, Light: display.Full},
			"4:12":  {Digits: [4]byte{0, 0x66, 0x06, 0x5B}, Colon: true, Light: display.Full},
			"10:59": {Digits: [4]byte{0x06, 0x3F, 0x6D, 0x6F}, Colon: true, Light: display.Full},
			"1h05":  {Digits: [4]byte{0x06, 0x74, 0x3F, 0x6D}, Colon: false, Light: display.Full},
			"----":  {Digits: [4]byte{0x40, 0x40, 0x40, 0x40}, Colon: false, Light: display.Full},
			"":      {Light: display.Full},
		} {
			must(t, m.Show(text))
			if f := c.Seen(); f != want {
				t.Errorf("%q shows %v, want %v", text, f, want)
			}
		}
		for _, l := range []display.Light{display.Dim, display.Off, display.Full} {
			must(t, m.Backlight(l))
			if f := c.Seen(); f.Light != l {
				t.Errorf("light %s, want %s", f.Light, l)
			}
		}
		must(t, m.Show("8"))
		before := c.Seen()
		for _, bad := range []string{"12345", "é", "1:2:3", "1:234", ":12345", "12:3"} {
			if m.Show(bad) == nil || c.Seen() != before {
				t.Errorf("%q was accepted", bad)
			}
		}
		must(t, m.Close())
		must(t, m.Close())
		if f := c.Seen(); f.Digits != [4]byte{} || f.Light != display.Off {
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
		before, want := c.count(), c.Seen()
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
		c.Power()
		must(t, m.Show("4:12"))
		if f := c.Seen(); f != want {
			t.Errorf("after it came back shows %v, want %v", f, want)
		}
	})
}

func TestAPowerCutThatNobodySaw(t *testing.T) {
	h := &holtek{&chips.HT16K33{}}
	h.Power()
	m, err := segment.OpenHT16K33(h, 0x70)
	must(t, err)
	must(t, m.Backlight(display.Full))
	must(t, m.Show("4:12"))
	want := h.Seen()
	h.Power()
	must(t, m.Show("4:12"))
	if f := h.Seen(); fmt.Sprint(f) != fmt.Sprint(want) {
		t.Errorf("shows %v, want %v", f, want)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	h, k := &holtek{&chips.HT16K33{Unplugged: true}}, &titan{chips.NewTM1637()}
	k.Unplugged = true
	if _, err := segment.OpenHT16K33(h, 0x70); err == nil || h.Closed != 1 {
		t.Errorf("%v, closed %d times", err, h.Closed)
	}
	if _, err := segment.OpenTM1637(k); err == nil || !strings.Contains(err.Error(), "it does not answer") || k.Closed != 1 {
		t.Errorf("%v, closed %d times", err, k.Closed)
	}
}
