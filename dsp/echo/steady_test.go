package echo

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
)

// Steady tones at both ends say nothing of the line at all other frequencies,
// for as long as they last: the filter must neither run away there nor take
// anything off a near end that is no echo.
func TestSteadyTonesAtBothEndsLastForEver(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 5))
		c, err := New(Options{Tail: []int{16, 64, 128}[seed%3], NoSuppressor: true})
		if err != nil {
			t.Fatal(err)
		}
		hz := []float64{350, 425, 600, 1000, 1800, 2600, 3100}
		a, b := r.IntN(len(hz)), r.IntN(len(hz)-1)
		if b >= a {
			b++ // another one than a
		}
		far0, near0, ppm := r.Float64()*6, r.Float64()*6, (r.Float64()-0.5)*1e-3
		begin, n := 50+r.IntN(200), 0
		for frame := range 2500 {
			var far, near, out pcm.Frame
			for i := range far {
				x := 2 * math.Pi * float64(n) / pcm.Rate
				if frame > begin {
					far[i] = int16(5000 * math.Sin(x*hz[a]*(1+ppm)+far0))
				}
				if frame < begin/2 || frame > begin+20 {
					near[i] = int16(7200 * math.Sin(x*hz[b]+near0))
				}
				n++
			}
			c.Process(&far, &near, &out)
			if d := out.Level() - near.Level(); frame > begin+60 && (d < -3 || d > 3) {
				t.Fatalf("seed %d, %.0f and %.0f Hz, frame %d: %.1f dBm0 became %.1f", seed, hz[a], hz[b], frame, near.Level(), out.Level())
			}
		}
	}
}
