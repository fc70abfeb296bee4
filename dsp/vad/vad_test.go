package vad

import (
	"math"
	"slices"
	"testing"

	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/dsp/pcm"
)

// buzz is a voiced sound at a level in dBm0, silence where on says so.
func buzz(ms int, dbm0 float64, on func(ms int) bool) []int16 {
	out := make([]int16, ms*8)
	for i := range out {
		if !on(i / 8) {
			continue
		}
		t, v := float64(i)/pcm.Rate, 0.0
		for k := 1.0; k < 12; k++ {
			v += math.Sin(2*math.Pi*k*130*t+k*k) / (1 + math.Abs(k-4))
		}
		out[i] = int16(v * pcm.RMS(dbm0) * 0.82)
	}
	return out
}

func never(int) bool { return false }

// hiss adds noise at a level that may change.
func hiss(x []int16, dbm0 func(ms int) float64) []int16 {
	n := noise.New(-60, 5)
	for at := 0; at+pcm.FrameLen <= len(x); at += pcm.FrameLen {
		n.SetLevel(dbm0(at / 8))
		n.Add((*pcm.Frame)(x[at:]))
	}
	return x
}

func flat(dbm0 float64) func(int) float64 { return func(int) float64 { return dbm0 } }

func TestSpeechBeginsAndEndsInTime(t *testing.T) {
	on := func(ms int) bool { return ms >= 4000 && ms < 5000 || ms >= 5100 && ms < 6000 }
	for _, snr := range []float64{40, 20, 10} {
		d := New(Config{})
		var begin, end int64
		for _, b := range d.Process(hiss(buzz(8000, -20, on), flat(-20-snr)), nil) {
			if b.Speech && begin == 0 && b.At > 3500 { // the noise is learnt by then
				begin = b.At
			}
			if b.Speech && begin > 0 {
				end = b.At + BlockMs
			} else if begin > 0 && b.At > 4100 && b.At < 6000 {
				t.Errorf("SNR %v: over in the middle, at %d ms", snr, b.At)
			}
		}
		if begin < 4000 || begin > 4050 || end < 6100 || end > 6200 {
			t.Errorf("SNR %v: speech from %d to %d ms", snr, begin, end)
		}
	}
}

func TestNoiseAloneIsNotSpeech(t *testing.T) {
	for _, dbm0 := range []float64{-65, -50, -41} {
		d := New(Config{})
		stray := 0
		for _, b := range d.Process(hiss(buzz(30000, 0, never), flat(dbm0)), nil) {
			if b.Speech {
				stray++
			}
		}
		if stray > 0 {
			t.Errorf("noise of %v dBm0: %d of 3000 blocks are speech", dbm0, stray)
		}
		if math.Abs(d.Noise()-dbm0) > 1.5 {
			t.Errorf("noise of %v dBm0 is told as %.1f", dbm0, d.Noise())
		}
	}
}

// A noisy place is not taken for a voice from the first moment on.
func TestLoudNoiseFromTheStartIsNotSpeech(t *testing.T) {
	for _, dbm0 := range []float64{-38, -33} {
		d := New(Config{})
		for _, b := range d.Process(hiss(buzz(5000, 0, never), flat(dbm0)), nil) {
			if b.Speech {
				t.Fatalf("noise of %v dBm0 is speech at %d ms", dbm0, b.At)
			}
		}
	}
}

func TestTheFloorFollowsTheLineUpAndDown(t *testing.T) {
	level := func(ms int) float64 {
		if ms >= 5000 && ms < 12000 {
			return -38
		}
		return -58
	}
	d := New(Config{})
	for _, b := range d.Process(hiss(buzz(18000, 0, never), level), nil) {
		switch {
		case b.At == 11900 && math.Abs(b.Noise+38) > 2:
			t.Errorf("after 7 s of noise at −38 dBm0 it is told as %.1f", b.Noise)
		case b.At == 12300 && math.Abs(b.Noise+58) > 2.5:
			t.Errorf("0.3 s after it fell to −58 dBm0 it is told as %.1f", b.Noise)
		case b.Speech && (b.At < 5000 || b.At > 8600):
			t.Errorf("speech at %d ms", b.At)
		}
	}
}

func TestAVoiceDoesNotRaiseTheFloor(t *testing.T) {
	on := func(ms int) bool { return ms > 1000 && ms%700 < 550 } // syllables without longer pauses
	d := New(Config{})
	for _, b := range d.Process(hiss(buzz(20000, -15, on), flat(-50)), nil) {
		if b.At > 4000 && (math.Abs(b.Noise+50) > 4) {
			t.Fatalf("at %d ms the noise is told as %.1f dBm0", b.At, b.Noise)
		}
	}
}

func TestHumIsNotSpeech(t *testing.T) {
	for _, hz := range []float64{50, 60} {
		x := buzz(6000, 0, never)
		for i := range x {
			if i > 8000 {
				x[i] = int16(pcm.Peak(-32) * math.Sin(2*math.Pi*hz*float64(i)/pcm.Rate))
			}
		}
		d := New(Config{})
		for _, b := range d.Process(hiss(x, flat(-60)), nil) {
			if b.Speech {
				t.Fatalf("hum of %v Hz is speech at %d ms", hz, b.At)
			}
		}
	}
}

func TestLevelsAreTrue(t *testing.T) {
	d := New(Config{})
	x := make([]int16, 8000)
	for i := range x {
		x[i] = int16(pcm.Peak(-20) * math.Sin(2*math.Pi*600*float64(i)/pcm.Rate))
	}
	d.Process(x, nil)
	if math.Abs(d.Level()+20) > 1 {
		t.Errorf("600 Hz at −20 dBm0 is told as %.1f", d.Level())
	}
}

func TestAnyPiecesGiveTheSameBlocks(t *testing.T) {
	x := hiss(buzz(3000, -25, func(ms int) bool { return ms%900 > 500 }), flat(-48))
	d := New(Config{})
	want := d.Process(x, nil)
	for _, n := range []int{1, 79, 160, 1000} {
		d := New(Config{})
		var got []Block
		for piece := range slices.Chunk(x, n) {
			got = d.Process(piece, got)
		}
		if !slices.Equal(got, want) {
			t.Errorf("pieces of %d give other blocks", n)
		}
	}
	frames := New(Config{})
	var last bool
	for at := 0; at < len(x); at += pcm.FrameLen {
		last = frames.Frame((*pcm.Frame)(x[at:]))
	}
	if last != want[len(want)-1].Speech || frames.Noise() != want[len(want)-1].Noise {
		t.Error("frames give another judgement")
	}
}

func TestNothingIsAllocated(t *testing.T) {
	d := New(Config{})
	f := (*pcm.Frame)(buzz(20, -20, func(int) bool { return true }))
	out := make([]Block, 0, 4)
	if n := testing.AllocsPerRun(100, func() { out = d.Process(f[:], out[:0]); d.Frame(f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFrame(b *testing.B) {
	d := New(Config{})
	f := (*pcm.Frame)(buzz(20, -20, func(int) bool { return true }))
	b.ReportAllocs()
	for b.Loop() {
		d.Frame(f)
	}
}
