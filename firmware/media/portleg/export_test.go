package portleg

import "github.com/centralita/centralita/dsp/pcm"

// Move lets tests move one frame each way; Run must not be running.
func (p *Pump) Move() error { return p.move() }

// NewDoubt returns what watches over a canceller.
func NewDoubt() func(in, out *pcm.Frame) bool {
	var d doubt
	return d.hear
}
