// Package linecheck measures a telephone line from recordings of it: what is
// heard while nobody speaks, how pure a tone is, and what the line throws back.
//
// It serves the technician's one-minute test, so it works on whole recordings
// of a second or more at 8 kHz, not on frames, and takes the time it needs (about
// 2 ms for a second of audio). Levels are in dBm0 (ITU-T G.711 § 2).
package linecheck

import (
	"math"
	"slices"

	"github.com/centralita/centralita/dsp/pcm"
)

// Quiet is what a line sounds like while nobody speaks.
type Quiet struct {
	Level    float64 // of everything
	Noise    float64 // without hum, without clicks and without what is steady below 30 Hz
	Hum      float64 // of the mains and its harmonics; pcm.Floor when there is none
	HumHz    int     // 50 or 60; 0 when there is no hum
	Clicks   int     // impulses 15 dB above the noise and above −45 dBm0
	Longest  float64 // the loudest 20 ms: a voice or a neighbour's call shows here
	Seconds  float64
	Constant float64 // the steady part (direct current offset), in samples' units
}

// humParts are the harmonics that count: beyond them a mains has little to say.
const humParts = 6

// segment is half a second: 50 and 60 Hz and their harmonics fit exactly.
const segment = pcm.Rate / 2

// ListenQuiet measures a recording of a second or more; ok is false when it is
// shorter than half a second.
func ListenQuiet(x []int16) (q Quiet, ok bool) {
	n := len(x) / segment * segment
	if n == 0 {
		return Quiet{}, false
	}
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(x[i])
	}
	q.Seconds = float64(n) / pcm.Rate
	q.Level = pcm.Level(x[:n])
	for i := 0; i+pcm.FrameLen <= n; i += pcm.FrameLen {
		if l := pcm.Level(x[i : i+pcm.FrameLen]); i == 0 || l > q.Longest {
			q.Longest = l
		}
	}
	for _, s := range v {
		q.Constant += s / float64(n)
	}
	q.Hum, q.HumHz = takeHum(v)
	noise := middling(v)
	q.Noise = pcm.DBm0(noise)
	q.Clicks = clicks(v, noise)
	return q, true
}

// takeHum takes the mains and its harmonics out of v and returns their level.
// It must stand out of the noise at its side to count.
func takeHum(v []float64) (level float64, hz int) {
	best, bestHz := 0.0, 0
	for _, f := range []int{50, 60} {
		if p := humPower(v, f); p > best {
			best, bestHz = p, f
		}
	}
	takeTone(v, 0)
	if bestHz == 0 {
		return pcm.Floor, 0
	}
	mains := exactly(v, bestHz)
	for k := 1; k <= humParts; k++ {
		takeTone(v, float64(k)*mains)
	}
	return pcm.DBm0(best), bestHz
}

// exactly is the frequency of the mains now: it wanders by some tenths of a hertz,
// and its harmonics by as many times more.
func exactly(v []float64, hz int) (mains float64) {
	best := -1.0
	for tenth := -6; tenth <= 6; tenth++ {
		f, sum := float64(hz)+float64(tenth)/20, 0.0
		for k := 1; k <= humParts; k++ {
			sum += tonePower(v, float64(k)*f)
		}
		if sum > best {
			best, mains = sum, f
		}
	}
	return mains
}

// humPower is the mean square of a mains' harmonics that stand 6 dB above the
// noise beside them. 300 Hz belongs to both mains and decides nothing alone.
func humPower(v []float64, f int) (sum float64) {
	own := false
	for k := 1; k <= humParts; k++ {
		hz := float64(k * f)
		p := tonePower(v, hz)
		beside := (tonePower(v, hz-14) + tonePower(v, hz+14) + tonePower(v, hz-18) + tonePower(v, hz+18)) / 4
		if p > 4*beside && p > 0.05 {
			sum += p - beside
			own = own || k*f != 300
		}
	}
	if !own {
		return 0
	}
	return sum
}

// tonePower is the mean square of a frequency, from segments of half a second.
func tonePower(v []float64, hz float64) (sum float64) {
	n := 0
	for at := 0; at+segment <= len(v); at += segment {
		re, im := project(v[at:at+segment], hz)
		sum += (re*re + im*im) / 2
		n++
	}
	return sum / float64(max(n, 1))
}

// takeTone takes a frequency out of v, segment by segment.
func takeTone(v []float64, hz float64) {
	w := 2 * math.Pi * hz / pcm.Rate
	for at := 0; at+segment <= len(v); at += segment {
		part := v[at : at+segment]
		re, im := project(part, hz)
		if hz == 0 {
			re, im = re/2, 0
		}
		for i := range part {
			s, c := math.Sincos(w * float64(i))
			part[i] -= re*c + im*s
		}
	}
}

// project returns the amplitudes of cosine and sine of a frequency in v.
func project(v []float64, hz float64) (re, im float64) {
	w := 2 * math.Pi * hz / pcm.Rate
	for i, x := range v {
		s, c := math.Sincos(w * float64(i))
		re += x * c
		im += x * s
	}
	k := 2 / float64(len(v))
	return re * k, im * k
}

// middling is the mean square without the loudest and the quietest pieces of
// 5 ms: a few clicks do not make a noise.
func middling(v []float64) float64 {
	const piece = pcm.Rate / 200
	var p []float64
	for at := 0; at+piece <= len(v); at += piece {
		sum := 0.0
		for _, x := range v[at : at+piece] {
			sum += x * x
		}
		p = append(p, sum/piece)
	}
	slices.Sort(p)
	cut := len(p) / 10
	sum := 0.0
	for _, e := range p[cut : len(p)-cut] {
		sum += e
	}
	return sum / float64(max(len(p)-2*cut, 1))
}

// clicks counts impulses: samples far above the noise, one each 10 ms.
func clicks(v []float64, noise float64) (n int) {
	limit := max(math.Sqrt(noise)*math.Pow(10, 15.0/20), pcm.Peak(-45))
	last := -pcm.Rate
	for i, x := range v {
		if math.Abs(x) > limit {
			if i-last > pcm.Rate/100 {
				n++
			}
			last = i
		}
	}
	return n
}
