package sim

import (
	"time"

	"github.com/centralita/centralita/board/sim/wire"
	"github.com/centralita/centralita/hal/port"
)

// ringing is one run of the bell.
type ringing struct {
	cadence []int
	step    int // place in the cadence; even sounds
	timer   *time.Timer
}

// startBell rings the telephone in the cadence that was asked for, else the
// country's. Caller id goes by audio.
func (s *socket) startBell(c port.Ring) {
	s.stopBell()
	r := &ringing{cadence: s.bell}
	if own := milliseconds(c.Cadence); len(own) >= 2 {
		r.cadence = own
	}
	s.ring = r
	s.burst(true)
	r.timer = time.AfterFunc(time.Duration(r.cadence[0])*time.Millisecond, func() { s.nextBell(r) })
}

// milliseconds returns what a cadence says, in whole pairs of on and off.
func milliseconds(c port.Cadence) (out []int) {
	for i := 0; i+1 < len(c) && c[i] > 0 && c[i+1] > 0; i += 2 {
		out = append(out, int(c[i]), int(c[i+1]))
	}
	return out
}

// burst switches ring voltage and tells both sides.
func (s *socket) burst(on bool) {
	if on {
		s.tell(wire.Message{Kind: wire.RingOn})
		s.event(port.RingOn{})
		return
	}
	s.tell(wire.Message{Kind: wire.RingOff})
	s.event(port.RingOff{})
}

// nextBell goes one step on in the cadence.
func (s *socket) nextBell(r *ringing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ring != r {
		return
	}
	r.step++
	s.burst(r.step%2 == 0)
	r.timer.Reset(time.Duration(r.cadence[r.step%len(r.cadence)]) * time.Millisecond)
}

// stopBell ends the ringing.
func (s *socket) stopBell() {
	if s.ring == nil {
		return
	}
	s.ring.timer.Stop()
	if s.ring.step%2 == 0 {
		s.burst(false)
	}
	s.ring = nil
}
