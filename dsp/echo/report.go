package echo

import (
	"fmt"
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// meter watches how well the canceller does.
type meter struct {
	near, rest float32 // power of near end and rest while only the far end speaks, some 1 s
	leak       float32 // rest for each part of echo, while only the far end speaks
	sure       bool    // the filter is known to fit: leak means something
	both       int     // frames for which double talk is still reported
	changes    int
}

// What counts as speech of the far end coming back: 10 dB over the noise.
const heard = 10

// measure takes the powers of a frame.
func (m *meter) measure(near, rest, echo, floor float32) {
	if m.both > 0 {
		m.both--
	}
	if m.leak == 0 {
		m.leak = 1
	}
	if echo < float32(heard*max(floor, block)) {
		return
	}
	ratio := rest / echo
	if m.sure && ratio > float32(8*m.leak) && rest > float32(heard*max(floor, block)) {
		m.both = 5
		m.leak = min(1, float32(1.005*m.leak)) // should it be the path, the doubt grows
		return
	}
	step := float32(0.02)
	if ratio < m.leak {
		step = 0.1
	}
	m.leak = max(1e-4, m.leak+float32(step*(min(ratio, 1)-m.leak)))
	m.sure = m.leak < 0.05 || m.sure && m.leak < 0.2
	m.near = float32(0.98*m.near) + near
	m.rest = float32(0.98*m.rest) + rest
}

// change hears that the quick filter wins: the path changed when the steady
// one had fitted.
func (m *meter) change(rest, near float32) {
	if m.sure && rest > float32(0.25*near) {
		m.changes++
		m.sure, m.leak, m.near, m.rest = false, 1, 0, 0
	}
}

// Report is what a technician wants to know of the echo of a line.
type Report struct {
	// ERL is the echo return loss of the hybrid in dB over 300–3400 Hz (G.168
	// § 3): 6 is a bad match, 20 a good one; 0 while Known is false.
	ERL float64
	// ERLE is what the filter takes away of the echo, in dB, over the newest
	// seconds in which only the far end spoke; the noise of the line limits it.
	ERLE float64
	// Delay is after how many ms the strongest part of the echo comes, End when
	// all but a thousandth of its energy has come. An End close to the tail
	// calls for a longer tail.
	Delay, End float64
	// Noise is the level of the line while nobody speaks, in dBm0.
	Noise float64
	// Known tells that the echo path has been learned.
	Known bool
	// DoubleTalk tells that both ends speak at the moment.
	DoubleTalk bool
	// Off tells that a modem tone switched the canceller off (G.168 § 7).
	Off bool
	// Changes counts how often the path was another one all of a sudden.
	Changes int
}

// String is the report in a line: "ERL 11.3 dB, ERLE 34 dB, echo after 4.1 ms
// until 9.5 ms, noise −64 dBm0".
func (r Report) String() string {
	if r.Off {
		return "off: modem tone"
	}
	if !r.Known {
		return fmt.Sprintf("no echo path known yet, noise %.0f dBm0", r.Noise)
	}
	s := fmt.Sprintf("ERL %.1f dB, ERLE %.0f dB, echo after %.1f ms until %.1f ms, noise %.0f dBm0", r.ERL, r.ERLE, r.Delay, r.End, r.Noise)
	if r.Changes > 0 {
		s += fmt.Sprintf(", path changed %d times", r.Changes)
	}
	if r.DoubleTalk {
		s += ", double talk"
	}
	return s
}

// Report measures the line as it is known now. It costs a transform for each
// partition: ask now and then, between two frames, not in each.
func (c *Canceller) Report() Report {
	m := &c.meter
	r := Report{
		Known: m.sure, DoubleTalk: m.both > 0, Off: c.off.off, Changes: m.changes,
		Noise: pcm.DBm0(float64(max(c.suppressor.floor, 0)) / block),
	}
	if !m.sure {
		return r
	}
	const low, high = 12, 136 // 300 and 3400 Hz
	var gain float64
	for i := range c.steady.w {
		w := &c.steady.w[i]
		for k := low; k <= high; k++ {
			gain += float64(w.re[k])*float64(w.re[k]) + float64(w.im[k])*float64(w.im[k])
		}
	}
	r.ERL = -10 * math.Log10(gain/(high-low+1)+1e-12)
	r.ERLE = 10 * math.Log10((float64(m.near)+1)/(float64(m.rest)+1))
	c.place(&r)
	return r
}

// place finds where in the tail the echo is.
func (c *Canceller) place(r *Report) {
	var most, sum float64
	c.Response(func(i int, v float32) {
		if a := math.Abs(float64(v)); a > most {
			most, r.Delay = a, ms(i)
		}
		sum += float64(v) * float64(v)
	})
	var part float64
	c.Response(func(i int, v float32) {
		part += float64(v) * float64(v)
		if part <= 0.999*sum {
			r.End = ms(i + 1)
		}
	})
}

func ms(samples int) float64 { return 1000 * float64(samples) / pcm.Rate }

// Response calls tap with each coefficient of the echo path as it is known
// now, from the first sample on: what a technician may want drawn.
func (c *Canceller) Response(tap func(i int, v float32)) {
	taps := c.options.Tail * pcm.Rate / 1000
	for m := range c.steady.w {
		c.spec = c.steady.w[m]
		c.tr.inverse(&c.spec, &c.win)
		for i, v := range c.win[:block] {
			if at := m*block + i; at < taps {
				tap(at, v)
			}
		}
	}
}
