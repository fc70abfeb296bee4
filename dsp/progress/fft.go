package progress

import "math"

// fftLen is the length of the transform: bins of 3.9 Hz.
const fftLen = 2 * spectrum

// twiddle holds e^(−2πik/fftLen).
var twiddle = makeTwiddle()

func makeTwiddle() (t [fftLen / 2]complex128) {
	for k := range t {
		sin, cos := math.Sincos(-2 * math.Pi * float64(k) / fftLen)
		t[k] = complex(cos, sin)
	}
	return t
}

// transform is the discrete Fourier transform in place (radix 2, decimation in
// time).
func transform(x *[fftLen]complex128) {
	for i, j := 1, 0; i < fftLen; i++ {
		bit := fftLen / 2
		for ; j&bit != 0; bit /= 2 {
			j ^= bit
		}
		if j ^= bit; i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	for half := 1; half < fftLen; half *= 2 {
		stride := fftLen / 2 / half
		for from := 0; from < fftLen; from += 2 * half {
			low, high := x[from:from+half], x[from+half:from+2*half]
			for k := range low {
				v := high[k] * twiddle[k*stride]
				low[k], high[k] = low[k]+v, low[k]-v
			}
		}
	}
}
