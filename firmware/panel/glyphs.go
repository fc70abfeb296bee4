package panel

import (
	"strings"

	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/display"
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

// define draws the lamps' glyphs on a display that holds all eight.
func (p *Panel) define() {
	if p.display == nil || p.display.Glyphs() < len(glyphs) {
		return
	}
	for slot, g := range glyphs {
		if err := p.display.Define(slot, g.bits); err != nil {
			p.log.Warn("cannot define the lamps' glyphs", "slot", slot, "err", err)
		}
	}
}

// fold writes row n with what the display can draw: lamps as their glyphs
// where it has them, letters without the accents it lacks.
func (p *Panel) fold(f Frame, n int) string {
	own := p.display.Glyphs() >= len(glyphs)
	var b strings.Builder
	column := 0
	for _, r := range f.Rows[n] {
		if f.Signs[n]>>column&1 == 1 && own {
			r = glyphOf(r)
		} else if !p.display.Has(r) {
			r = plain(r)
		}
		b.WriteRune(r)
		column++
	}
	return b.String()
}

func glyphOf(sign rune) rune {
	for slot, g := range glyphs {
		if rune(g.lamp.Look().Sign) == sign {
			return display.Glyph(slot)
		}
	}
	return sign
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
