package fax

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// table holds the cosine and sine of a tone over one block; both tones turn a
// whole number of times in it, so that the phase goes on from block to block.
type table [block][2]float32

var cngTable, cedTable = makeTable(1100), makeTable(2100)

func makeTable(hz float64) (t table) {
	for i := range t {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / pcm.Rate)
		t[i] = [2]float32{float32(c), float32(-s)}
	}
	return t
}

// amplitudes is how many blocks are looked at for the 15 Hz of ANSam: six turns.
const amplitudes = 40

// ear follows one tone: its blocks, its frequency and how steady it is.
type ear struct {
	on         bool
	start, end int64 // first and newest block of the present tone
	heard      int   // blocks that were right
	z          [2]float32
	power      float32 // of the block before, for a pair
	turnRe     float32 // sum of the turns of the phase from block to block
	turnIm     float32
	sum, sum2  float32 // of the amplitudes
	good       [2]float32
	goodAt     int64 // the newest block that was right, and its phase
	turns      int   // reversals of the phase, 450 ms apart
	turnAt     int64
	amp        [amplitudes]float32
}

// hear judges block n and reports whether a tone ended. reach is how far in Hz
// the tone may be off.
func (e *ear) hear(t *table, x *[block]float32, energy float32, n int64, reach float64) (ended bool) {
	var re, im float32
	for i, v := range x {
		re += float32(v * t[i][0])
		im += float32(v * t[i][1])
	}
	re, im = re*(2.0/block), im*(2.0/block)
	was := e.z
	pair := (e.power + energy) / 2
	e.z, e.power = [2]float32{re, im}, energy
	// The turn of the phase from the block before: 36 degrees for 10 Hz.
	tr := float32(re*was[0]) + float32(im*was[1])
	ti := float32(im*was[0]) - float32(re*was[1])
	off := hertz(tr, ti)
	loss := sinc(off)
	tone := math.Hypot(float64(tr), float64(ti)) / 2 / (loss * loss)
	if math.Abs(off) > reach || tone < share*float64(pair) || pcm.DBm0(tone) < quietest {
		if e.on && n-e.end > bridge {
			e.on = false
			return true
		}
		return false
	}
	if !e.on {
		*e = ear{on: true, start: n - 1, z: e.z, power: e.power}
		e.note(n-1, was, 0, 0)
	} else if n-e.end > 1 {
		e.reversal(n, was)
	}
	e.note(n, e.z, tr, ti)
	return false
}

// note takes a right block into the account of the tone.
func (e *ear) note(n int64, z [2]float32, tr, ti float32) {
	a := float32(math.Hypot(float64(z[0]), float64(z[1])))
	e.end, e.heard = n, e.heard+1
	e.turnRe, e.turnIm = e.turnRe+tr, e.turnIm+ti
	e.sum, e.sum2 = e.sum+a, e.sum2+float32(a*a)
	e.amp[n%amplitudes] = a
	e.good, e.goodAt = z, n
}

// reversal looks whether the phase turned round since the newest right block;
// was is the phase of the block before n.
func (e *ear) reversal(n int64, was [2]float32) {
	mean := float32(e.sum / float32(e.heard))
	for k := e.end + 1; k < n; k++ {
		e.amp[k%amplitudes] = mean
	}
	gap := float64(n - 1 - e.goodAt)
	if gap <= 0 {
		gap = 0
	}
	phase := math.Atan2(float64(was[1]), float64(was[0])) - math.Atan2(float64(e.good[1]), float64(e.good[0])) -
		2*math.Pi*e.offset()*gap*blockMs/1000
	if math.Cos(phase) > -0.6 {
		return
	}
	if e.turnAt == 0 || n-e.turnAt >= 41 && n-e.turnAt <= 49 {
		e.turns++
	} else {
		e.turns = 1 // a hit of the line, or the first of a series
	}
	e.turnAt = n
}

// offset is the mean frequency of the tone less its nominal one, in Hz.
func (e *ear) offset() float64 { return hertz(e.turnRe, e.turnIm) }

// level is the mean level of the tone in dBm0.
func (e *ear) level() float64 {
	loss := sinc(e.offset())
	return pcm.DBm0(float64(e.sum2) / float64(e.heard) / 2 / (loss * loss))
}

// steady reports whether the amplitude stayed nearly the same, with few holes.
func (e *ear) steady() bool {
	mean := float64(e.sum) / float64(e.heard)
	spread := float64(e.sum2)/float64(e.heard) - mean*mean
	return spread < 0.06*mean*mean && float64(e.heard) > 0.85*float64(e.end-e.start+1)
}

// modulated reports whether the amplitude swings by 20 % (11 to 32 are
// accepted) at 15 Hz: V.8 § 2.
func (e *ear) modulated() bool {
	var re, im, sum float64
	for k := range int64(amplitudes) {
		n := e.end - k
		s, c := math.Sincos(2 * math.Pi * 15 * float64(k) * blockMs / 1000)
		a := float64(e.amp[n%amplitudes])
		re, im, sum = re+a*c, im+a*s, sum+a
	}
	depth := 2 * math.Hypot(re, im) / sum
	return depth > 0.11 && depth < 0.32
}

// hertz is the frequency that turns the phase so far in 10 ms.
func hertz(re, im float32) float64 {
	return math.Atan2(float64(im), float64(re)) / (2 * math.Pi * blockMs / 1000)
}

// sinc is how much of a tone so many hertz off a block still sees.
func sinc(off float64) float64 {
	x := math.Pi * off * blockMs / 1000
	if math.Abs(x) < 1e-3 {
		return 1
	}
	return math.Sin(x) / x
}

// highpass keeps hum and direct current away: two poles at 400 Hz.
type highpass struct{ x1, x2, y1, y2 float32 }

func (h *highpass) next(x float32) float32 {
	const b0, a1, a2 = 0.8005924, -1.5610181, 0.6413515
	y := float32(b0*(x-2*h.x1+h.x2)) - float32(a1*h.y1) - float32(a2*h.y2)
	h.x2, h.x1, h.y2, h.y1 = h.x1, x, h.y1, y
	return y
}
