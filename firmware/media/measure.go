package media

import (
	"math"
	"sync/atomic"

	"github.com/centralita/centralita/dsp/pcm"
)

// measure is what a leg's ears measured, for anybody to read. The sums belong to
// the tick.
type measure struct {
	in, out loudness
	twist   mean
}

// loudness is the level of a voice: of the frames in which somebody spoke.
type loudness struct {
	power  float64
	frames int
	dBm0   atomic.Uint64 // as math.Float64bits; 0 until somebody spoke
}

// publishEvery is after how many frames a level is computed anew.
const publishEvery = 25

// add takes in a frame of voice.
func (l *loudness) add(f *pcm.Frame) {
	l.power += float64(pcm.Energy(f[:])) / pcm.FrameLen
	if l.frames++; l.frames%publishEvery == 0 {
		l.dBm0.Store(math.Float64bits(pcm.DBm0(l.power / float64(l.frames))))
	}
}

func (l *loudness) level() float64 { return math.Float64frombits(l.dBm0.Load()) }

// mean is the mean of some values.
type mean struct {
	sum  float64
	n    int
	last atomic.Uint64
}

func (m *mean) add(v float64) {
	m.sum += v
	m.n++
	m.last.Store(math.Float64bits(m.sum / float64(m.n)))
}

func (m *mean) value() float64 { return math.Float64frombits(m.last.Load()) }

// fill adds what was measured to the health of a leg.
func (m *measure) fill(s *Stats) {
	s.LevelIn, s.LevelOut, s.Twist = m.in.level(), m.out.level(), m.twist.value()
}
