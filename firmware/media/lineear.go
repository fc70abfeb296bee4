package media

import (
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/progress"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/tel"
)

// signals looks for the call-progress signals of a country.
type signals struct {
	detector *progress.Detector
	found    [4]progress.Event
}

// newSignals returns what looks for the signals of a country; awaitDial tells
// that nothing has been dialled yet.
func newSignals(country *plan.Plan, awaitDial bool) *signals {
	g := &signals{detector: progress.New(*country)}
	g.detector.AwaitDial = awaitDial
	return g
}

// hear looks at 20 ms.
func (g *signals) hear(s *shard, id tel.LegID, f *pcm.Frame) {
	for _, e := range g.detector.Process(f, g.found[:0]) {
		if !e.Ended {
			s.tell(Event{Kind: Tone, Leg: id, Tone: e.Kind, Evidence: e.String()})
		}
	}
}

// dialled takes note that we sent keys: what comes now is no dial tone of before.
func (g *signals) dialled() {
	g.detector.AwaitDial = false
	g.detector.Reset()
}
