package progress

import (
	"math"

	"github.com/centralita/centralita/dsp/goertzel"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// highHz parts the tones of the plan from howler and special information tone.
const highHz = 900

// Special information tone (E.180 § 8): 950, 1400 and 1800 Hz, each ±50 Hz, for
// 330 ± 70 ms each, with up to 30 ms between them, then 1 s of silence. A bin
// measures well up to 20 Hz beside itself, so each tone has three.
var infoHz = [...]float64{917, 950, 983, 1367, 1400, 1433, 1767, 1800, 1833}

const (
	infoBins    = len(infoHz)
	infoLeastMs = 180 // of a tone, less what the window takes at both ends
	infoMostMs  = 440
	infoGapMs   = 110 // between two tones, and what the window adds
	infoLastMs  = 180 // the third tone is believed
	infoOverMs  = 1600
)

// info follows the three tones.
type info struct {
	at    int // first bin, −1 when it is not listened for
	stage int // tones that are complete
	ms    int // of the present tone
	gap   int // since a tone was heard
	told  bool
	hz    [3]float32
	power float32 // of all tones, with line and heard as in tune
	line  float32
	heard int
	spell [3]int // ms of each tone
}

// heardInfo looks for the special information tone in the newest window.
func (d *Detector) heardInfo(now *[maxHz]complex64, energy float32, out []Event) []Event {
	f := &d.info
	if f.at < 0 {
		return out
	}
	which, s := f.sight(d, now, energy)
	if f.told {
		if s.on {
			f.gap = 0
		} else if f.gap += blockMs; f.gap > infoOverMs {
			d.said.Ended, d.said.At = true, max(d.said.At, d.now()-infoOverMs)
			if d.active == infoActive {
				d.active = -1
				out = append(out, d.said)
			}
			*f = info{at: f.at}
		}
		return out
	}
	if f.follow(which, s) {
		if d.active >= 0 {
			d.said.Ended, d.said.At = true, d.now()
			out = append(out, d.said)
		}
		f.told, d.active = true, infoActive
		d.said = f.evidence()
		d.said.At = d.now()
		out = append(out, d.said)
	}
	return out
}

// infoActive is the Detector's active tune while the special information tone is
// the signal that was told.
const infoActive = math.MaxInt

// sight returns which of the three tones the window holds; −1 is none.
func (f *info) sight(d *Detector, now *[maxHz]complex64, energy float32) (which int, s sight) {
	s.line = energy
	best, power := -1, minPower/4
	for i := range infoBins {
		if p := goertzel.Power(now[f.at+i]); p > power {
			best, power = i, p
		}
	}
	if best < 0 {
		return -1, s
	}
	hz, ok := d.frequency(f.at+best, now)
	if !ok {
		return -1, s
	}
	s.hz[0] = hz
	s.power = power / response(hz-d.hz[f.at+best]) / 2
	s.on = s.power >= purity*energy && s.power >= minPower/2
	if !s.on {
		return -1, s
	}
	return best / 3, s
}

// follow takes in a window and reports whether the third tone is believed.
func (f *info) follow(which int, s sight) bool {
	if !s.on {
		f.gap += blockMs
		if f.gap > infoGapMs {
			*f = info{at: f.at}
		}
		return false
	}
	if which != f.stage {
		next := which == f.stage+1 && f.ms >= infoLeastMs && f.ms <= infoMostMs
		if !next && which != 0 {
			*f = info{at: f.at}
			return false
		}
		if !next {
			*f = info{at: f.at}
		} else {
			f.stage, f.ms = which, 0
		}
	}
	f.gap = 0
	f.ms += blockMs
	f.spell[f.stage] = f.ms
	f.hz[f.stage] = s.hz[0]
	f.power += s.power
	f.line += s.line
	f.heard++
	return f.stage == 2 && f.ms >= infoLastMs
}

func (f *info) evidence() Event {
	e := Event{Kind: plan.Info, Pieces: 3, On: f.spell[1], Off: 0}
	for i, hz := range f.hz {
		e.Hz[i] = int(math.Round(float64(hz)))
	}
	e.Level = float32(pcm.DBm0(float64(f.power) / float64(f.heard)))
	e.Pure = min(1, f.power/f.line)
	e.Sure = clean(e.Pure)
	return e
}
