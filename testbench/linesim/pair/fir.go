package pair

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// Shape of the filters: so many taps, the first so far ahead of the response. What
// the converters of a card need (0.5 ms a way and more) hides there.
const (
	taps  = 64
	ahead = 10
)

// filter is a finite impulse response at 8 kHz.
type filter struct {
	h     [taps]float64                // the last tap first
	x     [taps + pcm.FrameLen]float64 // what came, the newest frame last
	still int                          // frames since the last sound that is in x
	null  bool                         // it lets nothing through
}

// grid is how many points of a circle a response is sampled at.
const grid = 512

var circle = func() (sin [grid]float64) {
	for k := range sin {
		sin[k] = math.Sin(2 * math.Pi * float64(k) / grid)
	}
	return sin
}()

// fall is the band edge of a converter: 1 up to 3400 Hz, nothing at 4000.
func fall(hz float64) float64 {
	if hz <= bandTo {
		return 1
	}
	c := math.Cos(math.Pi / 2 * (hz - bandTo) / (pcm.Rate/2 - bandTo))
	return float64(c * c)
}

// set makes the filter answer as h says, by frequency sampling: the response of
// 512 samples that has these values at multiples of 15.6 Hz, cut to the taps.
func (f *filter) set(h func(hz float64) complex128) {
	const n = grid
	var v [n/2 + 1]complex128
	f.null = true
	for k := range v {
		hz := float64(k) * pcm.Rate / n
		v[k] = h(math.Max(hz, 1)) * complex(fall(hz), 0)
		f.null = f.null && v[k] == 0
	}
	for i := range taps {
		sum := float64(real(v[0]))
		for k := 1; k < n/2; k++ {
			turn := (k*(i-ahead) + n*n) % n
			cos, sin := circle[(turn+n/4)%n], circle[turn]
			sum += 2 * (float64(real(v[k])*cos) - float64(imag(v[k])*sin))
		}
		f.h[taps-1-i] = sum / n * taper(i)
	}
}

// taper lets the last taps fall away instead of being cut off.
func taper(i int) float64 {
	const from = taps - 16
	if i < from {
		return 1
	}
	c := math.Cos(math.Pi / 2 * float64(i-from+1) / (taps - from + 1))
	return float64(c * c)
}

// add filters x and adds the result to out.
func (f *filter) add(x, out *[pcm.FrameLen]float64, silent bool) {
	copy(f.x[:taps], f.x[pcm.FrameLen:])
	copy(f.x[taps:], x[:])
	if silent {
		f.still++
	} else {
		f.still = 0
	}
	if f.null || f.still > 1 {
		return
	}
	for i := range out {
		in := (*[taps]float64)(f.x[i+1:])
		var a, b, c, d float64 // four sums: one would wait for itself
		for k := 0; k < taps; k += 4 {
			a += float64(f.h[k] * in[k])
			b += float64(f.h[k+1] * in[k+1])
			c += float64(f.h[k+2] * in[k+2])
			d += float64(f.h[k+3] * in[k+3])
		}
		out[i] += (a + b) + (c + d)
	}
}
