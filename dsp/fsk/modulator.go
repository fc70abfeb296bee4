package fsk

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
)

// Sending is how octets are sent.
type Sending struct {
	Mode Mode
	// Seizure and Mark are bits sent before the octets: alternating zeros and
	// ones, beginning with a zero, then ones.
	Seizure, Mark int
	Stop          int     // stop bits of an octet; 0 stands for one
	Tail          int     // bits of mark after the last octet
	Level         float64 // of mark, dBm0; 0 stands for −13.5
	Twist         float64 // dB by which space is louder than mark
	Fast          float64 // how much faster the bits are than 1200 a second: 0.01 is 1 %
}

// UsualLevel is the level of a sender, in dBm0 (ETSI EN 300 659-1 § 5.4.1: −13.5 ± 1.5 dBm).
const UsualLevel = -13.5

// Modulator sends octets with a phase that runs on. The zero value has nothing
// to send.
type Modulator struct {
	s     Sending
	data  []byte
	bit   int // the one that is being sent, of the whole signal
	total int
	step  [2]uint32 // of the phase in a sample, space first
	amp   [2]int64  // peak, with 8 fractional bits
	phase uint32
	left  int64 // of the bit, in 2^-20 samples
	len   int64 // of a bit
}

// Start begins to send data, in place of what was being sent. The data must not
// be changed until all is sent.
func (m *Modulator) Start(data []byte, s Sending) {
	s.Stop = max(1, s.Stop)
	if s.Level == 0 {
		s.Level = UsualLevel
	}
	mark, space := s.Mode.Tones()
	*m = Modulator{s: s, data: data}
	m.total = s.Seizure + s.Mark + len(data)*(9+s.Stop) + s.Tail
	for k, hz := range [2]float64{space, mark} {
		m.step[k] = uint32(int64(math.Round(hz / pcm.Rate * (1 << 32))))
	}
	m.amp = [2]int64{int64(math.Round(256 * pcm.Peak(min(3.1, s.Level+s.Twist)))), int64(math.Round(256 * pcm.Peak(min(3.1, s.Level))))}
	m.len = int64(math.Round(samplesPerBit / (1 + s.Fast) * (1 << 20)))
	m.left = m.len
}

// Stop ends the signal.
func (m *Modulator) Stop() { *m = Modulator{} }

// Sending reports whether anything is left to send.
func (m *Modulator) Sending() bool { return m.bit < m.total }

// Samples returns the length of the whole signal in samples.
func (m *Modulator) Samples() int {
	return int((int64(m.total)*m.len + 1<<20 - 1) >> 20)
}

// value returns bit i of the signal.
func (m *Modulator) value(i int) int {
	if i < m.s.Seizure {
		return i & 1
	}
	i -= m.s.Seizure + m.s.Mark
	size := 9 + m.s.Stop
	if i < 0 || i >= len(m.data)*size {
		return 1
	}
	switch k := i % size; {
	case k == 0:
		return 0
	case k < 9:
		return int(m.data[i/size]>>(k-1)) & 1
	}
	return 1
}

// FillSamples fills dst and returns how many samples of the signal are in it;
// the rest is silence.
func (m *Modulator) FillSamples(dst []int16) int {
	for i := range dst {
		if !m.Sending() {
			clear(dst[i:])
			return i
		}
		v := m.value(m.bit)
		dst[i] = int16((int64(tone.Sine(m.phase))*m.amp[v]>>30 + 128) >> 8)
		m.advance()
	}
	return len(dst)
}

// Fill fills f with the next 20 ms and reports whether any of it was sent.
func (m *Modulator) Fill(f *pcm.Frame) bool { return m.FillSamples(f[:]) > 0 }

// advance goes one sample on; where a bit ends within it both tones have their
// part of the phase.
func (m *Modulator) advance() {
	const one = 1 << 20
	for part := int64(one); part > 0 && m.Sending(); {
		run := min(part, m.left)
		m.phase += uint32(int64(m.step[m.value(m.bit)]) * run >> 20)
		part -= run
		if m.left -= run; m.left == 0 {
			m.bit++
			m.left = m.len
		}
	}
}
