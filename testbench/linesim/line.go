package linesim

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/centralita/centralita/board/sim/wire"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/testbench/linesim/central"
	"github.com/centralita/centralita/testbench/linesim/pair"
)

// Clearing is how the exchange tells a line that the far end hung up.
type Clearing = central.Way

// Ways of clearing; package central has more.
const (
	ByBattery  = central.ByBattery
	ByTone     = central.ByTone
	ByReversal = central.ByReversal
)

// Caller is who rings a line.
type Caller = central.Caller

// Result is how a called number behaves, Outcome what comes of one.
type (
	Result  = central.Result
	Outcome = central.Outcome
)

// Results.
const (
	Answers  = central.Answers
	IsBusy   = central.IsBusy
	NoAnswer = central.NoAnswer
	NoWay    = central.NoWay
	NoNumber = central.NoNumber
)

// DefaultCPC is how long the battery is away when the far end hung up.
const DefaultCPC = 500 * time.Millisecond

// Line is a line of the exchange that ends in a socket of the board.
type Line struct {
	// Clearing, CPC and IDFirst describe the exchange, Office the rest of it;
	// change them while the line is idle, within Set where the board may seize meanwhile.
	Clearing Clearing
	CPC      time.Duration
	IDFirst  bool // caller id before the first burst
	Office   central.Config
	// Number decides what comes of a number the board dials; nil: everything
	// answers after two seconds. It is called with the line's lock held.
	Number func(number string) Outcome

	s        *Sim
	at       wire.Socket
	co       *central.Line
	voice    *Voice
	call     *Call
	calls    chan *Call
	loop     bool         // the board closed it
	seen     bool         // and the exchange saw that
	said     []*pcm.Frame // by the board, not heard yet
	flows    bool
	heard    pcm.Frame // what the exchange said last, on its way
	events   []central.Event
	glare    *Call
	copper   *pair.Pair // nil: a perfect wire
	z        string     // the board's impedance, "" its own
	metered  wire.Message
	announce bool // what the instruments read was told
}

// maxSaid is how many frames of the board may wait.
const maxSaid = 10

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
	office := central.ForCountry(s.Board.Country)
	return &Line{s: s, at: wire.FXO(n), CPC: DefaultCPC, Office: office, co: central.New(office), voice: &Voice{s: s}, calls: make(chan *Call, 16)}
}

// String returns the name of the socket.
func (l *Line) String() string { return l.at.String() }

// Set lets f change the line's fields while the board may seize it.
func (l *Line) Set(f func(*Line)) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	f(l)
}

// configure takes what the line is to be like into its next call.
func (l *Line) configure() {
	c := l.Office
	c.Way, c.Drop, c.Number = l.Clearing, int(l.CPC.Milliseconds()), l.Number
	c.IDBefore = c.IDBefore || l.IDFirst
	if l.copper != nil {
		f := l.copper.Config()
		if s, ok := f.Feed.Trip(f.Cable, f.Handset); ok {
			c.Trip = int(1000 * s)
		}
	}
	l.co.Config = c
}

// newCall puts somebody at the far end.
func (l *Line) newCall(from Caller) *Call {
	l.voice = &Voice{s: l.s}
	c := &Call{Voice: l.voice, line: l, from: from}
	l.voice.call = c
	return c
}

// Call rings the line. It fails when the line is in use.
func (l *Line) Call(from Caller) (*Call, error) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if l.s.err != nil {
		return nil, fmt.Errorf("cannot ring %s: %w", l.at, l.s.err)
	}
	if !l.co.Free() || l.loop {
		return nil, fmt.Errorf("cannot ring %s: the line is in use", l.at)
	}
	l.configure()
	l.call = l.newCall(from)
	l.co.Call(from, l.voice)
	l.happen(l.co.Take(l.events[:0]))
	return l.call, nil
}

// Glare makes a caller meet the board's next seizure: it closes the loop on a call
// whose ring has not sounded yet, and hears the caller in place of dial tone.
func (l *Line) Glare(from Caller) *Call {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.glare = l.newCall(from)
	return l.glare
}

func (l *Line) send(m wire.Message) {
	m.Socket = l.at
	l.s.send(m)
}

// receive takes what the board does with the loop. The lock is held.
func (l *Line) receive(m wire.Message) {
	switch m.Kind {
	case wire.Seize, wire.Release:
		l.loop = m.Kind == wire.Seize
		l.said, l.flows = nil, false
		if l.copper != nil {
			l.copper.Hook(l.loop)
		}
		l.look()
		l.happen(l.co.Take(l.events[:0]))
		l.meter()
	case wire.Tune:
		l.tune(m.Impedance)
	case wire.Audio:
		if l.loop && len(l.said) < maxSaid {
			l.said = append(l.said, m.Frame)
		}
	}
}

// look tells the exchange of the loop, if its current is enough to be seen.
func (l *Line) look() {
	seen := l.direct().Seen()
	if seen == l.seen {
		return
	}
	idle := l.co.Free()
	l.seen = seen
	if seen && idle {
		l.configure()
		l.call = l.glare
		if l.call == nil {
			l.call = l.newCall(Caller{})
		}
	}
	l.co.Loop(seen)
	switch {
	case !seen || !idle:
	case l.glare != nil:
		l.glare = nil
		l.co.Glare(l.voice)
	default:
		l.co.Connect(l.voice)
	}
}

// happen does what the exchange did. The lock is held.
func (l *Line) happen(evs []central.Event) {
	l.events = evs
	for _, e := range evs {
		switch e.Kind {
		case central.RingOn:
			if _, heard := l.feed().Ring(l.cable()); !heard {
				continue
			}
			l.send(wire.Message{Kind: wire.RingOn})
			if l.call != nil {
				l.call.rings++
			}
		case central.RingOff:
			l.send(wire.Message{Kind: wire.RingOff})
		case central.Battery:
			l.send(wire.Message{Kind: wire.Battery, On: e.On})
			l.meter()
		case central.Polarity:
			l.send(wire.Message{Kind: wire.Polarity, On: e.On})
			l.meter()
		case central.Dialled:
			l.dialled()
		case central.Answered:
			if l.call != nil {
				l.call.answered = true
			}
		case central.Over:
			if l.call != nil {
				l.call.over, l.call.byBoard = true, e.On
				l.voice.stop()
			}
		}
	}
	if len(evs) > 0 {
		l.s.notify()
	}
}

// dialled hands a call of the board to who takes the calls of this line.
func (l *Line) dialled() {
	l.call.Dialled = l.co.Digits()
	select {
	case l.calls <- l.call:
	default: // nobody does
	}
}

// beat goes on by 20 ms. The lock is held.
func (l *Line) beat() {
	var in, quiet pcm.Frame
	if l.loop && (l.flows || len(l.said) > 1) {
		if l.flows = len(l.said) > 0; l.flows {
			in = *l.said[0]
			l.said = l.said[1:]
		}
	}
	var toPort pcm.Frame
	if l.copper == nil {
		l.happen(l.co.Frame(&in, &toPort, l.events[:0]))
		l.heard = toPort
	} else {
		office := l.heard
		neighbour := l.s.lines[l.at.Number()%len(l.s.lines)] // the next pair of the cable
		l.copper.Frame(&office, &in, &toPort, &quiet, &neighbour.heard)
		l.happen(l.co.Frame(&quiet, &l.heard, l.events[:0]))
	}
	if !l.announce {
		l.announce = true
		l.meter()
	}
	if l.co.Fed() && (l.loop || !toPort.Silent()) {
		l.send(wire.Message{Kind: wire.Audio, Frame: &toPort})
	}
}

// Lay lays a copper pair between the exchange and the board, in place of a perfect
// wire. The board's impedance is what it was tuned to, else 600 Ω.
func (l *Line) Lay(cfg pair.Config) error {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	p, err := pair.New(cfg)
	if err != nil {
		return fmt.Errorf("cannot lay the pair of %s: %w", l.at, err)
	}
	l.copper = p
	p.Hook(l.loop)
	if l.z != "" {
		l.tune(l.z)
	}
	l.meter()
	return nil
}

// Copper calls f with the pair while nothing flows: to measure or change it.
func (l *Line) Copper(f func(*pair.Pair)) error {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if l.copper == nil {
		return fmt.Errorf("cannot touch the pair of %s: none was laid", l.at)
	}
	f(l.copper)
	l.look()
	l.happen(l.co.Take(l.events[:0]))
	l.meter()
	return nil
}

// Cut cuts the pair, or mends it.
func (l *Line) Cut(on bool) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.co.Cut(on)
	l.happen(l.co.Take(l.events[:0]))
}

// Dip takes the battery away for a moment that means nothing.
func (l *Line) Dip(d time.Duration) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.co.Dip(int(d.Milliseconds()))
	l.happen(l.co.Take(l.events[:0]))
}

// tune matches the board's impedance. A name that is no network was refused by
// the board.
func (l *Line) tune(name string) {
	n, err := pair.ParseNetwork(name)
	if err != nil {
		return
	}
	l.z = name
	if l.copper != nil {
		l.copper.Tune(n)
	}
}

func (l *Line) feed() pair.Feed {
	if l.copper == nil {
		return pair.Feed{}
	}
	return l.copper.Config().Feed
}

func (l *Line) cable() pair.Cable {
	if l.copper == nil {
		return pair.Cable{}
	}
	return l.copper.Config().Cable
}

// direct is what flows in the loop.
func (l *Line) direct() pair.Direct {
	if l.copper == nil {
		return pair.Feed{}.Loop(pair.Cable{}, l.loop, false)
	}
	return l.copper.Direct()
}

// meter tells the board what its instruments read, when that changed.
func (l *Line) meter() {
	d := l.direct()
	if !l.co.Fed() {
		d = pair.Direct{}
	}
	m := wire.Message{Kind: wire.Meter, DeciVolts: int(math.Round(10 * d.Volts)), DeciMilliAmps: int(math.Round(10_000 * d.Amps))}
	if l.co.Reversed() {
		m.DeciVolts = -m.DeciVolts
	}
	if m != l.metered {
		l.metered = m
		l.send(m)
	}
}

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
	return l.co.Free() && !l.loop
}

// WaitFree returns when the line is at rest.
func (l *Line) WaitFree(ctx context.Context) error {
	return l.s.wait(ctx, l.at.String()+" to be released", func() bool { return l.co.Free() && !l.loop })
}
