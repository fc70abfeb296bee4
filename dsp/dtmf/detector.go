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

// keep is how many filtered samples stay from frame to frame: blocks may be
// measured late.
const keep = perFrame*3 + 2*hop

// Detector finds digits in frames. The zero value is ready and in IVR mode. It
// holds no reference to what it was fed.
type Detector struct {
	Mode Mode

	front front
	x     [keep + perFrame]float32 // filtered, the newest last
	ring  [ringLen]block
	n     int64 // blocks seen
	left  int   // blocks of this frame that are still to be seen
	clear bool  // the gate block of the frame before can belong to a digit
	open  bool  // that of this frame

	on       bool
	digit    Event
	row, col int
	refRow   float32 // squared amplitudes of the digit that is on
	refCol   float32
	sumR     complex64 // of what its tones turned from block to block
	sumC     complex64
	gap      int // blocks without the tone
	back1    int // blocks it has been back after the gap
	stale    int // frames since the tone was last the loudest
}

// Reset forgets everything heard; the mode stays.
func (d *Detector) Reset() { *d = Detector{Mode: d.Mode} }

// On reports the digit that sounds now; ok is false when none does.
func (d *Detector) On() (digit byte, ok bool) { return d.digit.Digit, d.on }

// Process listens to the next frame and appends what it found to out.
func (d *Detector) Process(f *pcm.Frame, out []Event) []Event {
	copy(d.x[:keep], d.x[perFrame:])
	var loud [perHop]loudness
	d.front.run((*[perFrame]float32)(d.x[keep:]), f, &loud)
	for h := range perHop {
		b := &d.ring[(d.n+int64(h))%ringLen]
		b.loudness, b.known, b.pair = loud[h], false, 0
	}
	d.n += perHop
	d.clear, d.open = d.open, d.gate()
	if !d.on && !d.clear && !d.open {
		return out
	}
	for d.left = perHop - 1; d.left >= 0; d.left-- {
		d.n -= int64(d.left)
		out = d.step(out)
		d.n += int64(d.left)
	}
	d.left = 0
	return out
}

// block returns the block i before the newest, with its tones.
func (d *Detector) block(i int) *block {
	b := d.loud(i)
	if !b.known {
		b.measure(d.window(i))
	}
	return b
}

// window returns the samples of the block i before the newest.
func (d *Detector) window(i int) *[2 * hop]float32 {
	return (*[2 * hop]float32)(d.x[len(d.x)-hop*(d.left+i+2):])
}

// loud returns the block i before the newest, perhaps without its tones.
func (d *Detector) loud(i int) *block {
	return &d.ring[(d.n-1-int64(i)+2*ringLen)%ringLen]
}

// centre is the instant, in milliseconds, of the middle of the block i before
// the newest: a tone that begins there has half its amplitude in that block.
func (d *Detector) centre(i int) int64 { return (d.n - 1 - int64(i)) * hopMs }

// edge is the likeliest instant of a change that the block i before the newest
// was the first to show.
func (d *Detector) edge(i int) int64 { return max(0, d.centre(i)-hopMs/2) }

// gateAt is the block of a frame, counted from its end, that every frame is
// looked at by: any six blocks in a row hold at least one such.
const gateAt = 2

// gate reports whether the middle of the newest frame can belong to a digit.
func (d *Detector) gate() bool {
	a, b := d.loud(gateAt), d.loud(gateAt+1)
	band := a.band + b.band
	if band < minPower/2 || a.low+b.low > gateLow*band || a.high+b.high > gateHigh*band {
		return false
	}
	d.block(gateAt)
	p := a.powers()
	row, col := loudest(p)
	r, c := p[row], p[4+col]
	return r+c > gatePure*band && r < c*gateTwist && c < r*gateTwist
}

// possible reports whether the gates that lie in the last span blocks are open.
func (d *Detector) possible() bool {
	switch perHop - 1 - d.left {
	case 0:
		return d.clear
	case perHop - 1:
		return d.open
	}
	return d.clear && d.open
}

// step decides after each block.
func (d *Detector) step(out []Event) []Event {
	if !d.on {
		if d.possible() {
			if t, ok := d.find(); ok {
				out = d.begin(t, out)
			}
		}
		return out
	}
	if !d.present() {
		return d.missing(out)
	}
	if d.gap > 0 {
		if d.back1++; d.gap > sureBridge {
			if d.back1 < 2 {
				return out // the phase of the first block is not clean yet
			}
			if !d.runsOn() {
				return d.end(d.gap+d.back1-1, out)
			}
		}
		d.gap, d.back1 = 0, 0
	}
	d.follow()
	if d.left != gateAt {
		return out
	}
	if d.loudestStill() {
		d.stale = 0
	} else if d.stale++; d.stale > maxStale {
		return d.end(perHop*d.stale-1, out)
	}
	return out
}

// missing counts a block without the tone of the digit that is on.
func (d *Detector) missing(out []Event) []Event {
	d.gap += 1 + d.back1
	d.back1 = 0
	if d.possible() {
		if t, ok := d.find(); ok && (t.row != d.row || t.col != d.col) {
			return d.begin(t, d.end(d.gap-1, out))
		}
	}
	if d.gap > maxBridge {
		return d.end(d.gap-1, out)
	}
	return out
}

func (d *Detector) begin(t found, out []Event) []Event {
	d.on, d.gap, d.back1, d.stale = true, 0, 0, 0
	d.row, d.col, d.refRow, d.refCol = t.row, t.col, t.powRow, t.powCol
	d.sumR, d.sumC = t.r.sum, t.c.sum
	d.digit = Event{
		Digit: keys[t.row][t.col], Down: true, At: d.edge(t.span - 1),
		Low: levelOf(t.powRow), High: levelOf(t.powCol),
		OffLow: offset(t.r.sum, t.row), OffHi: offset(t.c.sum, 4+t.col),
	}
	return append(out, d.digit)
}

// end closes the digit at the first block that lacked it, i before the newest.
func (d *Detector) end(i int, out []Event) []Event {
	e := d.digit
	e.Down = false
	e.At = max(e.At+1, d.edge(i))
	d.on, d.gap, d.back1, d.stale = false, 0, 0, 0
	return append(out, e)
}

// present reports whether the newest block holds the digit that is on: both
// tones above 55 % of their amplitude.
func (d *Detector) present() bool {
	b := d.loud(0)
	if b.band+d.loud(1).band < 0.3*min(d.refRow, d.refCol) {
		return false
	}
	d.pair(0)
	return b.power(d.row) >= 0.3*d.refRow && b.power(4+d.col) >= 0.3*d.refCol
}

// pair makes sure of the two tones of the digit in the block i before the newest.
func (d *Detector) pair(i int) *block {
	b := d.loud(i)
	if !b.known && b.pair != d.digit.Digit {
		b.only(d.window(i), d.row, 4+d.col)
		b.pair = d.digit.Digit
	}
	return b
}

// follow takes in level and frequency of the digit that is on.
func (d *Detector) follow() {
	// The newest block may be the last, and cut: its phase is not counted.
	a, b, now := d.pair(2), d.pair(1), d.loud(0)
	r, c := now.power(d.row), now.power(4+d.col)
	d.refRow += 0.2 * (r - d.refRow)
	d.refCol += 0.2 * (c - d.refCol)
	d.sumR += turned(b, a, d.row)
	d.sumC += turned(b, a, 4+d.col)
}

// loudestStill reports whether the digit that is on is what a fresh look at the
// newest block finds.
func (d *Detector) loudestStill() bool {
	b := d.block(0)
	p := b.powers()
	row, col := loudest(p)
	r, c := p[row], p[4+col]
	return row == d.row && col == d.col && r+c > gatePure*(b.band+d.loud(1).band)
}

// runsOn tells a dropout from a new key after a gap: it is one key when the same
// two tones come back in the very phase they would have had.
func (d *Detector) runsOn() bool {
	if !d.loudestStill() {
		return false
	}
	n := d.gap + 3
	last, now := d.pair(n), d.pair(0)
	return inPhase(last.at(d.row), now.at(d.row), unit(d.sumR), n) &&
		inPhase(last.at(4+d.col), now.at(4+d.col), unit(d.sumC), n)
}
