// Package goertzel measures a few known frequencies in a stretch of audio, for
// one multiplication per sample and frequency (G. Goertzel, 1958).
package goertzel

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// Max is how many frequencies a bank can hold.
const Max = 16

// Bank is a set of filters that listen together. The zero value has none.
type Bank struct {
	n        int
	coef     [Max]float32 // 2·cos of the angle per sample
	cos, sin [Max]float32
	s1, s2   [Max]float32
	fed      int
}

// New returns a bank for these frequencies in Hz, at most Max of them.
func New(hz ...float64) Bank {
	var b Bank
	for _, f := range hz[:min(len(hz), Max)] {
		w := 2 * math.Pi * f / pcm.Rate
		b.coef[b.n] = float32(2 * math.Cos(w))
		b.cos[b.n], b.sin[b.n] = float32(math.Cos(w)), float32(math.Sin(w))
		b.n++
	}
	return b
}

// Len returns the number of frequencies.
func (b *Bank) Len() int { return b.n }

// Feed listens to samples; any pieces give the same result. The explicit
// conversions forbid fused multiplication, so every machine counts alike.
func (b *Bank) Feed(x []int16) {
	b.fed += len(x)
	for k := 0; k < b.n; k += 2 { // two at a time hide each other's latency
		c, d := b.coef[k], b.coef[k+1]
		p1, p2, q1, q2 := b.s1[k], b.s2[k], b.s1[k+1], b.s2[k+1]
		for _, v := range x {
			s := float32(v)
			p := s - p2 + float32(c*p1)
			q := s - q2 + float32(d*q1)
			p1, p2 = p, p1
			q1, q2 = q, q1
		}
		b.s1[k], b.s2[k], b.s1[k+1], b.s2[k+1] = p1, p2, q1, q2
	}
}

// Take returns the complex amplitude of every frequency over what was fed since
// the last Take, and begins anew: a sine of peak A has the magnitude A, its
// phase is that at the last sample fed. A stretch should hold at least two
// periods of the lowest frequency.
func (b *Bank) Take() (out [Max]complex64) {
	if b.fed == 0 {
		return out
	}
	scale := 2 / float32(b.fed)
	for k := range b.n {
		re := b.s1[k] - float32(b.cos[k]*b.s2[k])
		im := float32(b.sin[k] * b.s2[k])
		out[k] = complex(re*scale, im*scale)
	}
	b.s1, b.s2, b.fed = [Max]float32{}, [Max]float32{}, 0
	return out
}

// Power returns the squared magnitude of an amplitude.
func Power(c complex64) float32 {
	return float32(real(c)*real(c)) + float32(imag(c)*imag(c))
}
