package panel

import (
	"errors"
	"slices"
	"strings"

	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/display/dots"
)

// glyphs are the eight lamps that a display draws in their own shapes, five
// dots wide. The other states have signs that look like them already.
var glyphs = [display.MaxGlyphs]struct {
	lamp view.Lamp
	bits display.Bitmap
}{
	{view.Ring, display.Bitmap{0b01110, 0b10001, 0b10101, 0b10101, 0b10101, 0b10001, 0b01110, 0}},
	{view.Menu, display.Bitmap{0b01110, 0b11101, 0b11101, 0b11101, 0b11101, 0b11101, 0b01110, 0}},
	{view.Queued, display.Bitmap{0b01110, 0b10101, 0b10101, 0b10111, 0b10001, 0b10001, 0b01110, 0}},
	{view.Talk, display.Bitmap{0b01110, 0b11111, 0b11111, 0b11111, 0b11111, 0b11111, 0b01110, 0}},
	{view.Hold, display.Bitmap{0b01110, 0b11111, 0b10101, 0b10101, 0b10101, 0b11111, 0b01110, 0}},
	{view.Out, display.Bitmap{0b00100, 0b00100, 0b01110, 0b01110, 0b11111, 0b11111, 0, 0}},
	{view.Warn, display.Bitmap{0b00100, 0b00100, 0b01010, 0b01010, 0b11111, 0b11011, 0b11111, 0}},
	{view.Dead, display.Bitmap{0b11111, 0b10101, 0b11011, 0b11011, 0b10101, 0b11111, 0, 0}},
}

// sign is a lamp's sign as something to draw, apart from the letter it is.
func sign(r rune) rune { return r + 1<<21 }

// drawn is how a letter or a lamp's sign looks on a display that lacks it.
func drawn(r rune) (display.Bitmap, bool) {
	for _, g := range glyphs {
		if sign(rune(g.lamp.Look().Sign)) == r {
			return g.bits, true
		}
	}
	return dots.Of(r)
}

// rows is text for a display, and which of its runes are lamps' signs.
type rows struct {
	text  []string
	signs []uint32
}

// fold writes the rows with what the display can draw: lamps in their shapes and
// letters that its ROM lacks as own glyphs while there are some, else signs as
// they are and letters without their accents.
func (o *screen) fold(f rows) ([]string, error) {
	wants := func(row, column int, r rune) (rune, bool) {
		if f.signs[row]>>column&1 == 1 {
			_, ok := drawn(sign(r))
			return sign(r), ok
		}
		if o.display.Has(r) {
			return r, false
		}
		_, ok := drawn(r)
		return r, ok
	}
	var lamps, letters []rune
	each(f, func(row, column int, r rune) {
		switch key, ok := wants(row, column, r); {
		case !ok:
		case key != r:
			lamps = append(lamps, key)
		default:
			letters = append(letters, key)
		}
	})
	err := o.define(append(lamps, letters...))
	out := make([]strings.Builder, len(f.text))
	each(f, func(row, column int, r rune) {
		key, own := wants(row, column, r)
		slot := slices.Index(o.own, key)
		switch {
		case own && slot >= 0:
			r = display.Glyph(slot)
		case !o.display.Has(r):
			r = plain(r)
		}
		out[row].WriteRune(r)
	})
	list := make([]string, len(out))
	for i := range out {
		list[i] = out[i].String()
	}
	return list, err
}

func each(f rows, do func(row, column int, r rune)) {
	for i, text := range f.text {
		column := 0
		for _, r := range text {
			do(i, column, r)
			column++
		}
	}
}

// define draws what is needed into own glyphs that nothing else needs, the first
// of needed first.
func (o *screen) define(needed []rune) error {
	var errs []error
	for i, r := range needed {
		if slices.Contains(o.own, r) || slices.Contains(needed[:i], r) {
			continue
		}
		slot := slices.Index(o.own, 0)
		if slot < 0 {
			slot = slices.IndexFunc(o.own, func(old rune) bool { return !slices.Contains(needed, old) })
		}
		if slot < 0 {
			break
		}
		bits, _ := drawn(r)
		o.own[slot] = 0
		if err := o.display.Define(slot, bits); err != nil {
			errs = append(errs, err)
			continue
		}
		o.own[slot] = r
	}
	return errors.Join(errs...)
}

// plain is the ASCII letter nearest to r, or "?".
func plain(r rune) rune {
	const from, to = "áàâäãéèêëíìîïóòôöõúùûüçñÁÀÂÄÉÈÍÓÖÚÜÇÑ·–—¿¡", "aaaaaeeeeiiiiooooouuuucnAAAAEEIOOUUCN.--?!"
	i := 0
	for _, f := range from {
		if f == r {
			return rune(to[i])
		}
		i++
	}
	if r >= ' ' && r <= '~' {
		return r
	}
	return '?'
}
