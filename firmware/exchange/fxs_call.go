package exchange

import (
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/numbering"
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

// telephoneDialled begins a call, or brings a second party in.
func (e *Exchange) telephoneDialled(p *portState, n tel.Number) {
	l := e.ownLeg(p)
	if c := e.calls[l.call]; c != nil {
		e.consult(c, l, n)
		return
	}
	e.dialled(l, n)
}

// asks carries what somebody wants of his parties by the hook to their call.
func (e *Exchange) asks(p *portState, w line.Wish) {
	l := e.legs[p.audio]
	if l == nil || l.call == "" {
		return
	}
	c := e.calls[l.call]
	switch w {
	case line.Hold:
		e.push(toCall{c, call.PutAside{By: l.id}})
	case line.Retrieve:
		e.push(toCall{c, call.TakeBack{By: l.id}})
	case line.Swap:
		e.push(toCall{c, call.Swap{By: l.id}})
	case line.Confer, line.Part:
		e.push(toCall{c, call.Confer{By: l.id, On: w == line.Confer}})
	case line.HandOver:
		e.push(toCall{c, call.HandOver{By: l.id, Ext: p.ext, Spares: [2]tel.LegID{e.sh.NewLeg(), e.sh.NewLeg()}}})
		e.letGo(l)
	case line.WalkOff:
		e.push(toCall{c, call.WalkOff{By: l.id, Ext: p.ext, Spares: [2]tel.LegID{e.sh.NewLeg(), e.sh.NewLeg()}}})
		e.letGo(l)
	}
}

// consult resolves the number that a telephone with a party on hold dialled.
func (e *Exchange) consult(c *callState, l *legState, n tel.Number) {
	t := e.set.Numbering.Resolve(n, l.phone.conf.Classes)
	ev := call.Consult{By: l.id, From: l.phone.conf.Ext, Name: tel.CleanText(l.phone.conf.Name)}
	ev.Leg = e.sh.NewLeg()
	cause, why := tel.CauseInvalid, t.Why
	switch {
	case t.Kind == numbering.Emergency:
		e.emergencyBeside(c, l, n)
		return
	case e.atRest():
		cause, why = tel.CauseCongestion, fullHouse
	case t.Kind == numbering.Extension:
		ev.Ext = t.Number
	case t.Kind == numbering.Queue:
		ev.Queue = t.Queue
	case t.Kind == numbering.Outside && c.m.HeldBy(l.id):
		if ev.Via, why = e.permit(c, ev.Leg, t, ev.From); why == "" {
			ev.Number, ev.Bound = t.Number, e.bound(c, l)
		}
		cause = tel.CauseForbidden
	case t.Kind == numbering.Forbidden:
		cause = tel.CauseForbidden
	case t.Kind == numbering.Feature:
		why = "a service is not dialled while a party is on hold"
	}
	if ev.Ext == "" && ev.Queue == "" && ev.Number == "" {
		e.push(toCall{c, call.ConsultRefused{By: l.id, Number: n, Cause: cause, Evidence: why}})
		return
	}
	e.push(toCall{c, ev})
}

// bound is why the party whom l has on hold may not be left alone with an outside
// number: both would use our lines, one of them at our cost, with nobody of the
// house to end it.
func (e *Exchange) bound(c *callState, l *legState) string {
	caller, called := c.m.Legs()
	other := e.legs[caller+called-l.id]
	outside := other != nil && (other.trunk != nil || other.port != nil && other.port.fxo != nil)
	if outside && !e.set.JoinOutside {
		return "two outside parties are not left alone on our lines"
	}
	return ""
}

// emergencyBeside gives a telephone that holds a party an emergency call of its
// own; the party is treated as if the telephone had hung up.
func (e *Exchange) emergencyBeside(c *callState, l *legState, n tel.Number) {
	p := l.port
	e.asks(p, line.WalkOff)
	e.sh.Media.Detach(l.id)
	delete(e.legs, l.id)
	p.audio = 0
	own := e.ownLeg(p)
	p.audio = own.id
	if err := e.sh.Media.AttachPort(tel.CallID("port "+string(p.id)), own.id, p.id, e.hear(p, false)); err != nil {
		e.warn("port "+string(p.id)+": audio", err) // the call goes out all the same
	}
	e.push(toLine{p, line.PartyGone{}})
	e.dialled(own, n)
}

// ringTelephone rings an FXS port.
func (e *Exchange) ringTelephone(l *legState, r line.Ring) {
	p := l.port
	p.call = l.id
	r.At = e.local()
	e.phoneChanged(l.phone)
	e.push(toLine{p, r})
	e.toCallOf(l.id, call.LegRinging{Leg: l.id})
}

// display is what a phone that is rung for a call shows, and how it rings.
func display(s call.Start, ef call.Ring) line.Ring {
	r := line.Ring{Number: s.From, Name: s.Name, Absence: s.Absence, Bell: line.BellInside}
	switch {
	case ef.From != "":
		r.Number, r.Name, r.Absence = ef.From, ef.Name, ""
	case s.From == ef.Ext: // he called himself whom he left behind
		r.Number, r.Name = s.To, tel.Text{}
	}
	if s.Direction == tel.Inbound && ef.From == "" {
		r.Bell = line.BellOutside
	}
	if ef.Back {
		r.Bell = line.BellCallback
	}
	return r
}

// toneFor is what a telephone that is still off hook hears after a cause.
func toneFor(c tel.Cause) tel.Tone {
	switch c {
	case tel.CauseForbidden, tel.CauseInvalid, tel.CauseCongestion, tel.CauseUnreachable, tel.CauseError, tel.CauseNoCodec, tel.CauseLimit:
		return tel.ToneCongestion
	}
	return tel.ToneBusy
}
