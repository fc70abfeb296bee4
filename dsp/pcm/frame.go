package pcm

import "math"

// Clip returns v held within 16 bits: what is too loud is limited, it never
// wraps around.
func Clip(v int32) int16 {
	if v > math.MaxInt16 {
		return math.MaxInt16
	}
	if v < math.MinInt16 {
		return math.MinInt16
	}
	return int16(v)
}

// Silence makes f silent.
func (f *Frame) Silence() { *f = Frame{} }

// Silent reports whether every sample is zero.
func (f *Frame) Silent() bool { return *f == Frame{} }

// Add adds g to f sample by sample, saturating.
func (f *Frame) Add(g *Frame) {
	for i := range f {
		f[i] = Clip(int32(f[i]) + int32(g[i]))
	}
}

// Sub takes g from f sample by sample, saturating.
func (f *Frame) Sub(g *Frame) {
	for i := range f {
		f[i] = Clip(int32(f[i]) - int32(g[i]))
	}
}

// Gain is an amplification as a fixed-point factor with 12 fractional bits:
// Unity is 0 dB, 0 is silence, a negative factor also turns the phase.
type Gain int32

// Unity changes nothing.
const Unity Gain = 1 << 12

// maxGain is +24 dB.
const maxGain Gain = 1<<16 - 1

// GainDB returns the factor of an amplification in dB, at most +24 dB, with an
// error below 0.05 dB down to −30 dB. Below −78 dB it is silence.
func GainDB(db float64) Gain {
	g := Gain(math.Round(float64(Unity) * math.Pow(10, db/20)))
	return min(g, maxGain)
}

// Scale amplifies f by g, rounding to nearest and saturating.
func (f *Frame) Scale(g Gain) {
	if g == Unity {
		return
	}
	for i, s := range f {
		f[i] = clip64((int64(s)*int64(g) + int64(Unity)/2) >> 12)
	}
}

// Ramp amplifies f by a factor that goes evenly from one to another over the
// frame, so that a change of gain makes no click.
func (f *Frame) Ramp(from, to Gain) {
	for i, s := range f {
		g := int64(from) + (int64(to)-int64(from))*int64(i+1)/FrameLen
		f[i] = clip64((int64(s)*g + int64(Unity)/2) >> 12)
	}
}

func clip64(v int64) int16 {
	return Clip(int32(max(math.MinInt16, min(math.MaxInt16, v))))
}
