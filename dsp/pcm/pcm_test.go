package pcm

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func sine(hz, dbm0 float64) *Frame {
	f := new(Frame)
	for i := range f {
		f[i] = int16(math.Round(Peak(dbm0) * math.Sin(2*math.Pi*hz*float64(i)/Rate)))
	}
	return f
}

func TestLevelOfSine(t *testing.T) {
	for _, level := range []float64{3, 0, -10, -35, -50} {
		if got := sine(1000, level).Level(); math.Abs(got-level) > 0.15 {
			t.Errorf("sine at %v dBm0 measured as %.2f", level, got)
		}
	}
	var f Frame
	if got := f.Level(); got != Floor {
		t.Errorf("silence is %v dBm0, want %v", got, Floor)
	}
	if got := Level(nil); got != Floor {
		t.Errorf("nothing is %v dBm0, want %v", got, Floor)
	}
}

// G.711 § 2: full scale is +3.14 dBm0.
func TestG711FullScale(t *testing.T) {
	if got := 20 * math.Log10(32768/Peak(0)); math.Abs(got-3.14) > 0.01 {
		t.Errorf("full scale is %.3f dB over 0 dBm0", got)
	}
}

func TestAddSaturates(t *testing.T) {
	a, b := Frame{0: 30000, 1: -30000, 2: 5, 3: math.MinInt16}, Frame{0: 30000, 1: -30000, 2: -7, 3: 1}
	a.Add(&b)
	if want := (Frame{0: 32767, 1: -32768, 2: -2, 3: -32767}); a != want {
		t.Errorf("got %v", a[:4])
	}
	c := Frame{0: -30000, 1: 30000, 2: 5}
	c.Sub(&b)
	if want := (Frame{0: -32768, 1: 32767, 2: 12, 3: -1}); c != want {
		t.Errorf("got %v", c[:4])
	}
}

func TestScale(t *testing.T) {
	for _, db := range []float64{-30, -20, -6, 0, 6, 20} {
		f := sine(440, -25)
		before := f.Level()
		f.Scale(GainDB(db))
		if got := f.Level() - before; math.Abs(got-db) > 0.1 && db > -30 {
			t.Errorf("%v dB of gain gave %.2f", db, got)
		}
	}
	f := sine(440, 0)
	f.Scale(GainDB(60))
	for i, s := range f {
		if w := sine(440, 0)[i]; (s < 0) != (w < 0) && s != 0 {
			t.Fatalf("sample %d turned from %d to %d: it wrapped", i, w, s)
		}
	}
	g := Frame{0: 1000}
	if g.Scale(0); !g.Silent() {
		t.Error("a gain of nothing is not silent")
	}
}

func TestRampEndsAtItsTarget(t *testing.T) {
	var f Frame
	for i := range f {
		f[i] = 10000
	}
	f.Ramp(Unity, 0)
	for i := 1; i < FrameLen; i++ {
		if f[i] > f[i-1] {
			t.Fatalf("rises at %d", i)
		}
	}
	if f[FrameLen-1] != 0 {
		t.Errorf("ends at %d", f[FrameLen-1])
	}
}

func TestSaturationProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int16().Draw(t, "a"), rapid.Int16().Draw(t, "b")
		f, g := Frame{0: a}, Frame{0: b}
		f.Add(&g)
		want := min(math.MaxInt16, max(math.MinInt16, int(a)+int(b)))
		if int(f[0]) != want {
			t.Fatalf("%d + %d = %d, want %d", a, b, f[0], want)
		}
	})
}

func TestNoAllocations(t *testing.T) {
	f, g := sine(440, 0), sine(480, 0)
	if n := testing.AllocsPerRun(100, func() { f.Add(g); f.Scale(3000); f.Ramp(0, Unity); _ = f.Level() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAdd(b *testing.B) {
	f, g := sine(440, -10), sine(480, -10)
	for b.Loop() {
		f.Add(g)
	}
}

func BenchmarkLevel(b *testing.B) {
	f := sine(440, -10)
	for b.Loop() {
		_ = f.Level()
	}
}
