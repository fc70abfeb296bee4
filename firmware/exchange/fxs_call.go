package exchange

import (
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
)

// Between a telephone and the call it serves.

// ownLeg returns the leg of a telephone that was picked up to dial.
func (e *Exchange) ownLeg(p *portState) *legState {
	if l := e.legs[p.audio]; l != nil {
		return l
	}
	l := &legState{id: e.sh.NewLeg(), port: p, phone: e.phones[p.ext], up: true, caller: true}
	e.addLeg(l)
	return l
}

// flashed puts the other party on hold, or takes him back.
func (e *Exchange) flashed(p *portState) {
	l := e.legs[p.audio]
	if l == nil || l.call == "" {
		return
	}
	c := e.calls[l.call]
	e.push(toCall{c, call.LegHeld{Leg: l.id, On: !c.m.HeldBy(l.id)}})
}

// ringTelephone rings an FXS port.
func (e *Exchange) ringTelephone(l *legState, from tel.Number, name tel.Text) {
	p := l.port
	p.call = l.id
	e.phoneChanged(l.phone)
	e.push(toLine{p, line.Ring{Number: from, Name: name}})
	e.toCallOf(l.id, call.LegRinging{Leg: l.id})
}

// toneFor is what a telephone that is still off hook hears after a cause.
func toneFor(c tel.Cause) tel.Tone {
	switch c {
	case tel.CauseForbidden, tel.CauseInvalid, tel.CauseCongestion, tel.CauseUnreachable, tel.CauseError, tel.CauseNoCodec, tel.CauseLimit:
		return tel.ToneCongestion
	}
	return tel.ToneBusy
}
