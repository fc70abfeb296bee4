package media_test

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	dsptone "github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/media/player"
	"github.com/centralita/centralita/firmware/tel"
)

// scene is what a line says, one thing after the other.
type scene struct {
	ticks int
	what  string // a signal as package plan writes it, "voice", "keys …", or nothing
}

// talk is a voice: harmonics of 120 Hz in syllables of 250 ms.
func talk(n int, f *pcm.Frame) {
	for i := range f {
		at := float64(n*pcm.FrameLen+i) / pcm.Rate
		v := 0.0
		for h := 2; h < 9; h++ {
			v += math.Sin(2*math.Pi*120*float64(h)*at+float64(h*h)) / float64(h)
		}
		f[i] = int16(5000 * v * math.Pow(math.Sin(4*math.Pi*at), 2))
	}
}

// perform returns what a line says.
func perform(t *testing.T, scenes ...scene) func(tick int, f *pcm.Frame) {
	t.Helper()
	var line [][pcm.FrameLen]int16
	for _, s := range scenes {
		var play dsptone.Player
		switch {
		case s.what == "" || s.what == "voice":
		case s.what[:4] == "keys":
			spec, err := dtmf.Spec(s.what[5:], dtmf.Sending{OnMs: 80, OffMs: 80, Low: -12, High: -9})
			if err != nil {
				t.Fatal(err)
			}
			play.Start(spec)
		default:
			signal, err := plan.ParseSignal(s.what)
			if err != nil {
				t.Fatal(err)
			}
			play.Start(signal.Spec())
		}
		for n := range s.ticks {
			var f pcm.Frame
			if play.Playing() {
				play.Fill(&f)
			}
			if s.what == "voice" {
				talk(n, &f)
			}
			line = append(line, f)
		}
	}
	return func(tick int, f *pcm.Frame) {
		if tick < len(line) {
			*f = line[tick]
		}
	}
}

// hearLine returns what an engine tells of a line that says the scenes, by ES.
func hearLine(t *testing.T, learned string, scenes ...scene) (told []media.Event, stats media.Stats) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		p := country(t, learned)
		ticks := 0
		for _, s := range scenes {
			ticks += s.ticks
		}
		if err := b.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: &loop{say: perform(t, scenes...)}, DTMF: true, Progress: p}); err != nil {
			t.Fatal(err)
		}
		pass(time.Duration(ticks+50) * 20 * time.Millisecond)
		told = b.told()
		stats, _ = b.Stats(1)
		b.end(t)
	})
	return told, stats
}

// country is the plan of Spain, and what a line taught.
func country(t *testing.T, learned string) *plan.Plan {
	t.Helper()
	p, ok := plan.For("ES")
	if !ok {
		t.Fatal("no plan of Spain")
	}
	if learned != "" {
		s, err := plan.ParseSignal(learned)
		if err != nil {
			t.Fatal(err)
		}
		p.Signals[plan.Disconnect] = s
	}
	return &p
}

func only(told []media.Event, kinds ...media.Kind) []media.Event {
	return slices.DeleteFunc(slices.Clone(told), func(e media.Event) bool { return !slices.Contains(kinds, e.Kind) })
}

func TestAToneThatThePlanDoesNotKnowIsToldAsItsPeriodsGrow(t *testing.T) {
	told, _ := hearLine(t, "", scene{50, ""}, scene{400, "600@-14 300/400"})
	strange := only(told, media.Strange)
	if len(strange) < 5 || strange[0].Periods != 2 {
		t.Fatalf("told %v", told)
	}
	for i, e := range strange {
		s, err := plan.ParseSignal(e.Signal)
		if err != nil || len(s.OnOff) != 2 || math.Abs(s.Hz[0]-600) > 5 || e.Evidence == "" || e.Sure < 0.5 {
			t.Errorf("told %+v: %v", e, err)
		}
		if i > 0 && e.Periods <= strange[i-1].Periods {
			t.Errorf("told %v after %v", e, strange[i-1])
		}
	}
	if tones := only(told, media.Tone); len(tones) != 0 {
		t.Errorf("told as known: %v", tones)
	}
}

func TestAStrangeContinuousToneIsToldOnce(t *testing.T) {
	told, _ := hearLine(t, "", scene{50, ""}, scene{500, "800@-14"})
	if s := only(told, media.Strange); len(s) != 1 || s[0].Periods != 1 {
		t.Errorf("told %v", told)
	}
}

func TestWhatOthersKnowIsNotStrange(t *testing.T) {
	es := country(t, "")
	for _, what := range []string{
		es.Signal(plan.Dial).String(), es.Signal(plan.Busy).String(), es.Signal(plan.Congestion).String(), es.Signal(plan.Ringback).String(),
		"1100@-14 500/3000", "2100@-14", "voice", "keys 5", "770+1336@-12 200/200",
	} {
		told, _ := hearLine(t, "", scene{30, ""}, scene{800, what})
		if s := only(told, media.Strange); len(s) != 0 {
			t.Errorf("%s is strange: %v", what, s)
		}
	}
}

func TestALearnedSignalIsKnownFromThenOn(t *testing.T) {
	told, _ := hearLine(t, "600@-14 300/400", scene{50, ""}, scene{400, "600@-14 300/400"}, scene{100, ""})
	if s := only(told, media.Strange); len(s) != 0 {
		t.Errorf("still strange: %v", s)
	}
	if s := only(told, media.Tone); len(s) != 2 || s[0].Tone != plan.Disconnect || !s[1].Ended {
		t.Errorf("told %v, want disconnect and its end", told)
	}
}

func TestAFaxIsToldOnceEachWay(t *testing.T) {
	told, _ := hearLine(t, "", scene{50, ""}, scene{600, "1100@-14 500/3000"}, scene{150, "2100@-14"})
	if s := only(told, media.Fax); len(s) != 2 || !s[0].Calling || s[1].Calling {
		t.Errorf("told %v", told)
	}
}

// Only changes of who speaks are told, with a hangover of 300 ms; the levels are
// those of voices, the twist that of keys.
func TestVoiceBothWaysAndWhatWasMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		line := &loop{say: perform(t, scene{100, ""}, scene{200, "voice"}, scene{100, ""}, scene{100, "keys 123456"})}
		if err := b.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: line, DTMF: true, Progress: country(t, "")}); err != nil {
			t.Fatal(err)
		}
		speech := make([]int16, 0, 50*pcm.FrameLen)
		for n := range 50 {
			var f pcm.Frame
			talk(n, &f)
			speech = append(speech, f[:]...)
		}
		pass(1 * time.Second)
		b.Play(1, media.Play{ID: 1, Parts: []player.Part{{PCM: speech}}})
		pass(9*time.Second + 100*time.Millisecond)
		type change struct{ far, near, speech bool }
		var got []change
		var at []time.Duration
		for i, e := range b.told() {
			if e.Kind == media.Voice {
				got, at = append(got, change{e.Far, e.Near, e.Speech}), append(at, b.after(i).Round(time.Millisecond))
			}
		}
		want := []change{{false, true, false}, {true, true, false}, {true, false, false}, {true, false, true}, {}}
		if len(got) < len(want) || !slices.Equal(got[:len(want)], want) || slices.ContainsFunc(got[len(want):], func(c change) bool { return c.speech }) {
			t.Fatalf("told %v at %v", got, at)
		}
		for i, due := range []time.Duration{1000, 2000, 2300, 2620, 6300} {
			if off := at[i] - due*time.Millisecond; off < 0 || off > 200*time.Millisecond {
				t.Errorf("%v is told after %v, want %v ms", got[i], at[i], int(due))
			}
		}
		s, _ := b.Stats(1)
		if own := pcm.Level(speech); math.Abs(s.LevelOut-own) > 2 || math.Abs(s.LevelIn-own) > 2 {
			t.Errorf("levels %.1f in, %.1f out, said was %.1f dBm0", s.LevelIn, s.LevelOut, own)
		}
		if math.Abs(s.Twist-3) > 0.5 {
			t.Errorf("twist %.1f dB, sent was 3", s.Twist)
		}
		b.end(t)
	})
}

// No signal of the exchange is taken for speech, however long it sounds before
// it is told; a voice behind it is.
func TestSignalsAreNoSpeech(t *testing.T) {
	for _, c := range []struct{ land, signal string }{
		{"ES", "425@-10 1500/3000"}, {"ES", "425@-10 200/200"}, {"ES", "425@-25"}, {"US", "440+480@-19 2000/4000"}, {"US", "350+440@-13"},
		{"GB", "400+450@-15 400/200/400/2000"}, {"FR", "440@-10 500/500"},
	} {
		t.Run(c.land+" "+c.signal, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, 1)
				line := &loop{say: perform(t, scene{20, ""}, scene{500, c.signal}, scene{50, ""}, scene{100, "voice"})}
				own, ok := plan.For(c.land)
				if !ok {
					t.Fatal("no plan of " + c.land)
				}
				if err := b.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: line, Progress: &own}); err != nil {
					t.Fatal(err)
				}
				pass(14 * time.Second)
				var at []time.Duration
				for i, e := range b.told() {
					if e.Kind == media.Voice && e.Speech {
						at = append(at, b.after(i).Round(time.Millisecond))
					}
				}
				if len(at) != 1 || at[0] < 11400*time.Millisecond || at[0] > 12500*time.Millisecond {
					t.Errorf("speech at %v, the voice begins at 11.4 s", at)
				}
				b.end(t)
			})
		})
	}
}

// From the moment on at which busy or dial tone is recognised nobody in the room
// has it in the ear; ringback and a voice are heard, and a telephone's tones too.
func TestTonesOfTheExchangeAreKeptFromTheRoom(t *testing.T) {
	es := country(t, "")
	for _, c := range []struct {
		signal plan.Kind
		hushed bool
	}{{plan.Busy, true}, {plan.Dial, true}, {plan.Congestion, true}, {plan.Ringback, false}} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 1)
			signal := es.Signal(c.signal)
			line := &loop{say: perform(t, scene{50, "voice"}, scene{300, signal.String()}, scene{100, ""}, scene{100, "voice"})}
			agent := &loop{}
			if err := b.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: line, DTMF: true, Progress: es}); err != nil {
				t.Fatal(err)
			}
			if err := b.Attach(media.Leg{ID: 2, Call: "1-1", Endpoint: agent}); err != nil {
				t.Fatal(err)
			}
			b.Join(1, "1-1")
			b.Join(2, "1-1")
			pass(12 * time.Second)
			var told time.Duration
			for i, e := range b.told() {
				if e.Kind == media.Tone && e.Tone == c.signal && told == 0 {
					told = b.after(i)
				}
			}
			if told == 0 {
				t.Fatalf("%s is not heard: %v", c.signal, b.told())
			}
			heard := agent.sound()
			from := int(told.Milliseconds()) * 8
			tone := level(heard[from:7*pcm.Rate], signal.Hz[0])
			if c.hushed && tone > 20 || !c.hushed && tone < 200 {
				t.Errorf("%s, told after %v: the agent hears it at %.0f", c.signal, told, tone)
			}
			if c.hushed && pcm.Level(heard[from:7*pcm.Rate]) < -75 {
				t.Errorf("%s: the agent hears dead silence", c.signal)
			}
			if back := pcm.Level(heard[len(heard)-12000 : len(heard)-8000]); back < -30 {
				t.Errorf("%s: the voice after it is heard at %.0f dBm0", c.signal, back)
			}
			b.end(t)
		})
	}
}

func TestALineAllocatesNothingWhileNoToneIsHeard(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates by itself: go test without -race runs this")
	}
	e := media.New(media.Config{Shards: 1})
	for id := range tel.LegID(4) {
		line := &parrot{say: perform(t, scene{500, "voice"}, scene{100, ""})}
		if err := e.Attach(media.Leg{ID: id + 1, Call: "1-1", Endpoint: line, DTMF: true, Progress: country(t, "")}); err != nil {
			t.Fatal(err)
		}
		e.Join(id+1, tel.CallID(rune('a'+id/2)))
	}
	if n := testing.AllocsPerRun(1, func() {
		for range 600 {
			e.Tick()
		}
	}); n != 0 {
		t.Errorf("%v allocations in 600 ticks", n)
	}
}

// parrot says the same over and over and keeps nothing.
type parrot struct {
	say func(int, *pcm.Frame)
	n   int
}

func (p *parrot) Read(f *pcm.Frame) bool { p.say(p.n%600, f); p.n++; return true }
func (*parrot) Write(*pcm.Frame)         {}
func (*parrot) Stats() media.Stats       { return media.Stats{} }
func (*parrot) Close() error             { return nil }

// BenchmarkLine is a tick of one line of the exchange beside that of a telephone.
func BenchmarkLine(b *testing.B) {
	es, _ := plan.For("ES")
	for _, c := range []struct {
		name string
		plan *plan.Plan
	}{{"telephone", nil}, {"line", &es}} {
		b.Run(c.name, func(b *testing.B) {
			e := media.New(media.Config{Shards: 1})
			line := &parrot{say: func(n int, f *pcm.Frame) { talk(n, f) }}
			var frames [600]pcm.Frame
			for n := range frames {
				talk(n, &frames[n])
			}
			line.say = func(n int, f *pcm.Frame) { *f = frames[n] }
			if err := e.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: line, DTMF: true, Progress: c.plan}); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				e.Tick()
			}
		})
	}
}

// dialling is a wire that sends keys by itself.
type dialling struct {
	loop
	dialled []tel.Digit
}

func (d *dialling) Dial(k tel.Digit, on, off int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dialled = append(d.dialled, k)
	if on != 5 || off != 5 {
		d.dialled = append(d.dialled, '?')
	}
}

func TestAWireThatSendsKeysByItselfIsNotSentTones(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		line := &dialling{}
		if err := b.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: line}); err != nil {
			t.Fatal(err)
		}
		b.SendDigits(1, 9, "1,12x")
		pass(5 * time.Second)
		line.mu.Lock()
		defer line.mu.Unlock()
		if string(line.dialled) != "112" || pcm.Level(line.heard) > pcm.Floor {
			t.Errorf("dialled %q, and %.0f dBm0 were sent", line.dialled, pcm.Level(line.heard))
		}
		if e := b.told(); len(e) != 1 || e[0].Kind != media.PlayDone || b.after(0) < 1600*time.Millisecond {
			t.Errorf("told %v", e)
		}
		b.end(t)
	})
}
