package rtpleg

import (
	"sync/atomic"

	"github.com/centralita/centralita/dsp/jitter"
)

// ringSize is how many packets may wait for a tick: 640 ms at 20 ms each.
const ringSize = 32

// packet is what the reader hands to the tick: checked, and from the right source.
type packet struct {
	fresh   bool // first of a new source: forget the old stream
	event   bool // telephone event, not audio
	seq     uint16
	ts      uint32
	ssrc    uint32
	arrival uint32 // in samples
	n       int
	payload [jitter.MaxPayload]byte
}

// ring hands packets from one reader to one tick without a lock.
type ring struct {
	slots [ringSize]packet
	wrote atomic.Uint32 // only the reader adds
	read  atomic.Uint32 // only the tick adds
}

// slot returns the place for the next packet, nil when the ring is full.
func (r *ring) slot() *packet {
	w := r.wrote.Load()
	if w-r.read.Load() == ringSize {
		return nil
	}
	return &r.slots[w%ringSize]
}

// publish hands over the packet that was written into the slot.
func (r *ring) publish() { r.wrote.Add(1) }

// front returns the oldest packet, nil when there is none. It stays valid until drop.
func (r *ring) front() *packet {
	at := r.read.Load()
	if at == r.wrote.Load() {
		return nil
	}
	return &r.slots[at%ringSize]
}

// drop gives the oldest packet's place back.
func (r *ring) drop() { r.read.Add(1) }
