package dtmf

import (
	"math"

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

func (r *rng) between(a, b float64) float64 { return a + (b-a)*r.next() }

// shape is one way of sending digits.
type shape struct {
	on, off       float64 // ms
	low, high     float64 // dBm0
	offLow, offHi float64 // relative deviation of the frequencies
}

var plain = shape{on: 50, off: 50, low: -13, high: -13}

const allKeys = "1234567890*#ABCD"

// signal is a line as floats, so that disturbances add up before rounding.
type signal []float64

// send appends digits, each with its own phases and 20 ms-unaligned.
func (s signal) send(digits string, h shape, r *rng) signal {
	s = append(s, make(signal, 400+int(80*r.next()))...)
	for i := range len(digits) {
		low, high, _ := Frequencies(digits[i])
		s = append(s, burst(h.on, low*(1+h.offLow), high*(1+h.offHi), h.low, h.high, r)...)
		s = append(s, make(signal, int(h.off*8))...)
	}
	return append(s, make(signal, 960)...)
}

func burst(ms, lowHz, highHz, low, high float64, r *rng) signal {
	x := make(signal, int(math.Round(ms*8)))
	p, q := r.next()*2*math.Pi, r.next()*2*math.Pi
	for i := range x {
		t := 2 * math.Pi * float64(i) / pcm.Rate
		x[i] = pcm.Peak(low)*math.Sin(lowHz*t+p) + pcm.Peak(high)*math.Sin(highHz*t+q)
	}
	return x
}

// noise adds white noise of a level in dBm0.
func (s signal) noise(dbm0 float64, r *rng) signal {
	rms := pcm.RMS(dbm0)
	for i := range s {
		s[i] += rms * r.gauss()
	}
	return s
}

// hum adds sines.
func (s signal) hum(dbm0 float64, hz ...float64) signal {
	for i := range s {
		for _, f := range hz {
			s[i] += pcm.Peak(dbm0) * math.Sin(2*math.Pi*f*float64(i)/pcm.Rate)
		}
	}
	return s
}

func (s signal) add(o signal, gain float64) signal {
	for i := range s {
		s[i] += gain * o[i%len(o)]
	}
	return s
}

func (s signal) frames() []pcm.Frame {
	out := make([]pcm.Frame, (len(s)+pcm.FrameLen-1)/pcm.FrameLen)
	for i, v := range s {
		out[i/pcm.FrameLen][i%pcm.FrameLen] = pcm.Clip(int32(math.Round(max(-40000, min(40000, v)))))
	}
	return out
}

func (s signal) detect(m Mode) []Event {
	d := Detector{Mode: m}
	var out []Event
	for _, f := range s.frames() {
		out = d.Process(&f, out)
	}
	return out
}

func digitsOf(ev []Event) (out string) {
	for _, e := range ev {
		if e.Down {
			out += string(e.Digit)
		}
	}
	return out
}

// score counts digits of want heard in order, and those that are too many.
func score(want, got string) (hit, extra int) {
	// longest common subsequence
	row := make([]int, len(got)+1)
	for i := range len(want) {
		prev := 0
		for j := range len(got) {
			cur := row[j+1]
			if want[i] == got[j] {
				row[j+1] = prev + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			prev = cur
		}
	}
	hit = row[len(got)]
	return hit, len(got) - hit
}

// trial sends n rounds of all keys with h, spoiled by f, and returns the share
// heard in per cent and the number of extra digits.
func trial(m Mode, n int, h shape, f func(signal, *rng) signal) (hit float64, extra int) {
	r := rng(0x9E3779B97F4A7C15)
	total, hits := 0, 0
	for range n {
		s := signal(nil).send(allKeys, h, &r)
		if f != nil {
			s = f(s, &r)
		}
		a, b := score(allKeys, digitsOf(s.detect(m)))
		hits, extra, total = hits+a, extra+b, total+len(allKeys)
	}
	return 100 * float64(hits) / float64(total), extra
}

// speech is voiced sound of a glottal buzz through three moving formants, with
// gliding pitch, syllables and pauses: the enemy of tone detectors.
func speech(seconds float64, r *rng) signal {
	n := int(seconds * pcm.Rate)
	s := make(signal, 0, n)
	for len(s) < n {
		s = append(s, syllable(r)...)
		if r.next() < 0.2 {
			s = append(s, make(signal, int(800*r.next()))...)
		}
	}
	return s
}

func syllable(r *rng) signal {
	x := make(signal, int(r.between(60, 350)*8))
	f0, f1 := r.between(90, 280), r.between(90, 280)
	if r.next() < 0.4 {
		f1 = f0 // sung
	}
	type res struct{ f, y1, y2 float64 }
	form := [3]res{{f: r.between(250, 900)}, {f: r.between(800, 2300)}, {f: r.between(2000, 3300)}}
	phase := 0.0
	level := pcm.RMS(r.between(-28, -8))
	for i := range x {
		t := float64(i) / float64(len(x))
		phase += (f0 + (f1-f0)*t) / pcm.Rate
		in := 0.0
		if phase >= 1 {
			phase--
			in = 1
		}
		in += 0.01 * r.gauss()
		for k := range form {
			p := &form[k]
			rad := math.Exp(-math.Pi * (50 + 40*float64(k)) / pcm.Rate)
			y := in + 2*rad*math.Cos(2*math.Pi*p.f/pcm.Rate)*p.y1 - rad*rad*p.y2
			p.y2, p.y1 = p.y1, y
			x[i] += y * (1 - 0.3*float64(k))
		}
		x[i] *= math.Sin(math.Pi * t)
	}
	sum := 1e-9
	for _, v := range x {
		sum += v * v
	}
	k := level / math.Sqrt(sum/float64(len(x)))
	for i := range x {
		x[i] *= k
	}
	return x
}
