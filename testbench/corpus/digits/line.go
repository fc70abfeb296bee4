package digits

import (
	"math"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
)

// Rng is a small generator of our own, so that every run hears the same noise.
type Rng uint64

// NewRng returns the generator of a seed; any number will do.
func NewRng(seed uint64) *Rng {
	r := Rng(seed*0x9E3779B97F4A7C15 | 1)
	for range 8 {
		r.Next()
	}
	return &r
}

// Next returns the next number of [0, 1).
func (r *Rng) Next() float64 {
	*r ^= *r << 13
	*r ^= *r >> 7
	*r ^= *r << 17
	return float64(*r>>11) / (1 << 53)
}

// Gauss returns the next number of a normal distribution.
func (r *Rng) Gauss() float64 {
	return math.Sqrt(-2*math.Log(r.Next()+1e-300)) * math.Cos(2*math.Pi*r.Next())
}

// Between returns the next number of [a, b).
func (r *Rng) Between(a, b float64) float64 { return a + (b-a)*r.Next() }

// Keys is the keypad of Q.23.
const Keys = "1234567890*#ABCD"

// Shape is one way of sending digits.
type Shape struct {
	On, Off       float64 // ms
	Low, High     float64 // dBm0
	OffLow, OffHi float64 // relative deviation of the frequencies
}

// Plain is the shape of the conditions that bend nothing: 50 ms, −13 dBm0 each.
var Plain = Shape{On: 50, Off: 50, Low: -13, High: -13}

// Line is a line as floats, so that disturbances add up before rounding.
type Line []float64

// Send appends digits, each with its own phases and not aligned to frames.
func (s Line) Send(keys string, h Shape, r *Rng) Line {
	s = append(s, make(Line, 800+int(160*r.Next()))...)
	for i := range len(keys) {
		s = s.Key(keys[i], h, r)
	}
	return append(s, make(Line, 1200)...)
}

// Key appends one digit and its pause.
func (s Line) Key(key byte, h Shape, r *Rng) Line {
	low, high, _ := dtmf.Frequencies(key)
	n := int(math.Round(h.On * 8))
	p, q := r.Next()*2*math.Pi, r.Next()*2*math.Pi
	for i := range n {
		t := 2 * math.Pi * float64(i) / pcm.Rate
		s = append(s, pcm.Peak(h.Low)*math.Sin(low*(1+h.OffLow)*t+p)+pcm.Peak(h.High)*math.Sin(high*(1+h.OffHi)*t+q))
	}
	return append(s, make(Line, int(h.Off*8))...)
}

// Noise adds white noise of a level in dBm0, counted over 0 to 4 kHz.
func (s Line) Noise(dbm0 float64, r *Rng) Line {
	rms := pcm.RMS(dbm0)
	for i := range s {
		s[i] += rms * r.Gauss()
	}
	return s
}

// Tone adds sines of a level each in dBm0, with phases of their own.
func (s Line) Tone(dbm0 float64, r *Rng, hz ...float64) Line {
	for _, f := range hz {
		p := 2 * math.Pi * r.Next()
		for i := range s {
			s[i] += pcm.Peak(dbm0) * math.Sin(2*math.Pi*f*float64(i)/pcm.Rate+p)
		}
	}
	return s
}

// Add adds other sound from its start, repeated as needed.
func (s Line) Add(o Line, gain float64) Line {
	if len(o) == 0 {
		return s
	}
	for i := range s {
		s[i] += gain * o[i%len(o)]
	}
	return s
}

// Echo adds what comes back ms later, db louder (negative: fainter).
func (s Line) Echo(ms int, db float64) Line {
	gain := math.Pow(10, db/20)
	for i := len(s) - 1; i >= 8*ms; i-- {
		s[i] += gain * s[i-8*ms]
	}
	return s
}

// Impulses adds clicks of one sample, db above the peak of one tone at −13 dBm0.
func (s Line) Impulses(db float64, r *Rng) Line {
	for i := 0; i < len(s); i += 200 + int(r.Next()*800) {
		a := pcm.Peak(-13+db) * 2
		if r.Next() < .5 {
			a = -a
		}
		s[i] += a
	}
	return s
}

// Lose silences 20 ms packets with a probability.
func (s Line) Lose(p float64, r *Rng) Line {
	for i := 0; i+pcm.FrameLen <= len(s); i += pcm.FrameLen {
		if r.Next() < p {
			clear(s[i : i+pcm.FrameLen])
		}
	}
	return s
}

// Samples rounds to 16 bits, clipping, and fills the last frame with silence.
func (s Line) Samples() []int16 {
	out := make([]int16, (len(s)+pcm.FrameLen-1)/pcm.FrameLen*pcm.FrameLen)
	for i, v := range s {
		out[i] = pcm.Clip(int32(math.Round(max(-40000, min(40000, v)))))
	}
	return out
}

// Mulaw rounds as eight bits of µ-law do: thirteen segments of sixteen steps.
func Mulaw(x []int16) []int16 {
	for i, v := range x {
		a := math.Abs(float64(v))/4 + 33
		step := math.Exp2(math.Floor(math.Log2(a)) - 4)
		a = (math.Floor(a/step)+0.5)*step - 33
		x[i] = int16(math.Copysign(math.Round(min(8031, max(0, a))*4), float64(v)))
	}
	return x
}

// Level returns the RMS level of s in dBm0.
func (s Line) Level() float64 {
	sum := 1e-9
	for _, v := range s {
		sum += v * v
	}
	return pcm.DBm0(sum / float64(len(s)))
}
