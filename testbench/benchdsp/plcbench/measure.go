package main

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// result is the means over the lost frames in which somebody spoke.
type result struct {
	distance float64 // log-spectral distance in dB
	level    float64 // absolute error of the level in dB
	bias     float64 // the same with its sign
	frames   int
}

const (
	bands    = 16 // of 250 Hz
	span     = 256
	quiet    = 100.0 // power of a band or frame that is not heard: −64 dBm0
	speaking = -40.0 // dBm0: frames below it do not count
	pausing  = -50.0 // dBm0: frames below it are pauses
	// The worst that one frame can be, as of silence in the place of a voice.
	worstDistance = 25.0
	worstLevel    = 40.0
)

// measure holds the lost frames of y against x; within speech only those before
// which somebody spoke: what begins in a pause nobody can foresee.
func measure(x, y []int16, lost []bool, within bool) (r result) {
	for i, l := range lost {
		if within && (i == 0 || pcm.Level(x[(i-1)*pcm.FrameLen:i*pcm.FrameLen]) < pausing) {
			continue
		}
		a, b := x[i*pcm.FrameLen:(i+1)*pcm.FrameLen], y[i*pcm.FrameLen:(i+1)*pcm.FrameLen]
		if !l || pcm.Level(a) < speaking {
			continue
		}
		r.frames++
		r.distance += min(worstDistance, distance(spectrum(a), spectrum(b)))
		d := level(b) - level(a)
		r.level += min(worstLevel, math.Abs(d))
		r.bias += max(-worstLevel, d)
	}
	n := float64(max(1, r.frames))
	r.distance, r.level, r.bias = r.distance/n, r.level/n, r.bias/n
	return r
}

// level is that of a frame in dB over 1.
func level(f []int16) float64 { return 10 * math.Log10(float64(pcm.Energy(f))/pcm.FrameLen+1) }

// spectrum is the power of a frame under a Hann window in bands, in dB over 1.
func spectrum(f []int16) (p [bands]float64) {
	var re, im [span]float64
	for i, v := range f {
		re[i] = float64(v) * (0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(len(f))))
	}
	fft(&re, &im)
	const wide = span / 2 / bands
	for k := range p {
		e := quiet
		for j := k * wide; j < (k+1)*wide; j++ {
			e += (re[j]*re[j] + im[j]*im[j]) / wide / float64(len(f))
		}
		p[k] = 10 * math.Log10(e)
	}
	return p
}

// distance is the root mean square of the differences in all bands.
func distance(a, b [bands]float64) float64 {
	var sum float64
	for k := range a {
		sum += (a[k] - b[k]) * (a[k] - b[k])
	}
	return math.Sqrt(sum / bands)
}

// fft is the discrete Fourier transform in place.
func fft(re, im *[span]float64) {
	for i, j := 1, 0; i < span; i++ {
		bit := span >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		if j ^= bit; i < j {
			re[i], re[j], im[i], im[j] = re[j], re[i], im[j], im[i]
		}
	}
	for size := 2; size <= span; size *= 2 {
		for k := range size / 2 {
			s, c := math.Sincos(-2 * math.Pi * float64(k) / float64(size))
			for i := k; i < span; i += size {
				j := i + size/2
				tr, ti := re[j]*c-im[j]*s, re[j]*s+im[j]*c
				re[j], im[j] = re[i]-tr, im[i]-ti
				re[i], im[i] = re[i]+tr, im[i]+ti
			}
		}
	}
}
