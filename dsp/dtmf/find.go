package dtmf

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// Limits of the decision. Powers are squared amplitudes.
const (
	span       = 6    // blocks that must agree: 35 ms, so 40 ms always hold them and 23 ms never
	sureBridge = 3    // a gap of so many blocks is a dropout
	maxBridge  = 5    // a gap of so many blocks may be one, if the phase runs on
	maxStale   = 12   // blocks that may pass without a pure tone while the digit is on
	maxOff     = 2.6  // per cent a frequency may be off: 1.8 must be taken, 3.5 must not (Q.24: 1.5 and 3.5)
	steady     = 0.3  // of its mean power a tone has in every block
	coherent   = 0.85 // of its power follows one phase
	leastPure  = 0.72 // of the energy above 600 Hz is in the two tones
	maxTwist   = 9    // dB, with 1 dB of grace for noise
	minLevel   = -48. // dBm0 for each tone
)

// found is a digit seen in the last blocks.
type found struct {
	row, col       int
	powRow, powCol float32
	turnR, turnC   complex64
}

var minPower = float32(math.Pow(pcm.Peak(minLevel), 2))

// find looks for a digit in the last blocks.
func (d *Detector) find() (t found, ok bool) {
	if d.n < span || d.back(0).energy < minPower/2 {
		return t, false
	}
	var pow [8]float32
	var energy, whole float32
	for i := int64(0); i < span; i++ {
		b := d.back(i)
		for k := range pow {
			pow[k] += b.power(k)
		}
		if i > 0 {
			energy += b.energy
			whole += b.whole
		}
	}
	t.row, t.col = argmax(pow[:4]), argmax(pow[4:])
	t.powRow, t.powCol = pow[t.row]/span, pow[4+t.col]/span
	if t.powRow < minPower || t.powCol < minPower || !d.twistOK(t.powRow, t.powCol) {
		return t, false
	}
	// A sine of amplitude A has the mean square A²/2.
	pure := (t.powRow + t.powCol) / 2 * (span - 1) / energy
	if pure < leastPure {
		return t, false
	}
	row, ok := d.tone(t.row, t.powRow)
	if !ok {
		return t, false
	}
	col, ok := d.tone(4+t.col, t.powCol)
	if !ok {
		return t, false
	}
	t.turnR, t.turnC = row.turn, col.turn
	return t, doubt(pure, whole/energy, t.powRow/t.powCol, row, col) <= d.mostDoubt()
}

// quality is how one tone stood in the last blocks.
type quality struct {
	turn   complex64 // advance of its phase from block to block
	phase  float32   // part of its power that follows one phase, 1 at best
	steady float32   // part of its mean power in the weakest block, 1 at best
	off    float32   // deviation of its frequency, 1 at the limit
}

// tone looks at tone k in the last blocks; ok is false when it fails a limit.
func (d *Detector) tone(k int, mean float32) (q quality, ok bool) {
	var sum complex64
	var norm float32
	next := d.back(0)
	least := next.power(k)
	for i := int64(1); i < span; i++ {
		b := d.back(i)
		p := b.power(k)
		least = min(least, p)
		sum += next.at(k) * complex(b.re[k], -b.im[k])
		norm += (next.power(k) + p) / 2
		next = b
	}
	size := float32(math.Sqrt(float64(real(sum)*real(sum) + imag(sum)*imag(sum))))
	if least < steady*mean || size < coherent*norm {
		return q, false
	}
	dev := sum * complex(real(nominal[k]), -imag(nominal[k]))
	if real(dev) <= 0 || abs(imag(dev)) > real(dev)*limit[k] {
		return q, false
	}
	q.turn = complex(real(sum)/size, imag(sum)/size)
	q.phase, q.steady = size/norm, least/mean
	q.off = abs(imag(dev)) / (real(dev) * limit[k])
	return q, true
}

// doubt adds up how far the signal is from a key: 0 is a key sent by a
// laboratory, a key in noise 4 dB below it has 1 to 2.5, the accidents of speech
// have 2 to 6. No single measure parts the two, the sum does. deep is the energy
// of the whole band by that above 600 Hz: speech is strong below, keys are not.
//
// The weights come from a search: they let the fewest of the accidents in six
// hours of recorded and synthetic speech pass at a fixed share of keys heard in
// noise, over speech, off frequency and with twist.
func doubt(pure, deep, ratio float32, row, col quality) float32 {
	off := max(row.off, col.off)
	twist := float32(10*math.Log10(float64(ratio))) / maxTwist
	low := float32(math.Log2(float64(max(1, min(deep, 16)))))
	return 6.8*max(0, 1-pure) + 1.2*low +
		5.4*(1-max(row.phase, col.phase)) + 1.5*(1-min(row.phase, col.phase)) +
		0.9*(1-min(row.steady, col.steady)) +
		2.4*off*off + 0.9*twist*twist
}

// mostDoubt is what the mode accepts.
func (d *Detector) mostDoubt() float32 {
	if d.Mode == Strict {
		return 1.6
	}
	return 2.42
}

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
		phi := 2 * math.Pi * hz * hop / pcm.Rate
		n[k] = complex(float32(math.Cos(phi)), float32(math.Sin(phi)))
		l[k] = float32(math.Tan(phi * maxOff / 100))
	}
	return n, l
}()

// inPhase reports whether b is what a became after n turns, within 20 degrees.
func inPhase(a, b, turn complex64, n int) bool {
	for range n {
		a *= turn
	}
	c := b * complex(real(a), -imag(a))
	return real(c) > 0 && abs(imag(c)) < 0.364*real(c)
}

// offset returns how far the tone is off, in Hz.
func offset(turn complex64, k int) float32 {
	dev := turn * complex(real(nominal[k]), -imag(nominal[k]))
	return float32(math.Atan2(float64(imag(dev)), float64(real(dev))) * pcm.Rate / (2 * math.Pi * hop))
}

// levelOf returns the level of a sine by its squared amplitude.
func levelOf(power float32) float32 { return float32(pcm.DBm0(float64(power) / 2)) }

func argmax(p []float32) int {
	best := 0
	for i, v := range p {
		if v > p[best] {
			best = i
		}
	}
	return best
}

func abs(x float32) float32 {
	if x < 0 {
		return -x
	}
	return x
}
