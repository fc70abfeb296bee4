package portleg

import (
	"fmt"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// drain is how many frames of silence follow what was sent until it is told:
// the driver's buffers are empty then.
const drain = 4

// sending is what a telephone on hook is being told.
type sending struct {
	sender cid.Sender
	id     uint64
	left   int // frames of silence until the end is told
	on     bool
}

// SendID sends caller id, or that messages wait, to a telephone on hook, in place
// of what was being sent. Config.Sent gets id at the end; when StopID, off hook or
// a leg end it before, nothing is told.
func (p *Pump) SendID(id uint64, what cid.Info, how cid.Sending) error {
	switch {
	case p.info.Kind != port.FXS:
		return fmt.Errorf("cannot send caller id to %s: it is an %s port", p.info.Name, p.info.Kind)
	case !p.info.Caps.OnHookAudio:
		return fmt.Errorf("cannot send caller id to %s: its audio does not flow on hook", p.info.Name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.offHook.Load() || p.leg.Load() != nil { // who lifts it or takes it ends, after this, what begins here
		return fmt.Errorf("cannot send caller id to %s: it is off hook", p.info.Name)
	}
	p.send = sending{}
	if err := p.send.sender.Start(what, how); err != nil {
		return fmt.Errorf("cannot send caller id to %s: %w", p.info.Name, err)
	}
	p.send.id, p.send.on, p.send.left = id, true, drain
	p.rouse()
	return nil
}

// StopID ends what SendID began, at once.
func (p *Pump) StopID() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.send = sending{}
}

// telling reports whether something is being sent.
func (p *Pump) telling() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.send.on
}

// sendID fills f with what a telephone on hook is told, and reports whether
// there is anything to be written.
func (p *Pump) sendID(f *pcm.Frame) bool {
	p.mu.Lock()
	if !p.send.on {
		p.mu.Unlock()
		return false
	}
	if !p.send.sender.Fill(f) {
		p.send.left--
	}
	id, done := p.send.id, p.send.left == 0
	p.send.on = !done
	p.mu.Unlock()
	if done && p.cfg.Sent != nil {
		p.cfg.Sent(id)
	}
	return true
}
