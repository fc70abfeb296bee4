// Package echo is a line echo canceller (ITU-T G.168): it takes out of what
// comes from a two-wire line the echo of what was sent to it, which the hybrid
// throws back because no line is matched quite.
//
// How it works. The echo path is learned in the frequency domain, in blocks of
// a frame of 20 ms and as many partitions as the tail needs, so that the cost
// hardly grows with the tail; nothing is delayed. Two filters learn side by
// side. The steady one weighs, for each frequency, what it may still be wrong
// by against what the near end says at the moment, so it holds still in double
// talk. The quick one always learns with nearly full steps: it is worthless in
// double talk and is then put back to the steady one, but after a change of
// path it is soon better, and then the steady one takes over what it learned.
//
// After that a suppressor replaces what little is left of the echo, while only
// the far end speaks, by noise of the line's level (G.168 § 6.3.3, NLP). It
// opens as soon as anything is stronger than the echo could be: a person
// speaking alone passes untouched, bit for bit when the far end is silent.
//
// A tone of 2100 ± 21 Hz with phase reversals each 450 ms switches the
// canceller off for modems (G.168 § 7), until the line is silent.
//
// Numbers, measured by testbench/benchdsp/echo on twelve hybrids at a tail of
// 32 ms, suppressor off: 20 dB of echo return loss enhancement are reached in
// 0.3 s on noise, 0.4 s on the composite source signal, 0.9 s on speech, and
// 50 dB in the end; in double talk 40 dB stay. Half a second after a change of
// path it is 15 dB on speech, 28 dB and more on the others.
// Cost: 9 transforms of 320 points a frame at every tail, some 210,000
// instructions at 16 ms and 355,000 at 128 ms (11 and 20 µs on a server core);
// 20 kB at a tail of 16 ms, 54 kB at 128 ms; no allocation after New.
package echo

import (
	"fmt"

	"github.com/centralita/centralita/dsp/pcm"
)

const block = pcm.FrameLen

// Options choose a canceller.
type Options struct {
	// Tail is how much later than the far end the end of its echo may come, in
	// ms: 16, 32, 64 or 128. What the echo waits in buffers counts.
	Tail int
	// NoSuppressor leaves out the suppressor and its comfort noise: what comes
	// out is what the filter leaves (for measuring, G.168 § 6.4 with the NLP
	// disabled).
	NoSuppressor bool
	// NoDisabler keeps the canceller on through modem tones.
	NoDisabler bool
}

// Canceller cancels the echo of one line. It is made by New.
type Canceller struct {
	options Options
	tr      transform
	past    past
	steady  filter
	quick   filter
	turn    int             // partition that is constrained next
	far     [window]float32 // newest two frames of the far end
	silent  int             // frames that the far end has been silent

	mean  float32 // power of the near end, the newest frames
	floor float32 // power of the noise of the line
	blend float32 // how much of the quick filter is heard
	dry   float32 // how much of the near end is heard as it is

	suppressor suppressor
	tone       [2]toneEar // far, near
	off        disabler
	meter      meter

	// scratch
	spec spectrum
	win  [window]float32
	echo [block]float32
}

// New returns a canceller; the error says which tails there are.
func New(o Options) (*Canceller, error) {
	switch o.Tail {
	case 16, 32, 64, 128:
	default:
		return nil, fmt.Errorf("cannot cancel an echo tail of %d ms: choose 16, 32, 64 or 128 ms", o.Tail)
	}
	parts := (o.Tail*pcm.Rate/1000 + block - 1) / block
	c := &Canceller{options: o}
	c.tr.init()
	c.past = past{x: make([]spectrum, parts), power: make([][bins]float32, parts)}
	c.steady, c.quick = newFilter(parts), newFilter(parts)
	c.Reset()
	return c, nil
}

// Tail returns the tail in ms.
func (c *Canceller) Tail() int { return c.options.Tail }

// Reset forgets line and call; what was chosen stays.
func (c *Canceller) Reset() {
	clear(c.past.x)
	clear(c.past.power)
	c.steady.forget()
	c.quick.forget()
	*c = Canceller{options: c.options, tr: c.tr, past: c.past, steady: c.steady, quick: c.quick}
	c.past.at, c.floor = 0, -1
	c.silent = len(c.past.x) + 1
	c.suppressor = newSuppressor()
}

// Process cancels the echo of one frame: far is what is sent to the line, near
// what comes from it at the same time. out may be near.
func (c *Canceller) Process(far, near, out *pcm.Frame) {
	if !c.options.NoDisabler {
		c.tone[0].hear(far)
		c.tone[1].hear(near)
		c.off.decide(&c.tone[0], &c.tone[1])
	}
	c.listen(far)
	if c.off.off || c.silent > len(c.past.x) {
		// Nothing that could echo: what comes is the near end.
		c.blend, c.dry = 0, 0
		c.suppressor.open(near)
		*out = *near
		return
	}
	var d [block]float32
	for i, v := range near {
		d[i] = float32(v)
	}
	c.cancel(&d)
	c.suppressor.hear(energy(&d))
	if !c.options.NoSuppressor {
		c.suppressor.work(c, &d)
	}
	for i, v := range d {
		out[i] = round(v)
	}
	if !clipped(near) {
		c.learn()
	}
}

// listen adds a frame of the far end to the past.
func (c *Canceller) listen(far *pcm.Frame) {
	copy(c.far[:block], c.far[block:])
	for i, v := range far {
		c.far[block+i] = float32(v)
	}
	c.silent++
	if !far.Silent() {
		c.silent = 0
	}
	if c.silent > len(c.past.x)+1 {
		return // all of the past is silent
	}
	x, power := c.past.push()
	c.tr.forward(&c.far, x)
	for k := range bins {
		power[k] = float32(x.re[k]*x.re[k]) + float32(x.im[k]*x.im[k])
	}
}

// cancel takes the echo out of d, after the filter that does it better now.
func (c *Canceller) cancel(d *[block]float32) {
	power := energy(d)
	c.leave(&c.steady, d)
	c.leave(&c.quick, d)
	c.mean = recent(c.mean, power)
	a, b := &c.steady, &c.quick
	c.floor = noiseFloor(c.floor, min(a.mean, b.mean))

	const better, adds = 0.7, 1.5
	var blend, dry float32
	if b.power < float32(better*a.power) && b.mean < float32(better*a.mean) {
		blend = 1
	}
	if min(a.mean, b.mean) > float32(adds*c.mean) {
		dry = 1 // no filter fits: better the echo than twice the echo
	}
	if blend == c.blend && dry == c.dry { // as nearly always
		u, v := blend, 1-dry
		for i := range d {
			y := a.echo[i] + float32(u*(b.echo[i]-a.echo[i]))
			c.echo[i] = float32(y * v)
			d[i] -= c.echo[i]
		}
	} else {
		c.fade(d, blend, dry)
	}
	c.meter.measure(power, energy(d), energy(&c.echo), c.floor)
	c.blend, c.dry = blend, dry
}

// fade is what cancel does while it goes from one filter to the other.
func (c *Canceller) fade(d *[block]float32, blend, dry float32) {
	a, b := &c.steady, &c.quick
	for i := range d {
		t := float32(i+1) / block
		u := c.blend + float32((blend-c.blend)*t)
		v := 1 - c.dry - float32((dry-c.dry)*t)
		y := a.echo[i] + float32(u*(b.echo[i]-a.echo[i]))
		c.echo[i] = float32(y * v)
		d[i] -= c.echo[i]
	}
}

// leave counts what a filter leaves of the near end.
func (c *Canceller) leave(f *filter, d *[block]float32) {
	f.predict(&c.past, &c.spec)
	c.tr.inverse(&c.spec, &c.win)
	for i, v := range c.win[block:] {
		f.echo[i] = v
		f.rest[i] = d[i] - v
	}
	f.power = energy(&f.rest)
	f.mean = recent(f.mean, f.power)
}

// How the two filters learn. Their numbers were chosen by measurement.
var (
	steadyPace = pace{drift: 1e-5, trust: 0.3, hold: 0.88}
	quickPace  = pace{drift: 2e-2, trust: 0.02, ease: 0.1, least: 3e-3}
)

// learn lets both filters learn from what they left, and the better one win.
func (c *Canceller) learn() {
	c.adapt(&c.steady, steadyPace)
	c.adapt(&c.quick, quickPace)
	// One partition a frame is brought back to what a filter can be.
	c.constrain(&c.steady)
	c.constrain(&c.quick)
	c.turn++
	if c.turn == len(c.steady.w) {
		c.turn = 0
	}
	a, b := &c.steady, &c.quick
	const (
		much   = 0.45 // the quick one is better, beyond doubt
		now    = 0.8
		little = 0.9 // enough where the steady one makes things worse
		lost   = 1.1
		worse  = 2
	)
	switch {
	case b.mean < float32(much*a.mean) && b.power < float32(now*a.power):
		c.meter.change(a.mean, c.mean)
		a.take(b)
	case a.mean > float32(lost*c.mean) && b.mean < float32(little*a.mean) && b.power < a.power:
		c.meter.change(a.mean, c.mean)
		a.take(b)
	case b.mean > worse*a.mean:
		copy(b.w, a.w)
		b.mean = a.mean
	}
}

func (c *Canceller) adapt(f *filter, p pace) {
	clear(c.win[:block])
	copy(c.win[block:], f.rest[:])
	c.tr.forward(&c.win, &c.spec)
	f.adapt(&c.spec, &c.past, p, 1+max(c.floor, 0))
}

// constrain clears what a partition may not have: coefficients beyond a frame,
// which would be circular, or beyond the tail.
func (c *Canceller) constrain(f *filter) {
	c.tr.inverse(&f.w[c.turn], &c.win)
	keep := c.options.Tail*pcm.Rate/1000 - c.turn*block
	clear(c.win[min(block, keep):])
	c.tr.forward(&c.win, &f.w[c.turn])
}

// energy is the sum of squares of a frame.
func energy(x *[block]float32) (e float32) {
	for _, v := range x {
		e += float32(v * v)
	}
	return e
}

// recent is the mean of the newest powers, over some 50 ms.
func recent(mean, now float32) float32 {
	return float32(0.6*mean) + float32(0.4*now)
}

// noiseFloor follows the least power of the rest: down at once, up by 1 dB a
// second. Below 0 it is not known.
func noiseFloor(floor, now float32) float32 {
	if floor < 0 || now < floor {
		return now
	}
	return max(float32(1.005*floor), 1)
}

// clipped reports whether a frame reaches the end of either law (G.711: 32124
// and 32256): then it is not linear, and nothing can be learned from it.
func clipped(f *pcm.Frame) bool {
	const end = 32100
	for _, v := range f {
		if v >= end || v <= -end {
			return true
		}
	}
	return false
}

// round rounds to the nearest sample, saturating.
func round(v float32) int16 {
	if v < 0 {
		return int16(max(v-0.5, -32768))
	}
	return int16(min(v+0.5, 32767))
}
