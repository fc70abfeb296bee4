package linesim

import (
	"context"
	"fmt"
	"time"

	"github.com/centralita/centralita/board/sim/wire"
	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// Phone is an analog telephone plugged into a socket of the board.
type Phone struct {
	*Voice
	s  *Sim
	at wire.Socket

	off     bool
	bell    bool // sounding now
	rings   int  // bursts of this ringing
	lastOn  time.Time
	id      Caller    // on the display
	drops   int       // disconnect pulses since it was lifted
	dropped time.Time // until then the loop is dead
	turned  bool      // the wires are reversed
	lamp    bool

	display *cid.Receiver // hears caller id on hook
	shown   time.Time     // what was heard last came then
	fresh   bool          // before the first burst
	told    []cid.Message
	heardID cid.Message // the newest that was heard
	silence int         // frames to listen on after the last sound on hook
}

// idFirst is how long before the first burst caller id may come.
const idFirst = 6 * time.Second

// listenOn is how many frames of silence a display hears after the last sound.
const listenOn = 10

// ringOver is how long after a burst a telephone has stopped ringing; the
// longest pause in a cadence is 4.5 s.
const ringOver = 6 * time.Second

func newPhone(s *Sim, n int) *Phone {
	return &Phone{Voice: &Voice{s: s}, s: s, at: wire.FXS(n), display: cid.NewReceiver()}
}

// String returns the name of the socket.
func (p *Phone) String() string { return p.at.String() }

// receive takes what the board says. The lock is held.
func (p *Phone) receive(m wire.Message) {
	switch m.Kind {
	case wire.RingOn:
		if p.rings > 0 && p.s.now.Sub(p.lastOn) > ringOver {
			p.rings = 0
		}
		if p.rings == 0 {
			p.fresh = p.fresh && p.s.now.Sub(p.shown) < idFirst
			if !p.fresh {
				p.id = Caller{}
			}
			p.fresh = false
		}
		p.bell, p.lastOn = true, p.s.now
		p.rings++
	case wire.RingOff:
		p.bell, p.lastOn = false, p.s.now
	case wire.Drop:
		p.drops++
		p.dropped = p.s.now.Add(time.Duration(m.Millis) * time.Millisecond)
	case wire.Reverse:
		p.turned = m.On
	case wire.Neon:
		p.lamp = m.On
	case wire.Audio:
		if p.off {
			p.hear(m.Frame)
			return
		}
		p.silence = listenOn
		p.show(m.Frame)
	}
}

// show listens on hook for caller id.
func (p *Phone) show(f *pcm.Frame) {
	p.told = p.display.Process(f, p.told[:0])
	for i := range p.told {
		m := &p.told[i]
		p.id = Caller{Number: m.Number, Name: m.Name, Absence: m.Absence()}
		p.shown, p.fresh = p.s.now, p.rings == 0
		if m.Number != "" {
			p.id.Absence = ""
		}
		p.heardID = *m
	}
}

// beat sends 20 ms. The lock is held.
func (p *Phone) beat() {
	if !p.bell && p.rings > 0 && p.s.now.Sub(p.lastOn) > ringOver {
		p.rings = 0
	}
	var f pcm.Frame
	if !p.off && p.silence > 0 {
		if p.silence--; p.silence < listenOn-2 { // the sound is over
			p.show(&f)
		}
	}
	if !p.off || p.s.now.Before(p.dropped) {
		return
	}
	p.next(&f)
	p.s.send(wire.Message{Kind: wire.Audio, Socket: p.at, Frame: &f})
}

// OffHook lifts the receiver: answers when it rings, else asks for dial tone.
func (p *Phone) OffHook() error { return p.hook(true) }

// OnHook hangs up.
func (p *Phone) OnHook() error { return p.hook(false) }

func (p *Phone) hook(off bool) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if p.s.err != nil {
		return fmt.Errorf("cannot move the hook of %s: %w", p.at, p.s.err)
	}
	if p.off == off {
		return nil
	}
	p.off, p.rings, p.drops = off, 0, 0
	k := wire.OnHook
	if off {
		k = wire.OffHook
		p.reset()
	}
	p.s.send(wire.Message{Kind: k, Socket: p.at})
	p.s.notify()
	return nil
}

// Flash presses the hook for the time of a flash.
func (p *Phone) Flash() error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if !p.off {
		return fmt.Errorf("cannot flash: %s is on hook", p.at)
	}
	p.s.send(wire.Message{Kind: wire.HookFlash, Socket: p.at})
	return p.s.err
}

// Bounce lets the hook close and open n times in an instant, as worn contacts do,
// and leaves it as it was.
func (p *Phone) Bounce(n int) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	first, second := wire.OffHook, wire.OnHook
	if p.off {
		first, second = second, first
	}
	for range n {
		p.s.send(wire.Message{Kind: first, Socket: p.at})
		p.s.send(wire.Message{Kind: second, Socket: p.at})
	}
	return p.s.err
}

// Dial lifts the receiver, waits for dial tone, and sends the number.
func (p *Phone) Dial(ctx context.Context, number string) error {
	if err := p.OffHook(); err != nil {
		return err
	}
	if err := p.WaitTone(ctx, plan.Dial); err != nil {
		return err
	}
	return p.Press(ctx, number)
}

// Pulse dials digits with a rotary dial: a tenth of a second for each pulse, ten for
// a 0, and 0.7 s between two digits.
func (p *Phone) Pulse(ctx context.Context, digits string) error {
	for _, d := range []byte(digits) {
		if d < '0' || d > '9' {
			return fmt.Errorf("cannot dial %q with pulses: %q is on no dial", digits, d)
		}
		n := int(d - '0')
		if n == 0 {
			n = 10
		}
		if err := p.s.Sleep(ctx, time.Duration(n)*100*time.Millisecond+700*time.Millisecond); err != nil {
			return err
		}
		p.s.mu.Lock()
		err := p.s.err
		if err == nil && !p.off {
			err = fmt.Errorf("cannot dial with pulses: %s is on hook", p.at)
		}
		if err == nil {
			p.s.send(wire.Message{Kind: wire.Pulses, Socket: p.at, Digit: d})
		}
		p.s.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// WaitRing returns when the telephone has rung n times (in the n-th burst),
// and what its display shows by then; caller id follows the first burst.
func (p *Phone) WaitRing(ctx context.Context, n int) (number, name string, err error) {
	err = p.s.wait(ctx, fmt.Sprintf("%s to ring", p.at), func() bool { return p.rings >= n })
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.id.Number, p.id.Name, err
}

// Ringing reports whether the telephone is being rung.
func (p *Phone) Ringing() bool {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.bell || p.rings > 0 && p.s.now.Sub(p.lastOn) <= ringOver
}

// CallerID returns what the display shows of the last ringing.
func (p *Phone) CallerID() (number, name string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.id.Number, p.id.Name
}

// HeardID returns the caller id or message-waiting message that was last heard on
// hook; ok is false when none was.
func (p *Phone) HeardID() (m cid.Message, ok bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.heardID, p.heardID.Raw != nil
}

// Lamp reports whether the message lamp is lit.
func (p *Phone) Lamp() bool {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.lamp
}

// Reversed reports whether the two wires are turned round.
func (p *Phone) Reversed() bool {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.turned
}

// Drops returns how many disconnect pulses came since the receiver was lifted.
func (p *Phone) Drops() int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.drops
}
