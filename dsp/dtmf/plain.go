package dtmf

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// A plain key is found in five blocks, 30 ms.
const (
	plainSpan   = 5
	plainSteady = 0.85  // of its power has each of its tones in every one,
	plainPure   = 0.935 // of all energy of the line is theirs, and
	plainOff    = 0.75  // of the limit a frequency may be off
	leastEnd    = 0.15  // of the loudness of two parts at one end of any key is in one at the other
)

// plain looks for a key as a laboratory sends it, for which five blocks are
// enough: both tones have their full power from the first to the last of them, as
// they do from 24.4 ms, and there is nothing else.
func (d *Detector) plain() (t found, ok bool) {
	g := gateAt - d.left
	if g < 0 {
		g += perHop
	}
	p := d.block(g).powers()
	t.span = plainSpan
	t.row, t.col = loudest(p)
	for _, i := range [...]int{0, plainSpan - 1} {
		r, c := d.both(i, t.row, t.col)
		if r < plainSteady*p[t.row] || c < plainSteady*p[4+t.col] {
			return t, false
		}
	}
	for i := range plainSpan {
		r, c := d.both(i, t.row, t.col)
		t.powRow += r / plainSpan
		t.powCol += c / plainSpan
	}
	// The first and the last 5 ms count half, then beats between the tones do not count.
	whole := (d.loud(0).all + d.loud(plainSpan-1).all) / 2
	for i := 1; i < plainSpan-1; i++ {
		whole += d.loud(i).all
	}
	part := (t.powRow/passed[t.row] + t.powCol/passed[4+t.col]) / 2 * (plainSpan - 1) / whole
	if part < plainPure {
		return t, false
	}
	t.r, t.c = d.tone(t.row, t.powRow, plainSpan), d.tone(4+t.col, t.powCol, plainSpan)
	ok = min(t.r.steady, t.c.steady) > plainSteady && max(t.r.off, t.c.off) < plainOff &&
		t.powRow >= minPower && t.powCol >= minPower && d.twistOK(t.powRow, t.powCol)
	return t, ok
}

// both returns the power of two tones in the block i before the newest.
func (d *Detector) both(i, row, col int) (r, c float32) {
	b := d.loud(i)
	if key := keys[row][col]; !b.known && b.pair != key {
		b.only(d.window(i), row, 4+col)
		b.pair = key
	}
	return b.power(row), b.power(4 + col)
}

// swells reports whether the oldest of the last n blocks is too faint beside the
// newest for a key in all of them: the inner half of it must be full.
func (d *Detector) swells(n int) bool {
	first, last := d.loud(n-1).band, d.loud(1).band+d.loud(2).band
	return first < leastEnd*last || last < leastEnd*first
}

// passed is the part of each tone's power that the filters let through.
var passed = func() (p [8]float32) {
	for k, hz := range tones {
		var f front
		var src pcm.Frame
		var x [perFrame]float32
		var loud [perHop]loudness
		var b block
		const amp = 8192
		for n := range 5 {
			for i := range src {
				src[i] = int16(math.Round(amp * math.Sin(2*math.Pi*hz*float64(n*len(src)+i)/rate)))
			}
			f.run(&x, &src, &loud)
		}
		b.measure((*[2 * hop]float32)(x[:]))
		p[k] = b.power(k) / (amp * amp)
	}
	return p
}()
