// Package echosignals makes the signals with which an echo canceller is
// measured: talkers, noise and the composite source signal of ITU-T G.168
// annex C, and the echo paths of real two-wire lines. Equal seeds give equal
// signals.
package echosignals

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// Rand is a small generator of our own, so that every run hears the same.
type Rand uint64

// NewRand returns the generator of a seed.
func NewRand(seed uint64) *Rand {
	r := Rand(seed*0x9E3779B97F4A7C15 | 1)
	for range 8 {
		r.Float()
	}
	return &r
}

// Float returns a number from 0 up to 1.
func (r *Rand) Float() float64 {
	*r ^= *r << 13
	*r ^= *r >> 7
	*r ^= *r << 17
	return float64(*r>>11) / (1 << 53)
}

// Gauss returns a normally distributed number, variance 1.
func (r *Rand) Gauss() float64 {
	return math.Sqrt(-2*math.Log(r.Float()+1e-300)) * math.Cos(2*math.Pi*r.Float())
}

// White returns n samples of white noise at a level in dBm0.
func White(seed uint64, n int, dbm0 float64) []float64 {
	r, rms, out := NewRand(seed), pcm.RMS(dbm0), make([]float64, n)
	for i := range out {
		out[i] = rms * r.Gauss()
	}
	return out
}

// Shape of the composite source signal in samples, G.168 annex C: 48.62 ms of
// a voiced sound, 200 ms of pseudo-noise, 101.38 ms of pause.
const (
	cssVoice  = 389
	cssNoise  = 1600
	cssPeriod = 2800
)

// CSS returns n samples of a composite source signal, its level over the
// active part in dBm0. Every other period has the opposite sign. The voice is
// a row of harmonics under three formants, the noise has the long-term
// spectrum of speech (flat to 500 Hz, then 5 dB less an octave).
func CSS(seed uint64, n int, dbm0 float64) []float64 {
	r := NewRand(seed)
	period := make([]float64, cssPeriod)
	pitch := 90 + 130*r.Float()
	formants := [3]float64{400 + 400*r.Float(), 1000 + 800*r.Float(), 2300 + 500*r.Float()}
	for f := pitch; f < 3700; f += pitch {
		var a float64
		for _, c := range formants {
			a += 1 / (1 + math.Pow((f-c)/90, 2)) * 500 / (500 + c)
		}
		phase := 2 * math.Pi * r.Float()
		for i := range cssVoice {
			period[i] += (a + 0.02) * math.Sin(2*math.Pi*f*float64(i)/pcm.Rate+phase)
		}
	}
	scale(period[:cssVoice], dbm0)
	noise := period[cssVoice : cssVoice+cssNoise]
	const step = float64(pcm.Rate) / cssNoise
	for k := int(100 / step); float64(k)*step < 3800; k++ {
		a, phase := math.Pow(max(1, float64(k)*step/500), -5/6.02), 2*math.Pi*r.Float()
		for i := range noise {
			noise[i] += a * math.Cos(2*math.Pi*float64(k*i%cssNoise)/cssNoise+phase)
		}
	}
	scale(noise, dbm0)
	out, sign := make([]float64, n), 1.0
	for i := range out {
		out[i] = sign * period[i%cssPeriod]
		if i%cssPeriod == cssPeriod-1 {
			sign = -sign
		}
	}
	return out
}

func scale(x []float64, dbm0 float64) {
	var e float64
	for _, v := range x {
		e += v * v
	}
	g := pcm.RMS(dbm0) / math.Sqrt(e/float64(len(x))+1e-30)
	for i := range x {
		x[i] *= g
	}
}

// Level brings x to an active level in dBm0: the mean over the 20 ms frames
// that are less than 30 dB below the loudest (in the manner of ITU-T P.56).
func Level(x []float64, dbm0 float64) {
	var loud float64
	var e []float64
	for i := 0; i+pcm.FrameLen <= len(x); i += pcm.FrameLen {
		var s float64
		for _, v := range x[i : i+pcm.FrameLen] {
			s += v * v
		}
		e = append(e, s/pcm.FrameLen)
		loud = max(loud, s/pcm.FrameLen)
	}
	var sum float64
	n := 0
	for _, v := range e {
		if v > loud/1000 {
			sum, n = sum+v, n+1
		}
	}
	if n == 0 {
		return
	}
	g := pcm.RMS(dbm0) / math.Sqrt(sum/float64(n))
	for i := range x {
		x[i] *= g
	}
}

// Add adds y to x, beginning at sample at.
func Add(x, y []float64, at int) {
	for i, v := range y {
		if at+i < len(x) {
			x[at+i] += v
		}
	}
}

// Round turns x into samples, rounded and limited.
func Round(x []float64) []int16 {
	out := make([]int16, len(x))
	for i, v := range x {
		out[i] = int16(math.Round(max(math.MinInt16, min(math.MaxInt16, v))))
	}
	return out
}
