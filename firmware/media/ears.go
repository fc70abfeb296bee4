package media

import (
	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/tel"
)

// owner is the way a far end's keys come.
type owner uint8

const (
	unknown  owner = iota // events were agreed on, none has come
	byEvents              // events come
	byTones               // no events were agreed on, or tones come without events
)

// Times of the decision whose a key is, in ticks. An event is there at once, the
// tone of the same key only when it has been long enough and has passed the
// jitter buffer.
const (
	grace  = 8  // a tone waits so long for its event (160 ms)
	twin   = 20 // a tone so long after an event is the same key (400 ms)
	orphan = 2  // so many tones in a row without an event make tones the owner
)

// ears look for keys, and on a line for all else it tells, in what a far end says.
//
// A key is told exactly once, though a phone may send it as an event, as a
// tone, or as both. When no events were agreed on, tones count. When they were
// agreed on, the first event makes events the owner; a tone that stays without
// its event makes tones the owner when no event ever came, and else only the
// second time in a row, because a voice can sound like a key.
type ears struct {
	keys     bool
	signals  bool
	agreed   bool // the far end agreed to send events
	owner    owner
	event0   int // ticks since the last event
	tone0    int // ticks since the last tone that was told
	told     tel.Digit
	held     tel.Digit // a tone that waits for its event; 0 is none
	wait     int
	orphans  int
	detector dtmf.Detector
	found    [8]dtmf.Event
	line     *lineEar // nil when the leg is no line
}

// newEars returns ears with everything they may need later.
func newEars(keys bool, country *plan.Plan, awaitDial bool) ears {
	e := ears{keys: keys, event0: twin, tone0: twin}
	if country != nil {
		e.signals = true
		e.line = newLineEar(country, awaitDial)
	}
	return e
}

// listen chooses what is looked for.
func (e *ears) listen(keys, signals bool) {
	if keys && !e.keys {
		e.detector.Reset()
	}
	if signals && !e.signals && e.line != nil {
		e.line.reset()
	}
	e.keys, e.signals = keys, signals && e.line != nil
	e.held = 0
}

// hear looks at 20 ms. While people talk a tone must be purer to count.
func (e *ears) hear(s *shard, l *leg, talking bool) {
	if e.keys {
		e.detector.Mode = dtmf.IVR
		if talking {
			e.detector.Mode = dtmf.Strict
		}
		for _, found := range e.detector.Process(&l.said, e.found[:0]) {
			if found.Down {
				l.measure.twist.add(float64(found.High - found.Low))
				e.tone(s, l.id, tel.Digit(found.Digit))
			}
		}
		e.pass(s, l.id)
	}
	if e.signals {
		_, key := e.detector.On()
		e.line.hear(s, l, key)
	}
}

// hush reports whether nobody but us should hear the far end now.
func (e *ears) hush() bool { return e.signals && e.line.hush() }

// event takes a key that came as an event.
func (e *ears) event(s *shard, id tel.LegID, d tel.Digit) {
	if !e.keys {
		return
	}
	if e.held != 0 && e.held != d && e.owner == unknown {
		s.tell(Event{Kind: Digit, Leg: id, Digit: e.held, InBand: true})
	}
	twinOfTone := e.owner == byTones && e.told == d && e.tone0 < twin
	e.owner, e.held, e.orphans, e.event0 = byEvents, 0, 0, 0
	if !twinOfTone {
		s.tell(Event{Kind: Digit, Leg: id, Digit: d})
	}
}

// tone takes a key that was heard.
func (e *ears) tone(s *shard, id tel.LegID, d tel.Digit) {
	switch {
	case !e.agreed || e.owner == byTones:
		e.tellTone(s, id, d)
	case e.event0 < twin: // the event came first
	case e.held != 0 && e.owner == unknown: // two tones, no event
		e.tellTone(s, id, e.held)
		e.tellTone(s, id, d)
	default:
		e.held, e.wait = d, grace
	}
}

// pass lets a tick pass, and decides about a tone that has waited long enough
// for its event.
func (e *ears) pass(s *shard, id tel.LegID) {
	e.event0, e.tone0 = min(e.event0+1, twin), min(e.tone0+1, twin)
	if e.held == 0 {
		return
	}
	if e.wait--; e.wait > 0 {
		return
	}
	d := e.held
	e.held = 0
	if e.orphans++; e.owner == unknown || e.orphans >= orphan {
		e.tellTone(s, id, d)
	}
}

// tellTone makes tones the owner and tells a key.
func (e *ears) tellTone(s *shard, id tel.LegID, d tel.Digit) {
	e.owner, e.told, e.tone0, e.held, e.orphans = byTones, d, 0, 0, 0
	s.tell(Event{Kind: Digit, Leg: id, Digit: d, InBand: true})
}
