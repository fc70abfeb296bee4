package progress

import (
	"math"

	"github.com/centralita/centralita/dsp/goertzel"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// Limits of one window.
const (
	purity   = 0.65 // of the energy is in the tone: 0.8 is left at a noise 6 dB below
	minLevel = -43. // dBm0
	maxOff   = 0.04 // relative deviation of a frequency
	balance  = 6.3  // 8 dB between the two frequencies of a tone
)

var minPower = float32(math.Pow(pcm.Peak(minLevel), 2))

// taper weighs the blocks of a window like a Hann window; it adds up to one.
var taper = [window]float32{1. / 12, 3. / 12, 4. / 12, 3. / 12, 1. / 12}

func turnOf(hz float64) complex64 {
	phi := 2 * math.Pi * hz * block / pcm.Rate
	return complex(float32(math.Cos(phi)), float32(math.Sin(phi)))
}

// listen returns the amplitudes of all frequencies over the last window, phase
// at its end, and the mean square of the line in it.
func (d *Detector) listen() (now [goertzel.Max]complex64, energy float32) {
	for j := range int64(window) { // from the oldest to the newest
		at := (d.n + j) % window
		energy += d.energy[at] * taper[j]
		for k := range d.bank.Len() {
			w := complex(taper[j], 0)
			now[k] = now[k]*d.turn[k] + d.past[at][k]*w
		}
	}
	return now, energy
}

// sight is what one window shows of a tune.
type sight struct {
	on    bool
	power float32    // of the tone as a mean square
	line  float32    // of everything
	hz    [2]float32 // measured
}

// sight looks for the tune in the window that ends now.
func (t *tune) sight(d *Detector, now *[goertzel.Max]complex64, energy float32) (s sight) {
	s.line = energy
	pa := goertzel.Power(now[t.a])
	if pa < minPower {
		return s
	}
	var ok bool
	if s.hz[0], ok = d.frequency(t.a, now); !ok {
		return s
	}
	pa /= response(s.hz[0] - d.hz[t.a])
	s.power = pa / 2
	if t.b >= 0 {
		pb := goertzel.Power(now[t.b])
		if pb < minPower {
			return s
		}
		if s.hz[1], ok = d.frequency(t.b, now); !ok {
			return s
		}
		pb /= response(s.hz[1] - d.hz[t.b])
		if pa > pb*balance || pb > pa*balance {
			return s
		}
		s.power += pb / 2
	}
	s.on = s.power >= purity*energy
	return s
}

// response is the part of its power that a window shows of a tone so many Hz
// beside its frequency.
func response(off float32) float32 {
	x := 2 * math.Pi * float64(off) * block / pcm.Rate
	w := (4 + 6*math.Cos(x) + 2*math.Cos(2*x)) / 12
	if h := x / 2; h != 0 {
		w *= math.Sin(h) / h
	}
	return float32(w * w)
}

// frequency measures frequency k by how far its phase went since the window
// before; ok is false when it is off by more than maxOff.
func (d *Detector) frequency(k int, now *[goertzel.Max]complex64) (hz float32, ok bool) {
	r := now[k] * complex(real(d.last[k]), -imag(d.last[k]))
	r *= complex(real(d.turn[k]), -imag(d.turn[k]))
	if real(r) <= 0 {
		return 0, false
	}
	off := float32(math.Atan2(float64(imag(r)), float64(real(r))) * pcm.Rate / (2 * math.Pi * block))
	return d.hz[k] + off, off <= maxOff*d.hz[k] && off >= -maxOff*d.hz[k]
}

// evidence writes down what was heard of a signal.
func (t *tune) evidence(k plan.Kind, pieces int) Event {
	e := Event{Kind: k, Pieces: pieces}
	for i, sum := range t.hz {
		if t.heard > 0 {
			e.Hz[i] = int(math.Round(float64(sum) / float64(t.heard)))
		}
	}
	if t.heard > 0 {
		e.Level = float32(pcm.DBm0(float64(t.power) / float64(t.heard)))
	}
	if len(t.cadence(k)) == 0 {
		return e
	}
	e.On, e.Off = t.recent(true), t.recent(false)
	return e
}
