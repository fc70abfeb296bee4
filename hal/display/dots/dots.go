// Package dots is a font of five by eight dots: ASCII and the letters of
// Spanish, drawn for displays that have dots and no letters, and for the own
// glyphs of those whose ROM lacks some. Row 6 is the base line, row 7 takes the
// tails of g, j, p, q and y.
package dots

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/centralita/centralita/hal/display"
)

// font has one letter a line: itself, or U+ and its number, then its rows in hex.
//
//go:embed font.txt
var font string

var letters = read(font)

// read panics where the font in the program is broken, which a test would see.
func read(text string) map[rune]display.Bitmap {
	all := map[rune]display.Bitmap{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		r, size := utf8.DecodeRuneInString(fields[0])
		if hex, ok := strings.CutPrefix(fields[0], "U+"); ok {
			n, err := strconv.ParseUint(hex, 16, 32)
			if err != nil {
				panic(fmt.Sprintf("cannot read the font: %v", err))
			}
			r, size = rune(n), len(fields[0])
		}
		var b display.Bitmap
		if len(fields) != 1+len(b) || size != len(fields[0]) {
			panic(fmt.Sprintf("cannot read the font: %q is no letter and %d rows", line, len(b)))
		}
		for i := range b {
			n, err := strconv.ParseUint(fields[1+i], 16, 5)
			if err != nil {
				panic(fmt.Sprintf("cannot read the font: %v in %q", err, line))
			}
			b[i] = uint8(n)
		}
		all[r] = b
	}
	return all
}

// Of returns how r is drawn; ok is false for a rune that the font lacks.
func Of(r rune) (b display.Bitmap, ok bool) {
	b, ok = letters[r]
	return b, ok
}
