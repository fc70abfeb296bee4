package amd

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/dsp/pcm"
)

// part is a stretch of a call: voice, a tone (Hz) or silence, in milliseconds.
type part struct {
	ms int
	hz float64 // 0: silence, 1: voice
}

const talk = 1

// call makes the audio of parts at −15 dBm0 over a line with noise at −55.
func call(parts ...part) (x []int16) {
	seed := uint32(1)
	for _, p := range parts {
		n := p.ms * 8
		for i := range n {
			v := 0.0
			switch {
			case p.hz == talk: // a buzz of a pitch that wanders, syllables of 200 ms
				seed = seed*1664525 + 1013904223
				t := float64(i) / pcm.Rate
				loud := 0.4 + 0.6*math.Abs(math.Sin(math.Pi*t/0.2))
				for k := 1.0; k < 12; k++ {
					v += math.Sin(2*math.Pi*k*(120*t+3*math.Sin(5*t))) / (1 + math.Abs(k-4))
				}
				v = (v*0.5 + float64(int32(seed))/(1<<33)) * loud * pcm.Peak(-15)
			case p.hz > 0:
				v = pcm.Peak(-15) * math.Sin(2*math.Pi*p.hz*float64(i)/pcm.Rate)
			}
			x = append(x, int16(v))
		}
	}
	n := noise.New(-55, 3)
	for at := 0; at+pcm.FrameLen <= len(x); at += pcm.FrameLen {
		n.Add((*pcm.Frame)(x[at:]))
	}
	return x
}

func hear(cfg Config, parts ...part) []Event {
	d := New(cfg)
	return d.Process(call(parts...), nil)
}

// The rules with their usual values: research acd-ivr.md B2.
func TestB2Rules(t *testing.T) {
	silence := func(ms int) part { return part{ms, 0} }
	voice := func(ms int) part { return part{ms, talk} }
	for name, c := range map[string]struct {
		cfg   Config
		parts []part
		kind  Kind
		cause Cause
		at    int64 // decided, ±60 ms
	}{
		"a word and silence":              {Config{}, []part{silence(400), voice(500), silence(3000)}, Person, ShortGreeting, 1700},
		"two words and silence":           {Config{}, []part{silence(400), voice(500), silence(300), voice(500), silence(3000)}, Person, ShortGreeting, 2500},
		"talks on":                        {Config{}, []part{silence(400), voice(6000)}, Machine, LongGreeting, 2210},
		"talks on, asked for 1500":        {Config{Greeting: 1500}, []part{silence(400), voice(6000)}, Machine, LongGreeting, 1910},
		"pauses of a text do not matter":  {Config{}, []part{silence(400), voice(900), silence(500), voice(3000)}, Machine, LongGreeting, 2210},
		"nobody speaks":                   {Config{}, []part{silence(6000)}, Machine, NoVoice, 2500},
		"a click is no word":              {Config{}, []part{silence(400), voice(40), silence(5000)}, Machine, NoVoice, 2500},
		"three words where two are meant": {Config{Words: 2}, []part{voice(300), silence(200), voice(300), silence(200), voice(300), silence(900)}, Machine, ManyWords, 1100},
		"words far apart":                 {Config{Silence: 1500, Greeting: 9000}, []part{voice(300), silence(1200), voice(300), silence(1200), voice(300), silence(1200), voice(300), silence(1200)}, Machine, NoEnd, 5000},
	} {
		ev := hear(c.cfg, c.parts...)
		if len(ev) != 1 || ev[0].Kind != c.kind || ev[0].Cause != c.cause || ev[0].At < c.at-60 || ev[0].At > c.at+60 {
			t.Errorf("%s: %v (%+v), want %v by %v at %d", name, ev, ev, c.kind, c.cause, c.at)
		}
	}
}

func TestBeeps(t *testing.T) {
	for _, hz := range []float64{400, 440, 850, 1000, 1400, 2000} {
		for _, ms := range []int{210, 500, 1500} {
			ev := hear(Config{}, part{300, 0}, part{2500, talk}, part{300, 0}, part{ms, hz}, part{1000, 0})
			if len(ev) != 2 || ev[1].Kind != Beep || math.Abs(ev[1].Hz-hz) > 5 || math.Abs(ev[1].Level+15) > 1 ||
				math.Abs(float64(ev[1].Greeting)-float64(ms)) > 25 || ev[1].At-int64(3100+ms) > 60 {
				t.Errorf("%v Hz, %d ms: %+v", hz, ms, ev)
			}
		}
	}
	short := hear(Config{}, part{300, 0}, part{600, talk}, part{100, 0}, part{400, 900}, part{1000, 0})
	if len(short) != 2 || short[0].Kind != Machine || short[0].Cause != Tone {
		t.Errorf("a beep after a short word: %v", short)
	}
	for name, p := range map[string]part{"too low": {500, 300}, "too high": {500, 2200}, "too short": {150, 900}, "without end": {4500, 425}} {
		for _, e := range hear(Config{}, part{300, 0}, part{2500, talk}, part{300, 0}, p, part{500, 0}) {
			if e.Kind == Beep {
				t.Errorf("%s: %v", name, e)
			}
		}
	}
	two := call(part{300, 0}, part{2500, talk}, part{100, 0}, part{500, 697}, part{500, 0})
	for i, v := range call(part{2900, 0}, part{500, 1209}, part{500, 0}) {
		two[i] += v
	}
	d := New(Config{})
	if ev := d.Process(two, nil); len(ev) != 1 {
		t.Errorf("a key is told as %v", ev)
	}
	if ev := hear(Config{}, part{300, 0}, part{900, 1000}, part{4000, 0}); slices.ContainsFunc(ev, func(e Event) bool { return e.Kind == Beep }) {
		t.Errorf("a tone before any voice: %v", ev)
	}
}

func TestAnyPiecesGiveTheSameEvents(t *testing.T) {
	x := call(part{333, 0}, part{2777, talk}, part{321, 0}, part{543, 987}, part{700, 0})
	d := New(Config{})
	want := d.Process(x, nil)
	if len(want) != 2 {
		t.Fatal(want)
	}
	for _, n := range []int{1, 13, 80, 160, 999} {
		d := New(Config{})
		var got []Event
		for piece := range slices.Chunk(x, n) {
			got = d.Process(piece, got)
		}
		if !slices.Equal(got, want) {
			t.Errorf("pieces of %d: %v, want %v", n, got, want)
		}
	}
	if s := want[0].String(); !strings.Contains(s, "machine: long greeting") {
		t.Error(s)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	x := call(part{300, 0}, part{2500, talk}, part{300, 0}, part{500, 900}, part{500, 0})
	out := make([]Event, 0, 8)
	if n := testing.AllocsPerRun(5, func() {
		d := New(Config{})
		for piece := range slices.Chunk(x, 160) {
			out = d.Process(piece, out[:0])
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFrame(b *testing.B) {
	x := call(part{2000, talk})
	d := New(Config{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		at := i % 100 * 160
		d.Process(x[at:at+160], nil)
	}
}

// Whatever is heard, however loud: one decision, no beep.
func TestExtremesAreEndured(t *testing.T) {
	for name, wave := range map[string]func(i int) int16{
		"silence":       func(int) int16 { return 0 },
		"constant":      func(int) int16 { return 32767 },
		"fastest":       func(i int) int16 { return int16(65535*(i%2) - 32768) },
		"single pulses": func(i int) int16 { return int16(32767 * (1 - min(1, i%400))) },
		"random":        func(i int) int16 { return int16(uint32(i*i+7) * 2654435761 >> 16) },
	} {
		x := make([]int16, 80000)
		for i := range x {
			x[i] = wave(i)
		}
		d := New(Config{})
		if ev := d.Process(x, nil); len(ev) != 1 || ev[0].Kind != Machine || !d.Decided() {
			t.Errorf("%s: %v", name, ev)
		}
	}
}
