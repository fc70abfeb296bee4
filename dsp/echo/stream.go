package echo

import "github.com/centralita/centralita/dsp/pcm"

// Stream cancels the echo of pieces of any length. What comes out lies one
// frame behind, and is the same however the pieces are cut. The first frame
// that comes out is silent; feed a frame of silence at the end to get the rest.
type Stream struct {
	c              *Canceller
	far, near, out pcm.Frame
	n              int // samples in far and near, and taken from out
}

// NewStream returns a stream through c.
func NewStream(c *Canceller) *Stream { return &Stream{c: c} }

// Feed takes as many samples as the shortest of the three has, and returns
// their number: far is what was sent to the line, near what came from it, out
// what is left of it a frame later. out may be near.
func (s *Stream) Feed(far, near, out []int16) int {
	n := min(len(far), len(near), len(out))
	far, near, out = far[:n], near[:n], out[:n]
	for i, v := range far {
		s.far[s.n] = v
		s.near[s.n], out[i] = near[i], s.out[s.n]
		if s.n++; s.n == block {
			s.c.Process(&s.far, &s.near, &s.out)
			s.n = 0
		}
	}
	return n
}
