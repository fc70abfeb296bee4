package progress

import (
	"fmt"
	"slices"
	"testing"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

var kinds = []plan.Kind{plan.Dial, plan.Ringback, plan.Busy, plan.Congestion}

// same tells kinds that the plan gives one and the same cadence.
func same(p plan.Plan, a, b plan.Kind) bool {
	return a == b || slices.Equal(p.Signal(a).OnOff, p.Signal(b).OnOff) && slices.Equal(p.Signal(a).Hz, p.Signal(b).Hz)
}

// check plays every signal of every country so bent and counts those told right.
func check(t *testing.T, name string, b bend) (right, total int) {
	r := rng(0x12345)
	for _, c := range plan.Countries() {
		p, _ := plan.For(c)
		for _, k := range kinds {
			total++
			ev := listenTo(New(p), render(p.Signal(k), b, 12500, &r))
			ok := len(ev) == 1 && same(p, ev[0].Kind, k) && !ev[0].Ended
			if ok {
				right++
			} else {
				t.Logf("%s: %s %v: %v", name, c, k, ev)
			}
		}
	}
	return right, total
}

// E.180: every signal of every plan is told apart at the right level, bent in
// cadence and frequency, faint, and in noise.
func TestE180EverySignal(t *testing.T) {
	with := func(f func(*bend)) bend { b := right; f(&b); return b }
	for name, b := range map[string]bend{
		"nominal":        right,
		"cadence +8 %":   with(func(b *bend) { b.cadence = 1.08 }),
		"cadence -8 %":   with(func(b *bend) { b.cadence = 0.92 }),
		"frequency +3 %": with(func(b *bend) { b.freq = 1.03 }),
		"frequency +2 %": with(func(b *bend) { b.freq = 1.02 }),
		"frequency -3 %": with(func(b *bend) { b.freq = 0.97 }),
		"-35 dBm0":       with(func(b *bend) { b.level = -35 }),
		"0 dBm0":         with(func(b *bend) { b.level = -3 }),
		"SNR 20":         with(func(b *bend) { b.snr = 20 }),
		"SNR 10":         with(func(b *bend) { b.snr = 10 }),
		"SNR 6":          with(func(b *bend) { b.snr = 6 }),
		"begun anywhere": with(func(b *bend) { b.lead = 437; b.cadence = 1.08; b.freq = 0.97 }),
		"from the start": with(func(b *bend) { b.lead = 0 }),
	} {
		t.Run(name, func(t *testing.T) {
			if ok, total := check(t, name, b); ok < total {
				t.Errorf("%d of %d right", ok, total)
			}
		})
	}
}

func TestTimeToDecide(t *testing.T) {
	r := rng(1)
	for _, row := range []struct {
		country string
		kind    plan.Kind
		await   bool
		most    int64 // ms after the onset
	}{
		{"ES", plan.Dial, true, 1000}, {"US", plan.Dial, false, 1000}, {"DE", plan.Dial, true, 1000},
		{"ES", plan.Busy, false, 1300}, // congestion begins alike for 1.2 s
		{"DE", plan.Busy, false, 2*960 + 200}, {"US", plan.Busy, false, 2200}, {"CL", plan.Busy, false, 2200},
		{"US", plan.Congestion, false, 1200}, {"CL", plan.Congestion, false, 1000}, {"ES", plan.Congestion, false, 2000},
		{"ES", plan.Ringback, false, 2900}, {"US", plan.Ringback, false, 3400}, {"GB", plan.Ringback, false, 2400},
	} {
		p, _ := plan.For(row.country)
		d := New(p)
		d.AwaitDial = row.await
		ev := listenTo(d, render(p.Signal(row.kind), right, 6000, &r))
		if len(ev) == 0 || ev[0].Kind != row.kind || ev[0].At-int64(right.lead) > row.most {
			t.Errorf("%s %v: %v at %+v, want it within %d ms", row.country, row.kind, ev, ev, row.most)
		}
	}
}

func TestEvidence(t *testing.T) {
	r := rng(1)
	es, _ := plan.For("ES")
	ev := listenTo(New(es), render(es.Signal(plan.Busy), right, 3000, &r))
	if len(ev) != 1 {
		t.Fatal(ev)
	}
	e := ev[0]
	if e.Hz != [4]int{425} || e.On < 180 || e.On > 220 || e.Off < 180 || e.Off > 220 || e.Level < -16 || e.Level > -14 {
		t.Errorf("%+v", e)
	}
	e.On, e.Off = 200, 200
	if got := e.String(); got != "busy tone 425 Hz 200/200" {
		t.Error(got)
	}
	us, _ := plan.For("US")
	ev = listenTo(New(us), render(us.Signal(plan.Dial), right, 2000, &r))
	if len(ev) != 1 || ev[0].String() != "dial tone 350+440 Hz continuous" {
		t.Error(ev)
	}
}

// A signal that stops is told to have ended, and at which time.
func TestEnd(t *testing.T) {
	r := rng(1)
	for _, c := range []string{"ES", "US", "GB", "BR"} {
		p, _ := plan.For(c)
		for _, k := range kinds {
			frames := render(p.Signal(k), right, 8000, &r)
			frames = append(frames, make([]pcm.Frame, 400)...)
			ev := listenTo(New(p), frames)
			if len(ev) != 2 || !ev[1].Ended || !same(p, ev[1].Kind, k) {
				t.Errorf("%s %v: %v", c, k, ev)
			}
			if len(ev) == 2 && k == plan.Dial && (ev[1].At < 8480 || ev[1].At > 8560) {
				t.Errorf("%s %v: ended at %d", c, k, ev[1].At)
			}
		}
	}
}

// Dial tone, then keys, ringback, an answer: each is told in its turn.
func TestOneCallThrough(t *testing.T) {
	r := rng(4)
	es, _ := plan.For("ES")
	frames := render(es.Signal(plan.Dial), right, 2500, &r)
	var g dtmf.Generator
	if err := g.Start("910000001", dtmf.Usual()); err != nil {
		t.Fatal(err)
	}
	for g.Sending() {
		var f pcm.Frame
		g.Fill(&f)
		frames = append(frames, f)
	}
	frames = append(frames, render(es.Signal(plan.Ringback), right, 9000, &r)...)
	frames = append(frames, voice(10, &r)...)
	frames = append(frames, render(es.Signal(plan.Busy), right, 3000, &r)...)
	var got []string
	for _, e := range listenTo(New(es), frames) {
		got = append(got, fmt.Sprint(e.Kind, " ", e.Ended))
	}
	want := []string{"dial false", "dial true", "ringback false", "ringback true", "busy false"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Bursts with the cadence of busy are no busy tone when something else sounds
// in their pauses: a melody, a voice that sings.
func TestFilledPausesAreNoCadence(t *testing.T) {
	r := rng(1)
	es, _ := plan.For("ES")
	frames := render(es.Signal(plan.Busy), right, 8000, &r)
	other := render(plan.Signal{Hz: []float64{1000}, OnOff: []int{200, 200}}, bend{cadence: 1, freq: 1, level: -15, lead: right.lead + 200}, 8000, &r)
	for i := range frames {
		frames[i].Add(&other[i])
	}
	if ev := listenTo(New(es), frames); len(ev) != 0 {
		t.Error(ev)
	}
}

// An answer ends the ringback at once, not after the pause it fell in.
func TestAnswerEndsRingback(t *testing.T) {
	r := rng(4)
	es, _ := plan.For("ES")
	frames := append(render(es.Signal(plan.Ringback), right, 3500, &r), voice(3, &r)...)
	ev := listenTo(New(es), frames)
	if len(ev) != 2 || ev[1].Kind != plan.Ringback || !ev[1].Ended {
		t.Errorf("%+v", ev)
	}
}

// Voices, music, keys, noise and tones of other kinds tell nothing, in any country.
func TestNeverOnAnythingElse(t *testing.T) {
	r := rng(99)
	sounds := map[string][]pcm.Frame{"voice": voice(40, &r), "music": music(40, &r)}
	var keys []pcm.Frame
	var g dtmf.Generator
	for _, on := range []int{50, 100, 200, 250, 500} {
		if err := g.Start("159D0#*2684", dtmf.Sending{OnMs: on, OffMs: on, Low: -9, High: -7}); err != nil {
			t.Fatal(err)
		}
		for g.Sending() {
			var f pcm.Frame
			g.Fill(&f)
			keys = append(keys, f)
		}
	}
	sounds["keys"] = keys
	hiss := make([]float64, 20*pcm.Rate)
	for i := range hiss {
		hiss[i] = pcm.RMS(-20) * r.gauss()
	}
	sounds["noise"] = toFrames(hiss)
	fax := plan.Signal{Hz: []float64{1100}, OnOff: []int{500, 3000}}
	sounds["fax"] = render(fax, right, 10000, &r)
	sounds["answer tone"] = render(plan.Signal{Hz: []float64{2100}}, right, 4000, &r)
	sounds["off by 8 %"] = render(plan.Signal{Hz: []float64{460}, OnOff: []int{200, 200}}, right, 5000, &r)
	for _, c := range plan.Countries() {
		p, _ := plan.For(c)
		for name, frames := range sounds {
			if c == "FR" && name == "off by 8 %" || c == "US" && name == "off by 8 %" {
				continue // their own tones are near 460 Hz
			}
			if ev := listenTo(New(p), frames); len(ev) != 0 {
				t.Errorf("%s: %s gave %v", c, name, ev)
			}
		}
	}
}

// Notes sung on and off near the tone of the country, as often as not in its
// rhythm: an exchange switches a steadier tone.
func TestStaccatoSongIsNoTone(t *testing.T) {
	for _, hz := range []float64{400, 425, 440} {
		r := rng(2 * hz)
		frames := staccato(200, hz, &r)
		for _, c := range plan.Countries() {
			p, _ := plan.For(c)
			if ev := listenTo(New(p), frames); len(ev) != 0 {
				t.Errorf("%s, song near %.0f Hz: %v", c, hz, ev)
			}
		}
	}
}

// A howler is heard 3 % off, as the other tones are, and in noise.
func TestHowlerOffItsFrequencies(t *testing.T) {
	r := rng(8)
	p, _ := plan.For("MX")
	for _, b := range []bend{right, {1, 1.03, -15, 0, 500}, {1, 0.97, -15, 0, 500}, {1, 1.015, -15, 0, 500}, {1, 1, -15, 6, 500}, {1, 1, -40, 0, 500}} {
		ev := listenTo(New(p), render(p.Signal(plan.Howler), b, 5000, &r))
		if len(ev) != 1 || ev[0].Kind != plan.Howler {
			t.Errorf("%+v: %v", b, ev)
		}
	}
}

// Three packets in a hundred are lost: nothing sounds for 20 ms. The first word
// on a tone is still right.
func TestLostPackets(t *testing.T) {
	r := rng(21)
	for _, c := range plan.Countries() {
		p, _ := plan.For(c)
		for _, k := range kinds {
			frames := render(p.Signal(k), right, 12500, &r)
			for i := range frames {
				if r.next() < 0.03 {
					frames[i] = pcm.Frame{}
				}
			}
			if ev := listenTo(New(p), frames); len(ev) == 0 || !same(p, ev[0].Kind, k) {
				t.Errorf("%s %v: %v", c, k, ev)
			}
		}
	}
}

func TestResetAndUnknownPlan(t *testing.T) {
	r := rng(1)
	es, _ := plan.For("ES")
	frames := render(es.Signal(plan.Busy), right, 3000, &r)
	d := New(es)
	first := listenTo(d, frames)
	d.Reset()
	if again := listenTo(d, frames); !slices.Equal(first, again) {
		t.Errorf("after Reset %v, before %v", again, first)
	}
	if ev := listenTo(New(plan.Plan{}), frames); len(ev) != 0 {
		t.Errorf("without a plan %v", ev)
	}
}

func TestNoAllocations(t *testing.T) {
	r := rng(1)
	us, _ := plan.For("US")
	frames := render(us.Signal(plan.Busy), right, 4000, &r)
	d := New(us)
	out := make([]Event, 0, 16)
	i := 0
	n := testing.AllocsPerRun(190, func() {
		out = d.Process(&frames[i%len(frames)], out[:0])
		i++
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkProcess(b *testing.B) {
	for _, c := range []string{"ES", "US"} {
		b.Run(c, func(b *testing.B) {
			r := rng(1)
			frames := voice(5, &r)
			p, _ := plan.For(c)
			d := New(p)
			out := make([]Event, 0, 16)
			i := 0
			for b.Loop() {
				out = d.Process(&frames[i%len(frames)], out[:0])
				i++
			}
		})
	}
}

// A line put through in the middle: silence of a file or a packet network, then
// the noise of the line and a tone in it.
func TestSilenceBeforeTheNoise(t *testing.T) {
	for _, country := range []string{"ES", "GB", "DE", "CL"} {
		p, _ := plan.For(country)
		for _, snr := range []float64{6, 10} {
			r := rng(7)
			b := right
			b.snr, b.lead = snr, 0
			d := New(p)
			ev := listenTo(d, append(make([]pcm.Frame, 50), render(p.Signal(plan.Busy), b, 5000, &r)...))
			if len(ev) != 1 || ev[0].Kind != plan.Busy || ev[0].At > 1000+4500 {
				t.Errorf("%s at an SNR of %g dB: %v", country, snr, ev)
			}
		}
	}
}

// What sounds from the very first sample is a whole burst when one says so, and
// nothing otherwise.
func TestFromSilence(t *testing.T) {
	de, _ := plan.For("DE")
	b := right
	b.lead = 0
	for _, row := range []struct {
		kind             plan.Kind
		from             bool
		earliest, latest int64
	}{
		{plan.Busy, true, 1900, 2*960 + 200}, {plan.Busy, false, 2700, 3*960 + 200},
		{plan.Ringback, true, 2100, 2400}, {plan.Ringback, false, 7000, 7400},
	} {
		r := rng(1)
		d := New(de)
		d.FromSilence = row.from
		d.Reset()
		ev := listenTo(d, render(de.Signal(row.kind), b, 8000, &r))
		if len(ev) == 0 || ev[0].Kind != row.kind || ev[0].At < row.earliest || ev[0].At > row.latest {
			t.Errorf("%v, from silence %v: %v", row.kind, row.from, ev)
		}
	}
}
