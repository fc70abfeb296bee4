package media

import (
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/tel"
)

// signals looks for the call-progress signals of a country.
type signals struct{ country *plan.Plan }

func newSignals(country *plan.Plan) *signals { return &signals{country: country} }

// Reset forgets what was heard.
func (g *signals) Reset() {}

func (g *signals) hear(*shard, tel.LegID, *pcm.Frame) {}
