package linesim

import (
	"math"
	"slices"
	"time"

	"github.com/centralita/centralita/dsp/goertzel"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// ear remembers what sounded in the last seconds, in steps of 20 ms.
type ear struct {
	frames []pcm.Frame // the last 12 s
}

const earFrames = 600

func (e *ear) hear(f *pcm.Frame) {
	if len(e.frames) == earFrames {
		copy(e.frames, e.frames[1:])
		e.frames = e.frames[:earFrames-1]
	}
	e.frames = append(e.frames, *f)
}

// level returns the level of a frequency in samples, in dBm0.
func level(samples []int16, hz float64) float64 {
	if len(samples) == 0 {
		return math.Inf(-1)
	}
	b := goertzel.New(hz)
	b.Feed(samples)
	return 10 * math.Log10(float64(goertzel.Power(b.Take()[0]))/(pcm.Peak(0)*pcm.Peak(0))+1e-12)
}

// on reports whether every frequency of a signal is in the frame and carries
// most of its energy.
func on(f *pcm.Frame, hz []float64) bool {
	all := pcm.Level(f[:])
	if all < -40 {
		return false
	}
	sum := 0.0
	for _, h := range hz {
		l := level(f[:], h)
		if l < -40 {
			return false
		}
		sum += math.Pow(10, l/10)
	}
	return 10*math.Log10(sum) > all-3
}

// steady returns how long a continuous signal of a plan must sound until it
// cannot be the burst of another one of the same frequencies.
func steady(p plan.Plan, sig plan.Signal) time.Duration {
	d := time.Second
	for _, o := range p.Signals {
		for i := 0; slices.Equal(o.Hz, sig.Hz) && i < len(o.OnOff); i += 2 {
			d = max(d, time.Duration(o.OnOff[i])*time.Millisecond*5/4)
		}
	}
	return d
}

// hears reports whether a signal of a plan has just been heard: its
// frequencies, and its cadence within 15 % and a frame.
func (e *ear) hears(p plan.Plan, k plan.Kind) bool {
	sig := p.Signal(k)
	type run struct {
		on bool
		n  int
	}
	var runs []run
	for i := range e.frames {
		o := on(&e.frames[i], sig.Hz)
		if len(runs) == 0 || runs[len(runs)-1].on != o {
			runs = append(runs, run{on: o})
		}
		runs[len(runs)-1].n++
	}
	if len(runs) == 0 {
		return false
	}
	last := runs[len(runs)-1]
	if len(sig.OnOff) == 0 {
		return last.on && time.Duration(last.n)*tick >= steady(p, sig)
	}
	period := 0
	for _, ms := range sig.OnOff {
		period += ms
	}
	need := len(sig.OnOff) // whole runs that must fit, one period
	if period < 2000 {
		need *= 2
	} else {
		need-- // the last pause of a slow signal is only begun
	}
	for start := range runs {
		if !runs[start].on || len(runs)-start <= need {
			continue
		}
		ok := true
		for k := 0; k < need && ok; k++ {
			want := float64(sig.OnOff[k%len(sig.OnOff)]) / pcm.FrameTime
			got := float64(runs[start+k].n)
			ok = math.Abs(got-want) <= want*0.15+1.5
		}
		if ok {
			after := runs[start+need]
			want := float64(sig.OnOff[need%len(sig.OnOff)]) / pcm.FrameTime
			if float64(after.n) <= want*1.15+1.5 && (need%2 == 0 || period < 2000 || after.n >= 10) {
				return true
			}
		}
	}
	return false
}
