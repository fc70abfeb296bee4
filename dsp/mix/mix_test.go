package mix

import (
	"math"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
	"pgregory.net/rapid"
)

// sine fills a frame with a tone from sample number at on.
func sine(hz, peak float64, at int) (f pcm.Frame) {
	for i := range f {
		f[i] = int16(peak * math.Sin(2*math.Pi*hz*float64(at+i)/pcm.Rate))
	}
	return f
}

func TestEachPartyHearsAllOthersAndNotItself(t *testing.T) {
	var s Sum
	parties := []pcm.Frame{sine(400, 3000, 0), sine(700, 3000, 0), sine(1100, 3000, 0)}
	for i := range parties {
		s.Add(&parties[i])
	}
	for i := range parties {
		var l Limiter
		var out, want pcm.Frame
		s.Without(&parties[i], &l, &out)
		for k := range parties {
			if k != i {
				want.Add(&parties[k])
			}
		}
		if out != want {
			t.Errorf("party %d hears something else", i)
		}
	}
	if s.Parties() != 3 {
		t.Errorf("%d parties", s.Parties())
	}
}

func TestSixtyFourLoudPartiesAreTurnedDownNotClipped(t *testing.T) {
	var l Limiter
	flat, top := 0, 0
	for n := range 50 {
		var s Sum
		for p := range MaxParties {
			f := sine(300+float64(p)*7, 32000, n*pcm.FrameLen)
			s.Add(&f)
		}
		var out pcm.Frame
		s.Without(nil, &l, &out)
		for i, v := range out {
			top = max(top, int(v), -int(v))
			if i > 0 && n > 0 && (v > 30000 || v < -30000) && v == out[i-1] {
				flat++
			}
		}
	}
	if flat > 3 {
		t.Errorf("%d samples stand still at the top: it clips", flat)
	}
	if top < 20000 {
		t.Errorf("loudest sample %d: turned down too far", top)
	}
	if l.Gain() > 0.2 {
		t.Errorf("gain %v", l.Gain())
	}
}

func TestTheGainComesBackWithinASecond(t *testing.T) {
	l := Limiter{down: unity * 3 / 4}
	for range 50 {
		var s Sum
		f := sine(500, 4000, 0)
		s.Add(&f)
		var out pcm.Frame
		s.Without(nil, &l, &out)
	}
	if l.Gain() != 1 {
		t.Errorf("gain %v", l.Gain())
	}
}

func TestBendIsSmoothAndBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int32Range(-1<<21, 1<<21).Draw(t, "sample")
		a, b := bend(v), bend(v+1)
		if b < a || b-a > 1 || a != -bend(-v) {
			t.Fatalf("bend(%d) = %d, bend(%d) = %d", v, a, v+1, b)
		}
		if v > -knee && v < knee && int32(a) != v {
			t.Fatalf("bend(%d) = %d", v, a)
		}
	})
}

func TestNothingIsAllocated(t *testing.T) {
	var s Sum
	var l Limiter
	var out pcm.Frame
	f := sine(500, 30000, 0)
	if n := testing.AllocsPerRun(100, func() {
		s.Reset()
		s.Add(&f)
		s.Add(&f)
		s.Add(&f)
		s.Without(&f, &l, &out)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTenParties(b *testing.B) {
	var s Sum
	var l [10]Limiter
	var out pcm.Frame
	f := sine(500, 3000, 0)
	b.ReportAllocs()
	for b.Loop() {
		s.Reset()
		for range l {
			s.Add(&f)
		}
		for i := range l {
			s.Without(&f, &l[i], &out)
		}
	}
}

// Issue 3, part 7: up to 64 parties, each hears all the others and not itself.
func TestSixtyFourPartiesHearEachOtherExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint32().Draw(t, "seed")
		parties := make([]pcm.Frame, rapid.IntRange(1, MaxParties).Draw(t, "parties"))
		var s Sum
		for i := range parties {
			for k := range parties[i] {
				seed = seed*1664525 + 1013904223
				parties[i][k] = int16(int32(seed) >> 23) // ±256: 64 of them stay below the knee
			}
			s.Add(&parties[i])
		}
		me := rapid.IntRange(0, len(parties)-1).Draw(t, "listener")
		var l Limiter
		var out, want pcm.Frame
		s.Without(&parties[me], &l, &out)
		for i := len(parties) - 1; i >= 0; i-- { // the order does not matter
			if i != me {
				want.Add(&parties[i])
			}
		}
		if out != want || l.Gain() != 1 {
			t.Fatalf("party %d of %d hears something else at gain %v", me, len(parties), l.Gain())
		}
	})
}

// Two full-scale tones together are 6 dB too loud: what is heard of them is
// clean, not clipped.
func TestTurnedDownIsClean(t *testing.T) {
	var l Limiter
	var heard []float64
	for n := range 100 {
		var s Sum
		for _, hz := range []float64{410, 1030} {
			f := sine(hz, 32000, n*pcm.FrameLen)
			s.Add(&f)
		}
		var out pcm.Frame
		s.Without(nil, &l, &out)
		for _, v := range out {
			if n >= 50 {
				heard = append(heard, float64(v))
			}
		}
	}
	// Take both tones out: what remains is distortion.
	var all, rest float64
	for _, v := range heard {
		all += v * v
	}
	for _, hz := range []float64{410, 1030} { // whole periods in the second that is heard
		var re, im float64
		for i, v := range heard {
			s, c := math.Sincos(2 * math.Pi * hz * float64(i) / pcm.Rate)
			re, im = re+v*c, im+v*s
		}
		re, im = re*2/float64(len(heard)), im*2/float64(len(heard))
		for i := range heard {
			s, c := math.Sincos(2 * math.Pi * hz * float64(i) / pcm.Rate)
			heard[i] -= re*c + im*s
		}
	}
	for _, v := range heard {
		rest += v * v
	}
	clean := 10 * math.Log10(all/rest)
	t.Logf("%.1f dB over its distortion", clean)
	if clean < 30 {
		t.Errorf("only %.1f dB over its distortion", clean)
	}
}

func BenchmarkSixtyFourParties(b *testing.B) {
	var s Sum
	l := make([]Limiter, MaxParties)
	var out pcm.Frame
	f := sine(500, 3000, 0)
	b.ReportAllocs()
	for b.Loop() {
		s.Reset()
		for range l {
			s.Add(&f)
		}
		for i := range l {
			s.Without(&f, &l[i], &out)
		}
	}
}
