package exchange

import (
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/doctor"
	"github.com/centralita/centralita/firmware/ivr"
	"github.com/centralita/centralita/firmware/line"
)

// From the media engine to whoever listens.

// digit carries a key: to the telephone's own dialling, to the flow, or on to
// the other party when he could not hear it.
func (e *Exchange) digit(ev OnDigit) {
	l := e.legs[ev.Leg]
	if l == nil {
		return
	}
	if l.port != nil && l.port.fxs != nil {
		if l.port.fxs.Takes(e.now, ev.Digit) {
			e.push(toLine{l.port, line.Key{Digit: ev.Digit}})
			return
		}
	}
	c := e.calls[l.call]
	if c == nil {
		return
	}
	caller, _ := c.m.Legs()
	if state, _ := c.m.State(); state == call.Talk {
		if other := c.m.Peer(l.id); !ev.InBand && other != 0 {
			e.sh.Media.SendDigits(other, 0, ev.Digit.String())
		}
		return
	}
	if c.ivr != nil && l.id == caller {
		e.push(toIVR{c, ivr.Digit{Digit: ev.Digit}})
	}
}

// played tells whoever asked that it has been heard.
func (e *Exchange) played(ev OnPlayed) {
	l := e.legs[ev.Leg]
	switch {
	case l == nil:
	case ev.ID == outpulse && l.port != nil && l.port.exam != nil:
		e.push(toDoctor{l.port, doctor.Sent{}})
	case ev.ID == outpulse && l.port != nil:
		e.push(toLine{l.port, line.DigitsSent{}})
	case l.call == "" || ev.ID == 0:
	case e.calls[l.call].service != nil:
		e.served(e.calls[l.call])
	case e.calls[l.call].ivr != nil:
		e.push(toIVR{e.calls[l.call], ivr.Played{ID: ev.ID}})
	}
}
