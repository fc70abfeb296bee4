package media

import (
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/tel"
)

// comfort is the noise a room hears of a muted leg, so that it does not sound
// dead: about −62 dBm0, low-pass filtered like the noise of a line.
type comfort struct {
	state uint32
	last  int32
}

// newComfort returns noise that differs from leg to leg.
func newComfort(id tel.LegID) comfort { return comfort{state: uint32(id)*2654435761 + 1} }

// fill writes 20 ms of noise.
func (c *comfort) fill(f *pcm.Frame) {
	for i := range f {
		c.state = c.state*1664525 + 1013904223
		white := int32(c.state) >> 26 // −32 … 31
		c.last = (c.last + white) / 2
		f[i] = int16(c.last)
	}
}
