package dtmf

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// Limits of what may be beside a key. Energies are counted by that of the weaker
// of its tones.
const (
	leastThird = .12  // a sine 9 dB below it is a third tone,
	loneThird  = .6   // if so much of all that is beside the key is that sine;
	sureThird  = .9   // with so much there is no other explanation,
	sureAfter  = 6    // where voices are, if it lasts for so many blocks
	thirdBin   = 10   // the first it may peak in:
	thirdHz    = 296  // below is hum and the pitch of voices,
	voiceHz    = 1000 // and to here voices have lone partials: there a third tone has
	lowThird   = .9   // so much of all,
	mostLow    = 4    // is not 6 dB louder,
	newThird   = .25  // and began with the key: so much of its power was there before,
	steadyWas  = 1.25 // or was as loud before and before that, within this
	doubtLasts = 20   // blocks for which one that was seen is believed to go on
	dialOff    = 8    // Hz a dial tone may be off

	leastVoice = .5   // beside the tones of a voice
	lowVoice   = 140  // Hz, its pitch; lower ones have too many harmonics to tell
	highVoice  = 470  // and too few to be taken for a key
	pairOff    = .022 // of the pitch its two tones may be off their harmonics,
	partOff    = .01  // of its frequency another harmonic may be off,
	mostOff    = .07  // and of the pitch
	leastPart  = .04  // of all has a harmonic that counts
	voiceComb  = .8   // of those that count is on harmonics
)

// dialTones are the frequencies of dial tones (ITU-T E.180 supplement 2), which
// sound on while one begins to dial.
var dialTones = [...]float32{330, 350, 400, 425, 440, 450}

// The line as it came is kept so long, and looked at so far from the ends of the
// blocks.
const (
	rawFrames  = 6
	lookEdge   = 12 // samples before the end of the newest block
	lookBefore = 80 // before the beginning of the oldest, lest the key was found late
	lookPast   = 14 * rate / 1000
)

// verdict is what is beside a key.
type verdict uint8

const (
	nothing verdict = iota // that speaks against it
	third                  // a third tone
	sure                   // a third tone and little else
	voice                  // harmonics of which its tones are two
)

// beside judges what sounds beside the key t. A lone sine that is no dial tone
// from before the key is a third tone: no keypad sends it. Voices, noise and
// clicks have more than one, and harmonics betray a voice that sings a key.
func (d *Detector) beside(t *found) verdict {
	if t.span == plainSpan {
		return nothing // it is alone
	}
	var s spectrum
	low := float32(tones[t.row]) + offset(t.r.sum, t.row)
	high := float32(tones[4+t.col]) + offset(t.c.sum, 4+t.col)
	if d.residue(&s, low, high); s.sum < leastThird {
		return nothing
	}
	if s.sum > leastVoice && s.voice(low, high) {
		return voice
	}
	for range len(dialTones) {
		hz, energy := s.strongest(thirdBin)
		if energy < leastThird || energy < loneThird*s.sum {
			return nothing
		}
		if hz < voiceHz {
			if energy < lowThird*s.sum || energy > mostLow || hz < thirdHz {
				return nothing
			}
			old, older := d.past(hz, energy*s.weaker, t)
			began := old < newThird || d.n < d.doubted
			switch {
			case !began && dial(hz):
				s.drop(hz)
				continue
			case !began && !(alike(old) && alike(older)):
				return nothing
			}
		}
		if d.n >= d.doubted {
			d.doubtful = d.n
		}
		d.doubted = d.n + doubtLasts
		if energy > sureThird*s.sum && (hz >= voiceHz || d.n >= d.doubtful+sureAfter) {
			return sure
		}
		return third
	}
	return nothing
}

func alike(power float32) bool { return power > 1/steadyWas && power < steadyWas }

// dial reports whether hz is a dial tone's.
func dial(hz float32) bool {
	for _, f := range dialTones {
		if abs(hz-f) <= dialOff {
			return true
		}
	}
	return false
}

// past returns the power at hz just before the key, and 14 ms earlier, by the
// energy it has now.
func (d *Detector) past(hz, energy float32, t *found) (old, older float32) {
	const whole = lookPast * lookPast / 4. * 2 / (looked * 3. / 8) // of the same sine, by its energy under the window
	onset := t.span*2*hop + lookBefore
	return d.powerAt(hz, onset) / (whole * energy), d.powerAt(hz, onset+lookPast) / (whole * energy)
}

// powerAt returns the power at hz in the 14 ms that end back samples before the
// newest block does.
func (d *Detector) powerAt(hz float32, back int) float32 {
	var x [lookPast]float32
	d.line(x[:], back)
	sin, cos := math.Sincos(2 * math.Pi * float64(hz) / rate)
	re, im := float32(cos), float32(sin)
	var a, b float32
	c, s := float32(1), float32(0)
	for _, v := range x {
		a += float32(v * c)
		b += float32(v * s)
		c, s = float32(c*re)-float32(s*im), float32(s*re)+float32(c*im)
	}
	return float32(a*a) + float32(b*b)
}

// line fills x with the line as it was, up to back samples before the end of the
// newest block; what was before the first frame is silence.
func (d *Detector) line(x []float32, back int) {
	at := int(d.n)*2*hop - back - len(x)
	for i := range x {
		if at >= 0 {
			x[i] = float32(d.raw[at/pcm.FrameLen%rawFrames][at%pcm.FrameLen])
		}
		at++
	}
}

// voice reports whether the tones are two harmonics of a voice, and most of what
// is beside them is others.
func (s *spectrum) voice(low, high float32) bool {
	var hz, energy [5]float32
	var sum float32
	n, rest := 0, *s
	for ; n < len(hz); n++ {
		hz[n], energy[n] = rest.strongest(2)
		if energy[n] < leastPart*s.sum {
			break
		}
		sum += energy[n]
		rest.drop(hz[n])
	}
	if n < 2 || sum < loneThird*s.sum {
		return false
	}
	for m := float32(1); m <= 6; m++ {
		k := nearest(m * high / low)
		f0 := (low + high) / (m + k)
		if f0 < lowVoice || f0 > highVoice || abs(low-m*f0) > pairOff*f0 {
			continue
		}
		var on float32
		hits := 0
		for i := range n {
			x := hz[i] / f0
			h := nearest(x)
			if h > 0 && abs(x-h) < min(partOff*max(h, 2), mostOff) {
				on += energy[i]
				hits++
			}
		}
		if hits >= 2 && on > voiceComb*sum {
			return true
		}
	}
	return false
}

func nearest(x float32) float32 { return float32(math.Round(float64(x))) }
