package linesim

import (
	"context"
	"fmt"
	"time"

	"github.com/centralita/centralita/board/sim/wire"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// Clearing is how the exchange tells a line that the far end hung up.
type Clearing uint8

// Ways of clearing. Real lines do one or two of them, many only the tone.
const (
	ByBattery  Clearing = iota // battery is away for CPC, then dial tone if the loop is still closed
	ByTone                     // busy tone
	ByReversal                 // the wires are reversed, then busy tone
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
)

// Outcome is what comes of a number the board dials.
type Outcome struct {
	Result  Result
	After   time.Duration // of ringback before it answers
	Reverse bool          // the exchange reverses the wires at the answer
}

// Times of the exchange.
const (
	dialToneDelay = 200 * time.Millisecond
	numberEnds    = 2 * time.Second // after the last digit
	callerIDDelay = 300 * time.Millisecond
	// DefaultCPC is how long the battery is away when the far end hung up.
	DefaultCPC = 500 * time.Millisecond
)

type lineState uint8

const (
	idle     lineState = iota
	ringing            // the exchange rings the board
	talking            // two ends are through
	dialling           // dial tone, digits
	ringback           // the number the board dialled rings
	refused            // busy, congestion, or the far end is gone
)

// Line is a line of the exchange that ends in a socket of the board.
type Line struct {
	// Clearing, CPC and IDFirst describe the exchange; change them while the
	// line is idle.
	Clearing Clearing
	CPC      time.Duration
	IDFirst  bool // caller id before the first burst
	// Number decides what comes of a number the board dials; nil: everything
	// answers after two seconds. It is called with the line's lock held.
	Number func(number string) Outcome

	s     *Sim
	at    wire.Socket
	voice *Voice

	state  lineState
	call   *Call
	calls  chan *Call
	loop   bool      // the board closed it
	clock  time.Time // the present state or burst began
	step   int       // of the ring cadence
	idSent bool
	bell   bool
	feedAt time.Time // battery returns then

	reversed bool
	next     Outcome // of the number dialled
}

// Call is one call over a line, seen from the subscriber at the far end.
type Call struct {
	*Voice         // of the subscriber
	Dialled string // by the board; empty when the subscriber rang

	line     *Line
	rings    int
	answered bool
	over     bool // one end hung up
	byBoard  bool
	from     Caller
}

func newLine(s *Sim, n int) *Line {
	return &Line{s: s, at: wire.FXO(n), CPC: DefaultCPC, voice: &Voice{s: s}, calls: make(chan *Call, 16)}
}

// String returns the name of the socket.
func (l *Line) String() string { return l.at.String() }

// Call rings the line. It fails when the line is in use.
func (l *Line) Call(from Caller) (*Call, error) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	switch {
	case l.s.err != nil:
		return nil, fmt.Errorf("cannot ring %s: %w", l.at, l.s.err)
	case l.state != idle || l.loop:
		return nil, fmt.Errorf("cannot ring %s: the line is in use", l.at)
	}
	l.voice = &Voice{s: l.s}
	l.call = &Call{Voice: l.voice, line: l, from: from}
	l.voice.call = l.call
	l.state, l.step = ringing, -1
	l.idSent = from == Caller{}
	if l.IDFirst {
		l.callerID()
	}
	l.burst(true)
	return l.call, nil
}

// burst switches ring voltage.
func (l *Line) burst(on bool) {
	l.bell, l.clock = on, l.s.now
	l.step++
	k := wire.RingOff
	if on {
		k = wire.RingOn
		l.call.rings++
	}
	l.send(wire.Message{Kind: k})
}

func (l *Line) callerID() {
	if !l.idSent {
		l.idSent = true
		f := l.call.from
		l.send(wire.Message{Kind: wire.CallerID, ID: wire.ID{Number: f.Number, Name: f.Name, Absence: f.Absence}})
	}
}

func (l *Line) send(m wire.Message) {
	m.Socket = l.at
	l.s.send(m)
}

// receive takes what the board does with the loop. The lock is held.
func (l *Line) receive(m wire.Message) {
	switch m.Kind {
	case wire.Seize:
		l.loop = true
		l.seized()
	case wire.Release:
		l.loop = false
		l.released()
	case wire.Audio:
		if l.loop {
			l.voice.hear(m.Frame)
		}
	}
}

// seized: the board answers, or wants to dial.
func (l *Line) seized() {
	switch l.state {
	case ringing:
		if l.bell {
			l.bell = false
			l.send(wire.Message{Kind: wire.RingOff})
		}
		l.state, l.clock = talking, l.s.now
		l.call.answered = true
	case idle:
		l.voice = &Voice{s: l.s}
		l.call = &Call{Voice: l.voice, line: l}
		l.voice.call = l.call
		l.state, l.clock = dialling, l.s.now
	}
}

// released: the board is on hook again, and the line at rest.
func (l *Line) released() {
	if l.state == ringing {
		return
	}
	if l.call != nil && !l.call.over {
		l.call.over, l.call.byBoard = true, true
	}
	l.rest()
}

func (l *Line) rest() {
	l.voice.stop()
	l.call, l.state = nil, idle
	l.reverse(false)
}

// reverse turns the two wires round, or back.
func (l *Line) reverse(on bool) {
	if l.reversed != on {
		l.reversed = on
		l.send(wire.Message{Kind: wire.Polarity, On: on})
	}
}

// beat goes on by 20 ms. The lock is held.
func (l *Line) beat() {
	since := l.s.now.Sub(l.clock)
	switch l.state {
	case ringing:
		l.ring(since)
	case dialling:
		l.collect(since)
	case ringback:
		if l.next.Result == Answers && since >= l.next.After {
			l.through()
		}
	}
	if !l.feedAt.IsZero() && !l.s.now.Before(l.feedAt) {
		l.feedAt = time.Time{}
		l.send(wire.Message{Kind: wire.Battery, On: true})
		if l.loop {
			l.signal(plan.Dial)
		}
	}
	if l.loop && l.feedAt.IsZero() {
		var f pcm.Frame
		l.voice.next(&f)
		l.send(wire.Message{Kind: wire.Audio, Frame: &f})
	}
}

// ring goes on in the cadence of the country.
func (l *Line) ring(since time.Duration) {
	cadence := l.s.Plan.Ring
	if len(cadence) == 0 {
		cadence = []int{1000, 3000}
	}
	if !l.bell && since >= callerIDDelay {
		l.callerID()
	}
	if since >= time.Duration(cadence[l.step%len(cadence)])*time.Millisecond {
		l.burst(!l.bell)
	}
}

// collect gives dial tone and takes digits until they end.
func (l *Line) collect(since time.Duration) {
	v := l.voice
	n := len(v.heard)
	_, pressed := v.detector.On()
	switch {
	case n == 0 && !pressed:
		if since >= dialToneDelay && !v.tone.Playing() {
			l.signal(plan.Dial)
		}
	case n > len(l.call.Dialled) || pressed:
		v.tone.Stop()
		l.call.Dialled, l.clock = string(v.heard), l.s.now
	case since >= numberEnds:
		l.connect()
	}
}

// connect does what comes of the number.
func (l *Line) connect() {
	l.next = Outcome{After: 2 * time.Second}
	if l.Number != nil {
		l.next = l.Number(l.call.Dialled)
	}
	l.clock = l.s.now
	select {
	case l.calls <- l.call:
	default: // nobody takes the calls of this line
	}
	switch l.next.Result {
	case IsBusy:
		l.state = refused
		l.signal(plan.Busy)
	case NoWay:
		l.state = refused
		l.signal(plan.Congestion)
	default:
		l.state = ringback
		l.signal(plan.Ringback)
	}
}

// through: the number the board dialled answers.
func (l *Line) through() {
	l.voice.tone.Stop()
	l.state, l.call.answered = talking, true
	l.reverse(l.next.Reverse)
}

// signal lets the board hear a tone of the country.
func (l *Line) signal(k plan.Kind) { l.voice.tone.Start(l.s.Plan.Signal(k).Spec()) }

// Dialled returns the next call the board makes on this line, once its number
// is whole.
func (l *Line) Dialled(ctx context.Context) (*Call, error) {
	select {
	case c := <-l.calls:
		return c, nil
	case <-l.s.stop:
		return nil, fmt.Errorf("cannot wait for a call on %s: %w", l.at, l.s.Err())
	case <-ctx.Done():
		return nil, fmt.Errorf("cannot wait longer for a call on %s: %w", l.at, ctx.Err())
	}
}

// Free reports whether the line is at rest.
func (l *Line) Free() bool {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	return l.state == idle && !l.loop && l.feedAt.IsZero()
}

// WaitFree returns when the line is at rest.
func (l *Line) WaitFree(ctx context.Context) error {
	return l.s.wait(ctx, l.at.String()+" to be released", func() bool {
		return l.state == idle && !l.loop && l.feedAt.IsZero()
	})
}

// WaitAnswer returns when the other end has answered, and how often it rang.
func (c *Call) WaitAnswer(ctx context.Context) (rings int, err error) {
	err = c.line.s.wait(ctx, c.line.at.String()+" to be answered", func() bool { return c.answered || c.over })
	c.line.s.mu.Lock()
	defer c.line.s.mu.Unlock()
	if err == nil && !c.answered {
		err = fmt.Errorf("cannot be answered any more: %w", ErrOver)
	}
	return c.rings, err
}

// WaitOver returns when either end has hung up.
func (c *Call) WaitOver(ctx context.Context) error {
	return c.line.s.wait(ctx, "the other end to hang up", func() bool { return c.over })
}

// Over reports whether the call has ended, and whether the board ended it.
func (c *Call) Over() (over, byBoard bool) {
	c.line.s.mu.Lock()
	defer c.line.s.mu.Unlock()
	return c.over, c.byBoard
}

// HangUp ends the call at the subscriber's end: a ringing line falls silent, a
// closed loop is cleared in the exchange's way. A second HangUp does nothing.
func (c *Call) HangUp() {
	l := c.line
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if c.over || l.call != c {
		return
	}
	c.over = true
	if l.state == ringing {
		if l.bell {
			l.bell = false
			l.send(wire.Message{Kind: wire.RingOff})
		}
		l.rest()
		l.s.notify()
		return
	}
	l.voice.stop()
	l.state = refused
	switch l.Clearing {
	case ByBattery:
		l.send(wire.Message{Kind: wire.Battery})
		l.feedAt = l.s.now.Add(l.CPC)
	case ByReversal:
		l.reverse(!l.reversed)
		l.signal(plan.Busy)
	default:
		l.signal(plan.Busy)
	}
	l.s.notify()
}
