package dtmf

import (
	"slices"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
)

// Silence before the signal, in whole frames, only moves the times.
func TestFramesBeforeChangeNothing(t *testing.T) {
	r := rng(31)
	frames := signal(nil).send("1590", plain, &r).noise(-35, &r).frames()
	run := func(lead int) (out []Event) {
		var d Detector
		var f pcm.Frame
		for range lead {
			out = d.Process(&f, out)
		}
		for i := range frames {
			out = d.Process(&frames[i], out)
		}
		for i := range out {
			out[i].At -= int64(20 * lead)
		}
		return out
	}
	want := run(3)
	for _, lead := range []int{4, 10, 123} {
		if got := run(lead); !slices.Equal(got, want) {
			t.Errorf("after %d frames of silence: %+v, want %+v", lead, got, want)
		}
	}
}
