// Package resample changes the rate of audio between 8, 16 and 48 kHz, so that
// a telephone line, a wideband phone and a browser can meet.
//
// Each change is one linear-phase filter (a sinc under a Kaiser window) in its
// polyphase form. Between 8 kHz and the others the pass band ends at 3.4 kHz
// and the stop band begins at 4 kHz, between 16 and 48 kHz at 7 and 8 kHz. The
// pass band is flat to 0.01 dB, the stop band is 70 dB down or more. Arithmetic
// is in integers: every machine gives the same samples.
//
// Cost for 20 ms: 10 µs between 8 and 16 kHz, 33 µs between 8 and 48 kHz, 40 µs
// from 16 to 48 kHz and 60 µs back. Nothing is allocated.
package resample

import (
	"fmt"

	"github.com/centralita/centralita/dsp/pcm"
)

// Resampler changes the rate of one stream. It is made by New; its zero value
// gives nothing.
type Resampler struct {
	up, down int
	f        *filter
	// hist holds the newest samples twice, the second copy span later, so that
	// the window of the filter is always one piece.
	hist [2 * maxSpan]int16
	at   int // where the next sample goes
	skip int // samples until the next result, going down
}

// New returns a resampler from one rate to another, each 8000, 16000 or 48000.
func New(from, to int) (Resampler, error) {
	r := Resampler{up: 1, down: 1}
	if !known(from) || !known(to) {
		return Resampler{}, fmt.Errorf("cannot resample from %d to %d Hz: the rates are 8000, 16000 and 48000", from, to)
	}
	if from < to {
		r.up = to / from
	} else {
		r.down = from / to
	}
	switch max(r.up, r.down) {
	case 2:
		r.f = &by2
	case 3:
		r.f = &by3
	case 6:
		r.f = &by6
	}
	return r, nil
}

func known(rate int) bool { return rate == 8000 || rate == 16000 || rate == 48000 }

// Max returns how many samples at most come of n samples put in.
func (r *Resampler) Max(n int) int {
	if r.down == 0 {
		return 0
	}
	return (n*r.up + r.down - 1) / r.down
}

// Delay returns how many samples of output the filter holds back. It is the
// same time, a whole number of samples, at both rates: 3.6 ms between 8 kHz and
// the others, 2.2 ms between 16 and 48 kHz.
func (r *Resampler) Delay() int {
	if r.f == nil {
		return 0
	}
	return r.f.half / r.down
}

// Reset forgets the stream.
func (r *Resampler) Reset() { r.hist, r.at, r.skip = [2 * maxSpan]int16{}, 0, 0 }

// Process reads all of src and writes what comes of it to dst, which must hold
// Max(len(src)) samples. It returns how many were written. Pieces of any length
// give the same samples as the whole.
func (r *Resampler) Process(dst, src []int16) int {
	switch {
	case r.f == nil && r.up == 0:
		return 0
	case r.f == nil:
		return copy(dst, src)
	case r.up > 1:
		return r.raise(dst, src)
	}
	return r.lower(dst, src)
}

// raise writes up samples for each of src.
func (r *Resampler) raise(dst, src []int16) int {
	n, span := 0, r.f.upSpan
	for _, v := range src {
		r.push(v, span)
		window := r.hist[r.at : r.at+span]
		for p := range r.up {
			dst[n] = dot(r.f.up[p*span:(p+1)*span], window)
			n++
		}
	}
	return n
}

// lower writes a sample for each down of src.
func (r *Resampler) lower(dst, src []int16) int {
	n, span := 0, r.f.downSpan
	for _, v := range src {
		r.push(v, span)
		if r.skip > 0 {
			r.skip--
			continue
		}
		r.skip = r.down - 1
		dst[n] = dot(r.f.down, r.hist[r.at:r.at+span])
		n++
	}
	return n
}

// push takes a sample into the history of span samples; the window, oldest
// sample first, then begins at r.at.
func (r *Resampler) push(v int16, span int) {
	r.hist[r.at], r.hist[r.at+span] = v, v
	if r.at++; r.at == span {
		r.at = 0
	}
}

// dot is the sum of the products, four at a time.
func dot(c []int32, x []int16) int16 {
	var a, b, d, e int64
	x = x[:len(c)]
	for len(c) >= 4 && len(x) >= 4 {
		a += int64(c[0]) * int64(x[0])
		b += int64(c[1]) * int64(x[1])
		d += int64(c[2]) * int64(x[2])
		e += int64(c[3]) * int64(x[3])
		c, x = c[4:], x[4:]
	}
	return clip((a + b + d + e + round) >> fracBits)
}

func clip(v int64) int16 {
	return pcm.Clip(int32(max(-1<<30, min(1<<30, v))))
}
