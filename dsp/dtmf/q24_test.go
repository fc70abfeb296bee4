package dtmf

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
)

// Every row is a condition of Q.24 or of figures.md, with the share of 160 to
// 640 digits that must be heard and how many may be invented.
func TestQ24(t *testing.T) {
	with := func(f func(*shape)) shape { h := plain; f(&h); return h }
	long := shape{on: 100, off: 100, low: -13, high: -13}
	noise := func(snr float64) func(signal, *rng) signal {
		return func(s signal, r *rng) signal { return s.noise(-13+3-snr, r) }
	}
	hum := func(db float64, hz ...float64) func(signal, *rng) signal {
		return func(s signal, _ *rng) signal { return s.hum(-13+db, hz...) }
	}
	rows := []struct {
		name     string
		mode     Mode
		h        shape
		spoil    func(signal, *rng) signal
		min, max float64
		extra    int
	}{
		{"A.3 40 ms is taken", IVR, with(func(h *shape) { h.on = 40 }), nil, 100, 100, 0},
		{"A.3 23 ms is not", IVR, with(func(h *shape) { h.on = 23 }), nil, 0, 0, 0},
		{"A.2 +1.8 %", IVR, with(func(h *shape) { h.offLow, h.offHi = .018, .018 }), nil, 100, 100, 0},
		{"A.2 −1.8 %", IVR, with(func(h *shape) { h.offLow, h.offHi = -.018, -.018 }), nil, 100, 100, 0},
		{"A.2 low +3.5 %", IVR, with(func(h *shape) { h.offLow = .035 }), nil, 0, 0, 0},
		{"A.2 low −3.5 %", IVR, with(func(h *shape) { h.offLow = -.035 }), nil, 0, 0, 0},
		{"A.2 high +3.5 %", IVR, with(func(h *shape) { h.offHi = .035 }), nil, 0, 0, 0},
		{"A.2 high −3.5 %", IVR, with(func(h *shape) { h.offHi = -.035 }), nil, 0, 0, 0},
		{"A.5 twist 8 dB reverse", IVR, with(func(h *shape) { h.high -= 8 }), nil, 100, 100, 0},
		{"A.5 twist 8 dB normal", IVR, with(func(h *shape) { h.high += 8 }), nil, 100, 100, 0},
		{"A.5 strict: twist 8 dB reverse", Strict, with(func(h *shape) { h.high -= 8 }), nil, 0, 0, 0},
		{"A.5 strict: twist 4 dB reverse", Strict, with(func(h *shape) { h.high -= 4 }), nil, 100, 100, 0},
		{"A.5 strict: twist 8 dB normal", Strict, with(func(h *shape) { h.high += 8 }), nil, 100, 100, 0},
		{"A.4 0 dBm0", IVR, with(func(h *shape) { h.low, h.high = 0, 0 }), nil, 100, 100, 0},
		{"A.4 −45 dBm0", IVR, with(func(h *shape) { h.low, h.high = -45, -45 }), nil, 100, 100, 0},
		{"A.4 −55 dBm0", IVR, with(func(h *shape) { h.low, h.high = -55, -55 }), nil, 0, 0, 0},
		{"noise 4 dB below", IVR, plain, noise(4), 99, 100, 0},
		{"noise 10 dB below", IVR, plain, noise(10), 100, 100, 0},
		{"strict: noise 10 dB below", Strict, plain, noise(10), 99, 100, 0},
		{"dial tone 350+440 as loud", IVR, plain, hum(0, 350, 440), 100, 100, 0},
		{"dial tone 425 as loud", IVR, plain, hum(0, 425), 100, 100, 0},
		{"hum 50/150 as loud", IVR, plain, hum(0, 50, 150), 100, 100, 0},
		{"hum 60/180 as loud", IVR, plain, hum(0, 60, 180), 100, 100, 0},
		{"echo 5 ms at −10 dB", IVR, plain, echo, 100, 100, 0},
		{"impulses", IVR, plain, impulses, 99, 100, 0},
		{"speech 8 dB below", IVR, long, over(8), 98, 100, 1},
		{"dropout 10 ms", IVR, long, dropout(10), 100, 100, 0},
		{"dropout 15 ms", IVR, long, dropout(15), 100, 100, 0},
		{"dropout 20 ms", IVR, long, dropout(20), 100, 100, 0},
		{"strict: dropout 20 ms", Strict, long, dropout(20), 100, 100, 0},
		{"dropout 40 ms", IVR, shape{on: 160, off: 40, low: -13, high: -13}, dropout(40), 99, 100, 2},
		{"µ-law", IVR, plain, ulaw, 100, 100, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			hit, extra := trial(row.mode, 16, row.h, row.spoil)
			if hit < row.min || hit > row.max || extra > row.extra {
				t.Errorf("heard %.1f %% and %d too many, want %v to %v %% and at most %d", hit, extra, row.min, row.max, row.extra)
			}
		})
	}
}

func echo(s signal, _ *rng) signal {
	return s.add(append(make(signal, 40), s...), math.Pow(10, -0.5))
}

func impulses(s signal, r *rng) signal {
	for i := 0; i < len(s); i += 200 + int(r.next()*800) {
		s[i] += 4 * pcm.Peak(-13)
	}
	return s
}

func over(db float64) func(signal, *rng) signal {
	return func(s signal, r *rng) signal {
		return s.add(speech(float64(len(s))/pcm.Rate+0.1, r), math.Pow(10, (5-db)/20))
	}
}

// dropout silences ms milliseconds inside each tone of 100 ms.
func dropout(ms int) func(signal, *rng) signal {
	return func(s signal, r *rng) signal {
		for k := range len(allKeys) {
			at := 400 + k*1600 + 320 + int(r.next()*160)
			clear(s[at : at+8*ms])
		}
		return s
	}
}

// ulaw rounds as eight bits do: thirteen segments of sixteen steps.
func ulaw(s signal, _ *rng) signal {
	for i, v := range s {
		step := math.Exp2(math.Floor(math.Log2(math.Abs(v)/4+33)) - 4)
		s[i] = math.Round(v/4/step) * step * 4
	}
	return s
}

// Q.24 A.3, at every alignment to the frames: no tone of 23 ms, every one of 40 ms.
func TestQ24Shortest(t *testing.T) {
	r := rng(19)
	for lead := range 160 {
		for _, ms := range []float64{15, 20, 23, 40, 41.3} {
			key := allKeys[(lead+int(ms))%16]
			low, high, _ := Frequencies(key)
			s := append(make(signal, 800+lead), burst(ms, low, high, -13, -13, &r)...)
			want := ""
			if ms >= 40 {
				want = string(key)
			}
			if got := digitsOf(append(s, make(signal, 1600)...).detect(IVR)); got != want {
				t.Errorf("lead %d: heard %q in %q of %v ms, want %q", lead, got, key, ms, want)
			}
		}
	}
}

// Over speech a key is not broken in two: its tones never fell silent together.
func TestKeyOverVoiceIsOne(t *testing.T) {
	h := shape{on: 200, off: 100, low: -13, high: -13}
	if _, extra := trial(IVR, 8, h, over(3)); extra > 0 {
		t.Errorf("%d digits too many", extra)
	}
}

// Q.24 A.3: the same key twice, 20 ms apart, is two digits.
func TestQ24SameDigitGap(t *testing.T) {
	r := rng(77)
	hits, extra, total := 0, 0, 0
	for range 8 {
		for i := range allKeys {
			want := strings.Repeat(allKeys[i:i+1], 4)
			h := plain
			h.off = 20
			a, b := score(want, digitsOf(signal(nil).send(want, h, &r).detect(IVR)))
			hits, extra, total = hits+a, extra+b, total+4
		}
	}
	if float64(hits) < 0.98*float64(total) || extra > 0 {
		t.Errorf("heard %d of %d and %d too many", hits, total, extra)
	}
}

// A clear key is told 33 ms after its onset, with the rest of the frame; the times
// of beginning and end are right to 4 ms.
func TestReportedIn40ms(t *testing.T) {
	r := rng(3)
	for lead := 800; lead < 960; lead += 13 {
		s := append(make(signal, lead), burst(80, 770, 1336, -13, -13, &r)...)
		s = append(s, make(signal, 1600)...)
		var d Detector
		for i, f := range s.frames() {
			for _, e := range d.Process(&f, nil) {
				want := float64(lead) / 8
				if !e.Down {
					want += 80
				}
				if math.Abs(float64(e.At)-want) > 4 {
					t.Errorf("lead %d: %+v, want it at %.1f ms", lead, e, want)
				}
				if told := float64(i+1) * 20; e.Down && told > want+33+20 {
					t.Errorf("lead %d: told at %.0f ms, onset %.1f", lead, told, want)
				}
			}
		}
	}
}

func TestMeasuredLevelsAndOffsets(t *testing.T) {
	r := rng(8)
	s := append(make(signal, 400), burst(100, 770*1.01, 1336*0.99, -20, -16, &r)...)
	ev := append(s, make(signal, 800)...).detect(IVR)
	if len(ev) != 2 {
		t.Fatalf("events %+v", ev)
	}
	near := func(what string, got float32, want, by float64) {
		if math.Abs(float64(got)-want) > by {
			t.Errorf("%s is %.2f, want %.2f", what, got, want)
		}
	}
	for _, e := range ev {
		near("low level", e.Low, -20, 1)
		near("high level", e.High, -16, 1)
		near("low offset", e.OffLow, 7.7, 1)
		near("high offset", e.OffHi, -13.36, 1)
	}
}

// Talk-off: half an hour of buzzing synthetic speech, harder than a voice, invents
// no key, nor did 16 hours of recorded prompts at seven speeds but one.
func TestTalkOff(t *testing.T) {
	r := rng(11)
	s := speech(240, &r)
	if got := digitsOf(s.detect(IVR)); len(got) > 0 {
		t.Errorf("IVR heard %q in four minutes of speech", got)
	}
	if got := digitsOf(s.detect(Strict)); len(got) > 0 {
		t.Errorf("strict heard %q in four minutes of speech", got)
	}
	if got := digitsOf(signal(make(signal, 8000*60)).noise(-15, &r).detect(IVR)); got != "" {
		t.Errorf("heard %q in noise", got)
	}
}

func TestSingleTonesAreNoKeys(t *testing.T) {
	for hz := 300.; hz < 3400; hz += 25 {
		s := append(make(signal, 800), make(signal, 4000)...).hum(-10, hz)
		if got := digitsOf(s.detect(IVR)); got != "" {
			t.Errorf("heard %q in a tone of %v Hz", got, hz)
		}
	}
}

// The same frames give the same events, and Reset gives a new detector.
func TestResetAndRepeat(t *testing.T) {
	r := rng(21)
	frames := signal(nil).send("159", plain, &r).noise(-30, &r).frames()
	run := func(d *Detector) (out []Event) {
		for i := range frames {
			out = d.Process(&frames[i], out)
		}
		return out
	}
	d := Detector{Mode: Strict}
	first := run(&d)
	for range 7 {
		d.Process(&frames[20], nil)
	}
	if d.Reset(); d.Mode != Strict || !slices.Equal(run(&d), first) {
		t.Error("after Reset the detector hears differently")
	}
	if fmt.Sprint(digitsOf(first)) != "159" {
		t.Errorf("heard %q", digitsOf(first))
	}
}

func TestFullScaleGarbage(t *testing.T) {
	r := rng(5)
	var d Detector
	for range 500 {
		var f pcm.Frame
		for i := range f {
			f[i] = int16(65535*r.next() - 32768)
		}
		d.Process(&f, nil)
	}
	r2 := rng(6)
	var ev []Event
	for _, f := range signal(nil).send("5", plain, &r2).frames() {
		ev = d.Process(&f, ev)
	}
	if digitsOf(ev) != "5" {
		t.Errorf("after garbage it hears %q", digitsOf(ev))
	}
}

func BenchmarkSpeech(b *testing.B) {
	r := rng(3)
	frames := speech(10, &r).frames()
	bench(b, frames)
}

func BenchmarkSilence(b *testing.B) { bench(b, make([]pcm.Frame, 50)) }

func bench(b *testing.B, frames []pcm.Frame) {
	var d Detector
	out := make([]Event, 0, 16)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		out = d.Process(&frames[i%len(frames)], out[:0])
		i++
	}
}
