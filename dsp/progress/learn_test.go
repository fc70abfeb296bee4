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

func TestLearnerAllocatesOnlyWhenItLearns(t *testing.T) {
	r := rng(5)
	frames := voice(10, &r)
	var l Learner
	i := 0
	if n := testing.AllocsPerRun(490, func() { l.Process(&frames[i]); i++ }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
