// Package subscriber is who may be at the far end of a line: a person who talks, an
// answering machine, a fax that calls or answers. Each speaks and hears 20 ms at a
// time and knows no clock, so that a day of them passes in a moment.
package subscriber

import (
	"github.com/centralita/centralita/dsp/fax"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
)

// Talker says a sound over and over, from some place in it on.
type Talker struct {
	Sound []int16
	At    int
}

// Speak implements central.Subscriber.
func (t *Talker) Speak(f *pcm.Frame) {
	if len(t.Sound) == 0 {
		f.Silence()
		return
	}
	for i := range f {
		f[i] = t.Sound[t.At%len(t.Sound)]
		t.At = (t.At + 1) % len(t.Sound)
	}
}

// Hear implements central.Subscriber.
func (t *Talker) Hear(*pcm.Frame) {}

// Machine is an answering machine: a greeting, a beep, and then it listens.
type Machine struct {
	Greeting []int16
	BeepHz   float64 // 0 stands for 1000
	Heard    int     // frames after the beep in which something was said

	at   int
	beep tone.Player
	done bool
}

// beepMs is the length of a beep.
const beepMs = 400

// Speak implements central.Subscriber.
func (m *Machine) Speak(f *pcm.Frame) {
	n := copy(f[:], m.Greeting[min(m.at, len(m.Greeting)):])
	m.at += n
	clear(f[n:])
	if n == pcm.FrameLen {
		return
	}
	if !m.done {
		m.done = true
		hz := m.BeepHz
		if hz == 0 {
			hz = 1000
		}
		m.beep.Start(tone.Spec{Repeat: tone.Once, Segments: []tone.Segment{{Partials: []tone.Partial{{Hz: hz, DBm0: -12}}, Samples: tone.Ms(beepMs)}}})
	}
	m.beep.FillSamples(f[n:])
}

// Hear implements central.Subscriber.
func (m *Machine) Hear(f *pcm.Frame) {
	if m.done && !m.beep.Playing() && f.Level() > -45 {
		m.Heard++
	}
}

// Fax is a fax machine by ITU-T T.30: it calls with CNG, or answers with CED and
// its identification, until it hears the other; then both exchange pages that are
// noise to everybody else.
type Fax struct {
	Calling  bool
	Reversed bool // the answer tone turns its phase each 450 ms (V.25)

	tone  tone.Player
	carry modem
	other fax.Detector
	found []fax.Event
	ms    int
	stage stage
	ends  int // of the stage
}

type stage uint8

const (
	start  stage = iota
	answer       // CED
	pause        // 75 ms
	ident        // V.21: flags and frames, channel 2
	listen       // 1.5 to 3 s
	page         // a high-speed carrier
)

// Times of T.30 in ms.
const (
	cedMs    = 3200
	pauseMs  = 80
	identMs  = 1900
	listenMs = 2600
	pageMs   = 18_000
)

// Hear implements central.Subscriber: a calling fax stops its tone for the answer.
func (x *Fax) Hear(f *pcm.Frame) {
	if !x.Calling || x.stage != start {
		return
	}
	x.found = x.other.Process(f[:], x.found[:0])
	for _, e := range x.found {
		if e.Kind != fax.CNG {
			x.enter(listen, cedMs+identMs)
		}
	}
}

func (x *Fax) enter(s stage, ms int) { x.stage, x.ends = s, x.ms+ms }

// Speak implements central.Subscriber.
func (x *Fax) Speak(f *pcm.Frame) {
	f.Silence()
	if x.ms >= x.ends && x.stage != start {
		x.next()
	}
	switch x.stage {
	case start:
		x.begin()
		x.tone.Fill(f)
	case answer:
		x.ced(f)
	case ident:
		x.carry.fsk(f)
	case page:
		x.carry.noisy(f)
	}
	x.ms += pcm.FrameTime
}

// begin starts the first sound of the call.
func (x *Fax) begin() {
	switch {
	case x.Calling && !x.tone.Playing():
		x.tone.Start(tone.Cadence([]tone.Partial{{Hz: 1100, DBm0: -11}}, 500, 3000))
	case !x.Calling && x.ms >= 400:
		x.enter(answer, cedMs)
	}
}

// next goes on to what follows in the procedure.
func (x *Fax) next() {
	switch x.stage {
	case answer:
		x.enter(pause, pauseMs)
	case pause, listen:
		x.enter(ident, identMs)
	case ident:
		if x.Calling {
			x.enter(page, pageMs)
		} else {
			x.enter(listen, listenMs)
		}
	case page:
		x.enter(listen, listenMs)
	}
}

// ced is 2100 Hz, its phase turned each 450 ms where it is to be.
func (x *Fax) ced(f *pcm.Frame) {
	level := pcm.Peak(-12)
	for i := range f {
		v := x.carry.turn(2100) * level
		if x.Reversed && (x.ms*8+i)/(450*8)%2 == 1 {
			v = -v
		}
		f[i] = int16(v)
	}
}
