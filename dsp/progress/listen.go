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
	maxOffHz = 32   // and in Hz, as far as a window can see it
	overtone = 0.02 // 17 dB below it: exchanges keep 30 dB, the purest voices 20
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
func (d *Detector) listen() (now [maxHz]complex64, energy float32) {
	most := d.first[numBanks]
	if d.bright > window { // nothing is left in the high banks
		most = d.first[highBank]
	}
	for j := range int64(window) { // from the oldest to the newest
		at := (d.n + j) % window
		energy += d.energy[at] * taper[j]
		for k := range most {
			w := complex(taper[j], 0)
			now[k] = now[k]*d.turn[k] + d.past[at][k]*w
		}
	}
	return now, energy
}

// sight is what one window shows of a tune.
type sight struct {
	on    bool
	power float32              // of the tone as a mean square
	line  float32              // of everything
	hz    [maxPartials]float32 // measured
	block float32              // of the first frequency in the newest block alone
}

// sight looks for the tune in the window that ends now.
func (t *tune) sight(d *Detector, now *[maxHz]complex64, energy float32) (s sight) {
	s.line = energy
	s.block = goertzel.Power(d.past[(d.n+window-1)%window][t.f[0]]) / 2
	var least, most float32
	for i := range t.n {
		k := t.f[i]
		p := goertzel.Power(now[k])
		if p < minPower {
			return s
		}
		hz, ok := d.frequency(k, now)
		if !ok {
			return s
		}
		s.hz[i] = hz
		p /= response(hz - d.hz[k])
		if i == 0 {
			least = p
		}
		least, most = min(least, p), max(most, p)
		s.power += p / 2
	}
	s.on = most <= least*balance && s.power >= purity*energy
	if t.overtone >= 0 && goertzel.Power(now[t.overtone]) > overtone*most {
		s.on = false
	}
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
func (d *Detector) frequency(k int, now *[maxHz]complex64) (hz float32, ok bool) {
	r := now[k] * complex(real(d.last[k]), -imag(d.last[k]))
	r *= complex(real(d.turn[k]), -imag(d.turn[k]))
	off := float32(math.Atan2(float64(imag(r)), float64(real(r))) * pcm.Rate / (2 * math.Pi * block))
	most := min(maxOff*d.hz[k], maxOffHz)
	return d.hz[k] + off, off <= most && off >= -most
}

// evidence writes down what was heard of a signal.
func (t *tune) evidence(k plan.Kind, pieces int) Event {
	e := Event{Kind: k, Pieces: pieces}
	if t.heard == 0 {
		return e
	}
	n := float32(t.heard)
	for i, sum := range t.hz {
		e.Hz[i] = int(math.Round(float64(sum / n)))
	}
	e.Level = float32(pcm.DBm0(float64(t.power / n)))
	e.Pure = min(1, t.power/t.line)
	onOff := t.cadence(k)
	e.Sure = clean(e.Pure)
	if len(onOff) > 0 {
		e.On, e.Off = t.recent(true), t.recent(false)
		e.Sure *= t.closeness(onOff, pieces)
	}
	for _, o := range t.signals {
		if o.kind != k && equal(o.onOff, onOff) {
			e.Sure /= 2
			break
		}
	}
	return e
}

// clean is what the purity of a tone says of it: a tone in noise 20 dB below is
// one, in noise 6 dB below two times out of three.
func clean(pure float32) float32 {
	return max(0.5, min(1, 0.5+(pure-purity)/(0.98-purity)/2))
}

// closeness is what the lengths of pieces say: 1 when all are right, half at the
// limit, and a little less for few of them.
func (t *tune) closeness(onOff []int, pieces int) float32 {
	rot, ok := t.matches(onOff, pieces)
	if !ok {
		return 0.5
	}
	// A window sees bursts shorter and pauses longer than they are, but not both
	// together.
	var got, want int
	n := len(onOff)
	for i := 1; i <= pieces; i++ {
		got += t.past[t.count-i]
		want += onOff[((rot-i)%n+n)%n]
	}
	d := max(got-want, want-got)
	off := min(1, float32(d)/(float32(want)*tolerance+graceMs))
	return (1 - off/2) * float32(pieces+7) / float32(pieces+8)
}
