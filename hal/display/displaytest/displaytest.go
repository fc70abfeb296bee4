// Package displaytest is the conformance suite of character displays, and a
// display without hardware to test against.
package displaytest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/centralita/centralita/hal/display"
)

// Fake is a display in memory that counts writes. Make it with NewFake.
type Fake struct {
	Shown   []string // one string of runes a row
	Light   display.Light
	Defined map[int]display.Bitmap
	Writes  int   // successful Write calls
	Fail    error // when set, Write returns it and shows nothing
	cols    int
	extra   string
	closed  bool
}

var _ display.Display = (*Fake)(nil)

// NewFake returns a blank display of that size with eight own glyphs, which can
// draw the runes of extra beside ASCII.
func NewFake(cols, rows int, extra string) *Fake {
	f := &Fake{Shown: make([]string, rows), Defined: map[int]display.Bitmap{}, cols: cols, extra: extra}
	f.blank()
	return f
}

func (f *Fake) blank() {
	for i := range f.Shown {
		f.Shown[i] = strings.Repeat(" ", f.cols)
	}
}

// Size returns columns and rows.
func (f *Fake) Size() (cols, rows int) { return f.cols, len(f.Shown) }

// Has reports printable ASCII and the extra runes.
func (f *Fake) Has(r rune) bool { return r >= ' ' && r <= '~' || strings.ContainsRune(f.extra, r) }

// Glyphs returns 8.
func (f *Fake) Glyphs() int { return display.MaxGlyphs }

// Define keeps the glyph.
func (f *Fake) Define(slot int, b display.Bitmap) error {
	if f.closed || slot < 0 || slot >= display.MaxGlyphs {
		return fmt.Errorf("cannot define glyph %d: slots are 0..%d, closed %t", slot, display.MaxGlyphs-1, f.closed)
	}
	f.Defined[slot] = b
	return nil
}

// Write shows text in row.
func (f *Fake) Write(row int, text string) error {
	switch {
	case f.closed:
		return errors.New("cannot write: the display is closed")
	case f.Fail != nil:
		return f.Fail
	case row < 0 || row >= len(f.Shown):
		return fmt.Errorf("cannot write row %d: rows are 0..%d", row, len(f.Shown)-1)
	case utf8.RuneCountInString(text) != f.cols:
		return fmt.Errorf("cannot write %q: it is not %d wide", text, f.cols)
	}
	for _, r := range text {
		if _, own := f.Defined[int(r-display.Glyph(0))]; !own && !f.Has(r) {
			return fmt.Errorf("cannot write %q: the display has no %q", text, r)
		}
	}
	f.Shown[row] = text
	f.Writes++
	return nil
}

// Backlight sets the light.
func (f *Fake) Backlight(l display.Light) error {
	if f.closed || l > display.Full {
		return fmt.Errorf("cannot set the light %s: closed %t", l, f.closed)
	}
	f.Light = l
	return nil
}

// Close blanks the display.
func (f *Fake) Close() error {
	f.blank()
	f.Light, f.closed = display.Off, true
	return nil
}

// Seen is what a person sees on a display.
type Seen struct {
	Rows  []string
	Light display.Light
}

// Run checks a driver against the contract, in virtual time: displays are slow.
// open returns a fresh display and a function that reads back what it shows; own
// glyphs read back as their runes.
func Run(t *testing.T, open func(t *testing.T) (d display.Display, seen func() Seen)) {
	t.Helper()
	run := func(name string, check func(t *testing.T)) {
		t.Run(name, func(t *testing.T) { synctest.Test(t, check) })
	}
	run("begins blank", func(t *testing.T) {
		d, seen := open(t)
		wantBlank(t, d, seen())
	})
	run("rows are apart and keep every ASCII character", func(t *testing.T) { ascii(t, open) })
	run("wrong widths, rows and runes change nothing", func(t *testing.T) {
		d, seen := open(t)
		cols, rows := d.Size()
		full := strings.Repeat("x", cols)
		for _, w := range []struct {
			row  int
			text string
		}{{-1, full}, {rows, full}, {0, full + "x"}, {0, full[1:]}, {0, full[1:] + "\n"}, {0, full[1:] + "\u0416"}, {0, full[1:] + string(display.Glyph(0))}} {
			if d.Write(w.row, w.text) == nil {
				t.Errorf("Write(%d, %q) was accepted", w.row, w.text)
			}
		}
		if d.Has('\u0416') {
			t.Error("this suite needs a rune that no display has; choose another one")
		}
		wantBlank(t, d, seen())
	})
	run("own glyphs", func(t *testing.T) { glyphs(t, open) })
	run("light and close", func(t *testing.T) {
		d, seen := open(t)
		for _, l := range []display.Light{display.Dim, display.Full, display.Off, display.Full} {
			err := d.Backlight(l)
			got := seen().Light
			if undimmed := l == display.Dim && got == display.Full; err != nil || got != l && !undimmed {
				t.Errorf("Backlight(%s): %v, shows %s", l, err, got)
			}
		}
		if d.Backlight(display.Full+1) == nil {
			t.Error("an impossible light was accepted")
		}
		if err := d.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		wantBlank(t, d, seen())
		cols, _ := d.Size()
		if d.Write(0, strings.Repeat("x", cols)) == nil || d.Backlight(display.Full) == nil {
			t.Error("a closed display took a write or a light")
		}
		if err := d.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
	})
}

func ascii(t *testing.T, open func(t *testing.T) (display.Display, func() Seen)) {
	d, seen := open(t)
	cols, rows := d.Size()
	for c := ' '; c <= '~'; c++ {
		for r := range rows {
			// A different character in each row shows rows that are swapped.
			want := strings.Repeat(string(' '+(c-' '+rune(r))%95), cols)
			if err := d.Write(r, want); err != nil {
				t.Fatalf("Write(%d, %q): %v", r, want, err)
			}
			if got := seen().Rows[r]; got != want {
				t.Fatalf("row %d shows %q, want %q", r, got, want)
			}
		}
	}
}

func glyphs(t *testing.T, open func(t *testing.T) (display.Display, func() Seen)) {
	d, seen := open(t)
	cols, _ := d.Size()
	if d.Glyphs() < 0 || d.Glyphs() > display.MaxGlyphs {
		t.Fatalf("Glyphs() = %d", d.Glyphs())
	}
	for slot := range d.Glyphs() {
		if err := d.Define(slot, display.Bitmap{0x1F, 0x11, uint8(slot)}); err != nil {
			t.Fatalf("Define(%d): %v", slot, err)
		}
		want := strings.Repeat(string(display.Glyph(slot)), cols)
		if err := d.Write(0, want); err != nil || seen().Rows[0] != want {
			t.Errorf("own glyph %d: %v, shows %q", slot, err, seen().Rows[0])
		}
	}
	for _, slot := range []int{-1, d.Glyphs()} {
		if d.Define(slot, display.Bitmap{}) == nil {
			t.Errorf("Define(%d) was accepted by a display of %d glyphs", slot, d.Glyphs())
		}
	}
}

func wantBlank(t *testing.T, d display.Display, s Seen) {
	t.Helper()
	cols, rows := d.Size()
	if cols < 1 || rows < 1 || len(s.Rows) != rows {
		t.Fatalf("size %d×%d, %d rows read back", cols, rows, len(s.Rows))
	}
	for i, row := range s.Rows {
		if row != strings.Repeat(" ", cols) {
			t.Errorf("row %d is %q, want blank", i, row)
		}
	}
	if s.Light != display.Off {
		t.Errorf("light is %s, want off", s.Light)
	}
}
