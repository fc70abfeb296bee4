package media

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/progress"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// stranger finds steady signals that a plan does not know.
type stranger struct {
	plan    *plan.Plan
	learner progress.Learner
	told    int     // most periods that were looked at, 0 none
	pieces  int     // of the cadence that was looked at
	hz      float64 // its first frequency
}

// hear looks at 20 ms and returns a signal to be told. known tells that a signal
// of the plan sounds.
func (g *stranger) hear(f *pcm.Frame, known bool) (progress.Learned, bool) {
	g.learner.Process(f)
	l, ok := g.learner.Found()
	if !ok {
		g.told = 0
		return l, false
	}
	if l.Periods < g.told/2 || len(l.Signal.OnOff) != g.pieces || math.Abs(l.Signal.Hz[0]-g.hz) > 10 {
		g.told, g.pieces, g.hz = 0, len(l.Signal.OnOff), l.Signal.Hz[0] // another one
	}
	if l.Periods <= g.told {
		return l, false
	}
	g.told = l.Periods
	return l, l.Even && !known && !knows(g.plan, &l.Signal) && !machine(&l.Signal)
}

// Limits within which a signal is one of a plan: those of dsp/progress.
const (
	sameHz     = 0.04 // of a frequency, and at most sameHzMost
	sameHzMost = 32.0
	sameMs     = 0.12 // of a length, and sameGrace
	sameGrace  = 15.0
)

// knows reports whether s is in the plan.
func knows(p *plan.Plan, s *plan.Signal) bool {
	for i := range p.Signals {
		if same(&p.Signals[i], s) {
			return true
		}
	}
	for i := range p.Others {
		if same(&p.Others[i].Signal, s) {
			return true
		}
	}
	return false
}

// same reports whether two signals sound alike; where a cadence begins does not
// count.
func same(a, b *plan.Signal) bool {
	if !a.Known() || len(a.Hz) != len(b.Hz) || len(a.OnOff) != len(b.OnOff) {
		return false
	}
	for _, hz := range b.Hz {
		if !near(a.Hz, hz) {
			return false
		}
	}
	n := len(a.OnOff)
	for turn := 0; turn < max(n, 1); turn += 2 {
		fits := true
		for i, ms := range a.OnOff {
			off := math.Abs(float64(ms - b.OnOff[(i+turn)%n]))
			fits = fits && off <= sameMs*float64(ms)+sameGrace
		}
		if fits {
			return true
		}
	}
	return false
}

// near reports whether one of the frequencies is hz.
func near(list []float64, hz float64) bool {
	for _, f := range list {
		if math.Abs(f-hz) <= min(sameHz*f, sameHzMost) {
			return true
		}
	}
	return false
}

// Frequencies of machines: keys (ITU-T Q.23), fax and modem carriers (T.30, V.25).
var (
	keyLow   = []float64{697, 770, 852, 941}
	keyHigh  = []float64{1209, 1336, 1477, 1633}
	carriers = []float64{1100, 2100}
)

// machine reports whether a signal is one that other detectors know.
func machine(s *plan.Signal) bool {
	switch len(s.Hz) {
	case 1:
		return near(carriers, s.Hz[0])
	case 2:
		return near(keyLow, min(s.Hz[0], s.Hz[1])) && near(keyHigh, max(s.Hz[0], s.Hz[1]))
	}
	return false
}
