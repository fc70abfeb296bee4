package media

import (
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// Ear is what listens to a line inside a leg, alone: for who has the samples of a
// line and no engine, as a bench or a replay.
type Ear struct {
	shard shard
	leg   leg
}

// NewEar returns an ear that listens by a plan; awaitDial tells that nothing has
// been dialled yet.
func NewEar(p *plan.Plan, awaitDial bool) *Ear {
	e := &Ear{}
	e.leg.ears = newEars(true, p, awaitDial)
	return e
}

// Process takes 20 ms from the line and 20 ms that go to it, and appends what a leg
// would tell to out. talking tells that people talk, not a prompt.
func (e *Ear) Process(from, to *pcm.Frame, talking bool, out []Event) []Event {
	e.shard.events = out
	e.leg.said, e.leg.heard = *from, *to
	e.leg.ears.hear(&e.shard, &e.leg, talking)
	e.leg.ears.line.sent(&e.shard, &e.leg)
	out, e.shard.events = e.shard.events, nil
	return out
}

// Dialled tells that a number was sent: what comes now is no dial tone of before.
func (e *Ear) Dialled() { e.leg.ears.line.dialled() }
