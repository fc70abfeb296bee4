// Package tone makes the steady and cadenced tones of a telephone network: up
// to four frequencies at once, switched on and off by a cadence counted in
// samples (ITU-T E.180, Q.35).
//
// A sine is read from a table by a phase of 32 bits: the frequency is right to
// 0.001 mHz, the level to 0.01 dB, and the result is the same on every machine.
package tone

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// MaxPartials is how many frequencies a segment can sound at once.
const MaxPartials = 4

// Partial is one frequency of a tone.
type Partial struct {
	Hz   float64
	DBm0 float64 // level of this frequency alone
}

// Segment is one stretch of a cadence: these partials, for so many samples. No
// partials is silence; 0 samples is for ever.
type Segment struct {
	Partials []Partial
	Samples  int
}

// Spec is a whole signal. Its segments follow each other; after the last it
// begins again at segment Repeat, or ends when Repeat is Once.
type Spec struct {
	Segments []Segment
	Repeat   int
}

// Once is the Repeat of a signal that is played one time.
const Once = -1

// Ms converts milliseconds to samples.
func Ms(ms int) int { return ms * pcm.Rate / 1000 }

// Continuous returns the signal that sounds the partials for ever.
func Continuous(p ...Partial) Spec { return Spec{Segments: []Segment{{Partials: p}}} }

// Cadence returns the signal that sounds the partials with a cadence of
// milliseconds on, off, on, off … for ever.
func Cadence(p []Partial, onOff ...int) Spec {
	var s Spec
	for i, ms := range onOff {
		seg := Segment{Samples: Ms(ms)}
		if i%2 == 0 {
			seg.Partials = p
		}
		s.Segments = append(s.Segments, seg)
	}
	return s
}

// Samples returns the length of one pass in samples; ok is false when a segment
// lasts for ever.
func (s Spec) Samples() (n int, ok bool) {
	for _, seg := range s.Segments {
		if seg.Samples <= 0 {
			return 0, false
		}
		n += seg.Samples
	}
	return n, true
}

// rampLen is how long a tone takes to swell and to fade, 2 ms: a switch without
// it clicks and splatters over the band.
const rampLen = 16

// Osc is one oscillator. The zero value is silent.
type Osc struct {
	phase, step uint32
	amp         int32 // peak, with 8 fractional bits
}

// NewOsc returns an oscillator at phase 0 of a frequency in Hz and a level in dBm0.
func NewOsc(hz, dbm0 float64) Osc {
	return Osc{step: step(hz), amp: int32(math.Round(pcm.Peak(dbm0) * 256))}
}

func step(hz float64) uint32 {
	return uint32(int64(math.Round(hz / pcm.Rate * (1 << 32))))
}

// Next returns the next sample with 8 fractional bits.
func (o *Osc) Next() int32 {
	v := int64(sin(o.phase)) * int64(o.amp) >> 30
	o.phase += o.step
	return int32(v)
}

// table is one turn of a sine and one entry more, with 30 fractional bits.
var table = func() (t [1<<tableBits + 1]int32) {
	for i := range t {
		t[i] = int32(math.Round((1 << 30) * math.Sin(2*math.Pi*float64(i)/(1<<tableBits))))
	}
	return t
}()

const tableBits = 10

// sin returns the sine of a phase (2^32 is a turn) with 30 fractional bits,
// from the table by straight lines; the error is below 5e-6.
func sin(phase uint32) int32 {
	const fracBits = 32 - tableBits
	i, frac := phase>>fracBits, int64(phase&(1<<fracBits-1))
	a, b := int64(table[i]), int64(table[i+1])
	return int32(a + (b-a)*frac>>fracBits)
}
