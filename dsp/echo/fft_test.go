package echo

import (
	"math"
	"testing"
)

func noiseWindow(seed uint64) (x [window]float32) {
	for i := range x {
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
		x[i] = float32(int16(seed >> 20))
	}
	return x
}

// The fast transform is the slow sum.
func TestTransformIsTheSum(t *testing.T) {
	var tr transform
	tr.init()
	x := noiseWindow(7)
	var s spectrum
	tr.forward(&x, &s)
	for k := range bins {
		var re, im float64
		for n, v := range x {
			a := 2 * math.Pi * float64(k*n%window) / window
			re += float64(v) * math.Cos(a)
			im -= float64(v) * math.Sin(a)
		}
		if math.Hypot(re-float64(s.re[k]), im-float64(s.im[k])) > 1 {
			t.Fatalf("bin %d is %v%+vi, want %.1f%+.1fi", k, s.re[k], s.im[k], re, im)
		}
	}
	var back [window]float32
	tr.inverse(&s, &back)
	for n := range x {
		if math.Abs(float64(back[n]-x[n])) > 0.05 {
			t.Fatalf("sample %d comes back as %v, was %v", n, back[n], x[n])
		}
	}
}

func BenchmarkForward(b *testing.B) {
	var tr transform
	tr.init()
	x := noiseWindow(7)
	var s spectrum
	for b.Loop() {
		tr.forward(&x, &s)
	}
}

func BenchmarkInverse(b *testing.B) {
	var tr transform
	tr.init()
	x := noiseWindow(7)
	var s spectrum
	tr.forward(&x, &s)
	for b.Loop() {
		tr.inverse(&s, &x)
	}
}
