package media

import (
	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/firmware/tel"
)

// comfortLevel is how loud a room hears a muted leg, in dBm0: so that it does
// not sound dead, and no more.
const comfortLevel = -62

// newComfort returns noise that differs from leg to leg.
func newComfort(id tel.LegID) noise.Source { return noise.New(comfortLevel, uint64(id)) }
