package pair

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
)

// random is a generator of our own: the same seed makes the same line everywhere.
type random uint64

func newRandom(seed uint64) random { return random(seed*0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03) }

func (r *random) bits() uint64 {
	x := uint64(*r)
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	*r = random(x)
	return x
}

// even returns a number from 0 to 1.
func (r *random) even() float64 { return float64(r.bits()>>11) / (1 << 53) }

// normal returns a nearly normal number of variance 1: four even ones together.
func (r *random) normal() float64 {
	b := r.bits()
	sum := b&0xFFFF + b>>16&0xFFFF + b>>32&0xFFFF + b>>48
	return (float64(sum) - 2*65535) * (math.Sqrt(3) / 65536)
}

// Disturbances are what a pair picks up on its way. The zero value is a pair in
// perfect peace.
type Disturbances struct {
	Noise     float64 // dBm0 of hiss; 0 none
	Pink      bool    // falls by 3 dB an octave instead of being even
	Hum       float64 // dBm0 of mains and harmonics together; 0 none
	HumHz     float64 // 0 stands for 50
	Impulses  float64 // clicks a minute, at random
	ClickPeak float64 // dBm0 of a sine as high; 0 stands for −10
	Crosstalk float64 // dB by which a neighbour is weaker at 1 kHz; 0 none
}

// harmonics of mains on a pair, in dB under the first: rectifiers make odd ones.
var harmonics = []struct {
	n  float64
	dB float64
}{{1, 0}, {2, -12}, {3, -4}, {5, -9}, {7, -14}, {9, -20}}

// picked makes the disturbances of one direction.
type picked struct {
	d     Disturbances
	rnd   random
	rms   float64
	pink  [3]float64
	scale float64 // of pink noise to rms 1
	hum   []tone.Osc
	click click
	last  float64 // of the neighbour
	far   float64 // its gain
}

// click is a decaying oscillation.
type click struct{ level, decay, phase, step float64 }

func newPicked(d Disturbances, seed uint64) picked {
	p := picked{d: d, rnd: newRandom(seed)}
	if d.Noise != 0 {
		p.rms = pcm.RMS(d.Noise)
	}
	p.scale = pinkScale()
	if d.Hum != 0 {
		sum := 0.0
		for _, h := range harmonics {
			sum += math.Pow(10, h.dB/10)
		}
		first := d.Hum - 10*math.Log10(sum)
		for _, h := range harmonics {
			p.hum = append(p.hum, tone.NewOsc(h.n*orElse(d.HumHz, 50), first+h.dB))
		}
	}
	if d.Crosstalk != 0 {
		p.far = math.Pow(10, -d.Crosstalk/20) / (2 * math.Sin(math.Pi*1000/pcm.Rate))
	}
	return p
}

// colour turns even noise into noise that falls by 3 dB an octave: three poles.
func colour(s *[3]float64, w float64) float64 {
	s[0] = float64(0.99765*s[0]) + float64(0.0990460*w)
	s[1] = float64(0.96300*s[1]) + float64(0.2965164*w)
	s[2] = float64(0.57000*s[2]) + float64(1.0526913*w)
	return s[0] + s[1] + s[2] + float64(0.1848*w)
}

// pinkScale returns what makes coloured noise of rms 1: the filter's energy.
func pinkScale() float64 {
	var s [3]float64
	sum := 0.0
	for i := range pcm.Rate {
		w := 0.0
		if i == 0 {
			w = 1
		}
		v := colour(&s, w)
		sum += float64(v * v)
	}
	return 1 / math.Sqrt(sum)
}

// add adds 20 ms of disturbances to x; neighbour may be nil.
func (p *picked) add(x *[pcm.FrameLen]float64, neighbour *pcm.Frame) {
	for i := range x {
		if p.rms > 0 {
			w := p.rnd.normal()
			if p.d.Pink {
				w = float64(colour(&p.pink, w) * p.scale)
			}
			x[i] += float64(w * p.rms)
		}
		for k := range p.hum {
			x[i] += float64(p.hum[k].Next()) / 256
		}
		if p.far > 0 && neighbour != nil {
			v := float64(neighbour[i])
			x[i] += float64((v - p.last) * p.far) // 6 dB an octave
			p.last = v
		}
	}
	if p.d.Impulses > 0 {
		p.clicks(x)
	}
}

// clicks adds impulses of 1 to 5 ms.
func (p *picked) clicks(x *[pcm.FrameLen]float64) {
	chance := p.d.Impulses / (60 * pcm.Rate)
	c := &p.click
	for i := range x {
		if p.rnd.even() < chance {
			peak := pcm.Peak(orElse(p.d.ClickPeak, -10))
			*c = click{level: peak, decay: math.Exp(-1 / (8 + 32*p.rnd.even())), phase: 2 * math.Pi * p.rnd.even(),
				step: 2 * math.Pi * (400 + 2200*p.rnd.even()) / pcm.Rate}
		}
		if c.level > 1 {
			x[i] += float64(c.level * math.Sin(c.phase))
			c.level, c.phase = float64(c.level*c.decay), c.phase+c.step
		}
	}
}
