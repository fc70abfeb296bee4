package health

import (
	"slices"
	"sync/atomic"
	"time"
)

// Part is something that must check in: the loop, a media shard, the writer of
// the book.
type Part struct {
	Name     string        // "loop", "shard 0", "port L1"
	Within   time.Duration // it is late when its last check-in is older
	WhenLate Condition
	// Of parts with the same word here one that hangs is its own fault, told by its
	// condition: the watchdog waits until all of them hang.
	Among string
}

// Checks is the list of parts with their last check-ins. Its methods may be
// called by several goroutines; none blocks or allocates but Late.
type Checks struct {
	parts []Part
	base  time.Time
	last  []atomic.Int64 // nanoseconds after base
}

// NewChecks returns the list, every part checked in at now.
func NewChecks(now time.Time, parts ...Part) *Checks {
	return &Checks{parts: parts, base: now, last: make([]atomic.Int64, len(parts))}
}

// In is the check-in of part i, counted in the order of NewChecks. An earlier
// instant than the last one is ignored.
func (c *Checks) In(i int, now time.Time) {
	at := now.Sub(c.base).Nanoseconds()
	for {
		last := c.last[i].Load()
		if at <= last || c.last[i].CompareAndSwap(last, at) {
			return
		}
	}
}

// Last returns when part i checked in last.
func (c *Checks) Last(i int) time.Time { return c.base.Add(time.Duration(c.last[i].Load())) }

// Late returns the parts whose check-in is overdue at now, in their order.
func (c *Checks) Late(now time.Time) []Part {
	var late []Part
	for i, p := range c.parts {
		if now.Sub(c.Last(i)) > p.Within {
			late = append(late, p)
		}
	}
	return late
}

// Starving returns the parts for whose sake the watchdog is not fed: those that are
// late, but for one of several that do the same while another of them lives.
func (c *Checks) Starving(now time.Time) []Part {
	late := c.Late(now)
	if len(late) == 0 {
		return nil
	}
	all, hang := map[string]int{}, map[string]int{}
	for _, p := range c.parts {
		all[p.Among]++
	}
	for _, p := range late {
		hang[p.Among]++
	}
	return slices.DeleteFunc(late, func(p Part) bool { return p.Among != "" && hang[p.Among] < all[p.Among] })
}

// Apply raises the condition of each late part in r and clears those of the
// others; parts may share one. It reports whether anything changed.
func (c *Checks) Apply(now time.Time, r *Register) bool {
	changed := false
	late := c.Late(now)
	for _, p := range c.parts {
		bad := slices.ContainsFunc(late, func(l Part) bool { return l.WhenLate.ID == p.WhenLate.ID })
		if r.Hold(now, bad, p.WhenLate) {
			changed = true
		}
	}
	return changed
}
