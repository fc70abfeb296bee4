package goertzel

import (
	"math"
	"math/cmplx"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
)

func sine(hz, peak, phase float64, n int) []int16 {
	x := make([]int16, n)
	for i := range x {
		x[i] = int16(math.Round(peak * math.Cos(2*math.Pi*hz*float64(i)/pcm.Rate+phase)))
	}
	return x
}

func TestAmplitudeAndPhase(t *testing.T) {
	for _, hz := range []float64{350, 425, 440, 1000, 2600} {
		b := New(hz, 3000)
		for _, phase := range []float64{0, 1, 2, -2} {
			n := 800
			b.Feed(sine(hz, 10000, phase, n))
			got := b.Take()
			if a := math.Sqrt(float64(Power(got[0]))); math.Abs(a-10000) > 60 {
				t.Errorf("%v Hz: amplitude %.1f", hz, a)
			}
			want := cmplx.Rect(1, 2*math.Pi*hz*float64(n-1)/pcm.Rate+phase)
			if d := cmplx.Phase(complex128(got[0]) / want); math.Abs(d) > 0.02 {
				t.Errorf("%v Hz: phase is off by %.3f", hz, d)
			}
			if a := math.Sqrt(float64(Power(got[1]))); hz < 2900 && a > 300 {
				t.Errorf("%v Hz heard at 3000 with %.1f", hz, a)
			}
		}
	}
}

func TestAnyPieces(t *testing.T) {
	x := sine(425, 8000, 0.3, 480)
	a, b := New(425, 440, 480), New(425, 440, 480)
	a.Feed(x)
	for i := 0; i < len(x); i += 7 {
		b.Feed(x[i:min(len(x), i+7)])
	}
	if a.Take() != b.Take() {
		t.Error("pieces differ from the whole")
	}
	if a.Take() != [Max]complex64{} {
		t.Error("something is left after Take")
	}
	if n := New(make([]float64, 20)...); n.Len() != Max {
		t.Errorf("%d filters", n.Len())
	}
}

func TestNoAllocations(t *testing.T) {
	b := New(350, 440, 480, 620)
	x := sine(440, 1000, 0, 160)
	if n := testing.AllocsPerRun(100, func() { b.Feed(x); b.Take() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFourTones(b *testing.B) {
	bank := New(350, 440, 480, 620)
	x := sine(440, 1000, 0, pcm.FrameLen)
	for b.Loop() {
		bank.Feed(x)
		bank.Take()
	}
}
