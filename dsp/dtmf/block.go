package dtmf

import "math"

// A block is 10 ms under a Hann window, every 5 ms. The window keeps a tone
// 200 Hz away 31 dB down, so rows and columns do not disturb each other.
const ringLen = 32

// block is what is kept of 10 ms: the complex amplitude of the eight tones,
// phase counted from the middle of the block, and how loud its second half is.
// Tones are measured only where something may hang on them.
type block struct {
	loudness
	re, im [8]float32
	known  bool // all tones are measured
	pair   byte // the key of which the tones are measured, if only they are
}

func (b *block) power(k int) float32 {
	return float32(b.re[k]*b.re[k]) + float32(b.im[k]*b.im[k])
}

func (b *block) powers() *[8]float32 {
	var p [8]float32
	for k := range p {
		p[k] = b.power(k)
	}
	return &p
}

// turned is the product of tone k in one block and the one before: how far its
// phase went, weighed by its power.
func turned(now, before *block, k int) complex64 {
	re := float32(now.re[k]*before.re[k]) + float32(now.im[k]*before.im[k])
	im := float32(now.im[k]*before.re[k]) - float32(now.re[k]*before.im[k])
	return complex(re, im)
}

func (b *block) at(k int) complex64 { return complex(b.re[k], b.im[k]) }

// The window times cosine and sine of every tone, by distance from the middle,
// scaled so that a sine of peak A on the line gives amplitude A.
var cosTable, sinTable = func() (c, s [hop][8]float32) {
	for i := range hop {
		at := float64(i) + 0.5
		w := 0.5 + 0.5*math.Cos(math.Pi*at/hop)
		for k, hz := range tones {
			phi := 2 * math.Pi * hz / (rate / 2) * at
			c[i][k] = float32(bandGain * w * math.Cos(phi) / (hop / 2))
			s[i][k] = float32(-bandGain * w * math.Sin(phi) / (hop / 2))
		}
	}
	return c, s
}()

// leak is the part of one tone's amplitude that a block shows at the other: what
// the window lets through at their distance.
var leak = func() (l [4][4]float32) {
	for r := range l {
		for c := range l[r] {
			for i := range hop {
				at := float64(i) + 0.5
				w := (1 + math.Cos(math.Pi*at/hop)) / hop
				l[r][c] += float32(w * math.Cos(2*math.Pi*(tones[4+c]-tones[r])/(rate/2)*at))
			}
		}
	}
	return l
}()

// measure fills in the tones. Folding the block about its middle halves the
// work: the even part has only cosines, the odd part only sines.
func (b *block) measure(x *[2 * hop]float32) {
	var even, odd [hop]float32
	for i := range hop {
		r, l := x[hop+i], x[hop-1-i]
		even[i], odd[i] = r+l, r-l
	}
	fold(&b.re, &even, &cosTable)
	fold(&b.im, &odd, &sinTable)
	b.known = true
}

// only fills in two tones.
func (b *block) only(x *[2 * hop]float32, row, col int) {
	var rr, ri, cr, ci float32
	rc, rs, cc, cs := &cosOf[row&7], &sinOf[row&7], &cosOf[col&7], &sinOf[col&7]
	for i := range hop {
		r, l := x[hop+i], x[hop-1-i]
		even, odd := r+l, r-l
		rr += float32(even * rc[i])
		cr += float32(even * cc[i])
		ri += float32(odd * rs[i])
		ci += float32(odd * cs[i])
	}
	b.re[row], b.im[row], b.re[col], b.im[col] = rr, ri, cr, ci
}

// The same by tone, for a few tones.
var cosOf, sinOf = func() (c, s [8][hop]float32) {
	for i := range hop {
		for k := range tones {
			c[k][i], s[k][i] = cosTable[i][k], sinTable[i][k]
		}
	}
	return c, s
}()

func fold(out *[8]float32, x *[hop]float32, table *[hop][8]float32) {
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
	*out = [8]float32{a0, a1, a2, a3, a4, a5, a6, a7}
}

// loudest returns the strongest low and the strongest high tone.
func loudest(p *[8]float32) (row, col int) {
	for k := 1; k < 4; k++ {
		if p[k] > p[row] {
			row = k
		}
		if p[4+k] > p[4+col] {
			col = k
		}
	}
	return row, col
}
