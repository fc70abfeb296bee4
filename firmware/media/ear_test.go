package media_test

import (
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
	tonegen "github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/media"
)

// An ear alone tells what a leg would: a tone of the plan, one of no plan, who
// speaks, a fax.
func TestAnEarAlone(t *testing.T) {
	p, _ := plan.For("ES")
	for _, c := range []struct {
		name string
		sig  plan.Signal
		want func(e media.Event) bool
	}{
		{"busy", p.Signal(plan.Busy), func(e media.Event) bool { return e.Kind == media.Tone && e.Tone == plan.Busy }},
		{"strange", plan.Signal{Hz: []float64{620}, DBm0: -12, OnOff: []int{350, 350}}, func(e media.Event) bool { return e.Kind == media.Strange && e.Periods > 1 }},
		{"a calling fax", plan.Signal{Hz: []float64{1100}, DBm0: -12, OnOff: []int{500, 3000}}, func(e media.Event) bool { return e.Kind == media.Fax && e.Calling }},
		{"a voice", p.Signal(plan.Ringback), func(e media.Event) bool { return e.Kind == media.Voice && e.Far && !e.Near }},
	} {
		var from, to pcm.Frame
		var pl tonegen.Player
		e := media.NewEar(&p, false)
		told := 0
		for range 500 {
			pl.Fill(&from)
			for _, ev := range e.Process(&from, &to, false, nil) {
				if c.want(ev) {
					told++
				}
			}
			if !pl.Playing() {
				pl.Start(c.sig.Spec()) // after 20 ms of nothing
			}
		}
		if told == 0 {
			t.Errorf("%s is not told in ten seconds", c.name)
		}
	}
}
