package media

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/tel"
)

// tickTime is the length of a tick.
const tickTime = pcm.FrameTime * time.Millisecond

// standstill is how late a tick may be and still be made up for: a machine
// that stood still for longer begins a new schedule.
const standstill = time.Second

// shard is one goroutine's part of the engine. Everything but the inbox, the
// wake and the histogram belongs to that goroutine.
type shard struct {
	number int
	sink   func([]Event)
	silent int // ticks until Silent is told
	log    *slog.Logger

	in   inbox
	wake chan struct{}
	late histogram

	legs    []*leg
	byID    map[tel.LegID]*leg
	rooms   map[tel.CallID]*room
	waiting map[tel.LegID]*queue // legs on their way here
	leaving []*leg               // detached in this tick
	events  []Event
	clock   uint64 // samples since the first tick
}

// queue is the commands for a leg that has not arrived, the oldest first.
type queue struct{ first, last *command }

// newShard returns a shard that does nothing yet.
func newShard(number int, cfg Config) *shard {
	return &shard{
		number: number, sink: cfg.Sink, log: cfg.Log,
		silent:  int(cfg.SilentAfter / tickTime),
		wake:    make(chan struct{}, 1),
		byID:    map[tel.LegID]*leg{},
		rooms:   map[tel.CallID]*room{},
		waiting: map[tel.LegID]*queue{},
		events:  make([]Event, 0, 256),
	}
}

// order queues a command and wakes the shard.
func (s *shard) order(c *command) {
	s.in.push(c)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run ticks while there are legs and sleeps while there are none.
func (s *shard) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		s.obey()
		s.closeLeaving()
		if len(s.legs) > 0 && !s.schedule(ctx, timer) {
			return
		}
	}
}

// schedule ticks every 20 ms from now on until no leg is left; false means
// that ctx ended.
func (s *shard) schedule(ctx context.Context, timer *time.Timer) bool {
	start := time.Now()
	for n := time.Duration(1); len(s.legs) > 0; n++ {
		deadline := start.Add(n * tickTime)
		if wait := time.Until(deadline); wait > 0 {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return false
			case <-timer.C:
			}
		} else if ctx.Err() != nil {
			return false
		}
		began := time.Now()
		late := began.Sub(deadline)
		s.late.add(late)
		if late > standstill {
			s.late.skipped.Add(uint64(late / tickTime))
			start, n = began, 0
		}
		s.tick()
		s.late.took(time.Since(began))
		s.closeLeaving()
	}
	return true
}

// tick is 20 ms of everything: what was ordered, what is heard, what is said.
func (s *shard) tick() {
	s.obey()
	for _, l := range s.legs {
		l.hear(s)
	}
	for _, l := range s.legs {
		l.relay()
	}
	for _, l := range s.legs {
		if l.room != nil {
			l.room.add(l)
		}
	}
	for _, l := range s.legs {
		l.say(s)
	}
	for _, l := range s.legs {
		if l.room != nil {
			l.room.sum.Reset()
		}
	}
	s.clock += pcm.FrameLen
	if len(s.events) > 0 {
		s.sink(s.events)
		s.events = s.events[:0]
	}
}

// tell adds an event to those of this tick.
func (s *shard) tell(e Event) { s.events = append(s.events, e) }

// obey carries out all commands that wait.
func (s *shard) obey() {
	if s.in.empty() {
		return
	}
	for c := s.in.take(); c != nil; {
		next := c.next
		c.next = nil
		s.apply(c)
		c = next
	}
}

// apply carries out one command, or keeps it for a leg that is on its way.
func (s *shard) apply(c *command) {
	switch c.act {
	case doPing:
		c.done <- struct{}{}
		return
	case doAttach, doArrive:
		s.arrive(c)
		return
	}
	if q := s.waiting[c.leg]; q != nil {
		q.add(c)
		return
	}
	if c.act == doExpect {
		s.waiting[c.leg] = &queue{}
		return
	}
	if l := s.byID[c.leg]; l != nil {
		s.direct(l, c)
	}
}

// arrive takes a leg in and carries out what was ordered before it came. A leg
// that is sent on by one of those orders, and expected back, waits again.
func (s *shard) arrive(c *command) {
	s.legs = append(s.legs, c.what)
	s.byID[c.leg] = c.what
	q := s.waiting[c.leg]
	if q == nil {
		return
	}
	delete(s.waiting, c.leg)
	for k := q.first; k != nil; {
		next := k.next
		k.next = nil
		s.apply(k)
		k = next
	}
}

// direct carries out a command for a leg that is here.
func (s *shard) direct(l *leg, c *command) {
	switch c.act {
	case doDetach:
		s.remove(l)
		s.leaving = append(s.leaving, l)
	case doMove:
		s.remove(l)
		c.to.order(&command{act: doArrive, leg: l.id, what: l})
	case doPlay:
		l.start(c.play)
	case doStop:
		l.stop()
	case doJoin:
		s.leave(l)
		s.join(l, c.room)
	case doLeave:
		s.leave(l)
	case doMute:
		l.muted = c.on
	case doKeys:
		l.keys = append(l.keys, c.keys)
		if l.ears.line != nil {
			l.ears.line.dialled()
		}
	case doListen:
		l.ears.listen(c.on, c.tones)
	}
}

// add appends a command.
func (q *queue) add(c *command) {
	if q.last == nil {
		q.first = c
	} else {
		q.last.next = c
	}
	q.last = c
}

// remove forgets a leg.
func (s *shard) remove(l *leg) {
	s.leave(l)
	delete(s.byID, l.id)
	if i := slices.Index(s.legs, l); i >= 0 {
		s.legs = slices.Delete(s.legs, i, i+1)
	}
}

// closeLeaving closes the endpoints of the legs that were detached.
func (s *shard) closeLeaving() {
	for _, l := range s.leaving {
		if err := l.ep.Close(); err != nil {
			s.log.Warn("a leg's audio did not close cleanly", "leg", l.id, "why", err)
		}
	}
	clear(s.leaving)
	s.leaving = s.leaving[:0]
}

// end closes everything that is left when the engine has ended.
func (s *shard) end() {
	s.leaving = append(s.leaving, s.legs...)
	s.legs = nil
	s.closeLeaving()
}
