package plc

import "math"

// unity is a gain of 0 dB.
const unity = 1 << 12

// sample is the next one that is made up.
func (c *Concealer) sample() int16 {
	step, in := c.at/Step, c.at%Step
	if step >= silent {
		return 0
	}
	if in == 0 {
		c.speak(step)
	}
	c.at++
	g := int64(c.gain) + int64(c.next-c.gain)*int64(min(in+1, 24))/24
	return int16(max(-32768, min(32767, int64(c.step[in])*g>>12)))
}

// speak synthesises a step of 10 ms and sets its gain so that it comes to the
// level that is foreseen for it.
func (c *Concealer) speak(step int) {
	var y [order + Step]float32
	copy(y[:], c.mem[:])
	var energy int64
	for i := range Step {
		v := c.loop[c.read]
		past := y[i : i+order]
		for k, a := range c.pred {
			v -= float32(a * past[order-1-k])
		}
		y[order+i] = v
		c.step[i] = int32(max(-1<<18, min(1<<18, v)))
		energy += int64(c.step[i]) * int64(c.step[i])
		c.turn(step)
	}
	copy(c.mem[:], y[Step:])
	goal := c.goal[min(step, foreseen-1)]
	gain := min(8, math.Pow(10, (goal-decibel(float64(energy)/Step))/20))
	if step >= foreseen {
		gain *= float64(silent-1-step) / (silent - foreseen)
	}
	c.gain, c.next = c.next, int32(math.Round(gain*unity))
}

// turn goes on in the loop: a voice repeats its last period, a noise from the
// second step on the last two, so that it does not begin to sing.
func (c *Concealer) turn(step int) {
	if c.read++; c.read < 2*c.lag {
		return
	}
	c.read = c.lag
	if step > 0 && !c.voiced {
		c.read = 0
	}
}

// learnt is how many of the newest samples the prediction comes from.
const learnt = 200

// Windows of the prediction: over the samples, slow up and quickly down at the
// newest, with 15 fractional bits; and over the correlations, which widens every
// resonance by 40 Hz.
var (
	overSamples = makeOverSamples()
	overLags    = makeOverLags()
	// narrow draws the poles inwards, so that nothing rings.
	narrow = makeNarrow()
)

func makeOverSamples() (w [learnt]int32) {
	const fall = 20
	for i := range w {
		x := (float64(i) + 0.5) / (learnt - fall)
		if i >= learnt-fall {
			x = 1 + (float64(i-(learnt-fall))+0.5)/fall
		}
		w[i] = int32(math.Round((0.5 - 0.5*math.Cos(math.Pi*x)) * (1<<15 - 1)))
	}
	return w
}

func makeOverLags() (w [order + 1]float64) {
	for k := range w {
		x := 2 * math.Pi * 40 * float64(k) / 8000
		w[k] = math.Exp(-0.5 * x * x)
	}
	w[0] = 1.0001 // noise 40 dB below everything
	return w
}

func makeNarrow() (w [order]float64) {
	for k := range w {
		w[k] = math.Pow(0.98, float64(k+1))
	}
	return w
}

// predict returns the coefficients a of the filter 1 + Σ a[k] z^-(k+1) that
// leaves least of the newest samples (autocorrelation and Levinson's recursion).
// The conversions forbid fused multiplication: every machine counts alike.
func predict(h *[history]int16) (pred [order]float32) {
	var x [learnt]int64
	for i, w := range overSamples {
		x[i] = int64(h[history-learnt+i]) * int64(w) >> 15
	}
	var r [order + 1]float64
	for k := range r {
		var sum int64
		for i := k; i < learnt; i++ {
			sum += x[i] * x[i-k]
		}
		r[k] = float64(sum) * overLags[k]
	}
	r[0] += 100
	var a [order + 1]float64
	a[0] = 1
	rest := r[0]
	for i := 1; i <= order; i++ {
		sum := r[i]
		for j := 1; j < i; j++ {
			sum += float64(a[j] * r[i-j])
		}
		k := -sum / rest
		was := a
		for j := 1; j < i; j++ {
			a[j] = was[j] + float64(k*was[i-j])
		}
		a[i] = k
		rest *= 1 - float64(k*k)
	}
	for k := range pred {
		pred[k] = float32(a[k+1] * narrow[k])
	}
	return pred
}
