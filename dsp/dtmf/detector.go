package dtmf

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

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
	raw   [rawFrames]pcm.Frame     // the line as it came, in turn
	ring  [ringLen]block
	n     int64 // blocks seen
	left  int   // blocks of this frame that are still to be seen
	clear bool  // the gate block of the frame before can belong to a digit
	open  bool  // that of this frame
	other bool  // with other tones than those of the digit that is on

	doubtful int64 // the block in which a third tone was first seen,
	doubted  int64 // and that until which it is believed to go on

	on       bool
	mute     bool // a third tone is with it: it is no digit until it ends
	digit    Event
	row, col int
	refRow   float32 // squared amplitudes of the digit that is on
	refCol   float32
	sumR     complex64 // of what its tones turned from block to block
	sumC     complex64
	gap      int  // blocks without the tone
	back1    int  // blocks it has been back after the gap
	stale    int  // frames since the tone was last the loudest
	sank     bool // in the gap both tones were gone
}

// Reset forgets everything heard; the mode stays.
func (d *Detector) Reset() { *d = Detector{Mode: d.Mode} }

// On reports the digit that sounds now; ok is false when none does.
func (d *Detector) On() (digit byte, ok bool) { return d.digit.Digit, d.on && !d.mute }

// Process listens to the next frame and appends what it found to out.
func (d *Detector) Process(f *pcm.Frame, out []Event) []Event {
	copy(d.x[:keep], d.x[perFrame:])
	d.raw[d.n/perHop%rawFrames] = *f
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
func (d *Detector) edge(i int) int64 { return max(0, d.centre(i)-hopMs/2-1) }

// onset is the instant at which a digit began, by how much of its tones is in the
// block before those in which it was found.
func (d *Detector) onset(t *found) int64 {
	r, c := d.both(t.span, t.row, t.col)
	part := float32(math.Sqrt(float64(min(1, (r+c)/(t.powRow+t.powCol)))))
	return max(0, (d.n-int64(t.span))*hopMs-int64(3.9+5*part))
}

// gateAt is the block of a frame, counted from its end, that every frame is
// looked at by: any six blocks in a row hold at least one such.
const gateAt = 2

// gate reports whether the middle of the newest frame can belong to a digit.
func (d *Detector) gate() bool {
	a, b := d.loud(gateAt), d.loud(gateAt+1)
	band := a.band + b.band
	d.other = false
	if band < minPower/2 || a.low+b.low > gateLow*band || a.high+b.high > gateHigh*band {
		return false
	}
	if d.on && d.loudestStill(gateAt) {
		return true
	}
	d.block(gateAt)
	p := a.powers()
	row, col := loudest(p)
	r, c := p[row], p[4+col]
	open := r+c > gatePure*band && r < c*gateTwist && c < r*gateTwist
	d.other = r+c > surelyPure*band && d.on && (row != d.row || col != d.col)
	return open
}

// possible reports whether the gates that lie in the last span blocks are open,
// quick whether those in the last plainSpan are.
func (d *Detector) possible() (quick, full bool) {
	switch perHop - 1 - d.left {
	case 0:
		return d.clear, d.clear
	case 1:
		return d.clear && d.open, d.clear && d.open
	case perHop - 1:
		return d.open, d.open
	}
	return d.open, d.clear && d.open
}

// step decides after each block.
func (d *Detector) step(out []Event) []Event {
	if !d.on {
		return d.seek(out)
	}
	if !d.present() {
		return d.missing(out)
	}
	if d.gap > 0 {
		if d.back1++; d.gap > sureBridge && d.sank {
			if d.back1 < sureBack {
				return out
			}
			if !d.runsOn() {
				out = d.end(d.gap+d.back1-1, out)
				return d.seek(out)
			}
		}
		d.gap, d.back1 = 0, 0
	}
	d.sank = false
	d.follow()
	if d.left != gateAt || d.mute {
		return out
	}
	if d.loudestStill(0) {
		d.stale = 0
	} else if d.stale++; d.stale > maxStale {
		return d.end(perHop*d.stale-1, out)
	}
	return out
}

// seek looks for a digit, where one is on for another, and begins it if nothing
// beside it speaks against it.
func (d *Detector) seek(out []Event) []Event {
	t, ok := d.find()
	if !ok || d.on && (t.crowded || t.row == d.row && t.col == d.col) {
		return out
	}
	v := d.beside(&t)
	if v != sure && (v != nothing || t.crowded) {
		return out
	}
	if d.on {
		out = d.end(d.gap-1, out)
	}
	if d.mute = v == sure; d.mute {
		d.begin(t)
		return out
	}
	return append(out, d.begin(t))
}

// missing counts a block without the tone of the digit that is on.
func (d *Detector) missing(out []Event) []Event {
	d.gap += 1 + d.back1
	d.back1 = 0
	switch {
	case d.gap < plainSpan-1:
		return out // no other can be there yet
	case d.gap > maxBridge:
		return d.seek(d.end(d.gap-1, out))
	}
	return d.seek(out)
}

func (d *Detector) begin(t found) Event {
	d.on, d.gap, d.back1, d.stale, d.other, d.sank = true, 0, 0, 0, false, false
	d.row, d.col, d.refRow, d.refCol = t.row, t.col, t.powRow, t.powCol
	d.sumR, d.sumC = t.r.sum, t.c.sum
	d.digit = Event{
		Digit: keys[t.row][t.col], Down: true, At: d.onset(&t),
		Low: levelOf(t.powRow), High: levelOf(t.powCol),
		OffLow: offset(t.r.sum, t.row), OffHi: offset(t.c.sum, 4+t.col),
	}
	return d.digit
}

// end closes the digit at the first block that lacked it, i before the newest.
func (d *Detector) end(i int, out []Event) []Event {
	e := d.digit
	e.Down = false
	e.At = max(e.At+1, d.edge(i))
	d.on, d.gap, d.back1, d.stale = false, 0, 0, 0
	if d.mute {
		return out
	}
	return append(out, e)
}

// present reports whether the newest block holds the digit that is on: both
// tones above 55 % of their amplitude.
func (d *Detector) present() bool {
	b := d.loud(0)
	if b.band+d.loud(1).band < 0.3*min(d.refRow, d.refCol) || d.other && d.gap > 0 && d.left < gateAt {
		d.sank = true
		return false
	}
	d.pair(0)
	r, c := b.power(d.row), b.power(4+d.col)
	if r < sunk*d.refRow && c < sunk*d.refCol {
		d.sank = true
	}
	return r >= 0.3*d.refRow && c >= 0.3*d.refCol
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
