package main

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/testbench/corpus/digits"
)

// band is one way of playing.
type band struct {
	tempo  float64 // beats a minute
	steps  int     // notes a beat
	pure   bool    // sines, as of a mobile telephone or a music box; else instruments
	repeat float64 // chance that a note is the one before
	hold   float64 // part of a step that a note sounds
	drums  bool
	chords bool
	rests  float64 // chance of a pause
}

// bands are styles of music on hold, from an orchestra to the beeps of a toy.
var bands = []band{
	{tempo: 92, steps: 2, repeat: 0.1, hold: 0.9, chords: true, rests: 0.1},
	{tempo: 128, steps: 4, repeat: 0.3, hold: 0.6, drums: true, chords: true, rests: 0.1},
	{tempo: 70, steps: 1, repeat: 0.2, hold: 1, chords: true},
	{tempo: 140, steps: 2, pure: true, repeat: 0.2, hold: 0.5, rests: 0.15},
	{tempo: 100, steps: 2, pure: true, repeat: 0.5, hold: 0.5},
	{tempo: 120, steps: 4, pure: true, repeat: 0.1, hold: 0.95, chords: true},
	{tempo: 75, steps: 2, pure: true, repeat: 0.3, hold: 0.7, rests: 0.3},
	{tempo: 110, steps: 3, repeat: 0.4, hold: 0.4, drums: true},
}

// scale is a minor and a major one, in half tones.
var scales = [][]int{{0, 2, 4, 5, 7, 9, 11}, {0, 2, 3, 5, 7, 8, 10}}

// music composes and plays so many seconds.
func music(b band, seconds float64, r *digits.Rng) []int16 {
	out := make(digits.Line, int(seconds*pcm.Rate))
	scale := scales[int(r.Next()*2)]
	root := r.Between(196, 330)
	tempo := b.tempo * r.Between(0.9, 1.15)
	step := 60 / tempo / float64(b.steps)
	degree := 7
	for n := 0; float64(n)*step < seconds; n++ {
		at := int(float64(n) * step * pcm.Rate)
		if b.drums && n%b.steps == 0 {
			drum(out[at:], n/b.steps%2 == 1, r)
		}
		if b.chords && n%(4*b.steps) == 0 {
			base := []int{0, 3, 4, 5}[int(r.Next()*4)]
			for _, k := range []int{0, 2, 4} {
				note(out[at:], pitch(root, scale, base+k-7), 4*float64(b.steps)*step*0.97, 0.25, b.pure, r)
			}
		}
		if r.Next() < b.rests {
			continue
		}
		if r.Next() >= b.repeat {
			degree = max(2, min(16, degree+int(r.Between(-3, 4))))
		}
		note(out[at:], pitch(root, scale, degree), step*b.hold, 0.6, b.pure, r)
	}
	return loud(out.Samples(), -19)
}

// pitch is the frequency of a degree of a scale.
func pitch(root float64, scale []int, degree int) float64 {
	octave := int(math.Floor(float64(degree) / float64(len(scale))))
	return root * math.Pow(2, float64(octave)+float64(scale[degree-octave*len(scale)])/12)
}

// note sounds at the beginning of out.
func note(out digits.Line, hz, seconds, gain float64, pure bool, r *digits.Rng) {
	n := min(len(out), int(seconds*pcm.Rate))
	attack, fade := 0.004*pcm.Rate, 0.25+0.5*r.Next()
	harmonics := 1
	if !pure {
		harmonics = min(8, int(3500/hz))
		attack = r.Between(0.005, 0.04) * pcm.Rate
	}
	bright := r.Between(0.35, 0.7)
	shake := r.Between(0, 0.004)
	for i := range n {
		t := float64(i) / pcm.Rate
		swell := math.Min(1, float64(i)/attack) * math.Min(1, float64(n-i)/(0.004*pcm.Rate))
		if !pure {
			swell *= math.Exp(-t / fade)
		}
		phase := 2 * math.Pi * hz * t
		if !pure {
			phase += shake * hz / 5 * math.Sin(2*math.Pi*5*t)
		}
		v, a := 0.0, 1.0
		for k := 1; k <= harmonics; k++ {
			v += a * math.Sin(float64(k)*phase)
			a *= bright
		}
		out[i] += 6000 * gain * swell * v
	}
}

// drum is a bass drum or a snare.
func drum(out digits.Line, snare bool, r *digits.Rng) {
	n := min(len(out), pcm.Rate/8)
	for i := range n {
		t := float64(i) / pcm.Rate
		if snare {
			out[i] += 3000 * math.Exp(-t*30) * r.Gauss()
			continue
		}
		out[i] += 7000 * math.Exp(-t*25) * math.Sin(2*math.Pi*90*t*math.Exp(-t*6))
	}
}

// jingle is music that comes and goes as ringback does: a personal ringback tone, or
// a queue that lets a melody sound between announcements.
func jingle(seconds float64, r *digits.Rng) []int16 {
	var out []int16
	for len(out) < int(seconds*pcm.Rate) {
		b := bands[int(r.Next()*float64(len(bands)))]
		on, off := r.Between(0.8, 2.2), r.Between(2, 5)
		piece := music(b, on, r)
		for range 6 + int(r.Next()*8) { // the same one, over and over
			out = append(append(out, piece...), make([]int16, int(off*pcm.Rate))...)
		}
	}
	return out[:int(seconds*pcm.Rate)]
}
