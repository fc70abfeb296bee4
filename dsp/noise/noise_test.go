package noise

import (
	"math"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
)

func take(s *Source, frames int) []int16 {
	var out []int16
	for range frames {
		var f pcm.Frame
		s.Fill(&f)
		out = append(out, f[:]...)
	}
	return out
}

func TestLevel(t *testing.T) {
	for _, level := range []float64{-10, -30, -50, -60, -65} {
		s := New(level, 1)
		if got := pcm.Level(take(&s, 500)); math.Abs(got-level) > 0.8 {
			t.Errorf("noise at %v dBm0 measures %.2f", level, got)
		}
	}
	s := New(pcm.Floor, 1)
	if got := pcm.Level(take(&s, 10)); got != pcm.Floor {
		t.Errorf("no noise measures %v", got)
	}
	var zero Source
	f := pcm.Frame{0: 5}
	if zero.Add(&f); f != (pcm.Frame{0: 5}) {
		t.Error("the zero source adds something")
	}
}

func TestNoOffsetAndNoRepetition(t *testing.T) {
	s := New(-40, 7)
	x := take(&s, 1000)
	sum := 0
	for _, v := range x {
		sum += int(v)
	}
	if mean := float64(sum) / float64(len(x)); math.Abs(mean) > 3 {
		t.Errorf("mean is %.2f", mean)
	}
	// Apart from neighbours, samples know nothing of each other.
	for _, lag := range []int{2, 3, 40, 160, 8000} {
		num, den := 0., 0.
		for i := lag; i < len(x); i++ {
			num += float64(x[i]) * float64(x[i-lag])
			den += float64(x[i]) * float64(x[i])
		}
		if r := num / den; math.Abs(r) > 0.02 {
			t.Errorf("correlation %.3f at lag %d", r, lag)
		}
	}
}

func TestDeterministicAndIndependent(t *testing.T) {
	a, b, c := New(-40, 3), New(-40, 3), New(-40, 4)
	x, y, z := take(&a, 5), take(&b, 5), take(&c, 5)
	same := 0
	for i := range x {
		if x[i] != y[i] {
			t.Fatal("one seed, two noises")
		}
		if x[i] == z[i] {
			same++
		}
	}
	if same > len(x)/10 {
		t.Errorf("two seeds agree in %d of %d samples", same, len(x))
	}
}

func TestAddSaturates(t *testing.T) {
	s := New(-10, 1)
	var f pcm.Frame
	for i := range f {
		f[i] = 32767
	}
	s.Add(&f)
	for _, v := range f {
		if v < 0 {
			t.Fatal("it wrapped")
		}
	}
}

func TestNoAllocations(t *testing.T) {
	s := New(-50, 1)
	var f pcm.Frame
	if n := testing.AllocsPerRun(100, func() { s.Fill(&f); s.Add(&f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFill(b *testing.B) {
	s := New(-50, 1)
	var f pcm.Frame
	for b.Loop() {
		s.Fill(&f)
	}
}
