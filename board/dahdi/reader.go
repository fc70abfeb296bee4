package dahdi

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

const frameTime = pcm.FrameTime * time.Millisecond

// How the reader waits.
const (
	turnTime  = 2 * frameTime   // for sound, which comes every frame
	dead      = 50              // turns without sound (two seconds) after which the card is
	calmAfter = 10              // frames without ring voltage that end a burst the module does not end
	reopening = 2 * time.Second // longer than the module waits before it takes a channel away
)

// begin tells what a channel just opened already does.
func (p *Port) begin() {
	p.loop, p.bell, p.burst, p.battery, p.reversed = false, false, false, true, false
	p.calm, p.still, p.later, p.dialling, p.aloud, p.held = 0, 0, later{}, time.Time{}, time.Time{}, false
	if p.found.off {
		p.offHook()
	}
}

// run is the reader: until the port is closed it takes what the channel gives, and
// opens it again when it was lost.
func (p *Port) run() {
	for {
		p.rounds.Add(1)
		ch := p.ch // nobody else changes it
		if ch == nil {
			if !p.reopen() {
				return
			}
			continue
		}
		sound, event, err := ch.Wait(turnTime)
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return
		}
		p.turn(sound, event, err)
		p.mu.Unlock()
		p.leave()
	}
}

// turn takes events first, for the module gives no sound before them.
func (p *Port) turn(sound, event bool, err error) {
	if err != nil {
		p.lose(err.Error())
		return
	}
	if event && !p.takeEvents() {
		return
	}
	if sound {
		n, err := p.ch.Read(p.sound[:])
		switch {
		case err == nil && n == len(p.sound):
			p.frame()
			return
		case unplugged(err):
			p.lose("the card was unplugged")
			return
		case errors.Is(err, errEvent): // one came in between
			return
		case err != nil && !errors.Is(err, syscall.EAGAIN): // poll would say at once that there is something to read
			p.lose("its sound cannot be read: " + err.Error())
			return
		}
	}
	if p.still++; p.still >= dead {
		p.lose(fmt.Sprintf("the card has given no sound for %s: its clock stands still", dead*turnTime))
	}
}

// frame is a tick of the card's clock: one frame came in, one may go out.
func (p *Port) frame() {
	p.still = 0
	now := time.Now()
	p.audio.hear(p.sound[:])
	p.watch()
	if p.ch == nil {
		return
	}
	p.retry(now)
	if now.After(p.dialling) {
		p.dialling = time.Time{}
	}
	p.speak(now)
}

// send is what a Write does at once, without waiting for the next frame of the card.
func (p *Port) send() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ch != nil && !p.closed {
		p.speak(time.Now())
	}
}

// speak gives the module the frames that it has room for.
func (p *Port) speak(now time.Time) {
	for p.dialling.IsZero() && (p.held || p.audio.next(p.out[:])) {
		p.speakOnHook(now)
		// With an event in its way it goes out behind that; one without room is lost, for
		// the next is newer.
		_, err := p.ch.Write(p.out[:])
		if p.held = errors.Is(err, errEvent); err != nil {
			return
		}
	}
}

// speakOnHook sees that a telephone on hook hears us: its card is put into a state
// that carries sound, for a while.
func (p *Port) speakOnHook(now time.Time) {
	if p.info.Kind != port.FXS || p.loop || p.burst || p.deafOHT || now.Before(p.aloud) || quiet(p.out[:]) {
		return
	}
	p.aloud = now.Add(time.Second)
	if err := p.ch.Ioctl(abi.OnHookTransfer, abi.Int(2000)); err != nil {
		p.deafOHT = true // the wire carries it anyway, or nothing can be done
		p.log.Debug("no on-hook transfer", "why", err)
	}
}

// takeEvents fetches all events; it is false when the channel was lost by one.
func (p *Port) takeEvents() bool {
	for {
		if err := p.ch.Ioctl(abi.GetEvent, p.event[:]); err != nil {
			if unplugged(err) {
				p.lose("the card was unplugged")
			} else {
				p.lose(err.Error())
			}
			return false
		}
		e := abi.Event(abi.IntOf(p.event[:]))
		if e == abi.NoEvent {
			return true
		}
		p.heed(e)
		if p.ch == nil {
			return false
		}
	}
}

// watch looks at the wire: what the module tells late or not at all.
func (p *Port) watch() {
	if p.info.Kind != port.FXO {
		return
	}
	clear(p.params[:4])
	if err := p.ch.Ioctl(abi.GetParams, p.params[:]); err != nil {
		if unplugged(err) {
			p.lose("the card was unplugged")
		}
		return
	}
	hook, alarms := abi.WireOf(p.params[:])
	if p.info.Caps.Battery {
		p.setBattery(alarms == 0 && !(p.found.sig == abi.SigFXSKS && hook == abi.RxOnHook))
	}
	switch {
	case hook == abi.RxRing:
		p.calm = 0
		if !p.loop { // also within two seconds of a hang-up, when the module is silent about it
			p.rings(true)
		}
	case p.burst:
		if p.calm++; p.calm >= calmAfter {
			p.rings(false)
		}
	}
}

// lose gives the channel up until it can be opened again.
func (p *Port) lose(why string) {
	p.log.Warn("the channel is lost", "why", why)
	ch := p.ch
	p.ch, p.lost = nil, why
	p.loop, p.bell, p.burst = false, false, false
	p.audio.clear()
	p.tell(port.Lost{Why: why})
	p.left = ch
}

// leave closes a channel that was lost once nobody measures with it any more, while
// commands are answered.
func (p *Port) leave() {
	if p.left == nil {
		return
	}
	p.inUse.Wait()
	if err := p.left.Close(); err != nil {
		p.log.Info("the channel does not close properly", "why", err)
	}
	p.left = nil
}

// reopen tries to open the channel until it can be used; it is false when the port
// was closed.
func (p *Port) reopen() bool {
	t := time.NewTicker(reopening)
	defer t.Stop()
	for {
		select {
		case <-p.gone:
			return false
		case <-t.C:
		}
		p.rounds.Add(1)
		ch, f, err := p.try()
		p.mu.Lock()
		switch {
		case p.closed:
			p.mu.Unlock()
			if err == nil {
				if err := ch.Close(); err != nil {
					p.log.Info("the channel does not close properly", "why", err)
				}
			}
			return false
		case err == nil:
			p.ch, p.found, p.lost = ch, f, ""
			p.tell(port.Found{})
			p.begin()
			p.mu.Unlock()
			p.log.Info("the channel is back", "channel", f.String())
			return true
		}
		p.lost = err.Error()
		p.mu.Unlock()
		p.log.Debug("the channel cannot be opened yet", "why", err)
	}
}

// try opens the channel and sees that it is what it was and that its clock runs.
func (p *Port) try() (Channel, finding, error) {
	ch, err := p.cfg.Kernel.Channel(p.n)
	if err != nil {
		return nil, finding{}, err
	}
	f, err := prepare(ch, p.cfg)
	if err == nil && f.kind != p.info.Kind {
		err = fmt.Errorf("it was an %s port and is an %s port now", p.info.Kind, f.kind)
	}
	if err == nil && f.alarm != "" {
		err = errors.New("it has a " + f.alarm)
	}
	if err == nil {
		var sound bool
		if sound, _, err = ch.Wait(10 * frameTime); err == nil && !sound {
			err = errors.New("the card gives no sound")
		}
	}
	if err != nil {
		return nil, f, errors.Join(err, ch.Close())
	}
	return ch, f, nil
}

// tell hands an event to the port's reader.
func (p *Port) tell(e port.Event) {
	if p.closed {
		return
	}
	select {
	case p.events <- e:
	default:
		p.log.Error("an event is lost: nobody reads the port", "event", e.String())
	}
}
