// Package slot is the contract of a machine with two slots for its system (A/B)
// and a small boot record that says which of them starts.
//
// One slot is good: it starts, again and again. Another may be on trial: the boot
// loader starts it a counted number of times, each counted down in the record
// before the start, and falls back to the good one unless somebody has declared
// the new one good meanwhile.
//
// A good slot may cease to come up: its root is damaged, its kernel panics, the
// program ends over what it reads. Nobody is there to say so, but nobody strikes out the
// start either, which the boot loader counted before it. After some in a row the other
// slot gets a chance, then the recovery. The count is struck out as soon as the
// program has worked for a little while, and by whoever orders a restart: two writes of the
// record for a start. Power that fails again and again within the first minute looks
// the same, so nothing of this lasts: no slot is declared good or bad by it, and the
// recovery, left alone, starts the good slot again.
//
// Boot is the rule; a boot loader's script follows it word by word.
package slot

import (
	"errors"
	"fmt"
	"io"
)

// ID names a slot.
type ID string

// The two slots.
const (
	None ID = ""
	A    ID = "a"
	B    ID = "b"
)

// Other returns the slot beside id; None for None.
func (id ID) Other() ID {
	switch id {
	case A:
		return B
	case B:
		return A
	}
	return None
}

// Parse reads the name of a slot.
func Parse(s string) (ID, error) {
	if id := ID(s); id == A || id == B {
		return id, nil
	}
	return None, fmt.Errorf("cannot name a slot %q: it is a or b", s)
}

// Image is what a slot holds. The zero Image is an empty slot, or one that is
// being written: nothing starts from it.
type Image struct {
	Number  uint64   // of the bundle it came in; grows with each release, never 0
	Version string   // for people: "0.9.5"; letters, digits and .+~-
	Floor   uint64   // the lowest number that may follow once this one is trusted
	Size    int64    // bytes of it in the slot
	Sum     [32]byte // SHA-256 of those bytes
}

// Full reports whether the slot holds an image.
func (i Image) Full() bool { return i.Number != 0 }

// Record is the boot record.
type Record struct {
	Gen   uint64 // counts the writes; the higher of two whole copies is the newer
	Good  ID     // starts
	Try   ID     // starts instead while Tries lasts; None: nothing is on trial
	Tries int    // starts left for Try
	Floor uint64 // no bundle with a lower number is accepted
	A, B  Image
	// Why the last trial ended: "b/ended" (it came to no end by itself),
	// "b/unbootable", "b/asked", "b/gate/web+book" (checks that did not pass). Or
	// "a/starts": the good slot was started Chances times and never came up.
	Why string
	// Fails counts the starts in a row without a trial after which nobody has said that
	// the system works; from 0 to MaxFails.
	Fails int
}

// Of returns what slot id holds.
func (r Record) Of(id ID) Image {
	switch id {
	case A:
		return r.A
	case B:
		return r.B
	}
	return Image{}
}

// With returns the record with another image in slot id.
func (r Record) With(id ID, i Image) Record {
	switch id {
	case A:
		r.A = i
	case B:
		r.B = i
	}
	return r
}

// ErrNoRecord is answered when no copy of the boot record is whole.
var ErrNoRecord = errors.New("cannot read the boot record: no copy of it is whole")

// ErrFull is answered by a Writer when the slot has no room for what is written.
var ErrFull = errors.New("cannot write the slot: the image is larger than the slot")

// Disk is a machine's pair of slots with its boot record. One goroutine uses it.
type Disk interface {
	// Record returns the newer whole copy, or ErrNoRecord.
	Record() (Record, error)
	// Keep replaces the record and gives it the next Gen. When it has returned
	// nil the new one outlives a power cut; a cut inside it leaves the old or the
	// new one, never neither.
	Keep(Record) error
	// Capacity returns how many bytes a slot can hold.
	Capacity(ID) int64
	// Write begins a slot anew. The record is not touched: whoever writes has
	// emptied the slot in it before.
	Write(ID) (Writer, error)
	// Read returns size bytes of the slot from its start, read from the medium
	// and not from a cache of what was written.
	Read(id ID, size int64) (io.ReadCloser, error)
}

// Writer fills a slot from its start.
type Writer interface {
	io.Writer // ErrFull when the slot ends
	// Close makes durable what was written. Whoever does not come to Close has
	// written nothing that counts.
	Close() error
}
