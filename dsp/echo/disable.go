package echo

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// The disabler of G.168 § 7 listens in steps of 10 ms, 21 periods of 2100 Hz.
const (
	earStep  = 80
	earSteps = block / earStep
)

// toneEar hears the tone of 2100 Hz that a modem or fax answers with, and how
// its phase is turned. It is ready as it is.
type toneEar struct {
	re, im   [3]float32 // what the newest steps hold of the tone, newest first
	pure     [3]bool    // they are the tone
	re2, im2 float32    // how the tone turns in two steps, while it is steady
	tones    int        // steps of the tone
	missing  int        // steps in a row that were not
	since    int        // steps since a reversal; 0 when there was none
	reversed bool       // two reversals came as a modem sends them
	power    float32    // of the newest frame
}

// present reports whether the tone is there, for 100 ms at least.
func (t *toneEar) present() bool { return t.tones >= 10 }

// Factors of the step: cosine and sine of 2100 Hz repeat after 80 samples.
var earCos, earSin = earTables()

func earTables() (c, s [earStep]float32) {
	for i := range c {
		a := 2 * math.Pi * 2100 / pcm.Rate * float64(i)
		c[i], s[i] = float32(math.Cos(a)), float32(-math.Sin(a))
	}
	return c, s
}

const (
	// earLevel: a tone is heard from −34 dBm0 on (required: −31; below −37 it
	// must not be).
	earLevel = zeroLevel * 4e-4 * earStep
	// purity is how much of all the power has to be the tone. At 21 Hz beside,
	// a step hears 86 % of it; speech is never so pure for long.
	purity = 0.7
	// A reversal turns the phase by 180 ± 25°: taken from 140° on, while changes
	// of up to 110° are none. The cosines:
	turned = -0.766
	even   = 0.85
	// Two reversals 450 ± 25 ms apart switch off: in steps, with one each side.
	apartLeast, apartMost = 41, 49
	// patience is how many steps may be impure around a reversal.
	patience = 2
)

// hear takes a frame.
func (t *toneEar) hear(f *pcm.Frame) {
	t.power = 0
	for s := range earSteps {
		var re, im, all float32
		for i, v := range f[s*earStep : (s+1)*earStep] {
			x := float32(v)
			re += float32(x * earCos[i])
			im += float32(x * earSin[i])
			all += float32(x * x)
		}
		t.power += all
		t.step(re, im, all)
	}
}

// step takes 10 ms: the tone's complex amplitude and the whole power.
func (t *toneEar) step(re, im, all float32) {
	mine := float32((float32(re*re) + float32(im*im)) * (2.0 / earStep))
	pure := all > earLevel && mine > float32(purity*all)
	copy(t.re[1:], t.re[:2])
	copy(t.im[1:], t.im[:2])
	copy(t.pure[1:], t.pure[:2])
	t.re[0], t.im[0], t.pure[0] = re, im, pure
	if t.since > 0 {
		t.since++
	}
	if !pure {
		if t.missing++; t.missing > patience {
			*t = toneEar{power: t.power}
		}
		return
	}
	t.missing = 0
	t.tones++
	if t.pure[2] {
		t.turn()
	}
}

// turn compares how the tone turned in two steps with how it did before: a
// tone beside 2100 Hz turns evenly, a reversal does not.
func (t *toneEar) turn() {
	re := float32(t.re[0]*t.re[2]) + float32(t.im[0]*t.im[2])
	im := float32(t.im[0]*t.re[2]) - float32(t.re[0]*t.im[2])
	size := float32(math.Sqrt(float64(float32(re*re) + float32(im*im))))
	re, im = re/size, im/size
	if t.re2 == 0 && t.im2 == 0 {
		t.re2, t.im2 = re, im
		return
	}
	switch like := float32(re*t.re2) + float32(im*t.im2); {
	case like > even:
		t.re2 += float32(0.3 * (re - t.re2))
		t.im2 += float32(0.3 * (im - t.im2))
	case like > turned:
	case t.since == 0 || t.since > 2*patience:
		t.reversed = t.reversed || t.since >= apartLeast && t.since <= apartMost
		t.since = 1
	}
}

// disabler switches the canceller off and on again.
type disabler struct {
	off   bool
	quiet int // frames in a row in which both ways were silent
}

const (
	// release: below −36 dBm0 both ways are silent.
	release = zeroLevel * 2.5e-4 * block
	// releaseFrames: after 260 ms of silence the canceller works again
	// (250 ± 150 ms); a gap of 100 ms does not count.
	releaseFrames = 13
)

// decide goes on by a frame, from what was heard of the far and the near end.
func (d *disabler) decide(far, near *toneEar) {
	if far.reversed || near.reversed {
		d.off = true
	}
	d.quiet++
	if far.power > release || near.power > release {
		d.quiet = 0
	}
	if d.quiet >= releaseFrames {
		d.off, far.reversed, near.reversed = false, false, false
	}
}
