package portleg_test

import (
	"math"
	"testing"

	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/media/portleg"
)

// A cleaner takes away what comes back of our own sound, and a reset forgets the path.
func TestACleanerAlone(t *testing.T) {
	c, err := portleg.NewCleaner()
	if err != nil {
		t.Fatal(err)
	}
	src := noise.New(-20, 7)
	var left float64
	for range 200 {
		var to, from, clean pcm.Frame
		src.Fill(&to)
		for i := range from {
			from[i] = to[i] / 3
		}
		c.Process(&to, &from, &clean)
		left = clean.Level()
	}
	if r := c.Report(); !r.Known || math.Abs(r.ERL-9.5) > 2 || left > -50 {
		t.Errorf("after four seconds %.1f dBm0 are left: %v", left, r)
	}
	c.Reset()
	if c.Report().Known {
		t.Error("the path is known after a reset")
	}
}
