package subscriber

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// modem makes the carriers of a fax. The zero value is ready.
type modem struct {
	phase float64
	left  float64 // samples of the present bit or symbol
	bits  int     // sent in V.21
	hz    float64
	shift float64 // of the phase of a symbol
	seed  uint64
}

// turn goes on by a sample of a frequency and returns the sine.
func (m *modem) turn(hz float64) float64 {
	m.phase += 2 * math.Pi * hz / pcm.Rate
	if m.phase > 2*math.Pi {
		m.phase -= 2 * math.Pi
	}
	return math.Sin(m.phase + m.shift)
}

func (m *modem) random() uint64 {
	if m.seed == 0 {
		m.seed = 0x9E3779B97F4A7C15
	}
	m.seed ^= m.seed << 13
	m.seed ^= m.seed >> 7
	m.seed ^= m.seed << 17
	return m.seed
}

// preamble is how many bits of flags begin a V.21 frame: one second (T.30 § 5.3.1).
const preamble = 300

// fsk is V.21 channel 2: 300 bit/s, 1650 Hz for 1 and 1850 Hz for 0; flags first.
func (m *modem) fsk(f *pcm.Frame) {
	level := pcm.Peak(-12)
	for i := range f {
		if m.left <= 0 {
			m.left += pcm.Rate / 300.0
			one := 0x7E>>(m.bits%8)&1 == 1
			if m.bits%(preamble*2) >= preamble {
				one = m.random()&1 == 1
			}
			m.bits++
			m.hz = 1850
			if one {
				m.hz = 1650
			}
		}
		m.left--
		f[i] = int16(m.turn(m.hz) * level)
	}
}

// noisy is like V.29: 1700 Hz, 2400 symbols a second of eight phases.
func (m *modem) noisy(f *pcm.Frame) {
	level := pcm.Peak(-13)
	for i := range f {
		if m.left <= 0 {
			m.left += pcm.Rate / 2400.0
			m.shift = float64(m.random()%8) * math.Pi / 4
		}
		m.left--
		f[i] = int16(m.turn(1700) * level)
	}
}
