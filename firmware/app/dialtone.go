package app

import (
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/firmware/tel"
)

// Bursts of 100 ms before a dial tone that says more than that one may dial, in
// the forms of North America: recall dial tone three, message waiting ten. No
// country of the tables names another form.
const (
	recallBursts  = 3
	stutterBursts = 10
)

// spec returns a tone of the plan as it is played, false for silence.
func (a *audio) spec(t tel.Tone) (tone.Spec, bool) {
	dial := a.plan.Signal(tones[tel.ToneDial])
	switch t {
	case tel.ToneRecall:
		return broken(dial.Spec(), recallBursts), true
	case tel.ToneStutter:
		return broken(dial.Spec(), stutterBursts), true
	}
	kind, ok := tones[t]
	return a.plan.Signal(kind).Spec(), ok
}

// broken is a dial tone that begins with n bursts of 100 ms.
func broken(dial tone.Spec, n int) tone.Spec {
	var s tone.Spec
	for range n {
		s.Segments = append(s.Segments,
			tone.Segment{Partials: dial.Segments[0].Partials, Samples: tone.Ms(100)}, tone.Segment{Samples: tone.Ms(100)})
	}
	s.Repeat = len(s.Segments) + max(dial.Repeat, 0)
	s.Segments = append(s.Segments, dial.Segments...)
	return s
}
