package main

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// erle is the echo return loss enhancement over samples [from, to) in dB: echo
// against what of it is left. What is near counts for neither.
func (s *scene) erle(out []int16, from, to int) float64 {
	var e, r float64
	for i := max(0, from); i < min(to, len(out)); i++ {
		e += s.echo[i] * s.echo[i]
		d := float64(out[i]) - (float64(s.near[i]) - s.echo[i])
		r += d * d
	}
	return 10 * math.Log10((e+1e-9)/(r+1e-9))
}

// reaches is the time in seconds from which the ERLE over 200 ms is at least
// db, measured at the window's end; frames without echo do not count. It is
// +Inf when it never is.
func (s *scene) reaches(out []int16, db float64) float64 {
	const span = pcm.Rate / 5
	for to := pcm.FrameLen; to <= len(out); to += pcm.FrameLen {
		from := max(0, to-span)
		if s.active(from, to) && s.erle(out, from, to) >= db {
			return float64(to) / pcm.Rate
		}
	}
	return math.Inf(1)
}

// active reports whether the echo over a stretch is above −45 dBm0.
func (s *scene) active(from, to int) bool {
	var e float64
	for _, v := range s.echo[from:to] {
		e += v * v
	}
	return pcm.DBm0(e/float64(to-from)) > -45
}
