package progress

import (
	"math"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

func learn(frames []pcm.Frame) (Learned, bool) {
	var l Learner
	for i := range frames {
		l.Process(&frames[i])
	}
	return l.Found()
}

// A tone 14 dB fainter than what was said before it is learned within five seconds
// and two periods, whatever the voice's words were like.
func TestLearnBehindALoudVoice(t *testing.T) {
	r := rng(5)
	want, err := plan.ParseSignal("480+620@-26 500/500")
	if err != nil {
		t.Fatal(err)
	}
	loud, err := plan.ParseSignal("300@-8 400/300")
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []int{1, 2, 3} {
		frames := render(loud, bend{cadence: 1, freq: 1, level: loud.DBm0}, words*700, &r)
		frames = append(frames, render(want, bend{cadence: 1, freq: 1, level: want.DBm0}, 8000, &r)...)
		if got, ok := learn(frames); !ok || !close2(got.Signal, want) {
			t.Errorf("behind %d words: learned %+v %t", words, got, ok)
		}
	}
}

// Two periods of any cadence are enough, and what was learned is heard at once.
func TestLearnEveryCadence(t *testing.T) {
	r := rng(3)
	for _, text := range []string{
		"425@-15 200/200", "425@-15 500/500", "480+620@-18 500/500", "480+620@-18 250/250", "440+480@-19 2000/4000",
		"425@-15 200/200/200/200/200/600", "400@-15 400/350/225/525", "425@-15 250/250/750/250", "400+450@-15 400/200/400/2000",
		"450@-20 350/350", "520+660@-25 150/850", "1100@-15 330/120", "620@-12 100/100", "350+440@-13", "425@-10",
	} {
		want, err := plan.ParseSignal(text)
		if err != nil {
			t.Fatal(err)
		}
		period := 0
		for _, ms := range want.OnOff {
			period += ms
		}
		if period == 0 {
			period = 2000
		}
		for _, snr := range []float64{0, 20} {
			frames := render(want, bend{cadence: 1, freq: 1, level: want.DBm0, snr: snr, lead: 517}, 2*period+900, &r)
			if snr == 0 {
				frames = append(frames, make([]pcm.Frame, 50)...)
			}
			got, ok := learn(frames)
			if !ok {
				t.Errorf("%s at %v dB: not learned", text, snr)
				continue
			}
			if !close2(got.Signal, want) || got.Sure < 0.4 {
				t.Errorf("%s at %v dB: learned %+v", text, snr, got)
			}
			es, _ := plan.For("ES")
			heard := plan.Plan{}
			heard.Signals[plan.Info] = es.Signal(plan.Info)
			heard.Signals[plan.Disconnect] = got.Signal
			if ev := listenTo(New(heard), render(want, right, 3*period, &r)); len(ev) == 0 || ev[0].Kind != plan.Disconnect {
				t.Errorf("%s: learned as %s, heard as %v", text, got.Signal, ev)
			}
		}
	}
}

func close2(a, b plan.Signal) bool {
	if len(a.Hz) != len(b.Hz) || len(a.OnOff) != len(b.OnOff) || math.Abs(a.DBm0-b.DBm0) > 0.7 {
		return false
	}
	for i := range a.Hz {
		if math.Abs(a.Hz[i]-b.Hz[i]) > 2 {
			return false
		}
	}
	for i := range a.OnOff {
		if math.Abs(float64(a.OnOff[i]-b.OnOff[i])) > 20 {
			return false
		}
	}
	return true
}

func TestNothingToLearn(t *testing.T) {
	r := rng(5)
	hiss := make([]float64, 20*pcm.Rate)
	for i := range hiss {
		hiss[i] = pcm.RMS(-20) * r.gauss()
	}
	for name, frames := range map[string][]pcm.Frame{
		"voice": voice(60, &r), "noise": toFrames(hiss), "silence": make([]pcm.Frame, 200),
	} {
		if got, ok := learn(frames); ok {
			t.Errorf("%s taught %+v", name, got)
		}
	}
}

// Speech before the tone, and a tone cut off in the middle, do not matter.
func TestLearnAfterSpeech(t *testing.T) {
	r := rng(6)
	s, _ := plan.ParseSignal("425@-15 330/270")
	frames := append(voice(4, &r), make([]pcm.Frame, 20)...)
	frames = append(frames, render(s, bend{cadence: 1, freq: 1, level: -15, lead: 1000}, 4150, &r)...)
	frames = append(frames, make([]pcm.Frame, 100)...)
	got, ok := learn(frames)
	if !ok || !close2(got.Signal, s) {
		t.Errorf("learned %+v", got)
	}
}

// Two calls, of each the beginning: one period and a little. And one recording
// that ends with its second period.
func TestTwoExamples(t *testing.T) {
	r := rng(9)
	for _, text := range []string{"425@-15 330/270", "480+620@-18 500/500", "425@-15 250/250/750/250", "400@-15 400/350/225/525", "440@-20 150/850"} {
		s, err := plan.ParseSignal(text)
		if err != nil {
			t.Fatal(err)
		}
		period := 0
		for _, ms := range s.OnOff {
			period += ms
		}
		call := func(ms int) []pcm.Frame {
			return render(s, bend{cadence: 1, freq: 1, level: s.DBm0, lead: 700}, ms, &r)
		}
		var l Learner
		for i := range 2 {
			if _, ok := l.Found(); ok {
				t.Errorf("%s: learned from one period", text)
			}
			for _, f := range append(voice(2, &r), call(period+60+40*i)...) {
				l.Process(&f)
			}
			l.EndCall()
		}
		if got, ok := l.Found(); !ok || !close2(got.Signal, s) || got.Periods != 2 || !got.Even {
			t.Errorf("%s in two calls: learned %+v", text, got)
		}
		l.Reset()
		for _, f := range call(2 * period) {
			l.Process(&f)
		}
		l.EndCall()
		if got, ok := l.Found(); !ok || !close2(got.Signal, s) || got.Periods != 2 {
			t.Errorf("%s, just two periods: learned %+v", text, got)
		}
	}
}

// Two calls with one burst each, or of two tones, are no two examples.
func TestNoTwoExamples(t *testing.T) {
	r := rng(10)
	for _, pair := range [][2]string{{"425@-15 500/500", "480@-15 500/500"}, {"425@-15 500/500", "425@-15 250/650"}, {"425@-15 500/9000", "425@-15 500/9000"}} {
		var l Learner
		for _, text := range pair {
			s, err := plan.ParseSignal(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range render(s, right, 1060, &r) {
				l.Process(&f)
			}
			l.EndCall()
		}
		if got, ok := l.Found(); ok {
			t.Errorf("%v taught %+v", pair, got)
		}
	}
}

// A line listens to all of a call: song, music, voices and a held note teach it
// nothing that it would take for an exchange's tone, and a tone at the end does.
func TestOnlyAnExchangeIsEven(t *testing.T) {
	r := rng(31)
	held := render(plan.Signal{Hz: []float64{425}}, right, 8000, &r)
	for i := range held {
		for k, v := range held[i] { // vibrato of the breath, 1 dB
			held[i][k] = int16(float64(v) * (1 + 0.06*math.Sin(2*math.Pi*5*float64(i*pcm.FrameLen+k)/pcm.Rate)))
		}
	}
	s, _ := plan.ParseSignal("450@-15 350/350")
	for name, frames := range map[string][]pcm.Frame{
		"song": staccato(300, 425, &r), "music": music(120, &r), "voice": voice(300, &r), "held note": held,
	} {
		var l Learner
		for i := range frames {
			l.Process(&frames[i])
			if got, ok := l.Found(); ok && got.Even {
				t.Errorf("%s: at %d s learned %+v", name, i/50, got)
				break
			}
		}
		for _, f := range render(s, right, 6000, &r) {
			l.Process(&f)
		}
		if got, ok := l.Found(); !ok || !got.Even || !close2(got.Signal, s) || got.Periods < 6 {
			t.Errorf("after %s: learned %+v", name, got)
		}
	}
	for _, text := range []string{"425@-15 200/200", "480+620@-18 500/500", "425@-15", "350+440@-15", "440@-30 250/250", "425@-15 250/250/750/250"} {
		s, err := plan.ParseSignal(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, snr := range []float64{0, 20, 12} {
			got, ok := learn(render(s, bend{cadence: 1, freq: 1, level: s.DBm0, snr: snr, lead: 400}, 9000, &r))
			if !ok || !got.Even {
				t.Errorf("%s at SNR %.0f dB: learned %+v", text, snr, got)
			}
		}
	}
}

func TestLearnerAllocatesNothing(t *testing.T) {
	r := rng(5)
	s, _ := plan.ParseSignal("450@-15 350/350")
	frames := append(voice(10, &r), render(s, right, 6000, &r)...)
	var l Learner
	i := 0
	if n := testing.AllocsPerRun(len(frames)-2, func() { l.Process(&frames[i]); i++ }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if _, ok := l.Found(); !ok {
		t.Error("nothing was learned")
	}
}

func BenchmarkLearner(b *testing.B) {
	r := rng(1)
	s, _ := plan.ParseSignal("450@-15 350/350")
	for name, frames := range map[string][]pcm.Frame{"voice": voice(20, &r), "tone": render(s, right, 20000, &r)} {
		b.Run(name, func(b *testing.B) {
			var l Learner
			i := 0
			for b.Loop() {
				l.Process(&frames[i%len(frames)])
				i++
			}
		})
	}
}
