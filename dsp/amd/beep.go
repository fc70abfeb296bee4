package amd

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// Shape and limits of the beep detector.
const (
	hop      = pcm.Rate / 100 // looks each 10 ms …
	window   = 2 * hop        // … at the newest 20
	lowest   = 400.0          // Hz, and 2 % less
	highest  = 2000.0
	purest   = 0.75  // share of the energy that is in the one tone
	drifts   = 0.025 // how far one look may be off the mean frequency
	faintest = -42.0 // dBm0
	misses   = 2     // looks in a row that a tone may be missing
	longest  = 4000  // ms: what sounds longer is no beep
)

// whistle looks for a single steady tone.
type whistle struct {
	buf  [window]float32
	fill int
	n    int64 // looks
	x1   float32
	y1   float32

	on     bool
	over   bool  // the tone ended with this look
	from   int64 // ms
	to     int64
	missed int
	count  float64
	sumHz  float64
	sumMs  float64
}

// now is the end of the newest look in milliseconds.
func (w *whistle) now() int64 { return w.n * 10 }

// length is how long the tone has sounded, in milliseconds.
func (w *whistle) length() int64 { return w.to - w.from }

func (w *whistle) hz() float64    { return w.sumHz / w.count }
func (w *whistle) level() float64 { return pcm.DBm0(w.sumMs / w.count) }

// take listens to a sample and reports whether there is something to judge: a
// tone that sounds, or one that has just ended.
func (w *whistle) take(s int16) bool {
	// One pole against hum: 3 dB at 100 Hz.
	y := float32(s) - w.x1 + float32(0.925*w.y1)
	w.x1, w.y1 = float32(s), y
	w.buf[hop+w.fill] = y
	if w.fill++; w.fill < hop {
		return false
	}
	w.fill = 0
	w.n++
	w.over = false
	was := w.on
	w.look()
	copy(w.buf[:hop], w.buf[hop:])
	w.over = was && !w.on && w.length() <= longest
	return w.on || w.over
}

// look judges the newest window.
func (w *whistle) look() {
	hz, ms, pure := single(&w.buf)
	ok := pure >= purest && hz > lowest*0.98 && hz < highest*1.02 && pcm.DBm0(ms) > faintest
	if ok && w.on && math.Abs(hz-w.hz()) > drifts*w.hz() {
		ok = false
	}
	switch {
	case ok && !w.on:
		*w = whistle{buf: w.buf, n: w.n, x1: w.x1, y1: w.y1, on: true, from: w.now() - 20}
		fallthrough
	case ok:
		w.missed, w.to = 0, w.now()
		w.count, w.sumHz, w.sumMs = w.count+1, w.sumHz+hz, w.sumMs+ms
	case w.on:
		if w.missed++; w.missed > misses {
			w.on = false
		}
	}
}

// single returns the frequency of the strongest tone of a window, its mean
// square, and which share of the window's energy it is. The frequency is that
// of V. F. Pisarenko (1973), which white noise does not move, made exact by the
// turn of the phase between the halves.
func single(x *[window]float32) (hz, ms, pure float64) {
	var r0, r1, r2 float64
	for i := 2; i < window; i++ {
		a, b, c := float64(x[i]), float64(x[i-1]), float64(x[i-2])
		r0 += b * b
		r1 += (a + c) * b / 2
		r2 += a * c
	}
	if r0 < 1 || r1 == 0 {
		return 0, 0, 0
	}
	cos := (r2 + math.Sqrt(r2*r2+8*r1*r1)) / (4 * r1)
	if cos <= -1 || cos >= 1 {
		return 0, 0, 0
	}
	angle := math.Acos(cos)
	ar, ai := amplitude(x[:hop], angle, 0)
	br, bi := amplitude(x[hop:], angle, hop*angle)
	turn := math.Atan2(bi*ar-br*ai, br*ar+bi*ai)
	off := turn / hop // radians a sample
	loss := 1.0
	if h := off * hop / 2; math.Abs(h) > 1e-3 {
		loss = math.Sin(h) / h
	}
	ms = math.Hypot(ar, ai) * math.Hypot(br, bi) / 2 / (loss * loss)
	return (angle + off) * pcm.Rate / (2 * math.Pi), ms, ms / (r0 / (window - 2))
}

// amplitude is the complex amplitude of an angle per sample in x, which begins
// at a phase: a tone of exactly that angle has the same amplitude in both halves.
func amplitude(x []float32, angle, phase float64) (re, im float64) {
	s, c := math.Sincos(angle)
	pi, pr := math.Sincos(phase)
	for _, v := range x {
		re += float64(v) * pr
		im -= float64(v) * pi
		pr, pi = pr*c-pi*s, pr*s+pi*c
	}
	k := 2 / float64(len(x))
	return re * k, im * k
}
