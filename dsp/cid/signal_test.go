package cid

import (
	"math"

	"github.com/centralita/centralita/dsp/fsk"
	"github.com/centralita/centralita/dsp/pcm"
)

// rng is a small generator of our own, so that every run hears the same noise.
type rng uint64

func (r *rng) next() float64 {
	*r ^= *r << 13
	*r ^= *r >> 7
	*r ^= *r << 17
	return float64(*r>>11) / (1 << 53)
}

func (r *rng) gauss() float64 {
	return math.Sqrt(-2*math.Log(r.next()+1e-300)) * math.Cos(2*math.Pi*r.next())
}

func (r *rng) below(n int) int { return int(r.next() * float64(n)) }

func (r *rng) text(set string, n int) string {
	b := make([]byte, n)
	for k := range b {
		b[k] = set[r.below(len(set))]
	}
	return string(b)
}

const (
	tenDigits = "0123456789"
	letters   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz"
)

// someone is a call of somebody.
func someone(r *rng) Info {
	return Info{
		Type: Call, Number: r.text(tenDigits, 9+r.below(3)), Name: r.text(letters, 5+r.below(11)),
		Date: Date{uint8(1 + r.below(12)), uint8(1 + r.below(28)), uint8(r.below(24)), uint8(r.below(60))},
	}
}

// octetsOf is the line while octets are sent, with 100 ms before and after.
func octetsOf(octets []byte, s fsk.Sending) []float64 {
	if s.Level == 0 {
		s.Level = level
	}
	if s.Seizure == 0 && s.Mark == 0 {
		s.Seizure, s.Mark = SeizureBits, MarkBits
	}
	s.Tail = 4
	var m fsk.Modulator
	m.Start(octets, s)
	x := make([]int16, m.Samples())
	m.FillSamples(x)
	return padded(x)
}

const level = -15.

func padded(x []int16) []float64 {
	y := make([]float64, 800, len(x)+1600)
	for _, v := range x {
		y = append(y, float64(v))
	}
	return append(y, make([]float64, 800)...)
}

// summed returns a message with its checksum.
func summed(raw []byte) []byte { return append(append([]byte(nil), raw...), Checksum(raw)) }

// sentBy is the line while a Sender sends.
func sentBy(i Info, how Sending) ([]float64, error) {
	var s Sender
	if err := s.Start(i, how); err != nil {
		return nil, err
	}
	var x []int16
	for s.Sending() {
		var f pcm.Frame
		s.Fill(&f)
		x = append(x, f[:]...)
	}
	return padded(x), nil
}

func noise(x []float64, dbm0 float64, r *rng) []float64 {
	for i := range x {
		x[i] += pcm.RMS(dbm0) * r.gauss()
	}
	return x
}

func sine(x []float64, hz, dbm0 float64) []float64 {
	for i := range x {
		x[i] += pcm.Peak(dbm0) * math.Sin(2*math.Pi*hz*float64(i)/pcm.Rate)
	}
	return x
}

func samples(x []float64) []int16 {
	out := make([]int16, len(x))
	for i, v := range x {
		out[i] = pcm.Clip(int32(math.Round(max(-40000, min(40000, v)))))
	}
	return out
}

func receive(x []float64) []Message {
	// Silence enough that whatever was heard is told.
	return NewReceiver().Feed(samples(append(x, make([]float64, 8000)...)), nil)
}

// speech is a glottal buzz through three moving formants, with syllables and
// pauses.
func speech(seconds float64, r *rng) []float64 {
	n := int(seconds * pcm.Rate)
	s := make([]float64, 0, n)
	for len(s) < n {
		s = append(s, syllable(r)...)
		if r.next() < 0.3 {
			s = append(s, make([]float64, r.below(1600))...)
		}
	}
	return s
}

func syllable(r *rng) []float64 {
	x := make([]float64, 500+r.below(2300))
	f0, f1 := 90+190*r.next(), 90+190*r.next()
	type formant struct{ f, y1, y2 float64 }
	form := [3]formant{{f: 250 + 650*r.next()}, {f: 800 + 1500*r.next()}, {f: 2000 + 1300*r.next()}}
	phase, sum := 0., 1e-9
	for i := range x {
		t := float64(i) / float64(len(x))
		phase += (f0 + (f1-f0)*t) / pcm.Rate
		in := 0.01 * r.gauss()
		if phase >= 1 {
			phase--
			in++
		}
		for k := range form {
			p := &form[k]
			rad := math.Exp(-math.Pi * (50 + 40*float64(k)) / pcm.Rate)
			y := in + 2*rad*math.Cos(2*math.Pi*p.f/pcm.Rate)*p.y1 - rad*rad*p.y2
			p.y2, p.y1 = p.y1, y
			x[i] += y
		}
		x[i] *= math.Sin(math.Pi * t)
		sum += x[i] * x[i]
	}
	k := pcm.RMS(-25+15*r.next()) / math.Sqrt(sum/float64(len(x)))
	for i := range x {
		x[i] *= k
	}
	return x
}
