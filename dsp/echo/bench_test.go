package echo

import (
	"fmt"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
	es "github.com/centralita/centralita/testbench/corpus/echosignals"
)

// The cost of a frame of 20 ms at the four tails, both ends active.
func BenchmarkProcess(b *testing.B) {
	const n = 2 * pcm.Rate
	far := es.Round(es.CSS(1, n, -12))
	echo := es.Convolve(far, es.Lines[1].Path(256, 6))
	es.Add(echo, es.White(2, n, -60), 0)
	near := es.Round(echo)
	for _, tail := range []int{16, 32, 64, 128} {
		b.Run(fmt.Sprintf("%dms", tail), func(b *testing.B) {
			c, err := New(Options{Tail: tail})
			if err != nil {
				b.Fatal(err)
			}
			var out pcm.Frame
			i := 0
			for b.Loop() {
				c.Process((*pcm.Frame)(far[i:]), (*pcm.Frame)(near[i:]), &out)
				if i += block; i == n {
					i = 0
				}
			}
		})
	}
}
