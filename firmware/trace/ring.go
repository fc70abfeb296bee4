// Package trace keeps the last events and effects of the machines, so that a
// person can see afterwards why something happened. Entries are values; they
// are put into words only when somebody reads them.
package trace

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Entry is one event or effect.
type Entry struct {
	At   time.Time
	Who  string // the machine: "line L1", "call 3-17", "acd"
	What fmt.Stringer
	Out  bool // an effect, else an event
}

// Ring holds the newest entries. The zero value keeps nothing.
type Ring struct {
	mu   sync.Mutex
	ring []Entry
	next int
	full bool
}

// New returns a ring for size entries.
func New(size int) *Ring { return &Ring{ring: make([]Entry, size)} }

// Add keeps e and forgets the oldest entry when there is no room.
func (r *Ring) Add(e Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ring) == 0 {
		return
	}
	r.ring[r.next] = e
	r.next++
	if r.next == len(r.ring) {
		r.next, r.full = 0, true
	}
}

// Entries returns what is kept, oldest first.
func (r *Ring) Entries() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.full {
		return append([]Entry(nil), r.ring[:r.next]...)
	}
	return append(append([]Entry(nil), r.ring[r.next:]...), r.ring[:r.next]...)
}

// WriteTo writes the entries as lines: time, machine, arrow, words.
func (r *Ring) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for _, e := range r.Entries() {
		arrow := "<-"
		if e.Out {
			arrow = "  ->"
		}
		n, err := fmt.Fprintf(w, "%s %-12s %s %s\n", e.At.Format("15:04:05.000"), e.Who, arrow, e.What)
		total += int64(n)
		if err != nil {
			return total, fmt.Errorf("cannot write the trace: %w", err)
		}
	}
	return total, nil
}
