package dahdi

import (
	"time"

	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/hal/port"
)

// heed translates an event of the module.
func (p *Port) heed(e abi.Event) {
	p.log.Debug("event", "event", e.String())
	switch e.Kind() {
	case abi.EvRemoved:
		p.lose("the card was unplugged")
	case abi.EvDialDone:
		p.dialling = time.Time{}
	case abi.EvEchoOff:
		p.log.Info("the echo canceller was switched off by a modem's or fax's tone")
	case abi.EvAbort, abi.EvOverrun, abi.EvBadFCS:
		p.log.Warn("an event of a data channel: the signalling is wrong", "event", e.String())
	default:
		if p.info.Kind == port.FXO {
			p.heedLine(e)
		} else {
			p.heedTelephone(e)
		}
	}
}

// heedLine is heed for what a line does.
func (p *Port) heedLine(e abi.Event) {
	switch e.Kind() {
	case abi.EvRingBegin:
		p.rings(true)
	case abi.EvRingOffHook: // the burst is over
		if !p.loop {
			p.rings(true) // a burst whose beginning the module kept to itself
		}
		p.rings(false)
	case abi.EvOnHook: // kewlstart: the exchange dropped the battery
		p.setBattery(false)
	case abi.EvAlarm:
		p.setBattery(false)
	case abi.EvNoAlarm:
		p.setBattery(true)
	case abi.EvPolarity:
		p.reversed = !p.reversed
		p.tell(port.Polarity{Reversed: p.reversed})
	case abi.EvNeonOn: // the exchange's lamp
		p.tell(port.CallerID{Messages: 1})
	case abi.EvNeonOff:
		p.tell(port.CallerID{Messages: -1})
	case abi.EvRxCED:
		p.hears(port.SoundAnswer)
	case abi.EvRxCNG:
		p.hears(port.SoundFax)
	}
}

// hears tells what the card's canceller heard on a closed loop.
func (p *Port) hears(s port.Sound) {
	if p.loop {
		p.tell(port.Heard{Sound: s})
	}
}

// heedTelephone is heed for what a telephone does.
func (p *Port) heedTelephone(e abi.Event) {
	switch e.Kind() {
	case abi.EvRingOffHook:
		p.offHook()
	case abi.EvOnHook:
		p.onHook()
	case abi.EvWinkFlash:
		if p.loop {
			p.tell(port.HookFlash{})
		}
	case abi.EvPulseDigit:
		if p.loop {
			p.tell(port.PulseDigit{Digit: e.Digit()})
		}
	case abi.EvRingerOn:
		if p.bell {
			p.rings(true)
		}
	case abi.EvRingerOff:
		p.rings(false)
	case abi.EvAlarm:
		p.lose("it has an alarm; look at the card's supply or the span")
	}
}

// rings tells a change of ring voltage.
func (p *Port) rings(on bool) {
	p.calm = 0
	switch {
	case p.burst == on:
	case on:
		p.burst = true
		p.tell(port.RingOn{})
	default:
		p.burst = false
		p.tell(port.RingOff{})
	}
}

// setBattery tells a change of battery.
func (p *Port) setBattery(on bool) {
	if p.battery != on {
		p.battery = on
		p.tell(port.Battery{On: on})
	}
}

// offHook ends the bell, gives the telephone battery to speak by and tells.
func (p *Port) offHook() {
	if p.loop {
		return
	}
	p.loop, p.bell, p.later = true, false, later{}
	if err := p.hook(abi.OffHook); err != nil {
		p.log.Warn("cannot give battery to speak by", "why", err)
	}
	p.rings(false)
	p.tell(port.OffHook{})
}

// onHook makes the port idle and tells.
func (p *Port) onHook() {
	if !p.loop {
		return
	}
	p.loop, p.later = false, later{}
	if err := p.hook(abi.OnHook); err != nil {
		p.log.Warn("cannot let go of the wire", "why", err)
	}
	p.tell(port.OnHook{})
}
