package charlcd

import (
	"fmt"

	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/display/dots"
)

// ROM is which letters the controller was made with; it stands in the part
// number, HD44780U A00 or A02.
type ROM string

// ROMs.
const (
	A00 ROM = "A00" // Japanese, on most modules: ñ and ü, no accents, no \ and ~
	A02 ROM = "A02" // European: all letters of Latin-1
)

// japanese are the letters of ours that A00 has beside ASCII (HD44780U data
// sheet, table 4).
var japanese = map[rune]byte{'ñ': 0xEE, 'ä': 0xE1, 'ö': 0xEF, 'ü': 0xF5, '°': 0xDF, '·': 0xA5}

// patched are the ASCII characters that A00 has other signs for, ¥ and →; they
// are drawn in the last of the own glyphs.
var patched = []rune{'\\', '~'}

// glyphs returns how many own glyphs are left to others.
func (m ROM) glyphs() int {
	if m == A00 {
		return display.MaxGlyphs - len(patched)
	}
	return display.MaxGlyphs
}

// code returns the code that shows r; ok is false where the ROM lacks it.
func (m ROM) code(r rune) (c byte, ok bool) {
	if m == A00 {
		for i, p := range patched {
			if r == p {
				return byte(m.glyphs() + i), true
			}
		}
	}
	switch {
	case r >= ' ' && r <= '~':
		return byte(r), true
	case m == A00:
		c, ok = japanese[r]
		return c, ok
	case r == '¡' || r == '¿' || r == '°' || r == '·' || r >= 0xC0 && r <= 0xFF:
		return byte(r), true // A02 has them where Latin-1 does
	}
	return 0, false
}

// patches returns the bitmaps of the glyphs that the ROM needs itself.
func (m ROM) patches() map[int]display.Bitmap {
	own := map[int]display.Bitmap{}
	if m == A00 {
		for i, r := range patched {
			own[m.glyphs()+i], _ = dots.Of(r) // the font has ASCII
		}
	}
	return own
}

// check reports an impossible ROM or size.
func check(m ROM, cols, rows int) error {
	if m != A00 && m != A02 {
		return fmt.Errorf("cannot drive a display with ROM %q: A00 or A02", m)
	}
	if rows != 2 && rows != 4 || cols < 8 || cols*rows > 80 || cols > 40 {
		return fmt.Errorf("cannot drive a display of %d×%d: the controller holds 80 characters in 2 or 4 rows", cols, rows)
	}
	return nil
}
