package dtmf

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

const rate = pcm.Rate

// Limits of the decision. Powers are squared amplitudes.
const (
	span        = 6     // blocks that must agree: 35 ms, so 40 ms always hold them and 23 ms never
	longSpan    = 8     // blocks of the second look, 45 ms
	lastSpan    = 12    // and of the third, 65 ms: keys over speech
	lastGrace   = 0.6   // more doubt than at the second look: what lasts is less likely speech
	sureBridge  = 2     // a gap of so many blocks is a dropout
	sunk        = 0.1   // of its power is a tone gone
	sureBack    = 5     // blocks of what comes back are waited for
	maxBridge   = 13    // a gap of so many blocks may be one, if the phase runs on
	bridgeTan   = 0.18  // tangent of what the phase may differ by
	maxStale    = 3     // frames that may pass without a pure tone while the digit is on
	maxOff      = 2.6   // per cent a frequency may be off: 1.8 must be taken, 3.5 must not (Q.24: 1.5 and 3.5)
	steady      = 0.3   // of its mean power a tone has in every block
	coherent    = 0.85  // of its power follows one phase
	leastCrowd  = 0.4   // of it, where a third tone is looked for,
	crowdPhase  = 0.985 // and of the power of the two follows one phase
	leastPure   = 0.72  // of the energy above 600 Hz is in the two tones
	maxTwist    = 9     // dB, with 1 dB of grace for noise
	gateLow     = 6     // times the energy of the band below it,
	gateHigh    = 0.7   // and above it, no digit has
	gatePure    = 0.55  // of the energy of a single block
	nothingElse = 0.35  // of the weaker tone is beside the two
	surelyPure  = 0.85  // of it: these are the tones
	gateTwist   = 16    // 12 dB
	secondLook  = 5     // a digit with so much more doubt may still be one
	mostHigh    = 0.35  // of it is above 2 kHz: a third tone has 0.5, noise 4 dB below 0.2
	mostRest    = .45   // of their energy is beside the two tones
	minLevel    = -48.  // dBm0 for each tone
)

var minPower = float32(math.Pow(pcm.Peak(minLevel), 2))

// found is what the last blocks show of a digit.
type found struct {
	span           int
	crowded        bool // no key, but its tones: perhaps with a third one
	row, col       int
	powRow, powCol float32
	pure           float32 // part of the band's energy that is in the two tones
	low, high      float32 // energy below and above the band by that in it
	before         float32 // amplitude of the weaker tone 10 ms before by that now
	worst, best    float32 // pure in the worst and in the best block
	r, c           quality
}

// quality is how one tone stood in the last blocks.
type quality struct {
	sum    complex64 // of what its phase turned from block to block, weighed by power
	phase  float32   // part of its power that follows one phase, 1 at best
	steady float32   // part of its mean power in the weakest block, 1 at best
	off    float32   // deviation of its frequency, 1 at the limit
}

func (q *quality) fits() bool { return q.steady >= steady && q.phase >= coherent && q.off <= 1 }

// find looks for a digit in the last blocks, first with one quick look at what
// may be a plain one.
func (d *Detector) find() (t found, ok bool) {
	some, all := d.possible()
	if !some || d.n < span+1 || d.loud(0).band < minPower/4 {
		return t, false
	}
	if t, ok = d.plain(); ok {
		return t, true
	}
	if !all || d.swells(span) {
		return t, false
	}
	t = d.measure(span)
	if !d.fits(&t) {
		return t, false
	}
	if t.clear() && d.believed(&t) {
		return t, true
	}
	t.crowded = true
	return t, d.left%2 == 0 && t.pure > leastCrowd && min(t.r.phase, t.c.phase) > crowdPhase
}

// believed reports whether doubt is small, with a second and a third look where it
// is not; t becomes what the last one saw.
func (d *Detector) believed(t *found) bool {
	quick, long := d.mostDoubt()
	doubt := t.doubt(&quickWeights)
	if doubt <= quick {
		return true
	}
	if doubt > quick+secondLook {
		return false
	}
	l := d.measure(longSpan)
	if !d.fits(&l) || !l.clear() {
		return false
	}
	if doubt = l.doubt(&longWeights); doubt <= long {
		*t = l
		return true
	}
	if doubt > long+secondLook {
		return false
	}
	l = d.measure(lastSpan)
	if !d.fits(&l) || !l.clear() || l.doubt(&longWeights) > long+lastGrace {
		return false
	}
	*t = l
	return true
}

// mostDoubt is what the mode accepts at the first look and at the second.
func (d *Detector) mostDoubt() (quick, long float32) {
	if d.Mode == Strict {
		return 5, 6.2
	}
	return 6.8, 8.4
}

// fits reports whether the two tones are those of a key, whatever is beside them.
func (d *Detector) fits(t *found) bool {
	return t.powRow >= minPower && t.powCol >= minPower && d.twistOK(t.powRow, t.powCol) && t.r.fits() && t.c.fits()
}

// clear reports whether so little is beside them as beside a key.
func (t *found) clear() bool {
	return t.pure >= leastPure && t.high <= mostHigh && t.high <= mostRest*t.pure-(1-t.pure)
}

// measure describes the last n blocks.
func (d *Detector) measure(n int) (t found) {
	var pow [8]float32
	var sum loudness
	for i := range n {
		b := d.block(i)
		for k := range pow {
			pow[k] += b.power(k)
		}
		if i < n-1 {
			sum.band += b.band
			sum.low += b.low
			sum.high += b.high
		}
	}
	t.span = n
	t.row, t.col = loudest(&pow)
	t.powRow, t.powCol = pow[t.row]/float32(n), pow[4+t.col]/float32(n)
	// A sine of amplitude A has the mean square A²/2.
	t.pure = (t.powRow + t.powCol) / 2 * float32(n-1) / sum.band
	t.low, t.high = sum.low/sum.band, sum.high/sum.band
	t.r, t.c = d.tone(t.row, t.powRow, n), d.tone(4+t.col, t.powCol, n)
	t.worst = 1
	for i := range n - 1 {
		b := d.block(i)
		p := (b.power(t.row) + b.power(4+t.col)) / (b.band + d.loud(i+1).band)
		t.worst, t.best = min(t.worst, p), max(t.best, p)
	}
	b := d.block(n + 1)
	t.before = float32(math.Sqrt(float64(min(1, b.power(t.row)/t.powRow, b.power(4+t.col)/t.powCol))))
	return t
}

// tone looks at tone k in the last n blocks.
func (d *Detector) tone(k int, mean float32, n int) (q quality) {
	var sum complex64
	var norm float32
	next := d.loud(0)
	least := next.power(k)
	for i := 1; i < n; i++ {
		b := d.loud(i)
		p := b.power(k)
		least = min(least, p)
		sum += turned(next, b, k)
		norm += (next.power(k) + p) / 2
		next = b
	}
	size := length(sum)
	dev := sum * complex(real(nominal[k]), -imag(nominal[k]))
	if real(dev) <= 0 || size == 0 {
		q.off = 9
		return q
	}
	q.sum = sum
	q.phase, q.steady = size/norm, least/mean
	q.off = abs(imag(dev)) / (real(dev) * limit[k])
	return q
}

// doubt adds up how far the signal is from a key: 0 is a key sent by a
// laboratory, a key in noise 4 dB below it has 3 to 7, the accidents of speech
// have 6 to 20. No single measure parts the two, the sum does. Speech is strong
// below the band, swells and fades and glides; keys do not.
//
// The weights come from a search: they let the fewest of the accidents in hours
// of recorded and synthetic speech and song pass at a fixed share of keys heard
// in noise, over speech, off frequency and with twist.
func (t *found) doubt(w *[hints]float32) (sum float32) {
	for k, v := range t.hints() {
		sum += float32(v * w[k])
	}
	return sum
}

const hints = 12

// Weights of the hints in six and in eight blocks.
var (
	quickWeights = [hints]float32{13.6, 1.24, 1.3, 27.7, 1.2, 3.15, 0.8, 5.7, 2.9, 4.2, 5.1, 2.9}
	longWeights  = [hints]float32{17, 1.9, 0.7, 12.7, 5.4, 1, 3.5, 8.1, 0, 5.5, 5.8, 1.5}
)

// hints are the measures that doubt weighs, each 0 for a perfect key.
func (t *found) hints() [hints]float32 {
	off, off2 := max(t.r.off, t.c.off), min(t.r.off, t.c.off)
	twist := float32(10*math.Log10(float64(t.powRow/t.powCol))) / maxTwist
	return [hints]float32{
		max(0, 1-t.pure), octaves(t.low), octaves(t.high),
		1 - max(t.r.phase, t.c.phase), 1 - min(t.r.phase, t.c.phase),
		1 - min(t.r.steady, t.c.steady), 1 - max(t.r.steady, t.c.steady),
		off * off, off2 * off2, twist * twist, t.before, 1 - t.worst,
	}
}

func octaves(x float32) float32 { return float32(math.Log2(float64(min(1+x, 16)))) }

// twistOK holds the difference of levels within the mode, with 1 dB of grace
// for noise.
func (d *Detector) twistOK(row, col float32) bool {
	if d.Mode == Strict {
		return row < col*3.16 && col < row*7.94 // +5, −9 dB
	}
	return row < col*7.94 && col < row*7.94 // 9 dB
}

// nominal is the advance of each tone from block to block, limit the tangent
// of the greatest deviation.
var nominal, limit = func() (n [8]complex64, l [8]float32) {
	for k, hz := range tones {
		phi := 2 * math.Pi * hz * 2 * hop / rate
		n[k] = complex(float32(math.Cos(phi)), float32(math.Sin(phi)))
		l[k] = float32(math.Tan(phi * maxOff / 100))
	}
	return n, l
}()

func length(c complex64) float32 {
	return float32(math.Sqrt(float64(float32(real(c)*real(c)) + float32(imag(c)*imag(c)))))
}

func unit(c complex64) complex64 {
	size := length(c)
	return complex(real(c)/size, imag(c)/size)
}

// inPhase reports whether b is what a became after n turns.
func inPhase(a, b, turn complex64, n int) bool {
	for range n {
		a *= turn
	}
	c := b * complex(real(a), -imag(a))
	return real(c) > 0 && abs(imag(c)) < bridgeTan*real(c)
}

// offset returns how far the tone is off, in Hz.
func offset(turned complex64, k int) float32 {
	dev := turned * complex(real(nominal[k]), -imag(nominal[k]))
	return float32(math.Atan2(float64(imag(dev)), float64(real(dev))) * rate / (2 * math.Pi * 2 * hop))
}

// levelOf returns the level of a sine by its squared amplitude.
func levelOf(power float32) float32 { return float32(pcm.DBm0(float64(power) / 2)) }

func abs(x float32) float32 {
	if x < 0 {
		return -x
	}
	return x
}
