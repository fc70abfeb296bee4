// Package progress hears what an exchange tells by tones: dial tone, ringback,
// busy and congestion, by the plan of the country (ITU-T E.180, Q.35).
//
// A tone counts only when its frequencies are right within 4 %, nearly all the
// energy of the line is in it, and its cadence repeats within 12 % + 15 ms.
// Busy and congestion are told after two periods, and as soon as no other
// signal of the plan fits what was heard: where congestion begins like busy
// (Spain), when the two part. Dial tone is told after 0.9 s, ringback in the
// pause after its first burst. Levels from 0 to −40 dBm0.
package progress

import (
	"fmt"

	"github.com/centralita/centralita/dsp/goertzel"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// Event says that a signal was recognised, or that it is over.
type Event struct {
	Kind   plan.Kind // Dial, Ringback, Busy or Congestion
	Ended  bool      // it is over
	At     int64     // milliseconds of audio since the first sample fed
	Hz     [2]int    // what was measured; the second is 0 for a single tone
	On     int       // milliseconds of the last burst; 0: continuous
	Off    int       // milliseconds of the last pause
	Level  float32   // dBm0
	Pieces int       // bursts and pauses that agreed
}

// String returns the evidence in short: "busy tone 425 Hz 200/200".
func (e Event) String() string {
	s := e.Kind.String() + " tone "
	if e.Kind == plan.Ringback {
		s = "ringback "
	}
	if e.Hz[1] != 0 {
		s += fmt.Sprintf("%d+%d Hz", e.Hz[0], e.Hz[1])
	} else {
		s += fmt.Sprintf("%d Hz", e.Hz[0])
	}
	if e.On == 0 {
		s += " continuous"
	} else {
		s += fmt.Sprintf(" %d/%d", e.On, e.Off)
	}
	if e.Ended {
		s += " ended"
	}
	return s
}

// Steps of the analysis: a window of five blocks of 10 ms, every 10 ms.
const (
	block   = 80
	blockMs = 10
	window  = 5
	lagMs   = (window/2)*blockMs + blockMs/2 // from the middle of a window to its end
)

// Detector listens by one plan. Make it with New.
type Detector struct {
	// AwaitDial tells that nothing was dialled yet: a long tone is dial tone as
	// soon as it lasts 0.9 s. Without it the beginning of a ringback of the same
	// frequency is excluded first, which takes up to 1.8 s.
	AwaitDial bool

	bank   goertzel.Bank
	turn   [goertzel.Max]complex64 // advance of a frequency over one block
	hz     [goertzel.Max]float32
	past   [window][goertzel.Max]complex64
	energy [window]float32
	last   [goertzel.Max]complex64 // the window before
	n      int64                   // blocks heard
	tunes  []tune
	active int // tune of the signal that was told, −1 for none
	said   Event
}

// New returns a detector for a plan. A plan without signals hears nothing.
func New(p plan.Plan) *Detector {
	d := &Detector{active: -1}
	var hz []float64
	index := func(f float64) int {
		for i, g := range hz {
			if g == f {
				return i
			}
		}
		hz = append(hz, f)
		return len(hz) - 1
	}
	add := func(k plan.Kind, s plan.Signal) {
		if !s.Known() || len(s.Hz) > 2 || len(hz)+len(s.Hz) > goertzel.Max {
			return
		}
		t := tune{a: index(s.Hz[0]), b: -1}
		if len(s.Hz) == 2 {
			t.b = index(s.Hz[1])
		}
		for i := range d.tunes {
			if d.tunes[i].a == t.a && d.tunes[i].b == t.b {
				d.tunes[i].signals = append(d.tunes[i].signals, signal{k, s.OnOff})
				return
			}
		}
		t.signals = []signal{{k, s.OnOff}}
		d.tunes = append(d.tunes, t)
	}
	for _, k := range []plan.Kind{plan.Dial, plan.Ringback, plan.Busy, plan.Congestion} {
		add(k, p.Signal(k))
	}
	for _, o := range p.Others {
		add(o.Kind, o.Signal)
	}
	d.bank = goertzel.New(hz...)
	for i, f := range hz {
		d.hz[i], d.turn[i] = float32(f), turnOf(f)
	}
	return d
}

// Reset forgets everything heard; the plan and AwaitDial stay.
func (d *Detector) Reset() {
	d.bank.Take()
	d.past, d.energy, d.last = [window][goertzel.Max]complex64{}, [window]float32{}, [goertzel.Max]complex64{}
	d.n, d.active = 0, -1
	for i := range d.tunes {
		t := &d.tunes[i]
		*t = tune{a: t.a, b: t.b, signals: t.signals}
	}
}

// Process listens to the next frame and appends what it recognised to out.
func (d *Detector) Process(f *pcm.Frame, out []Event) []Event {
	for i := 0; i < pcm.FrameLen; i += block {
		x := f[i : i+block]
		d.bank.Feed(x)
		at := d.n % window
		d.past[at] = d.bank.Take()
		d.energy[at] = float32(pcm.Energy(x)) / block
		d.n++
		out = d.step(out)
	}
	return out
}

// step looks at the newest window in every tune.
func (d *Detector) step(out []Event) []Event {
	now, energy := d.listen()
	for i := range d.tunes {
		t := &d.tunes[i]
		s := t.sight(d, &now, energy)
		t.follow(s, d.n <= window)
		out = d.judge(i, out)
	}
	d.last = now
	return out
}

// judge tells what tune i has come to.
func (d *Detector) judge(i int, out []Event) []Event {
	t := &d.tunes[i]
	if d.active == i {
		if t.fits(d.said.Kind) {
			return out
		}
		d.active = -1
		d.said.Ended, d.said.At = true, max(d.said.At, d.now()-int64(t.ms))
		out = append(out, d.said)
	}
	k, pieces, ok := t.decide(d.AwaitDial)
	if !ok {
		return out
	}
	if d.active >= 0 { // another tune took over
		d.said.Ended, d.said.At = true, d.now()
		out = append(out, d.said)
	}
	d.active = i
	d.said = t.evidence(k, pieces)
	d.said.At = d.now()
	return append(out, d.said)
}

// now is how much has been heard, in milliseconds.
func (d *Detector) now() int64 { return d.n * blockMs }
