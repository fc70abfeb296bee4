package linecheck

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// Tone is a steady tone of known frequencies, as it arrived.
type Tone struct {
	Level  float64   // of the tone, all its frequencies together
	Hz     []float64 // as measured, one for each that was expected
	Levels []float64 // of each
	Pure   float64   // its part of all that was heard, 0 to 1
	Others float64   // level of what was heard beside it
	Sway   float64   // how far the level of pieces of 100 ms lies apart, dB
}

// reach is how far from its place a frequency is looked for, as a share.
const reach = 0.04

// ListenTone measures a steady tone of the frequencies hz in a recording of half
// a second or more; ok is false when it is shorter or hz is empty.
func ListenTone(x []int16, hz []float64) (t Tone, ok bool) {
	n := len(x) / segment * segment
	if n == 0 || len(hz) == 0 {
		return Tone{}, false
	}
	v := make([]float64, n)
	all := 0.0
	for i := range v {
		v[i] = float64(x[i])
	}
	takeTone(v, 0)
	for _, s := range v {
		all += s * s / float64(n)
	}
	sum := 0.0
	for _, f := range hz {
		found, p := nearest(v, f)
		t.Hz, t.Levels = append(t.Hz, found), append(t.Levels, pcm.DBm0(p))
		sum += p
	}
	sum = min(sum, all)
	t.Level, t.Others = pcm.DBm0(sum), pcm.DBm0(all-sum)
	if all > 0 {
		t.Pure = sum / all
	}
	t.Sway = sway(x[:n])
	return t, true
}

// nearest finds the strongest frequency near hz, by steps of 1 Hz, then 0.1 Hz.
func nearest(v []float64, hz float64) (found, power float64) {
	window := v[:segment]
	from, to, step := hz*(1-reach), hz*(1+reach), 1.0
	for range 2 {
		best := -1.0
		for f := from; f <= to; f += step {
			if re, im := project(window, f); re*re+im*im > best {
				best, found = re*re+im*im, f
			}
		}
		from, to, step = found-step, found+step, step/10
	}
	return found, tonePower(v, found)
}

// sway is how far apart the levels of pieces of 100 ms lie.
func sway(x []int16) float64 {
	const piece = pcm.Rate / 10
	low, high := math.Inf(1), math.Inf(-1)
	for at := 0; at+piece <= len(x); at += piece {
		l := pcm.Level(x[at : at+piece])
		low, high = min(low, l), max(high, l)
	}
	return high - low
}
