// Package plc is the concealment of lost audio: while packets are missing it
// goes on with the last pitch periods of the voice and fades to silence, in
// the manner of ITU-T G.711 Appendix I.
//
// Unlike the Appendix it adds no delay: the 3.75 ms that the Appendix holds
// back to smooth the beginning of a loss are not spent, the end of a loss is
// crossfaded as there.
package plc

// Shape of the concealment in samples at 8 kHz, clause I.2.
const (
	Step = 80 // 10 ms: the unit of loss
	// history is three of the longest periods, a quarter to smooth their ends,
	// and the two steps that have been made up when three are taken.
	history = 3*maxPitch + maxPitch/4 + 2*Step
	// The pitch is looked for between 66 and 200 Hz.
	minPitch = 40
	maxPitch = 120
	// window is how much of the newest history is compared (20 ms).
	window = 160
	// fadeSteps is after how many steps a concealment is silent (60 ms).
	fadeSteps = 6
)

// Concealer conceals one stream. The zero value is ready. Frames given to it
// are a multiple of Step samples long; a rest is passed unchanged.
type Concealer struct {
	hist  [history]int16 // newest sample last
	lost  int            // steps lost in a row
	pitch int            // samples of one period
	spans int            // periods that are repeated: 1, 2, 3
	at    int            // position in the repeated stretch
	loop  [3 * maxPitch]int16
}

// Reset forgets the stream.
func (c *Concealer) Reset() { *c = Concealer{} }

// Concealing reports whether the last step was lost.
func (c *Concealer) Concealing() bool { return c.lost > 0 }

// Good takes samples that arrived, and smooths their beginning in place when
// a loss came before them.
func (c *Concealer) Good(f []int16) {
	if c.lost > 0 && len(f) >= Step {
		c.rejoin(f)
	}
	c.lost = 0
	c.remember(f)
}

// Lost fills f with what could have been there.
func (c *Concealer) Lost(f []int16) {
	for len(f) >= Step {
		c.step(f[:Step])
		f = f[Step:]
	}
	for i := range f {
		f[i] = 0
	}
}

// step conceals 10 ms.
func (c *Concealer) step(f []int16) {
	c.lost++
	switch c.lost {
	case 1:
		c.pitch = findPitch(&c.hist)
		c.repeat(1)
	case 2, 3:
		c.repeat(c.lost)
	}
	if c.lost > fadeSteps {
		for i := range f {
			f[i] = 0
		}
		c.remember(f)
		return
	}
	c.synth(f, c.lost)
	c.remember(f)
}

// synth continues the repeated stretch into f with the fade of the given step:
// none in the first, then down by a fifth each until nothing is left.
func (c *Concealer) synth(f []int16, step int) {
	from, to := gain(step), gain(step+1)
	length := c.spans * c.pitch
	for i := range f {
		g := from + (to-from)*int32(i)/int32(len(f))
		f[i] = int16(int32(c.loop[c.at]) * g >> 15)
		c.at++
		if c.at >= length {
			c.at = 0
		}
	}
}

// gain is the level at the beginning of a step, with 15 fractional bits.
func gain(step int) int32 {
	if step <= 2 {
		return 1<<15 - 1
	}
	return max(0, (1<<15-1)*int32(fadeSteps+1-step)/(fadeSteps-1))
}

// repeat makes a loop of the newest n periods of the voice. The end of the loop
// is crossfaded over a quarter period with what came before its beginning, so
// that it joins itself. When n grows, the place stays where it is: in the
// newest period.
func (c *Concealer) repeat(n int) {
	if n == 1 {
		c.at = 0
	}
	c.at = c.at%c.pitch + (n-1)*c.pitch
	c.spans = n
	length := n * c.pitch
	end := history - (c.lost-1)*Step // what was made up stands after it
	copy(c.loop[:length], c.hist[end-length:end])
	quarter := c.pitch / 4
	for i := range quarter {
		old := int32(c.hist[end-length-quarter+i])
		now := int32(c.loop[length-quarter+i])
		w := int32(i + 1)
		c.loop[length-quarter+i] = int16((now*(int32(quarter)-w) + old*w) / int32(quarter))
	}
}

// rejoin crossfades from the concealment into f: 4 ms, and 4 ms more for each
// 10 ms that were lost, at most 10 ms (clause I.2.7).
func (c *Concealer) rejoin(f []int16) {
	n := min(Step, 32+32*(c.lost-1))
	var ghost [Step]int16
	if c.lost < fadeSteps {
		c.synth(ghost[:n], c.lost+1)
	}
	for i := range n {
		w := int32(i + 1)
		f[i] = int16((int32(ghost[i])*(int32(n)-w) + int32(f[i])*w) / int32(n))
	}
}

// remember moves f into the history.
func (c *Concealer) remember(f []int16) {
	if len(f) >= history {
		copy(c.hist[:], f[len(f)-history:])
		return
	}
	copy(c.hist[:], c.hist[len(f):])
	copy(c.hist[history-len(f):], f)
}

// findPitch returns the lag at which the newest 20 ms look most like what was
// before them: coarse over every second lag and sample, then fine around it.
func findPitch(h *[history]int16) int {
	best, lag := -1.0, maxPitch
	for l := minPitch; l <= maxPitch; l += 2 {
		if s := likeness(h, l, 2); s > best {
			best, lag = s, l
		}
	}
	best = -1
	fine := lag
	for l := max(minPitch, lag-1); l <= min(maxPitch, lag+1); l++ {
		if s := likeness(h, l, 1); s > best {
			best, fine = s, l
		}
	}
	return fine
}

// likeness is the normalised correlation of the newest samples with those lag
// before: 0 for none or an opposite one.
func likeness(h *[history]int16, lag, stride int) float64 {
	var cross, energy int64
	for i := history - window; i < history; i += stride {
		now, old := int64(h[i]), int64(h[i-lag])
		cross += now * old
		energy += old * old
	}
	if cross <= 0 || energy == 0 {
		return 0
	}
	c := float64(cross)
	return c * c / float64(energy)
}
