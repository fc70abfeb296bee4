package app

import (
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/web/metrics"
)

// machineEvery is how often the machine is looked at.
const machineEvery = 10 * time.Second

// lookAtMachine reads what the kernel shows of the machine, now and then.
func (h *House) lookAtMachine(now time.Time) {
	if h.out.Machine == nil || now.Sub(h.signs.machine) < machineEvery {
		return
	}
	h.signs.machine = now
	m := h.out.Machine.Read(now)
	h.machine.Store(&m)
}

// lookAtTicks sees how punctual the audio was.
func (h *House) lookAtTicks(now time.Time) {
	l := h.engine.Lateness()
	share, bad := h.signs.ticks.Look(now, l.Ticks, l.Late+l.Skipped)
	h.tardy.Store(int64(share))
	h.stutters.Store(bad)
}

// endings counts the calls that ended since the start, by cause.
type endings struct {
	mu    sync.Mutex
	count map[metrics.Ending]uint64
}

// add counts one.
func (e *endings) add(f call.Fact) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.count == nil {
		e.count = map[metrics.Ending]uint64{}
	}
	e.count[metrics.Ending{Cause: f.Cause, By: f.By}]++
}

// Each calls f with every count.
func (e *endings) Each(f func(metrics.Ending, uint64)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for k, n := range e.count {
		f(k, n)
	}
}

// counted is the book with a count of the calls that ended.
type counted struct {
	exchange.Book
	ended *endings
}

// Append implements exchange.Book.
func (c counted) Append(f call.Fact) {
	if f.Kind == call.Ended {
		c.ended.add(f)
	}
	c.Book.Append(f)
}
