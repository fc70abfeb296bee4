// Package progress hears what an exchange tells by tones: dial tone, ringback,
// busy, congestion, unobtainable, disconnect and the howler, by the plan of the
// country, and the special information tone (ITU-T E.180, Q.35). A Learner makes
// a plan of a tone that no table knows.
//
// A tone counts only when its frequencies are right within 4 % (and 32 Hz),
// nearly all the energy of the line is in it, and its cadence repeats within
// 12 % + 15 ms. A single frequency must also sound as an exchange switches it:
// steady within a burst, on and off within 10 ms, alike from burst to burst; a
// voice that sings the cadence on the right note is not. A lost packet of 20 ms
// in a burst does no harm.
//
// Busy and congestion are told after two periods, and as soon as no other signal
// of the plan fits what was heard. Spain's congestion (200/200 twice, 200/600)
// sounds like its busy (200/200) for 1200 ms from the onset: before the fourth
// burst, or a third pause of more than 240 ms, nobody can tell the two, so busy
// comes 470 ms after its second period there. Dial tone is told after 0.9 s,
// ringback in the pause after its first burst, the special information tone in
// its third burst. Levels from 0 to −40 dBm0.
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

	// FromSilence tells that nothing sounded before the first sample: a burst at
	// the very beginning is whole. Without it such a burst counts for nothing, for
	// nobody knows how long it has lasted.
	FromSilence bool

	banks  [numBanks]goertzel.Bank
	first  [numBanks + 1]int // the frequencies of a bank begin here among all; the last is their number
	bright int               // blocks since the high banks heard something
	turn   [maxHz]complex64  // advance of a frequency over one block
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

// The howler is made of four frequencies at once, which no bin shows when they
// are 3 % off; two more sets of bins wait for it there.
const howlerBy = 1.024

// Banks of frequencies: those of the plan below 900 Hz, then those that only a
// bright sound can have, the howler and the others with the special information
// tone.
const (
	lowBank = iota
	highBank
	howlBank
	numBanks
)

// maxHz is how many frequencies a detector can follow.
const maxHz = numBanks * goertzel.Max

// New returns a detector for a plan. A plan without signals hears nothing.
func New(p plan.Plan) *Detector {
	d := &Detector{active: -1, info: info{at: -1}, bright: window}
	var hz [numBanks][]float64
	for _, k := range heard {
		s := p.Signal(k)
		d.add(&hz, k, s, 1)
		if len(s.Hz) == 2 && math.Abs(s.Hz[0]-s.Hz[1]) < closeHz {
			d.add(&hz, k, s, closeBy)
		}
		if k == plan.Howler {
			d.add(&hz, k, s, howlerBy)
			d.add(&hz, k, s, 2-howlerBy)
		}
	}
	for _, o := range p.Others {
		d.add(&hz, o.Kind, o.Signal, 1)
	}
	low := hz[lowBank]
	for i := range d.tunes {
		t := &d.tunes[i]
		if t.overtone = -1; t.n == 1 && t.bank == lowBank && len(low) < goertzel.Max {
			t.overtone = len(low)
			low = append(low, 2*low[t.f[0]])
		}
	}
	hz[lowBank] = low
	if p.Signal(plan.Info).Known() {
		d.info.at = len(low) + len(hz[highBank])
		hz[highBank] = append(hz[highBank], infoHz[:]...)
	}
	for b, list := range hz {
		d.banks[b] = goertzel.New(list...)
		d.first[b+1] = d.first[b] + len(list)
		for i, f := range list {
			d.hz[d.first[b]+i], d.turn[d.first[b]+i] = float32(f), turnOf(f)
		}
	}
	for i := range d.tunes {
		t := &d.tunes[i]
		for k := range t.n {
			t.f[k] += d.first[t.bank]
		}
	}
	return d
}

// add listens for a signal too, all its frequencies times by.
func (d *Detector) add(hz *[numBanks][]float64, k plan.Kind, s plan.Signal, by float64) {
	if !s.Known() || s.Once || len(s.Then) > 0 || len(s.Hz) > maxPartials {
		return
	}
	t := tune{n: len(s.Hz), bank: lowBank}
	switch {
	case k == plan.Howler:
		t.bank = howlBank
	case s.Hz[0] >= highHz:
		t.bank = highBank
	}
	list := &hz[t.bank]
	most := goertzel.Max
	if t.bank == highBank {
		most -= infoBins
	}
	for i, f := range s.Hz {
		at := slices.Index(*list, f*by)
		if at < 0 {
			if at = len(*list); at == most {
				return
			}
			*list = append(*list, f*by)
		}
		t.f[i] = at
	}
	for i := range d.tunes {
		if o := &d.tunes[i]; o.n == t.n && o.f == t.f && o.bank == t.bank {
			o.signals = append(o.signals, signal{k, s.OnOff})
			return
		}
	}
	t.signals = []signal{{k, s.OnOff}}
	d.tunes = append(d.tunes, t)
}

// heard are the kinds that are listened for; where two have one cadence the
// first is told.
var heard = [...]plan.Kind{plan.Dial, plan.Ringback, plan.Busy, plan.Congestion, plan.Unobtainable, plan.Disconnect, plan.Howler}

// Reset forgets everything heard; the plan, AwaitDial and FromSilence
// stay.
func (d *Detector) Reset() {
	for b := range d.banks {
		d.banks[b].Take()
	}
	d.past, d.energy, d.last = [window][maxHz]complex64{}, [window]float32{}, [maxHz]complex64{}
	d.n, d.active, d.before, d.info, d.bright = 0, -1, 0, info{at: d.info.at}, window
	for i := range d.tunes {
		t := &d.tunes[i]
		*t = tune{f: t.f, n: t.n, overtone: t.overtone, bank: t.bank, signals: t.signals}
	}
}

// Sounding reports whether a tone of the plan sounds now, as pure as an exchange
// sends it, whatever it turns out to be: what sounds then is no voice.
func (d *Detector) Sounding() bool {
	for i := range d.tunes {
		if d.tunes[i].on {
			return true
		}
	}
	return false
}

// Process listens to the next frame and appends what it recognised to out.
func (d *Detector) Process(f *pcm.Frame, out []Event) []Event {
	for i := 0; i < pcm.FrameLen; i += block {
		x := f[i : i+block]
		at := d.n % window
		energy := pcm.Energy(x)
		d.energy[at] = float32(energy) / block
		d.feed(lowBank, at, x)
		if d.differences(x) > energy/3 {
			d.bright = 0
		} else {
			d.bright++
		}
		for b := highBank; b < numBanks; b++ {
			if d.bright == 0 {
				d.feed(b, at, x)
			} else if d.bright <= window {
				clear(d.past[at][d.first[b]:d.first[b+1]])
			}
		}
		d.n++
		out = d.step(out)
	}
	return out
}

// feed lets a bank hear a block.
func (d *Detector) feed(bank int, at int64, x []int16) {
	b := &d.banks[bank]
	b.Feed(x)
	heard := b.Take()
	copy(d.past[at][d.first[bank]:d.first[bank+1]], heard[:])
}

// differences returns the energy of the differences from sample to sample: a quarter
// of the energy at 640 Hz, half at 920 Hz.
func (d *Detector) differences(x []int16) (sum int64) {
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
		t.follow(s, d.n <= window && !d.FromSilence)
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
