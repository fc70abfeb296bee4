package dtmf

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// A block is 10 ms under a Hann window, every 5 ms. The window keeps a tone
// 200 Hz away 31 dB down, so rows and columns do not disturb each other.
const (
	hop     = 40 // samples from block to block
	hopMs   = 5
	ringLen = 16
)

// block is what is kept of 10 ms: the complex amplitude of the eight tones,
// phase counted from the middle of the block, and the mean square of its
// second half above 600 Hz and over the whole band.
type block struct {
	re, im [8]float32
	energy float32
	whole  float32
}

func meanSquare(x *[hop]int16) float32 {
	var sum int64
	for _, v := range x {
		sum += int64(v) * int64(v)
	}
	return float32(sum) / hop
}

func (b *block) power(k int) float32 {
	return float32(b.re[k]*b.re[k]) + float32(b.im[k]*b.im[k])
}

func (b *block) at(k int) complex64 { return complex(b.re[k], b.im[k]) }

// The window times cosine and sine of every tone, by distance from the middle,
// scaled so that a sine of peak A gives amplitude A.
var cosTable, sinTable = func() (c, s [hop][8]float32) {
	for i := range hop {
		at := float64(i) + 0.5
		w := 0.5 + 0.5*math.Cos(math.Pi*at/hop)
		for k, hz := range tones {
			phi := 2 * math.Pi * hz / pcm.Rate * at
			c[i][k] = float32(w * math.Cos(phi) / (hop / 2))
			s[i][k] = float32(-w * math.Sin(phi) / (hop / 2))
		}
	}
	return c, s
}()

// measure fills b from 10 ms above 600 Hz and the 5 ms of the line that are new
// in them. Where it is too quiet for a key nothing more is counted. Folding the block about its middle halves the
// work: the even part has only cosines, the odd part only sines. The explicit
// conversions forbid fused multiplication, so every machine counts alike.
func (b *block) measure(x *[2 * hop]float32, line *[hop]int16) {
	var even, odd [hop]float32
	var energy, before float32
	for i := range hop {
		r, l := x[hop+i], x[hop-1-i]
		even[i], odd[i] = r+l, r-l
		energy += float32(r * r)
		before += float32(l * l)
	}
	b.energy, b.whole = energy/hop, meanSquare(line)
	if energy+before < minPower*hop/8 {
		b.re, b.im = [8]float32{}, [8]float32{}
		return
	}
	b.re = fold(&even, &cosTable)
	b.im = fold(&odd, &sinTable)
}

func fold(x *[hop]float32, table *[hop][8]float32) [8]float32 {
	var a0, a1, a2, a3, a4, a5, a6, a7 float32
	for i, v := range x {
		t := &table[i]
		a0 += float32(v * t[0])
		a1 += float32(v * t[1])
		a2 += float32(v * t[2])
		a3 += float32(v * t[3])
		a4 += float32(v * t[4])
		a5 += float32(v * t[5])
		a6 += float32(v * t[6])
		a7 += float32(v * t[7])
	}
	return [8]float32{a0, a1, a2, a3, a4, a5, a6, a7}
}

// highPass takes hum (20 dB) and dial tone (46 dB at 350, 425 and 440 Hz) away
// and leaves 690 to 4000 Hz within 0.4 dB: zeros at 363 and 433 Hz, poles at
// 509 and 649 Hz.
type highPass struct{ a1, a2, b1, b2 float32 }

func (h *highPass) run(dst *[pcm.FrameLen]float32, src *pcm.Frame) {
	const (
		gain = 0.5966696
		n1   = -1.9193427
		d1   = -1.2238234
		d2   = 0.44135749
		m1   = -1.8854723
		e1   = -1.6234678
		e2   = 0.86488052
	)
	a1, a2, b1, b2 := h.a1, h.a2, h.b1, h.b2
	for i, s := range src {
		x := float32(float32(s) * gain)
		y := x + a1
		a1 = float32(x*n1) - float32(y*d1) + a2
		a2 = x - float32(y*d2)
		z := y + b1
		b1 = float32(y*m1) - float32(z*e1) + b2
		b2 = y - float32(z*e2)
		dst[i] = z
	}
	const tiny = 1e-15 // below it, arithmetic on some machines becomes slow
	if a1*a1+b1*b1 < tiny {
		a1, a2, b1, b2 = 0, 0, 0, 0
	}
	h.a1, h.a2, h.b1, h.b2 = a1, a2, b1, b2
}
