package resample

import (
	"fmt"
	"math"
	"math/cmplx"
	"slices"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
	"pgregory.net/rapid"
)

var pairs = [][2]int{{8000, 16000}, {16000, 8000}, {8000, 48000}, {48000, 8000}, {16000, 48000}, {48000, 16000}}

func mustNew(t testing.TB, from, to int) *Resampler {
	t.Helper()
	r, err := New(from, to)
	if err != nil {
		t.Fatal(err)
	}
	return &r
}

func tone(hz float64, rate, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(math.Round(20000 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return out
}

// level is the amplitude of hz in x under a Blackman-Harris window, which keeps
// other tones 92 dB away.
func level(x []int16, hz float64, rate int) float64 {
	var sum complex128
	var all float64
	for i, v := range x {
		a := 2 * math.Pi * float64(i) / float64(len(x)-1)
		w := 0.35875 - 0.48829*math.Cos(a) + 0.14128*math.Cos(2*a) - 0.01168*math.Cos(3*a)
		sum += complex(w*float64(v), 0) * cmplx.Exp(complex(0, -2*math.Pi*hz*float64(i)/float64(rate)))
		all += w
	}
	return 2 * cmplx.Abs(sum) / all
}

// pass returns the pass band's and stop band's edges of a pair of rates.
func pass(from, to int) (edge, stop float64) {
	if min(from, to) == 16000 {
		return 7000, 8000
	}
	return 3400, 4000
}

func run(r *Resampler, in []int16) []int16 {
	out := make([]int16, r.Max(len(in)))
	return out[:r.Process(out, in)]
}

// Issue 3, part 7: flat to 0.1 dB up to 3.4 kHz.
func TestPassBandIsFlat(t *testing.T) {
	for _, p := range pairs {
		edge, _ := pass(p[0], p[1])
		worst := 0.0
		for hz := 60.0; hz <= edge; hz += 167 {
			out := run(mustNew(t, p[0], p[1]), tone(hz, p[0], p[0]/4))
			out = out[len(out)/4:]
			worst = max(worst, math.Abs(20*math.Log10(level(out, hz, p[1])/20000)))
		}
		t.Logf("%d to %d: within %.4f dB up to %.0f Hz", p[0], p[1], worst, edge)
		if worst > 0.02 {
			t.Errorf("%d to %d: off by %.3f dB", p[0], p[1], worst)
		}
	}
}

// Issue 3, part 7: stop band of at least 60 dB. Going up these are the images
// of every tone, going down all tones that do not fit the lower rate.
func TestStopBand(t *testing.T) {
	for _, p := range pairs {
		edge, stop := pass(p[0], p[1])
		least := 200.0
		if p[0] < p[1] {
			for hz := 60.0; hz <= edge; hz += 167 {
				out := run(mustNew(t, p[0], p[1]), tone(hz, p[0], p[0]/4))
				out = out[len(out)/4:]
				for k := p[0]; k < p[1]; k += p[0] {
					for _, image := range []float64{float64(k) - hz, float64(k) + hz} {
						if image < float64(p[1])/2 {
							least = min(least, 20*math.Log10(20000/level(out, image, p[1])))
						}
					}
				}
			}
		} else {
			for hz := stop + 11; hz < float64(p[0])/2; hz += 151 {
				out := run(mustNew(t, p[0], p[1]), tone(hz, p[0], p[0]/4))
				out = out[len(out)/4:]
				least = min(least, 20*math.Log10(20000/math.Sqrt2/(math.Sqrt(float64(pcm.Energy(out))/float64(len(out)))+1e-9)))
			}
		}
		t.Logf("%d to %d: %.1f dB down", p[0], p[1], least)
		if least < 70 {
			t.Errorf("%d to %d: only %.1f dB down", p[0], p[1], least)
		}
	}
}

func TestAnyPiecesGiveTheSameSamples(t *testing.T) {
	for _, p := range pairs {
		rapid.Check(t, func(t *rapid.T) {
			in := rapid.SliceOfN(rapid.Int16(), 1, 700).Draw(t, "samples")
			whole, pieces := made(p), made(p)
			want := run(&whole, in)
			var got []int16
			for rest := in; len(rest) > 0; {
				n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
				got = append(got, run(&pieces, rest[:n])...)
				rest = rest[n:]
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%v: pieces differ from the whole", p)
			}
		})
	}
}

// made is mustNew for the inside of a property.
func made(p [2]int) Resampler {
	r, err := New(p[0], p[1])
	if err != nil {
		panic(err)
	}
	return r
}

func TestThereAndBackIsTheSameVoiceLater(t *testing.T) {
	for _, high := range []int{16000, 48000} {
		up, down := mustNew(t, 8000, high), mustNew(t, high, 8000)
		in := tone(1000, 8000, 4000)
		for i, v := range tone(2700, 8000, 4000) {
			in[i] = in[i]/3 + v/3
		}
		out := run(down, run(up, in))
		delay := up.Delay()/(high/8000) + down.Delay()
		for i := delay + 100; i < len(in); i++ {
			if d := int(out[i]) - int(in[i-delay]); d < -8 || d > 8 {
				t.Fatalf("over %d Hz: sample %d is %d, was %d", high, i, out[i], in[i-delay])
			}
		}
	}
}

func TestConstantStaysAndNothingWraps(t *testing.T) {
	for _, p := range pairs {
		r := mustNew(t, p[0], p[1])
		in := make([]int16, 4000)
		for i := range in {
			in[i] = math.MaxInt16
			if i > 2000 {
				in[i] = math.MinInt16
			}
		}
		out := run(r, in)
		if v := out[len(out)/2-r.Max(60)]; v != math.MaxInt16 {
			t.Errorf("%v: a constant became %d", p, v)
		}
		if v := out[len(out)-1]; v != math.MinInt16 {
			t.Errorf("%v: a constant became %d", p, v)
		}
		for i := range out[r.Max(600) : len(out)/2-r.Max(60)] {
			if v := out[r.Max(600)+i]; v < 0 {
				t.Fatalf("%v: sample %d is %d: it wrapped", p, i, v)
			}
		}
	}
}

func TestSameRateIsACopyAndOthersAreRefused(t *testing.T) {
	in := tone(440, 8000, 100)
	if out := run(mustNew(t, 8000, 8000), in); !slices.Equal(in, out) {
		t.Error("8000 to 8000 changes samples")
	}
	if _, err := New(8000, 44100); err == nil {
		t.Error("44100 Hz is taken")
	}
	var zero Resampler
	if n := zero.Process(make([]int16, 10), in); n != 0 || zero.Max(10) != 0 {
		t.Errorf("a Resampler that was not made gives %d samples", n)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	up, down := mustNew(t, 8000, 48000), mustNew(t, 48000, 8000)
	in, wide, out := tone(440, 8000, 160), make([]int16, 960), make([]int16, 160)
	if n := testing.AllocsPerRun(50, func() {
		up.Process(wide, in)
		down.Process(out, wide)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTwentyMilliseconds(b *testing.B) {
	for _, p := range pairs {
		b.Run(fmt.Sprintf("%d-%d", p[0], p[1]), func(b *testing.B) {
			r := mustNew(b, p[0], p[1])
			in := tone(440, p[0], p[0]/50)
			out := make([]int16, r.Max(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				r.Process(out, in)
			}
		})
	}
}
