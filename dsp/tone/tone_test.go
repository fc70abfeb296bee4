package tone

import (
	"math"
	"math/cmplx"
	"slices"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
)

// play returns n samples of spec, taken frame by frame.
func play(spec Spec, n int) []int16 {
	var p Player
	p.Start(spec)
	var out []int16
	for len(out) < n {
		var f pcm.Frame
		p.Fill(&f)
		out = append(out, f[:]...)
	}
	return out[:n]
}

// measure returns the level in dBm0 of one frequency over whole samples.
func measure(x []int16, hz float64) float64 {
	var sum complex128
	for i, s := range x {
		sum += complex(float64(s), 0) * cmplx.Exp(complex(0, -2*math.Pi*hz*float64(i)/pcm.Rate))
	}
	return 20 * math.Log10(2*cmplx.Abs(sum)/float64(len(x))/pcm.Peak(0))
}

// Goal of figures.md: 0.1 dB and 0.1 Hz.
func TestLevelAndFrequency(t *testing.T) {
	for _, hz := range []float64{50, 350, 425, 440, 1004.3, 2600, 3400} {
		for _, level := range []float64{0, -10, -24, -40} {
			x := play(Continuous(Partial{hz, level}), 16160)[160:]
			if got := measure(x, hz); math.Abs(got-level) > 0.1 {
				t.Errorf("%v Hz at %v dBm0 measures %.3f", hz, level, got)
			}
			lower, upper := measure(x, hz-0.1), measure(x, hz+0.1)
			if math.Abs(lower-upper) > 0.1 {
				t.Errorf("%v Hz leans: %.3f below, %.3f above", hz, lower, upper)
			}
		}
	}
}

func TestFourPartials(t *testing.T) {
	p := []Partial{{1400, -10}, {2060, -12}, {2450, -14}, {2600, -16}, {300, -10}}
	x := play(Continuous(p...), 8160)[160:]
	for _, q := range p[:4] {
		if got := measure(x, q.Hz); math.Abs(got-q.DBm0) > 0.1 {
			t.Errorf("%v Hz measures %.3f dBm0, want %v", q.Hz, got, q.DBm0)
		}
	}
	if got := measure(x, 300); got > -60 {
		t.Errorf("a fifth partial is heard at %.1f dBm0", got)
	}
}

// E.180 § 6: cadence, here 200/200 of Spain, over seconds and across frames.
func TestCadence(t *testing.T) {
	x := play(Cadence([]Partial{{425, -10}}, 200, 205), Ms(4050))
	for i := 0; i < len(x); i += Ms(405) {
		on, off := x[i:i+Ms(200)], x[i+Ms(200):i+Ms(405)]
		if got := measure(on, 425); got < -11 {
			t.Errorf("burst at %d measures %.2f dBm0", i, got)
		}
		if pcm.Level(off) != pcm.Floor {
			t.Errorf("pause at %d is not silent", i)
		}
	}
}

func TestOnceEnds(t *testing.T) {
	spec := Cadence([]Partial{{425, -10}}, 100, 30)
	spec.Repeat = Once
	var p Player
	p.Start(spec)
	var f pcm.Frame
	frames := 0
	for p.Playing() {
		p.Fill(&f)
		frames++
	}
	if frames != 7 || p.Played() != int64(Ms(130)) {
		t.Errorf("took %d frames and %d samples", frames, p.Played())
	}
	if f[10] = 1; p.Fill(&f) || !f.Silent() {
		t.Error("after its end it is not silent")
	}
}

func TestRepeatFromTheMiddle(t *testing.T) {
	spec := Cadence([]Partial{{425, -10}}, 100, 100, 50, 50)
	spec.Repeat = 2
	x := play(spec, Ms(500))
	for ms, want := range map[int]bool{50: true, 150: false, 225: true, 275: false, 325: true, 375: false, 425: true} {
		if got := pcm.Level(x[Ms(ms)-40:Ms(ms)+40]) > -20; got != want {
			t.Errorf("at %d ms sounding is %v", ms, got)
		}
	}
}

// Nothing jumps: the largest step between samples stays near the tone's own slope.
func TestNoClicks(t *testing.T) {
	amp := pcm.Peak(-10)
	slope := amp * 2 * math.Pi * 425 / pcm.Rate
	for on := 90; on < 100; on++ {
		x := play(Cadence([]Partial{{425, -10}}, on, 41), 8000)
		for i := 1; i < len(x); i++ {
			if d := math.Abs(float64(x[i]) - float64(x[i-1])); d > slope*1.05+amp/rampLen {
				t.Fatalf("%d ms: jump of %.0f at %d", on, d, i)
			}
		}
	}
}

// The same samples come out whatever size is asked for.
func TestAnyChunkSize(t *testing.T) {
	spec := Cadence([]Partial{{350, -13}, {440, -13}}, 103, 57)
	want := play(spec, 4000)
	for _, size := range []int{1, 7, 160, 999} {
		var p Player
		p.Start(spec)
		var got []int16
		for len(got) < 4000 {
			x := make([]int16, size)
			p.FillSamples(x)
			got = append(got, x...)
		}
		if !slices.Equal(got[:4000], want) {
			t.Errorf("pieces of %d differ", size)
		}
	}
}

func TestPhaseRunsOnAcrossSegments(t *testing.T) {
	p := []Partial{{440, -10}}
	spec := Spec{Segments: []Segment{{p, 777}, {p, 333}}}
	if !slices.Equal(play(spec, 4000), play(Continuous(p...), 4000)) {
		t.Error("a tone cut in segments is not the tone itself")
	}
}

func TestEmptySpec(t *testing.T) {
	var p Player
	p.Start(Spec{})
	var f pcm.Frame
	if p.Playing() || p.Fill(&f) {
		t.Error("nothing is playing")
	}
}

func TestNoAllocations(t *testing.T) {
	var p Player
	spec := Cadence([]Partial{{480, -24}, {620, -24}}, 33, 33)
	p.Start(spec)
	var f pcm.Frame
	if n := testing.AllocsPerRun(200, func() { p.Fill(&f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFill(b *testing.B) {
	var p Player
	p.Start(Continuous(Partial{350, -13}, Partial{440, -13}))
	var f pcm.Frame
	for b.Loop() {
		p.Fill(&f)
	}
}
