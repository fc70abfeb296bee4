package plc

import "math"

// begin learns the voice from the history.
func (c *Concealer) begin() {
	var alike float64
	c.lag, alike = findPitch(&c.hist)
	c.voiced = alike >= 0.5
	c.pred = predict(&c.hist)
	span := 2 * c.lag
	for i := range span {
		p := history - span + i
		v := float32(c.hist[p])
		for k, a := range c.pred {
			v += float32(a * float32(c.hist[p-1-k]))
		}
		c.loop[i] = v
	}
	for k := range c.mem {
		c.mem[k] = float32(c.hist[history-order+k])
	}
	c.at, c.read, c.joining = 0, c.lag, 0
	c.gain, c.next = unity, unity
	c.foresee(alike)
}

// Shape of the net that foresees the level.
const (
	spell  = 40              // 5 ms, whose level is an input
	spells = history / spell // inputs of levels
	inputs = spells + 5      // and what else is known
	hidden = 16              // units between
	widest = 40              // dB: inputs are held within this
	unit   = 10              // dB, in which inputs and outputs are counted
	middle = 60              // dB over 1 (−24 dBm0) that stands for 0
)

// Limits of what is foreseen in dB: a voice is never made louder by more than
// mostUp, and what is fainter than pause (−54 dBm0) is a pause that stays one.
const (
	mostUp = 10
	pause  = 30
)

// foresee sets the level of the steps to come, in dB over the level of the newest
// 20 ms: a net of one hidden layer that sees the levels of the newest eight
// spells, of the mean, the brightness of the newest two steps and the voicing.
func (c *Concealer) foresee(alike float64) {
	var x [inputs]float32
	newest := level(c.hist[history-window:])
	put := func(i int, db float64) { x[i] = float32(max(-widest, min(widest, db)) / unit) }
	for i := range spells {
		put(i, level(c.hist[i*spell:(i+1)*spell])-newest)
	}
	put(spells, newest-middle)
	put(spells+1, decibel(float64(c.mean)/(1<<8))-newest)
	put(spells+2, bright(c.hist[history-2*Step:history-Step]))
	put(spells+3, bright(c.hist[history-Step:]))
	put(spells+4, 20*(alike-0.7))
	var layer [hidden]float32
	for i := range inward {
		w := &inward[i]
		sum := w[inputs]
		for k, v := range x {
			sum += float32(w[k] * v)
		}
		layer[i] = sum / (1 + max(sum, -sum))
	}
	for s := range c.goal {
		w := &outward[s]
		sum := w[hidden]
		for k, v := range layer {
			sum += float32(w[k] * v)
		}
		y := min(mostUp, unit*float64(sum))
		if newest < pause {
			y = min(y, 0)
		}
		c.goal[s] = newest + y
	}
}

// bright is the power of the differences from sample to sample over that of the
// samples, in dB.
func bright(x []int16) float64 {
	sum, differences := int64(100), int64(100)
	for i := 1; i < len(x); i++ {
		v, d := int64(x[i]), int64(x[i])-int64(x[i-1])
		sum += v * v
		differences += d * d
	}
	return 10 * math.Log10(float64(differences)/float64(sum))
}

// level is that of samples in dB over 1.
func level(x []int16) float64 {
	var e int64
	for _, v := range x {
		e += int64(v) * int64(v)
	}
	return decibel(float64(e) / float64(len(x)))
}

// decibel is of a mean square, which is taken for 10 at least.
func decibel(ms float64) float64 { return 10 * math.Log10(ms+10) }

// findPitch returns the lag at which the newest 20 ms look most like what was
// before them, and how much: coarse over every second lag and sample, then fine
// around it.
func findPitch(h *[history]int16) (lag int, alike float64) {
	alike, coarse := -1.0, maxPitch
	for l := minPitch; l <= maxPitch; l += 2 {
		if s := likeness(h, l, 2); s > alike {
			alike, coarse = s, l
		}
	}
	alike = -1
	for l := max(minPitch, coarse-1); l <= min(maxPitch, coarse+1); l++ {
		if s := likeness(h, l, 1); s > alike {
			alike, lag = s, l
		}
	}
	return lag, alike
}

// likeness is the normalised correlation of the newest samples with those lag
// before: 0 for none or an opposite one.
func likeness(h *[history]int16, lag, stride int) float64 {
	var cross, old2, now2 int64
	for i := history - window; i < history; i += stride {
		now, old := int64(h[i]), int64(h[i-lag])
		cross += now * old
		old2 += old * old
		now2 += now * now
	}
	if cross <= 0 || old2 == 0 {
		return 0
	}
	return float64(cross) / math.Sqrt(float64(old2)*float64(now2))
}
