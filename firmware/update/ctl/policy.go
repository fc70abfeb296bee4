package ctl

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Box is what a bundle is judged by.
type Box struct {
	Board    string
	Running  uint64 // number of the bundle that runs; 0: not known
	Floor    uint64 // of the boot record
	Boot     uint64 // of the boot script
	Capacity int64  // of the slot, bytes
	// Now is the time when Trusted; a box that does not know the time takes no
	// notice of expiry and stands on the floor alone.
	Now     time.Time
	Trusted bool
	// Present: somebody stands at the box and wants an older number.
	Present bool
}

// Accept says whether the box may install a bundle whose signatures fit, or why not.
func (b Box) Accept(m Manifest) error {
	switch {
	case m.Board != b.Board:
		return wrongBoard(m.Board, b.Board)
	case m.MinBoot > b.Boot:
		return oldBoot(m.MinBoot, b.Boot)
	case m.Number < b.Floor && !b.Present:
		return belowFloor(m.Number, b.Floor)
	case m.Number < b.Running && !b.Present:
		return older(m.Number, b.Running)
	case b.Trusted && !m.Expires.IsZero() && b.Now.After(m.Expires):
		return expired(m.Expires)
	case m.Payload.Size > b.Capacity:
		return tooLarge(m.Payload.Size, b.Capacity)
	}
	return nil
}

// Reaches reports whether an automatic update has come to a site. Where a site
// stands among a hundred changes with each number, so that it is not always the
// same ones that go first.
func (m Manifest) Reaches(ring Ring, site string) bool {
	if len(m.Rollout) == 0 {
		return true
	}
	return place(site, m.Number) < m.Rollout[ring]
}

// place is from 0 to 99.
func place(site string, number uint64) int {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64(nil, number))
	h.Write([]byte(site))
	return int(binary.BigEndian.Uint64(h.Sum(nil)) % 100)
}
