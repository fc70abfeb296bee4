package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/port"
)

// The parts that must check in, in the order of their list: behind these the
// shards, then the pumps of the ports.
const (
	checkLoop = iota
	checkWriter
	checkShards
)

// watchEvery is how often each part is asked for a sign of life; a page counts
// itself stale after five seconds without one of the loop.
const watchEvery = 2 * time.Second

// How long a part may be silent. A disk may take its time, and so may a driver
// that finds its hardware again.
const (
	loopWithin   = 5 * time.Second
	shardWithin  = 5 * time.Second
	writerWithin = 15 * time.Second
	portWithin   = 10 * time.Second
)

// signs is what the watch saw of the parts last.
type signs struct {
	ports  []tel.PortID // whose pumps check in, in order
	turns  []uint64     // of them
	below  []uint64     // of the drivers below them, where they tell
	book   book.State
	shards int

	machine time.Time // it was looked at
	ticks   health.Ticks
	alarms  []view.Alarm
}

// expect makes the list of parts that must check in.
func (h *House) expect(now time.Time) {
	h.signs = signs{ports: slices.Sorted(maps.Keys(h.pumps)), turns: make([]uint64, len(h.pumps)), below: make([]uint64, len(h.pumps)), shards: h.shards}
	parts := []health.Part{
		checkLoop:   {Name: "loop", Within: loopWithin, WhenLate: health.LoopLate()},
		checkWriter: {Name: "writer", Within: writerWithin, WhenLate: health.WriterLate()},
	}
	for i := range h.shards {
		parts = append(parts, health.Part{Name: fmt.Sprint("shard ", i), Within: shardWithin, WhenLate: health.MediaLate()})
	}
	for _, id := range h.signs.ports {
		parts = append(parts, health.Part{Name: "port " + string(id), Within: portWithin, WhenLate: health.PortLate(id), Among: "ports"})
	}
	h.checks = health.NewChecks(now, parts...)
}

// watch asks every part for signs of life until ctx ends.
func (h *House) watch(ctx context.Context) error {
	t := time.NewTicker(watchEvery)
	defer t.Stop()
	shown := ""
	for {
		h.exchange.Post(exchange.Ping{Done: func() { h.checks.In(checkLoop, time.Now()) }})
		asked, cancel := context.WithTimeout(ctx, watchEvery/2)
		h.engine.Ping(asked, func(shard int) { h.checks.In(checkShards+shard, time.Now()) })
		cancel()
		h.signs.look(h, time.Now())
		h.lookAtClock(ctx, time.Now())
		h.lookAtMachine(time.Now())
		h.lookAtTicks(time.Now())
		h.logAlarms()
		if news := h.news(time.Now()); news != shown {
			shown = news
			h.exchange.Post(exchange.OnNews{})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// look checks in the parts that cannot be asked but seen: they have moved.
func (s *signs) look(h *House, now time.Time) {
	if st := h.book.State(); writerLives(s.book, st) {
		s.book = st
		h.checks.In(checkWriter, now)
	}
	for i, id := range s.ports {
		turns, ended := h.pumps[id].Turns()
		below, hangs := s.below[i], false
		if b, ok := h.wires[id].(port.Breather); ok {
			below = b.Breaths()
			hangs = below == s.below[i]
		}
		if ended || turns != s.turns[i] && !hangs {
			s.turns[i], s.below[i] = turns, below
			h.checks.In(checkShards+s.shards+i, now)
		}
	}
}

// writerLives reports whether the writer of the book has nothing to do, has
// written, or has tried to. One that the disk refuses lives; one that it holds up
// does not.
func writerLives(before, now book.State) bool {
	return now.Pending == 0 || now.Last != before.Last || now.Failed != before.Failed
}

// news is what the picture shows of the rooms that tell the loop nothing.
func (h *House) news(now time.Time) string {
	st := h.book.State()
	var b strings.Builder
	fmt.Fprint(&b, len(h.checks.Late(now)), st.Last, st.Err, h.dog.trouble())
	fmt.Fprint(&b, h.stutters.Load(), h.updates.Notices(), h.doingNews())
	if s := h.syslog.now.Load(); s != nil {
		fmt.Fprint(&b, s.log.State())
	}
	if m := h.machine.Load(); m != nil {
		fmt.Fprint(&b, m.DiskLow, m.Hot, m.Power, m.MemoryLow, m.Storage != nil && (m.Storage.Worn || m.Storage.Often))
	}
	for _, s := range h.uplinks.states() {
		fmt.Fprint(&b, s.State, s.Acked, s.Pending, s.Error, s.Next)
	}
	return b.String()
}
