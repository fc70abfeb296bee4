package panel

import (
	"flag"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/centralita/centralita/board/charlcd"
	"github.com/centralita/centralita/board/oled"
	"github.com/centralita/centralita/board/segment"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/view/viewtest"
	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/display/dots"
	"github.com/centralita/centralita/testbench/chips"
)

var pictures = flag.String("pictures", "", "draw a picture of each screen into this folder")

// celled is the chip of a display.
type celled interface {
	Picture() *image.Paletted
	Cell(row, col int) display.Bitmap
}

// kind is a display that people buy, with its driver and the chip that the driver speaks to.
type kind struct {
	name string
	open func() (celled, display.Display, error)
	gpio func() (celled, display.Display, error) // the same display by other wires
}

func lcd(rom charlcd.ROM, cols, rows int) kind {
	return kind{fmt.Sprintf("LCD %s %dx%d", rom, cols, rows),
		func() (celled, display.Display, error) {
			m := chips.NewHD44780(cols, rows, rom == charlcd.A00)
			d, err := charlcd.OpenI2C(m, 0x27, rom, cols, rows)
			return m, d, err
		},
		func() (celled, display.Display, error) {
			m := chips.NewHD44780(cols, rows, rom == charlcd.A00)
			d, err := charlcd.OpenGPIO(chips.Wired{HD44780: m}, true, rom, cols, rows)
			return m, d, err
		}}
}

var (
	bigKinds = []kind{lcd(charlcd.A00, Cols, Rows), lcd(charlcd.A02, Cols, Rows), {"OLED", func() (celled, display.Display, error) {
		m := chips.NewSSD1306()
		d, err := oled.Open(m, 0x3C)
		return m, d, err
	}, nil}}
	smallKinds = []kind{lcd(charlcd.A00, SmallCols, SmallRows), lcd(charlcd.A02, SmallCols, SmallRows)}
)

// digitKinds are the modules of four digits.
var digitKinds = []struct {
	name string
	open func() (func() chips.Face, *segment.Module, error)
}{
	{"TM1637", func() (func() chips.Face, *segment.Module, error) {
		c := chips.NewTM1637()
		m, err := segment.OpenTM1637(c)
		return c.Seen, m, err
	}},
	{"HT16K33", func() (func() chips.Face, *segment.Module, error) {
		c := &chips.HT16K33{}
		c.Power()
		m, err := segment.OpenHT16K33(c, 0x70)
		return c.Seen, m, err
	}},
}

// shapes are how the golden file writes the lamps that displays draw.
var shapes = map[view.Lamp]rune{view.Ring: '◎', view.Menu: '◐', view.Queued: '◔', view.Talk: '●', view.Hold: '◍', view.Out: '▲', view.Warn: '△', view.Dead: '⊠'}

// letter is what the dots of a cell are read as, ▯ where they are nothing that we draw.
func letter(b display.Bitmap) rune {
	for r := ' '; r < 0x100; r++ {
		if d, ok := dots.Of(r); ok && d == b {
			return r
		}
	}
	for _, g := range glyphs {
		if g.bits == b {
			return shapes[g.lamp]
		}
	}
	return '▯'
}

// readCells is what a person reads on a display, row by row.
func readCells(c celled, cols, rows int) []string {
	out := make([]string, rows)
	for row := range rows {
		for col := range cols {
			out[row] += string(letter(c.Cell(row, col)))
		}
	}
	return out
}

// show brings a screen to a display by its driver, and reads the chip.
func (k kind) show(t *testing.T, open func() (celled, display.Display, error), f rows) (celled, []string) {
	t.Helper()
	c, d, err := open()
	if err == nil {
		err = newScreen(d).write(f, display.Full)
	}
	if err != nil {
		t.Fatalf("%s: %v", k.name, err)
	}
	if m, ok := c.(*chips.HD44780); ok && len(m.Faults) > 0 {
		t.Fatalf("%s was spoken to wrongly: %q", k.name, m.Faults)
	}
	cols, n := d.Size()
	return c, readCells(c, cols, n)
}

// sheet is all displays with one screen: as text for the golden file, and drawn.
type sheet struct {
	text strings.Builder
	rows [][]*image.Paletted
}

// add shows f on displays of one size, beside each other.
func (s *sheet) add(t *testing.T, kinds []kind, f rows) {
	t.Helper()
	var drawn []*image.Paletted
	beside := make([]string, len(f.text))
	for _, k := range kinds {
		c, text := k.show(t, k.open, f)
		if k.gpio != nil {
			if _, wired := k.show(t, k.gpio, f); strings.Join(wired, "\n") != strings.Join(text, "\n") {
				t.Errorf("%s shows %q by GPIO, %q by I²C", k.name, wired, text)
			}
		}
		for i, row := range text {
			beside[i] += "|" + row
		}
		if *pictures != "" {
			drawn = append(drawn, chips.Above(chips.Label(k.name), c.Picture()))
		}
	}
	s.rows = append(s.rows, drawn)
	s.text.WriteString(strings.Join(beside, "|\n") + "|\n")
}

// count shows what four digits say.
func (s *sheet) count(t *testing.T, text string) {
	t.Helper()
	var drawn []*image.Paletted
	for _, k := range digitKinds {
		seen, m, err := k.open()
		if err == nil {
			err = (&counter{digits: m}).show(text, display.Full)
		}
		if err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		fmt.Fprintf(&s.text, "[%-5s]", seen().Text())
		if *pictures != "" {
			drawn = append(drawn, chips.Above(chips.Label(k.name), seen().Picture()))
		}
	}
	s.rows = append(s.rows, drawn)
	s.text.WriteString("\n")
}

// keep writes the sheet as a picture.
func (s *sheet) keep(t *testing.T, name string) {
	t.Helper()
	var list []*image.Paletted
	for _, row := range s.rows {
		list = append(list, chips.Beside(row...))
	}
	f, err := os.Create(filepath.Join(*pictures, strings.NewReplacer(" ", "-", ",", "", ":", "").Replace(name)+".png"))
	if err == nil {
		err = png.Encode(f, chips.Above(list...))
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Every screen on every display, as its dots and segments stand in the chip after the driver has
// spoken to it: LCD by PCF8574 and by GPIO lines, with either ROM, OLED, and both kinds of digits.
// Lamps are drawn in their shapes; ▯ would be dots that are no letter.
func TestPicturesOfEveryScreen(t *testing.T) {
	if *pictures != "" {
		if err := os.MkdirAll(*pictures, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		for _, lang := range []tel.Lang{tel.Spanish, tel.English} {
			for _, c := range cases() {
				var s sheet
				f := Render(c.s, viewtest.At(), c.page, lang)
				s.add(t, bigKinds, rows{f.Rows[:], f.Signs[:]})
				for _, at := range instants(func(at time.Time) (string, time.Time) {
					f := RenderSmall(still(c.s, viewtest.At(), at), at, c.page, lang)
					return strings.Join(f.Rows[:], "\n"), f.Next
				}) {
					f := RenderSmall(still(c.s, viewtest.At(), at), at, c.page, lang)
					s.add(t, smallKinds, rows{f.Rows[:], f.Signs[:]})
				}
				for _, text := range turnsOf(func(at time.Time) (string, time.Time) { return Count(still(c.s, viewtest.At(), at), at) }) {
					s.count(t, text)
				}
				fmt.Fprintf(&b, "%s: %s\n%s\n", lang, c.name, s.text.String())
				if *pictures != "" {
					s.keep(t, fmt.Sprintf("%s %s", lang, c.name))
				}
			}
		}
		golden(t, "testdata/displays.txt", b.String())
		if strings.ContainsRune(b.String(), '▯') {
			t.Error("a display shows dots that are no letter and no lamp")
		}
	})
}

// One display that goes through all screens shows each of them as a new one does: nothing of
// a screen before stays, in a cell or in an own glyph.
func TestNothingOfAScreenStaysForTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, k := range bigKinds {
			c, d, err := k.open()
			if err != nil {
				t.Fatal(err)
			}
			o := newScreen(d)
			for _, lang := range []tel.Lang{tel.Spanish, tel.English} {
				for _, one := range cases() {
					f := Render(one.s, viewtest.At(), one.page, lang)
					if err := o.write(rows{f.Rows[:], f.Signs[:]}, display.Full); err != nil {
						t.Fatal(err)
					}
					got := strings.Join(readCells(c, Cols, Rows), "\n")
					if _, text := k.show(t, k.open, rows{f.Rows[:], f.Signs[:]}); got != strings.Join(text, "\n") {
						t.Errorf("%s, %s: after the others:\n%s\nalone:\n%s", k.name, one.name, got, strings.Join(text, "\n"))
					}
				}
			}
		}
	})
}

func TestLampsAreNoLetters(t *testing.T) {
	seen := map[rune]bool{}
	for _, g := range glyphs {
		if r := letter(g.bits); r != shapes[g.lamp] || r == 0 || seen[r] || utf8.RuneLen(r) < 3 {
			t.Errorf("lamp %s is read as %q", g.lamp, r)
		}
		seen[letter(g.bits)] = true
	}
}
