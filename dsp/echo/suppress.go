package echo

import (
	"math"

	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/dsp/pcm"
)

// The suppressor works in pieces of 5 ms.
const (
	piece  = 40
	pieces = block / piece
	// linger is for how many pieces it stays open after the near end spoke
	// over the far end, so that words are not chopped (60 ms).
	linger = 12
	// doubt is for how many pieces of the far end's speech a new path may take
	// to be learned (1.5 s). A line that is not known by then has no echo to
	// speak of.
	doubt = 300
)

// Powers of a piece and a frame at levels in dBm0.
const (
	zeroLevel  = pcm.ZeroLevel
	guess      = zeroLevel * 1e-6 * block // −60 dBm0: of a line not yet heard
	loudest    = zeroLevel * 1e-4 * block // −40 dBm0: comfort noise is never louder
	farSpeaks  = zeroLevel * 3e-5 * piece // −45 dBm0
	comfort    = -30.0                    // level of the source, dBm0
	comfortRMS = 510.4                    // the same as a number
)

// suppressor takes away what the filter leaves, while only the far end speaks.
type suppressor struct {
	floor  float32 // power of a frame of the line's noise
	echo   float32 // how strong the echo of a piece has been
	far    float32 // how strong the far end of a piece has been
	gain   float32 // at the end of the last frame
	linger int
	doubt  int // pieces in which the path may still be unknown
	paths  int // changes of path heard of
	noise  noise.Source
	hiss   pcm.Frame
}

func newSuppressor() suppressor {
	return suppressor{floor: -1, gain: 1, doubt: doubt, noise: noise.New(comfort, 1)}
}

// open passes a frame that cannot hold any echo.
func (s *suppressor) open(near *pcm.Frame) {
	var e float32
	for _, v := range near {
		e += float32(float32(v) * float32(v))
	}
	s.hear(e)
	s.gain, s.echo, s.far = 1, 0, 0
}

// hear follows the noise of the line: its least power, up by 2 dB a second.
func (s *suppressor) hear(e float32) {
	if s.floor < 0 {
		s.floor = guess
	}
	s.floor = min(max(float32(1.01*s.floor), block/4), max(e, block/4))
}

// work suppresses in d, what the canceller left of the frame.
func (s *suppressor) work(c *Canceller, d *[block]float32) {
	var pass [pieces]bool
	all, none := true, true
	for j := range pass {
		pass[j] = s.passes(c, d, j)
		all, none = all && pass[j], none && !pass[j]
	}
	if all && s.gain == 1 {
		return
	}
	s.noise.Fill(&s.hiss)
	// The least power lies under the mean one by some 1 dB.
	level := float32(math.Sqrt(float64(min(1.25*s.floor, loudest)/block))) / comfortRMS
	for j := range pass {
		// Opening begins a piece before, so that no onset is cut.
		to := float32(0)
		if pass[j] || j+1 < pieces && pass[j+1] {
			to = 1
		}
		n := float32(piece)
		if pass[j] && to > s.gain {
			n = piece / 4 // what began in this very piece: at once
		}
		from := s.gain
		for i := range piece {
			g := from + float32((to-from)*min(float32(i+1)/n, 1))
			at := j*piece + i
			d[at] = float32(g*d[at]) + float32((1-g)*float32(level*float32(s.hiss[at])))
		}
		s.gain = to
	}
}

// passes reports whether a piece may hold something of the near end: it is
// stronger than what the filter can have left of the echo.
func (s *suppressor) passes(c *Canceller, d *[block]float32, j int) bool {
	const (
		stronger = 8 // 9 dB, where the filter is known to fit
		hybrid   = 2 // else: 9 dB over the worst hybrid (G.168 § 6.2: ERL 6 dB), which has peaks
	)
	var e, y, x float32
	for i := j * piece; i < (j+1)*piece; i++ {
		e += float32(d[i] * d[i])
		y += float32(c.echo[i] * c.echo[i])
		v := c.far[block+i]
		x += float32(v * v)
	}
	s.echo = max(y, float32(0.8*s.echo))
	s.far = max(x, float32(0.9*s.far))
	if s.paths != c.meter.changes {
		s.paths, s.doubt = c.meter.changes, doubt
	}
	if c.tone[0].present() || c.tone[1].present() {
		return true // an answering modem or fax is not speech
	}
	limit := float32(c.meter.leak * s.echo)
	switch {
	case c.meter.sure:
		limit *= stronger
	case s.doubt > 0 && s.far > farSpeaks:
		s.doubt--
		limit = hybrid * s.far
	}
	if limit < float32(0.25*s.floor/pieces) {
		return true // nothing of it could be heard
	}
	if e > limit {
		s.linger = linger
		return true
	}
	if s.linger > 0 {
		s.linger--
		return true
	}
	return false
}
