package main

import (
	"math"

	"github.com/centralita/centralita/dsp/cid"
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

// sent is one message and the texts in it, as peers print them.
type sent struct {
	raw    []byte // without the checksum
	number string
	name   string
}

// someone is a call of somebody.
func someone(r *rng) sent {
	i := cid.Info{
		Number: r.text("0123456789", 9+r.below(2)), Name: r.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 5+r.below(8)),
		Date: cid.Date{Month: uint8(1 + r.below(12)), Day: uint8(1 + r.below(28)), Hour: uint8(r.below(24)), Minute: uint8(r.below(60))},
	}
	raw, err := cid.Encode(i)
	if err != nil {
		panic(err) // what is drawn can be said
	}
	return sent{raw, i.Number, i.Name}
}

// silentOne is a message whose checksum holds and that says nothing.
func silentOne(r *rng) sent {
	texts := []string{"\x80\x00", "\x04\x00", "\x82\x00", "\x80\x02\x02\x00", "\x80\x04\x01\x00\x02\x00", "\x80\x06\x01\x00\x02\x00\x07\x00"}
	return sent{raw: []byte(texts[r.below(len(texts))])}
}

// condition is a way of sending and of spoiling it.
type condition struct {
	mode  fsk.Mode
	level float64 // of the louder tone, dBm0
	twist float64 // dB by which space is louder than mark
	fast  float64 // how much faster the clock is, either way in turn
	stop  int
	bare  bool      // no seizure
	snr   float64   // 0 for a quiet line
	hum   []float64 // Hz, in turn
	humDB float64   // relative to the signal
	draw  func(*rng) sent
}

// before and after a message the line is in silence so long, in samples: the
// peers need the time to let go.
const silence = 3200

// stream returns n messages one after the other, and what was sent.
func (c condition) stream(n int, seed uint64) ([]int16, []sent) {
	r := rng(seed*0x9E3779B97F4A7C15 + 1)
	if c.draw == nil {
		c.draw = someone
	}
	var out []int16
	var all []sent
	for k := range n {
		m := c.draw(&r)
		all = append(all, m)
		s := fsk.Sending{Mode: c.mode, Seizure: cid.SeizureBits, Mark: cid.MarkBits, Tail: 4, Stop: c.stop,
			Level: c.level - max(0, c.twist), Twist: c.twist, Fast: c.fast}
		if k%2 == 1 {
			s.Fast = -s.Fast
		}
		if c.bare {
			s.Seizure = 0
		}
		out = append(out, c.spoil(line(append(m.raw[:len(m.raw):len(m.raw)], cid.Checksum(m.raw)), s, &r), k, &r)...)
	}
	return out, all
}

func line(octets []byte, s fsk.Sending, r *rng) []float64 {
	var m fsk.Modulator
	m.Start(octets, s)
	x := make([]int16, m.Samples())
	m.FillSamples(x)
	y := make([]float64, silence+r.below(20), 2*silence+20+len(x))
	for _, v := range x {
		y = append(y, float64(v))
	}
	return append(y, make([]float64, silence)...)
}

// spoil adds hum and noise.
func (c condition) spoil(x []float64, k int, r *rng) []int16 {
	rms := pcm.RMS(-65)
	if c.snr != 0 {
		rms = pcm.RMS(c.level - c.snr)
	}
	hz, peak := 0., 0.
	if len(c.hum) > 0 {
		hz, peak = c.hum[k%len(c.hum)], pcm.Peak(c.level+c.humDB)
	}
	out := make([]int16, len(x))
	phase := 2 * math.Pi * r.next()
	for i, v := range x {
		v += rms*r.gauss() + peak*math.Sin(phase+2*math.Pi*hz*float64(i)/pcm.Rate)
		out[i] = pcm.Clip(int32(math.Round(v)))
	}
	return out
}

// resampled returns x at 22050 samples a second, as one peer needs it.
func resampled(x []int16) []int16 {
	const up, down, half = 441, 160, 16
	out := make([]int16, len(x)*up/down)
	for i := range out {
		at := float64(i) * down / up
		mid := int(math.Floor(at))
		sum := 0.
		for k := max(0, mid-half+1); k <= min(len(x)-1, mid+half); k++ {
			d := at - float64(k)
			w := 0.5 + 0.5*math.Cos(math.Pi*d/half)
			if d != 0 {
				w *= math.Sin(math.Pi*d) / (math.Pi * d)
			}
			sum += w * float64(x[k])
		}
		out[i] = pcm.Clip(int32(math.Round(sum)))
	}
	return out
}
