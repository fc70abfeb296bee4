package fax

import (
	"math"
	"slices"
	"testing"

	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/dsp/pcm"
)

// sound is a signal of one tone: on and off in seconds, once.
type sound struct {
	hz, dbm0  float64
	on, off   float64
	times     int
	am        float64 // depth of 15 Hz
	reversals bool    // each 450 ms
}

func (s sound) samples() (x []int16) {
	phase, am := 0.3, 0.0
	for range max(1, s.times) {
		for i := range int(s.on * pcm.Rate) {
			if s.reversals && i > 0 && i%3600 == 0 {
				phase += math.Pi
			}
			a := pcm.Peak(s.dbm0) * (1 + s.am*math.Sin(am))
			x = append(x, int16(math.Round(a*math.Sin(phase))))
			phase += 2 * math.Pi * s.hz / pcm.Rate
			am += 2 * math.Pi * 15 / pcm.Rate
		}
		x = append(x, make([]int16, int(s.off*pcm.Rate))...)
	}
	return x
}

// noisy adds noise at so many dBm0 and moves the beginning by shift samples.
func noisy(x []int16, dbm0 float64, shift int) []int16 {
	out := append(make([]int16, shift), x...)
	out = append(out, make([]int16, pcm.Rate/5-len(out)%pcm.FrameLen)...)
	n := noise.New(dbm0, uint64(shift)+7)
	for at := 0; at+pcm.FrameLen <= len(out); at += pcm.FrameLen {
		n.Add((*pcm.Frame)(out[at:]))
	}
	return out
}

func hear(x []int16) []Event {
	var d Detector
	return d.Process(x, nil)
}

func kinds(ev []Event) (k []Kind) {
	for _, e := range ev {
		k = append(k, e.Kind)
	}
	return k
}

func TestT30_4_1_1_CNGWithinItsTolerances(t *testing.T) {
	for _, hz := range []float64{1062, 1080, 1100, 1120, 1138} {
		for _, on := range []float64{0.425, 0.5, 0.575} {
			for _, level := range []float64{0, -15, -30, -43} {
				for _, shift := range []int{0, 61} {
					s := sound{hz: hz, dbm0: level, on: on, off: 0.2, times: 1}
					ev := hear(noisy(s.samples(), level-10, shift))
					if len(ev) != 1 || ev[0].Kind != CNG || math.Abs(ev[0].Hz-hz) > 3 || math.Abs(ev[0].Level-level) > 0.7 ||
						math.Abs(float64(ev[0].Ms)-on*1000) > 20 || ev[0].At > 20 {
						t.Errorf("%v Hz for %v s at %v dBm0, shifted %d: %+v", hz, on, level, shift, ev)
					}
				}
			}
		}
	}
}

func TestCNGAndAnswerToneInNoise(t *testing.T) {
	missed := 0
	for shift := range 40 {
		cng := hear(noisy(sound{hz: 1075, dbm0: -25, on: 0.5, off: 1}.samples(), -29, shift))
		ans := hear(noisy(sound{hz: 2100, dbm0: -25, on: 2, am: 0.2}.samples(), -29, shift))
		if len(cng) != 1 || len(ans) != 1 || ans[0].Kind != ANSam {
			missed++
		}
	}
	if missed > 0 {
		t.Errorf("%d of 40 are missed at 4 dB over noise", missed)
	}
}

func TestT30_4_1_1_CadenceIsCounted(t *testing.T) {
	for _, scale := range []float64{0.86, 1, 1.14} {
		ev := hear(sound{hz: 1100, dbm0: -20, on: 0.5, off: 3 * scale, times: 4}.samples())
		if len(ev) != 4 || ev[3].Count != 4 {
			t.Errorf("pauses of %v s: %+v", 3*scale, ev)
		}
	}
	ev := hear(sound{hz: 1100, dbm0: -20, on: 0.5, off: 1.5, times: 3}.samples())
	if len(ev) != 3 || ev[2].Count != 1 {
		t.Errorf("pauses of 1.5 s: %+v", ev)
	}
}

func TestT30_4_1_1_WhatIsNotCNG(t *testing.T) {
	for _, s := range []sound{
		{hz: 1004, on: 0.5}, {hz: 1040, on: 0.5}, {hz: 1160, on: 0.5}, {hz: 1209, on: 0.5}, // off frequency
		{hz: 1100, on: 0.3}, {hz: 1100, on: 0.37}, {hz: 1100, on: 0.63}, {hz: 1100, on: 1}, {hz: 1100, on: 5}, // off length
		{hz: 1100, on: 0.5, am: 0.7}, // warbles
	} {
		s.dbm0, s.off = -15, 1
		if ev := hear(noisy(s.samples(), -50, 13)); len(ev) > 0 {
			t.Errorf("%+v is told as %+v", s, ev)
		}
	}
	two := sound{hz: 1100, dbm0: -15, on: 0.5, off: 1}.samples()
	for i, v := range (sound{hz: 1477, dbm0: -15, on: 0.5, off: 1}).samples() {
		two[i] += v
	}
	if ev := hear(two); len(ev) > 0 {
		t.Errorf("two tones: %+v", ev)
	}
}

func TestV25_V8_AnswerTonesAreToldApart(t *testing.T) {
	for _, c := range []struct {
		s    sound
		want []Kind
	}{
		{sound{}, []Kind{ANS}},
		{sound{reversals: true}, []Kind{ANS, ANSReversed}},
		{sound{am: 0.2}, []Kind{ANSam}},
		{sound{am: 0.2, reversals: true}, []Kind{ANSam, ANSamReversed}},
	} {
		for _, hz := range []float64{2085, 2100, 2115} {
			for _, level := range []float64{0, -12, -40} {
				for _, shift := range []int{0, 33} {
					c.s.hz, c.s.dbm0, c.s.on = hz, level, 3.3
					ev := hear(noisy(c.s.samples(), level-12, shift))
					if !slices.Equal(kinds(ev), c.want) || math.Abs(ev[0].Hz-hz) > 2 || ev[0].Ms > 540 {
						t.Errorf("%+v, shifted %d: %+v", c.s, shift, ev)
					}
				}
			}
		}
	}
	for _, s := range []sound{{hz: 2100, on: 0.4}, {hz: 2055, on: 3}, {hz: 2145, on: 3}, {hz: 2130, on: 0.1, off: 0.1, times: 20}} {
		s.dbm0 = -12
		if ev := hear(s.samples()); len(ev) > 0 {
			t.Errorf("%+v is told as %+v", s, ev)
		}
	}
}

func TestKeysProgressTonesVoiceAndNoiseAreNotFax(t *testing.T) {
	listen := func(name string, x []int16) {
		if ev := hear(x); len(ev) > 0 {
			t.Errorf("%s: %+v", name, ev)
		}
	}
	for _, low := range []float64{697, 770, 852, 941} {
		for _, high := range []float64{1209, 1336, 1477, 1633} {
			listen("key", both(low, high, 0.5))
		}
	}
	for _, t := range [][2]float64{{425, 0}, {440, 480}, {480, 620}, {350, 440}, {350, 450}, {400, 450}, {950, 0}, {1004, 0},
		{1400, 0}, {1800, 0}, {2130, 2750}, {1400, 2060}, {2450, 2600}} { // E.180, E.182, howler, CAS
		for _, on := range []float64{0.2, 0.33, 0.5, 1, 3} {
			listen("progress tone", both(t[0], t[1], on))
		}
	}
	var x []int16
	for seed := range 5 {
		x = append(x, voice(8000*5, uint32(seed))...)
	}
	listen("voice", x)
	listen("noise", noisy(make([]int16, 8000*10), -20, 0))
}

// both is two tones, three times on and off.
func both(a, b, on float64) []int16 {
	x := sound{hz: a, dbm0: -8, on: on, off: on, times: 3}.samples()
	if b > 0 {
		for i, v := range (sound{hz: b, dbm0: -8, on: on, off: on, times: 3}).samples() {
			x[i] += v
		}
	}
	return x
}

// voice is syllables of a pitch that glides, through two formants that move.
func voice(n int, seed uint32) []int16 {
	out := make([]int16, n)
	var phase, f1, f2, pitch, loud float64
	var a, b [2]float64
	random := func() float64 {
		seed = seed*1664525 + 1013904223
		return float64(seed>>8) / (1 << 24)
	}
	for i := range out {
		if i%1600 == 0 {
			f1, f2, pitch = 300+500*random(), 900+1500*random(), 90+200*random()
		}
		loud = math.Abs(math.Sin(math.Pi * float64(i) / 1600))
		pitch *= 1 - 0.00003
		x := 0.0
		if phase += pitch / 8000; phase >= 1 {
			phase--
			x = 1
		}
		resonate(&a, x+0.005*random(), f1, 60)
		resonate(&b, x, f2, 90)
		out[i] = int16(3000 * loud * (a[0] + 0.5*b[0]))
	}
	return out
}

func resonate(y *[2]float64, x, hz, width float64) {
	r := math.Exp(-math.Pi * width / 8000)
	v := x*(1-r) + 2*r*math.Cos(2*math.Pi*hz/8000)*y[0] - r*r*y[1]
	y[1], y[0] = y[0], v
}

func TestAnyPiecesGiveTheSameEvents(t *testing.T) {
	x := append(sound{hz: 1090, dbm0: -20, on: 0.5, off: 3, times: 2}.samples(),
		sound{hz: 2100, dbm0: -20, on: 2, am: 0.2, reversals: true}.samples()...)
	want := hear(x)
	if len(want) != 4 {
		t.Fatalf("%+v", want)
	}
	for _, n := range []int{1, 7, 80, 160, 1000} {
		var d Detector
		var got []Event
		for piece := range slices.Chunk(x, n) {
			got = d.Process(piece, got)
		}
		if !slices.Equal(got, want) {
			t.Errorf("pieces of %d: %+v, want %+v", n, got, want)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	x := sound{hz: 1100, dbm0: -20, on: 0.5, off: 0.1}.samples()
	var d Detector
	out := make([]Event, 0, 8)
	if n := testing.AllocsPerRun(20, func() { out = d.Process(x, out[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkProcess(b *testing.B) {
	x := voice(8000, 1)
	var d Detector
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		at := i % 50 * 160
		d.Process(x[at:at+160], nil)
	}
}

// Whatever is heard, however loud, nothing breaks and nothing is believed.
func TestExtremesAreEndured(t *testing.T) {
	for name, wave := range map[string]func(i int) int16{
		"silence":       func(int) int16 { return 0 },
		"constant":      func(int) int16 { return 32767 },
		"square":        func(i int) int16 { return int16(65535*(i/3%2) - 32768) },
		"fastest":       func(i int) int16 { return int16(65535*(i%2) - 32768) },
		"single pulses": func(i int) int16 { return int16(32767 * (1 - min(1, i%400))) },
		"random":        func(i int) int16 { return int16(uint32(i*i+7) * 2654435761 >> 16) },
	} {
		x := make([]int16, 40000)
		for i := range x {
			x[i] = wave(i)
		}
		if ev := hear(x); len(ev) > 0 {
			t.Errorf("%s: %+v", name, ev)
		}
	}
}
