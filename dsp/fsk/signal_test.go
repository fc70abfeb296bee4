package fsk

import (
	"math"
	"slices"

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

// message returns 30 octets, the first as messages begin and the rest as text.
func message(r *rng) []byte {
	data := make([]byte, 30)
	for i := range data {
		data[i] = byte(32 + r.next()*96)
	}
	data[0] = 0x80
	return data
}

// usual is what an exchange sends.
var usual = Sending{Seizure: 100, Mark: 60, Tail: 4, Level: -15}

// line returns what is sent, with silence before and after and an odd offset.
func line(data []byte, s Sending, r *rng) []float64 {
	var m Modulator
	m.Start(data, s)
	x := make([]int16, m.Samples())
	m.FillSamples(x)
	y := make([]float64, 800+int(20*r.next()))
	for _, v := range x {
		y = append(y, float64(v))
	}
	return append(y, make([]float64, 800)...)
}

func noise(x []float64, dbm0 float64, r *rng) {
	rms := pcm.RMS(dbm0)
	for i := range x {
		x[i] += rms * r.gauss()
	}
}

func hum(x []float64, hz, dbm0 float64) {
	for i := range x {
		x[i] += pcm.Peak(dbm0) * math.Sin(2*math.Pi*hz*float64(i)/pcm.Rate)
	}
}

func samples(x []float64) []int16 {
	out := make([]int16, len(x))
	for i, v := range x {
		out[i] = pcm.Clip(int32(math.Round(max(-40000, min(40000, v)))))
	}
	return out
}

func hear(m Mode, x []int16) []Octet {
	d := New(m)
	return d.Process(x, nil)
}

func values(o []Octet) []byte {
	out := make([]byte, len(o))
	for i := range o {
		out[i] = o[i].Value
	}
	return out
}

// holds reports whether want stands in got in one piece.
func holds(got, want []byte) bool {
	for i := 0; i+len(want) <= len(got); i++ {
		if slices.Equal(got[i:i+len(want)], want) {
			return true
		}
	}
	return false
}

// share sends n messages, spoiled by f, and returns how many of a hundred come
// whole.
func share(s Sending, n int, f func(x []float64, r *rng)) float64 {
	r := rng(0x9E3779B97F4A7C15)
	good := 0
	for range n {
		data := message(&r)
		x := line(data, s, &r)
		if f != nil {
			f(x, &r)
		}
		if holds(values(hear(s.Mode, samples(x))), data) {
			good++
		}
	}
	return 100 * float64(good) / float64(n)
}
