package cid

import (
	"math"

	"github.com/centralita/centralita/dsp/goertzel"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
)

// The dual tone that announces data (EN 300 659-1 § 6.1.3 and GR-30 § 2.5.1, CAS;
// SIN 227 § 5.2, DT-AS), in Hz.
const (
	AlertLow  = 2130.0
	AlertHigh = 2750.0
)

// AlertSpec returns the dual tone of so many milliseconds and the pause after it.
// The level is that of each frequency in dBm0; 0 stands for −15.
func AlertSpec(ms int, level float64) tone.Spec {
	if level == 0 {
		level = -15
	}
	return tone.Spec{Repeat: tone.Once, Segments: []tone.Segment{
		{Partials: []tone.Partial{{Hz: AlertLow, DBm0: level}, {Hz: AlertHigh, DBm0: level}}, Samples: tone.Ms(ms)},
		{Samples: tone.Ms(AlertPauseMs)},
	}}
}

// Alert is a dual tone heard.
type Alert struct {
	At, Ms int64 // where it began, in milliseconds of audio since the first sample fed, and how long it was
}

// Limits of the decision.
const (
	alertBlock   = 40 // samples: 5 ms
	alertMs      = alertBlock * 1000 / pcm.Rate
	alertMin     = 65   // ms; 75 is the shortest that is sent
	alertMax     = 125  // ms; 110 is the longest
	alertPure    = 0.75 // of the energy is in the two tones
	alertTwist   = 5.0  // power; 7 dB
	alertOff     = 35.0 // Hz a frequency may be off: 1.1 % is taken
	alertMissing = 2    // blocks that may fail within it
)

var alertLeast = float32(math.Pow(pcm.Peak(-45), 2)) // power of each tone

// AlertDetector finds dual tones of 65 to 125 ms and −43 dBm0 each and more, whose
// frequencies are at most 1.1 % off and whose levels 6 dB apart. Speech is too
// impure to pass for one. The zero value is listening for nothing; create it with
// NewAlertDetector.
type AlertDetector struct {
	bank   goertzel.Bank
	energy int64
	fed    int
	n      int64 // blocks heard
	before [2]complex64
	good   int64 // blocks of the tone
	bad    int   // blocks in a row that were not
	start  int64
}

// NewAlertDetector returns a detector.
func NewAlertDetector() AlertDetector {
	return AlertDetector{bank: goertzel.New(AlertLow, AlertHigh)}
}

// Feed listens to any number of samples and appends the tones that ended to out.
func (d *AlertDetector) Feed(x []int16, out []Alert) []Alert {
	for len(x) > 0 {
		n := min(alertBlock-d.fed, len(x))
		d.bank.Feed(x[:n])
		d.energy += pcm.Energy(x[:n])
		x = x[n:]
		if d.fed += n; d.fed == alertBlock {
			out = d.block(out)
		}
	}
	return out
}

// block decides after each 5 ms.
func (d *AlertDetector) block(out []Alert) []Alert {
	a := d.bank.Take()
	now := [2]complex64{a[0], a[1]}
	like := d.like(now)
	d.before, d.energy, d.fed = now, 0, 0
	d.n++
	switch {
	case like && d.good == 0:
		d.start, d.good, d.bad = d.n-1, 1, 0
	case like:
		d.good, d.bad = d.good+1, 0
	case d.good > 0:
		if d.bad++; d.bad > alertMissing {
			// The first block of a tone has no phase before it and the last may be cut.
			ms := (d.n - int64(d.bad) - d.start + 1) * alertMs
			if ms >= alertMin && ms <= alertMax && d.good*4 >= (d.n-int64(d.bad)-d.start)*3 {
				out = append(out, Alert{At: (d.start - 1) * alertMs, Ms: ms})
			}
			d.good = 0
		}
	}
	return out
}

// like reports whether the block holds both tones and little else, with the phase
// running on at their frequencies.
func (d *AlertDetector) like(now [2]complex64) bool {
	p, q := goertzel.Power(now[0]), goertzel.Power(now[1])
	if p < alertLeast || q < alertLeast || p > alertTwist*q || q > alertTwist*p {
		return false
	}
	if (p+q)/2*alertBlock < alertPure*float32(d.energy) {
		return false
	}
	for k, hz := range [2]float64{AlertLow, AlertHigh} {
		turn := float64(hz) * alertBlock / pcm.Rate
		turn = 2 * math.Pi * (turn - math.Floor(turn))
		c, s := float32(math.Cos(turn)), float32(math.Sin(turn))
		a, b := now[k], d.before[k]
		re := float32(real(a)*real(b)) + float32(imag(a)*imag(b))
		im := float32(imag(a)*real(b)) - float32(real(a)*imag(b))
		x, y := float32(re*c)+float32(im*s), float32(im*c)-float32(re*s)
		limit := float32(math.Tan(2 * math.Pi * alertOff * alertBlock / pcm.Rate))
		if x <= 0 || y > limit*x || -y > limit*x {
			return false
		}
	}
	return true
}
