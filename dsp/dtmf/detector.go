package dtmf

import "github.com/centralita/centralita/dsp/pcm"

// Mode is how strict a Detector is.
type Mode uint8

// Modes.
const (
	// IVR hears keys for a menu: twist up to 8 dB either way, as worn lines,
	// mobile phones and adapters send them.
	IVR Mode = iota
	// Strict listens while people talk: twist 4 dB reverse and 8 dB normal
	// (Q.24 table A-1, AT&T), and a purer tone.
	Strict
)

// Event is the beginning or the end of a digit.
type Event struct {
	Digit byte  // '0'-'9', '*', '#', 'A'-'D'
	Down  bool  // it began; false: it ended
	At    int64 // milliseconds of audio since the first sample fed
	// Of the tone, as measured where it began; the same values come with the end.
	Low, High     float32 // level of the two frequencies in dBm0
	OffLow, OffHi float32 // deviation of the two frequencies in Hz
}

// Detector finds digits in frames. The zero value is ready and in IVR mode. It
// holds no reference to what it was fed.
type Detector struct {
	Mode Mode

	hp   highPass
	tail [hop]float32 // the last filtered samples of the frame before
	ring [ringLen]block
	n    int64 // blocks seen

	on     bool
	digit  Event
	row    int
	col    int
	refRow float32 // squared amplitudes of the digit that is on
	refCol float32
	turnR  complex64 // phase advance of its tones from block to block
	turnC  complex64
	gap    int // blocks without the tone
	stale  int // blocks since the tone was last found pure
}

// Reset forgets everything heard; the mode stays.
func (d *Detector) Reset() { *d = Detector{Mode: d.Mode} }

// On reports the digit that sounds now; ok is false when none does.
func (d *Detector) On() (digit byte, ok bool) { return d.digit.Digit, d.on }

// Process listens to the next frame and appends what it found to out.
func (d *Detector) Process(f *pcm.Frame, out []Event) []Event {
	var x [pcm.FrameLen + hop]float32
	copy(x[:hop], d.tail[:])
	d.hp.run((*[pcm.FrameLen]float32)(x[hop:]), f)
	copy(d.tail[:], x[pcm.FrameLen:])
	for h := 0; h < pcm.FrameLen; h += hop {
		d.ring[d.n%ringLen].measure((*[2 * hop]float32)(x[h:]), (*[hop]int16)(f[h:]))
		d.n++
		out = d.step(out)
	}
	return out
}

// back returns the block i before the newest.
func (d *Detector) back(i int64) *block {
	return &d.ring[(d.n-1-i+2*ringLen)%ringLen]
}

// centre is the instant, in milliseconds, of the middle of the block i before
// the newest: a tone that begins there has half its amplitude in that block.
func (d *Detector) centre(i int64) int64 { return (d.n - 1 - i) * hopMs }

// edge is the likeliest instant of a change that the block i before the newest
// was the first to show.
func (d *Detector) edge(i int64) int64 { return max(0, d.centre(i)-hopMs/2) }

// step decides after each block.
func (d *Detector) step(out []Event) []Event {
	if !d.on {
		if t, ok := d.find(); ok {
			out = d.begin(t, out)
		}
		return out
	}
	if !d.present() {
		if d.gap++; d.gap > maxBridge {
			return d.end(int64(d.gap-1), out)
		}
		return out
	}
	if d.gap > 0 && !d.bridges() {
		return d.end(int64(d.gap), out)
	}
	d.gap = 0
	t, ok := d.find()
	switch {
	case ok && t.row == d.row && t.col == d.col:
		d.stale = 0
		d.refRow, d.refCol = t.powRow, t.powCol
		d.turnR, d.turnC = t.turnR, t.turnC
	case ok:
		return d.begin(t, d.end(span-1, out))
	default:
		if d.stale++; d.stale > maxStale {
			return d.end(int64(d.stale-1), out)
		}
	}
	return out
}

func (d *Detector) begin(t found, out []Event) []Event {
	d.on, d.gap, d.stale = true, 0, 0
	d.row, d.col, d.refRow, d.refCol = t.row, t.col, t.powRow, t.powCol
	d.turnR, d.turnC = t.turnR, t.turnC
	d.digit = Event{
		Digit: keys[t.row][t.col], Down: true, At: d.edge(span - 1),
		Low: levelOf(t.powRow), High: levelOf(t.powCol),
		OffLow: offset(t.turnR, t.row), OffHi: offset(t.turnC, 4+t.col),
	}
	return append(out, d.digit)
}

// end closes the digit at the first block that lacked it, i before the newest.
func (d *Detector) end(i int64, out []Event) []Event {
	e := d.digit
	e.Down = false
	e.At = max(e.At+1, d.edge(i))
	d.on, d.gap, d.stale = false, 0, 0
	return append(out, e)
}

// present reports whether the newest block holds the digit that is on: both
// tones above 55 % of their amplitude.
func (d *Detector) present() bool {
	b := d.back(0)
	return b.power(d.row) >= 0.3*d.refRow && b.power(4+d.col) >= 0.3*d.refCol
}

// bridges tells a dropout from a new key after a gap of d.gap blocks: up to 15
// ms it is one key; up to 25 ms it is one when both tones come back in the very
// phase they would have had.
func (d *Detector) bridges() bool {
	if d.gap <= sureBridge {
		return true
	}
	last, now := d.back(int64(d.gap+1)), d.back(0)
	return inPhase(last.at(d.row), now.at(d.row), d.turnR, d.gap+1) &&
		inPhase(last.at(4+d.col), now.at(4+d.col), d.turnC, d.gap+1)
}
