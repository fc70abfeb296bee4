// Package central is a central office at the other end of a pair, as a pure
// machine: it rings with the country's cadence, sends caller id by audio, trips,
// gives dial tone, takes digits, connects, and ends a call in one of eight ways. It
// knows no clock: 20 ms pass with every Frame.
//
// Three words explain it: Line (one line of the office), Subscriber (who speaks at
// its far end), Event (what happened on the wires, to the millisecond).
package central

import (
	"time"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// Times of the office in ms; those of caller id by Telcordia GR-30 § 2.2, ETSI EN
// 300 659-1 § 6 and SIN 227.
const (
	dialToneAfter = 200
	numberEnds    = 2000 // after the last digit
	numberWaits   = 10_000
	shortest      = 3   // digits of a number: after fewer the office waits longer
	idAfterRing   = 600 // 500 to 1500 after the first burst
	idAfterTurn   = 120 // of the reversal that announces it: at least 100
	ringAfterID   = 300 // 200 to 500
	forgotten     = 20_000
	usualDrop     = 500
	// ShortDrop is the break of ByShortDrop in ms.
	ShortDrop = 120
	shortRing = 250 // the ring that only announces caller id
)

// Caller is who rings a line.
type Caller struct {
	Number, Name string
	Absence      string // "P" withheld, "O" unavailable, "" when there is a number
}

// Result is how a called number behaves.
type Result uint8

// Results.
const (
	Answers Result = iota
	IsBusy
	NoAnswer // rings for ever
	NoWay    // congestion
	NoNumber // unobtainable, or the special information tone where there is none
)

// Outcome is what comes of a number the port dials.
type Outcome struct {
	Result  Result
	After   time.Duration // of ringback before it answers
	Reverse bool          // the office reverses the wires at the answer
}

// Subscriber speaks and listens at the far end of a line.
type Subscriber interface {
	// Speak fills f with 20 ms.
	Speak(f *pcm.Frame)
	// Hear takes 20 ms.
	Hear(f *pcm.Frame)
}

// Config is what an office does on a line; what is zero is usual. It may be changed
// between two calls.
type Config struct {
	Plan      plan.Plan
	Way       Way
	Drop      int         // ms of ByBattery; 0 stands for 500
	ToneAfter int         // ms from the end (of ByReversal: from the reversal) to a tone
	Strange   plan.Signal // of ByStrange; none stands for Strange(Plan.Country)
	Gain      float64     // dB on all tones of the office

	ID       cid.Sending
	IDBefore bool // caller id before the first burst
	Turn     bool // a reversal announces it
	Pulse    bool // a short ring announces it
	Spoilt   bool // a click falls into it
	Date     cid.Date

	Trip int // ms until a closed loop ends a burst; 0 stands for 60
	// Number decides what comes of a number; nil: everything answers after two
	// seconds.
	Number func(number string) Outcome
}

// ForCountry returns what is usual in a country.
func ForCountry(country string) Config {
	p, ok := plan.For(country)
	if !ok {
		p, _ = plan.For("ES")
	}
	c := Config{Plan: p}
	c.ID, c.IDBefore = cid.ForCountry(country)
	c.Turn = c.ID.Alert > 0
	return c
}

// Kind is what an Event tells.
type Kind uint8

// Kinds of events: of the wires, and of the call.
const (
	RingOn Kind = iota
	RingOff
	Battery  // On: it is there
	Polarity // On: reversed
	IDSent   // caller id is out
	Answered // the port answered a call, or a number it dialled did
	Dialled  // the number is whole
	Over     // one end has hung up; On: the port
)

// Event is something that happened, so many ms after the frame began.
type Event struct {
	Kind Kind
	At   int
	On   bool
}

type state uint8

const (
	idle     state = iota
	ringing        // the port is rung
	talking        // two ends are through
	dialling       // dial tone, digits
	ringback       // the number dialled rings
	refused        // a tone, or the far end is gone
)

// Line is a line of the office. Make it with New.
type Line struct {
	Config
	state  state
	loop   bool
	ms     int64 // of the line's life
	clock  int64 // the present state or burst began
	trip   int64 // a burst ends then; 0: it is not tripped
	step   int   // of the ring cadence
	bell   bool
	who    Caller
	far    Subscriber
	idAt   int64 // caller id begins then; 0: it is sent, or not to be sent
	ringAt int64 // the first burst begins then; 0: it has begun

	cut      bool
	feedAt   int64 // battery returns then; 0: it is there
	toneAt   int64 // the tone after the end begins then
	tone     plan.Signal
	howlAt   int64
	reversed bool
	ended    int64 // the far end hung up then
	evidence int64 // and this is when the wires first told
	next     Outcome

	player  tone.Player
	sender  cid.Sender
	sending bool
	spoil   int
	keys    dtmf.Detector
	found   []dtmf.Event
	number  []byte
	pending []Event
}

// New returns a line at rest.
func New(c Config) *Line { return &Line{Config: c} }

// Free reports whether the line is at rest.
func (l *Line) Free() bool { return l.state == idle && !l.loop && l.feedAt == 0 && !l.cut }

// Closed reports whether the port has closed the loop.
func (l *Line) Closed() bool { return l.loop }

// Quiet reports whether nothing is to be heard on a line on hook.
func (l *Line) Quiet() bool { return !l.loop && !l.sender.Sending() }

// Fed reports whether battery is on the line.
func (l *Line) Fed() bool { return !l.cut && l.feedAt == 0 }

// Reversed reports whether the wires are turned round.
func (l *Line) Reversed() bool { return l.reversed }

// Bell reports whether ring voltage is on the line.
func (l *Line) Bell() bool { return l.bell }

// Number returns the digits that were dialled.
func (l *Line) Digits() string { return string(l.number) }

// Now returns how many ms have passed.
func (l *Line) Now() int64 { return l.ms }

// Ended reports whether the far end has hung up in this call.
func (l *Line) Ended() bool { return l.ended > 0 }

// Evidence returns when the far end hung up and when the wires first told so, in
// ms; ok is false while they have told nothing.
func (l *Line) Evidence() (ended, told int64, ok bool) {
	return l.ended, l.evidence, l.evidence > 0
}

// Take appends what happened since the last Frame, for who cannot wait for the next.
func (l *Line) Take(evs []Event) []Event {
	evs = append(evs, l.pending...)
	l.pending = l.pending[:0]
	return evs
}

// tell puts an event on the list of the next Frame.
func (l *Line) tell(k Kind, on bool) { l.pending = append(l.pending, Event{Kind: k, On: on}) }

// Call rings the line; it reports false when the line is in use.
func (l *Line) Call(who Caller, far Subscriber) bool {
	if l.state != idle || l.loop || l.cut {
		return false
	}
	l.state, l.who, l.far = ringing, who, far
	l.step, l.idAt, l.ringAt, l.ended, l.evidence = -1, 0, 0, 0, 0
	switch {
	case who == (Caller{}):
		l.burst(true)
	case l.Pulse:
		l.burst(true)
		l.idAt = l.ms + shortRing + idAfterRing
	case l.IDBefore:
		l.idAt = l.ms + idAfterTurn
		if l.Turn {
			l.reverse(true)
		}
	default:
		l.burst(true)
	}
	return true
}

// burst switches ring voltage.
func (l *Line) burst(on bool) {
	l.bell, l.clock = on, l.ms
	l.step++
	if on {
		l.reverse(false) // what announced caller id is over
		l.tell(RingOn, true)
		return
	}
	l.tell(RingOff, false)
	if l.step == 1 && !l.IDBefore && !l.Pulse && l.who != (Caller{}) {
		l.idAt = l.ms + idAfterRing
	}
}

// Glare connects a caller in the instant at which the port seizes an idle line: its
// loop trips a ring that has not sounded yet. It reports false when the line is no
// longer free for it.
func (l *Line) Glare(far Subscriber) bool {
	if l.state != dialling || len(l.number) > 0 {
		return false
	}
	l.player.Stop()
	l.state, l.far, l.clock = talking, far, l.ms
	l.tell(Answered, true)
	return true
}

// Dip takes the battery away for so many ms without a meaning, as an exchange does
// when it switches, or a hand that shakes a plug.
func (l *Line) Dip(ms int) {
	if l.Fed() && ms > 0 {
		l.feedAt = l.ms + int64(ms)
		l.tell(Battery, false)
	}
}

// Cut cuts the pair, or mends it.
func (l *Line) Cut(on bool) {
	if l.cut != on {
		l.cut = on
		l.tell(Battery, !on)
	}
}

// Loop tells that the port closed or opened the loop.
func (l *Line) Loop(closed bool) {
	if l.loop == closed {
		return
	}
	l.loop = closed
	switch {
	case closed && l.state == ringing:
		l.sender.Stop()
		l.sending = false
		l.idAt, l.ringAt = 0, 0
		l.trip = l.ms + 1
		if l.bell {
			l.trip += int64(orElse(l.Trip, 60))
		}
	case closed && l.state == idle:
		l.state, l.clock, l.far = dialling, l.ms, nil
		l.number, l.ended, l.evidence = l.number[:0], 0, 0
		l.keys.Reset()
	case !closed && l.state == ringing:
		l.trip = 0
	case !closed && l.state != idle:
		if l.state != refused || l.ended == 0 {
			l.tell(Over, true)
		}
		l.rest()
	}
}

// rest puts the line to rest.
func (l *Line) rest() {
	l.player.Stop()
	l.sender.Stop()
	l.sending = false
	l.state, l.far = idle, nil
	l.idAt, l.ringAt, l.toneAt, l.howlAt, l.trip = 0, 0, 0, 0, 0
	l.reverse(false)
}

// reverse turns the two wires round, or back.
func (l *Line) reverse(on bool) {
	if l.reversed != on {
		l.reversed = on
		l.tell(Polarity, on)
	}
}

func orElse(v, usual int) int {
	if v == 0 {
		return usual
	}
	return v
}
