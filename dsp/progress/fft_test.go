package progress

import (
	"math"
	"math/cmplx"
	"testing"
)

func TestTheTransformIsTheSumItStandsFor(t *testing.T) {
	var x [fftLen]complex128
	for i := range x {
		x[i] = complex(float64(i*i%97)-48, float64(i*7%31)-15)
	}
	y := x
	transform(&y)
	for _, k := range []int{0, 1, 2, 77, 511, fftLen / 2, fftLen - 1} {
		var want complex128
		for i, v := range x {
			want += v * cmplx.Rect(1, -2*math.Pi*float64(i*k%fftLen)/fftLen)
		}
		if cmplx.Abs(y[k]-want) > 1e-6 {
			t.Errorf("bin %d: %v, want %v", k, y[k], want)
		}
	}
}

// A burst's spectrum is taken within one frame: it must not cost a tick.
func BenchmarkSpectrum(b *testing.B) {
	for _, c := range []struct {
		name   string
		second float64 // of two frequencies, amplitude
		fm     float64 // how far the first one wanders, rad
	}{{"tone", 2000, 0}, {"voice", 0, 8}} {
		var x [spectrum]int16
		for i := range x {
			p := float64(i) * 0.3
			x[i] = int16(3000*math.Sin(p+c.fm*math.Sin(float64(i)/90)) + c.second*math.Sin(float64(i)*0.37))
		}
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				listenFor(x[:])
			}
		})
	}
}
