package progress

import (
	"strings"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// E.180 § 8: 950, 1400 and 1800 Hz ±50 Hz, 330 ± 70 ms each.
func TestE180SpecialInformation(t *testing.T) {
	r := rng(7)
	for name, s := range map[string]plan.Signal{
		"nominal":     {Hz: []float64{950}, Then: []float64{1400, 1800}, OnOff: []int{330, 30, 330, 30, 330, 1000}},
		"no pauses":   {Hz: []float64{950}, Then: []float64{1400, 1800}, OnOff: []int{330, 1, 330, 1, 330, 1000}},
		"short, low":  {Hz: []float64{905}, Then: []float64{1355, 1755}, OnOff: []int{265, 20, 265, 20, 265, 800}},
		"long, high":  {Hz: []float64{995}, Then: []float64{1445, 1845}, OnOff: []int{395, 30, 395, 30, 395, 1200}},
		"as sent: IC": {Hz: []float64{913.8}, Then: []float64{1370.6, 1776.7}, OnOff: []int{274, 10, 274, 10, 380, 1000}},
		"as sent: RO": {Hz: []float64{985.2}, Then: []float64{1370.6, 1776.7}, OnOff: []int{274, 10, 380, 10, 380, 1000}},
	} {
		for _, b := range []bend{right, {cadence: 1, freq: 1, level: -35, lead: 300}, {cadence: 1, freq: 1, level: -15, snr: 10, lead: 420}} {
			for _, c := range []string{"ES", "US", "GB"} {
				p, _ := plan.For(c)
				frames := append(renderSteps(s, b, &r), make([]pcm.Frame, 150)...)
				ev := listenTo(New(p), frames)
				if len(ev) != 2 || ev[0].Kind != plan.Info || !ev[1].Ended || ev[0].At > int64(b.lead)+1150 {
					t.Errorf("%s, %s at %v dBm0: %v", name, c, b.level, ev)
				}
			}
		}
	}
	es, _ := plan.For("ES")
	ev := listenTo(New(es), render(es.Signal(plan.Info), right, 3000, &r))
	if len(ev) != 1 || !strings.HasPrefix(ev[0].String(), "info tone 950>1400>1800 Hz") {
		t.Errorf("%v", ev)
	}
}

// renderSteps plays one pass of a signal whose bursts differ.
func renderSteps(s plan.Signal, b bend, r *rng) []pcm.Frame {
	hz := append([]float64{s.Hz[0]}, s.Then...)
	var x []float64
	add := func(frames []pcm.Frame) {
		for i := range frames {
			for _, v := range frames[i] {
				x = append(x, float64(v))
			}
		}
	}
	add(make([]pcm.Frame, b.lead/20))
	for i, f := range hz {
		one := render(plan.Signal{Hz: []float64{f}}, bend{cadence: 1, freq: 1, level: b.level}, s.OnOff[2*i]+40, r)
		n := len(x)
		add(one)
		x = x[:n+8*s.OnOff[2*i]]
		x = append(x, make([]float64, 8*s.OnOff[2*i+1])...)
	}
	if b.snr != 0 {
		for i := range x {
			x[i] += pcm.RMS(b.level-b.snr) * r.gauss()
		}
	}
	return toFrames(x)
}

func TestHowlerUnobtainableDisconnect(t *testing.T) {
	r := rng(8)
	for _, c := range []string{"ES", "US", "GB"} {
		p, _ := plan.For(c)
		if ev := listenTo(New(p), render(p.Signal(plan.Howler), right, 3000, &r)); len(ev) != 1 || ev[0].Kind != plan.Howler {
			t.Errorf("%s howler: %v", c, ev)
		}
		p.Signals[plan.Disconnect], _ = plan.ParseSignal("425@-12 700/300")
		if ev := listenTo(New(p), render(p.Signal(plan.Disconnect), right, 6000, &r)); len(ev) != 1 || ev[0].Kind != plan.Disconnect {
			t.Errorf("%s disconnect: %v", c, ev)
		}
	}
	gb, _ := plan.For("GB")
	if ev := listenTo(New(gb), render(gb.Signal(plan.Unobtainable), right, 4000, &r)); len(ev) != 1 || ev[0].Kind != plan.Unobtainable {
		t.Errorf("unobtainable: %v", ev)
	}
}

// The surer, the cleaner and the nearer to the plan; two kinds of one cadence
// share what is sure.
func TestHowSure(t *testing.T) {
	r := rng(9)
	sure := func(c string, k plan.Kind, b bend) Event {
		p, _ := plan.For(c)
		ev := listenTo(New(p), render(p.Signal(k), b, 5000, &r))
		if len(ev) == 0 {
			t.Fatalf("%s %v: nothing", c, k)
		}
		return ev[0]
	}
	good := sure("ES", plan.Busy, right)
	late := sure("ES", plan.Busy, bend{cadence: 1.08, freq: 1, level: -15, lead: 500})
	noisy := sure("ES", plan.Busy, bend{cadence: 1, freq: 1, level: -15, snr: 8, lead: 500})
	either := sure("MX", plan.Busy, right)
	if good.Sure < 0.85 || late.Sure > good.Sure-0.05 || noisy.Sure > good.Sure-0.05 || either.Sure > 0.5 {
		t.Errorf("sure: good %v, late %v, noisy %v, either of two %v", good.Sure, late.Sure, noisy.Sure, either.Sure)
	}
	if why := good.Why(); !strings.HasPrefix(why, "busy tone 425 Hz ") || !strings.Contains(why, "−15 dBm0") && !strings.Contains(why, "-15 dBm0") || !strings.Contains(why, "% sure") {
		t.Error(why)
	}
}

// A voice that sings the cadence of busy on its very note has overtones.
func TestSungCadenceIsNoTone(t *testing.T) {
	r := rng(10)
	for _, c := range []string{"ES", "DE", "FR", "CL"} {
		p, _ := plan.For(c)
		s := p.Signal(plan.Busy)
		frames := render(s, right, 6000, &r)
		octave := s
		octave.Hz = []float64{2 * s.Hz[0]}
		b := right
		b.level = -29
		for i, f := range render(octave, b, 6000, &r) {
			frames[i].Add(&f)
		}
		if ev := listenTo(New(p), frames); len(ev) != 0 {
			t.Errorf("%s: %v", c, ev)
		}
	}
}
