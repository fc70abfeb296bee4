package player

import (
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
)

// flat is n samples of a value.
func flat(v int16, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// play fills frames until the end and returns everything.
func play(t *testing.T, p *Player, clock uint64) (out []int16) {
	t.Helper()
	for range 1000 {
		var f pcm.Frame
		ended := p.Fill(&f, clock)
		clock += pcm.FrameLen
		out = append(out, f[:]...)
		if ended {
			return out
		}
	}
	t.Fatal("it never ends")
	return nil
}

func TestPartsFollowEachOtherWithoutAGap(t *testing.T) {
	var p Player
	p.Start([]Part{{PCM: flat(1, 100)}, {PCM: nil}, {Pause: 10}, {PCM: flat(2, 300)}})
	out := play(t, &p, 0)
	want := append(append(flat(1, 100), flat(0, 80)...), flat(2, 300)...)
	if len(out) != 480 {
		t.Fatalf("%d samples", len(out))
	}
	for i, v := range want {
		if out[i] != v {
			t.Fatalf("sample %d is %d, want %d", i, out[i], v)
		}
	}
	if p.Playing() {
		t.Error("it still plays")
	}
	var f pcm.Frame
	if p.Fill(&f, 0) {
		t.Error("it ends twice")
	}
}

func TestAnEmptyListEndsAtOnce(t *testing.T) {
	for _, parts := range [][]Part{nil, {}, {{}}, {{}, {}}} {
		var p Player
		p.Start(parts)
		var f pcm.Frame
		if !p.Fill(&f, 0) || !f.Silent() {
			t.Errorf("%v does not end with its first frame", parts)
		}
	}
}

func TestTheRadioIsWhereItIsForEverybody(t *testing.T) {
	music := make([]int16, 1000)
	for i := range music {
		music[i] = int16(i)
	}
	var one, two Player
	one.Start([]Part{{PCM: music, Radio: true}})
	two.Start([]Part{{PCM: flat(-1, 250)}, {PCM: music, Radio: true}})
	for n := range uint64(100) {
		var f, g pcm.Frame
		if one.Fill(&f, n*160) || two.Fill(&g, n*160) {
			t.Fatal("the radio ended")
		}
		for i := range f {
			at := n*160 + uint64(i)
			if f[i] != int16(at%1000) {
				t.Fatalf("at %d the radio plays %d", at, f[i])
			}
			if at >= 250 && g[i] != f[i] {
				t.Fatalf("after an announcement the radio plays %d at %d", g[i], at)
			}
		}
	}
}

func TestATonePlaysItsTimeAndAnEndingOneItself(t *testing.T) {
	forever := tone.Continuous(tone.Partial{Hz: 425, DBm0: -10})
	var p Player
	p.Start([]Part{{Tone: &forever, Millis: 250}})
	if n := len(play(t, &p, 0)); n != 13*160 { // 2000 samples, in whole frames
		t.Errorf("250 ms of a tone are %d samples", n)
	}
	beep := tone.Spec{Repeat: tone.Once, Segments: []tone.Segment{{Partials: []tone.Partial{{Hz: 425, DBm0: -10}}, Samples: 800}}}
	p.Start([]Part{{Tone: &beep}, {PCM: flat(9, 160)}})
	out := play(t, &p, 0)
	if len(out) != 960 || out[800] != 9 {
		t.Errorf("a beep of 100 ms and a frame are %d samples", len(out))
	}
	p.Start([]Part{{Tone: &beep, Millis: 200}, {PCM: flat(9, 160)}})
	if out = play(t, &p, 0); len(out) != 1760 || out[1600] != 9 || out[1200] != 0 {
		t.Errorf("a beep of 100 ms given 200 is %d samples", len(out)-160)
	}
}

func TestStopForgetsEverything(t *testing.T) {
	var p Player
	p.Start([]Part{{PCM: flat(1, 1000)}})
	p.Stop()
	var f pcm.Frame
	if p.Fill(&f, 0) || p.Playing() || !f.Silent() {
		t.Error("it plays on")
	}
}

func TestNothingIsAllocated(t *testing.T) {
	parts := []Part{{PCM: flat(1, 500)}, {Pause: 20}}
	var p Player
	var f pcm.Frame
	if n := testing.AllocsPerRun(100, func() {
		if !p.Playing() {
			p.Start(parts)
		}
		p.Fill(&f, 0)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
