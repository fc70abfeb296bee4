// Package progress hears what an exchange tells by tones: dial tone, ringback,
// busy, congestion, unobtainable, disconnect and the howler, by the plan of the
// country, and the special information tone (ITU-T E.180, Q.35). A Learner makes
// a plan of a tone that no table knows.
//
// A tone counts only when its frequencies are right within 4 % (and 32 Hz),
// nearly all the energy of the line is in it, and its cadence repeats within
// 12 % + 15 ms. Busy and congestion are told after two periods, and as soon as
// no other signal of the plan fits what was heard: where congestion begins like
// busy (Spain), when the two part. Dial tone is told after 0.9 s, ringback in the
// pause after its first burst, the special information tone in its third burst.
// Levels from 0 to −40 dBm0.
package progress

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/centralita/centralita/dsp/goertzel"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// Event says that a signal was recognised, or that it is over.
type Event struct {
	Kind   plan.Kind // any but Confirm
	Ended  bool      // it is over
	At     int64     // milliseconds of audio since the first sample fed
	Hz     [4]int    // what was measured, together or (Info) one after the other; 0 is none
	On     int       // milliseconds of the last burst; 0: continuous
	Off    int       // milliseconds of the last pause
	Level  float32   // dBm0
	Pieces int       // bursts and pauses that agreed
	Pure   float32   // part of the line's energy that was in the tone, 1 at best
	Sure   float32   // how sure, 0 to 1; half of it where the plan gives two kinds one cadence
}

// String returns the evidence in short: "busy tone 425 Hz 200/200".
func (e Event) String() string {
	s := e.Kind.String() + " tone "
	if e.Kind == plan.Ringback {
		s = "ringback "
	}
	by := "+"
	if e.Kind == plan.Info {
		by = ">"
	}
	for i, hz := range e.Hz {
		if hz == 0 {
			break
		}
		if i > 0 {
			s += by
		}
		s += strconv.Itoa(hz)
	}
	s += " Hz"
	switch {
	case e.Kind == plan.Info:
		s += " in turn"
	case e.On == 0:
		s += " continuous"
	default:
		s += fmt.Sprintf(" %d/%d", e.On, e.Off)
	}
	if e.Ended {
		s += " ended"
	}
	return s
}

// Why returns the whole evidence: "busy tone 425 Hz 200/200, −15 dBm0, 99 %
// pure, 4 bursts and pauses agree: 95 % sure".
func (e Event) Why() string {
	return fmt.Sprintf("%s, %.0f dBm0, %.0f %% pure, %d bursts and pauses agree: %.0f %% sure",
		e, e.Level, 100*e.Pure, e.Pieces, 100*e.Sure)
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

	bank   goertzel.Bank    // the tones of the plan, below 900 Hz
	high   goertzel.Bank    // howler and special information tone
	n0     int              // frequencies of bank; those of high follow
	turn   [maxHz]complex64 // advance of a frequency over one block
	hz     [maxHz]float32
	past   [window][maxHz]complex64
	energy [window]float32
	last   [maxHz]complex64 // the window before
	before int16
	n      int64 // blocks heard
	tunes  []tune
	info   info
	active int // tune of the signal that was told, −1 for none
	said   Event
}

// Two frequencies so close (440 and 480 Hz) melt into each other in the bins of
// the plan when both are 3 % too high; a second pair of bins waits for them there.
const (
	closeHz = 45
	closeBy = 1.027
)

// maxHz is how many frequencies a detector can follow.
const maxHz = 2 * goertzel.Max

// New returns a detector for a plan. A plan without signals hears nothing.
func New(p plan.Plan) *Detector {
	d := &Detector{active: -1, info: info{at: -1}}
	var low, high []float64
	add := func(k plan.Kind, s plan.Signal) {
		list := &low
		if !s.Known() || s.Once || len(s.Then) > 0 || len(s.Hz) > maxPartials {
			return
		}
		if s.Hz[0] >= highHz {
			list = &high
		}
		t := tune{n: len(s.Hz)}
		for i, f := range s.Hz {
			at := slices.Index(*list, f)
			if at < 0 {
				if at = len(*list); at == goertzel.Max-infoBins {
					return
				}
				*list = append(*list, f)
			}
			t.f[i], t.high = at, s.Hz[0] >= highHz
		}
		for i := range d.tunes {
			if o := &d.tunes[i]; o.n == t.n && o.f == t.f && o.high == t.high {
				o.signals = append(o.signals, signal{k, s.OnOff})
				return
			}
		}
		t.signals = []signal{{k, s.OnOff}}
		d.tunes = append(d.tunes, t)
	}
	for _, k := range heard {
		s := p.Signal(k)
		add(k, s)
		if len(s.Hz) == 2 && math.Abs(s.Hz[0]-s.Hz[1]) < closeHz {
			s.Hz = []float64{s.Hz[0] * closeBy, s.Hz[1] * closeBy}
			add(k, s)
		}
	}
	for _, o := range p.Others {
		add(o.Kind, o.Signal)
	}
	for i := range d.tunes {
		t := &d.tunes[i]
		if t.overtone = -1; t.n == 1 && !t.high && len(low) < goertzel.Max {
			t.overtone = len(low)
			low = append(low, 2*low[t.f[0]])
		}
	}
	d.n0 = len(low)
	if p.Signal(plan.Info).Known() {
		d.info.at = d.n0 + len(high)
		high = append(high, infoHz[:]...)
	}
	for i := range d.tunes {
		if t := &d.tunes[i]; t.high {
			for k := range t.n {
				t.f[k] += d.n0
			}
		}
	}
	d.bank, d.high = goertzel.New(low...), goertzel.New(high...)
	for i, f := range append(low, high...) {
		d.hz[i], d.turn[i] = float32(f), turnOf(f)
	}
	return d
}

// heard are the kinds that are listened for; where two have one cadence the
// first is told.
var heard = [...]plan.Kind{plan.Dial, plan.Ringback, plan.Busy, plan.Congestion, plan.Unobtainable, plan.Disconnect, plan.Howler}

// Reset forgets everything heard; the plan and AwaitDial stay.
func (d *Detector) Reset() {
	d.bank.Take()
	d.high.Take()
	d.past, d.energy, d.last = [window][maxHz]complex64{}, [window]float32{}, [maxHz]complex64{}
	d.n, d.active, d.before, d.info = 0, -1, 0, info{at: d.info.at}
	for i := range d.tunes {
		t := &d.tunes[i]
		*t = tune{f: t.f, n: t.n, overtone: t.overtone, high: t.high, signals: t.signals}
	}
}

// Process listens to the next frame and appends what it recognised to out.
func (d *Detector) Process(f *pcm.Frame, out []Event) []Event {
	for i := 0; i < pcm.FrameLen; i += block {
		x := f[i : i+block]
		d.bank.Feed(x)
		at := d.n % window
		low := d.bank.Take()
		copy(d.past[at][:d.n0], low[:])
		energy := pcm.Energy(x)
		if d.high.Len() > 0 {
			if d.bright(x) > energy/3 {
				d.high.Feed(x)
			}
			high := d.high.Take()
			copy(d.past[at][d.n0:d.n0+d.high.Len()], high[:])
		}
		d.energy[at] = float32(energy) / block
		d.n++
		out = d.step(out)
	}
	return out
}

// bright returns the energy of the differences from sample to sample: a quarter
// of the energy at 640 Hz, half at 920 Hz.
func (d *Detector) bright(x []int16) (sum int64) {
	last := d.before
	for _, v := range x {
		diff := int64(v) - int64(last)
		sum += diff * diff
		last = v
	}
	d.before = last
	return sum
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
	out = d.heardInfo(&now, energy, out)
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
	if d.active >= 0 && d.active != infoActive && d.said.Kind == k && d.tunes[d.active].fits(k) {
		t.count = 0 // the same, heard in two pairs of bins
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
