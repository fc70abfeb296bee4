package exchange

import (
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/doctor"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
)

// Between a line of the exchange and the call it serves.

// outpulse is the id of a number being sent on a line.
const outpulse tel.PlayID = 1 << 62

// toFXO tells the line of a leg what the ear heard on it.
func (e *Exchange) toFXO(id tel.LegID, ev line.Event) {
	l := e.legs[id]
	if l == nil || l.port == nil || l.port.fxo == nil {
		return
	}
	e.toEar(l.port, ev)
}

// toEar tells a line what was heard on it, or the doctor who examines it and waits
// for dial tone.
func (e *Exchange) toEar(p *portState, ev line.Event) {
	if h, ok := ev.(line.Heard); ok && p.exam != nil && h.Tone == tel.ToneDial && !h.Ended {
		e.push(toDoctor{p, doctor.DialTone{}})
		return
	}
	e.push(toLine{p, ev})
}

// hear is what the ear makes of a line's sounds.
func (e *Exchange) hear(p *portState, dials bool) Hear {
	if p.fxo == nil {
		return Hear{}
	}
	return Hear{Dials: dials, Learned: p.fxo.Known()}
}

// measureLine tells a line what the engine measured of it in the call that ends.
func (e *Exchange) measureLine(p *portState) {
	if p.fxo == nil || p.audio == 0 {
		return
	}
	m, ok := e.sh.Media.Measured(p.audio)
	if !ok {
		return
	}
	e.push(toLine{p, line.Measured{Levels: line.Levels{
		In: float32(m.LevelIn), Out: float32(m.LevelOut), ERL: float32(m.ERL), ERLE: float32(m.ERLE), EchoMS: float32(m.EchoMS), Twist: float32(m.TwistDB),
	}}})
}

// inherit gives a cleared line to the emergency call that waits for it.
func (e *Exchange) inherit(p *portState, s line.State) {
	switch s {
	case line.Idle, line.Blocked, line.Alarm, line.Ringing, line.Answering:
	default:
		return
	}
	if p.heir == nil {
		return
	}
	h := p.heir
	p.heir = nil
	l := e.legs[h.leg]
	if l == nil {
		return // the caller did not wait
	}
	if s != line.Idle && s != line.Blocked {
		e.toCallOf(h.leg, call.LegDown{Leg: h.leg, Cause: tel.CauseUnreachable, Evidence: "line " + string(p.id) + " is " + s.String(), Spare: e.sh.NewLeg()})
		e.letGo(l)
		return
	}
	l.port, p.call = p, h.leg
	e.push(toLine{p, line.Dial{Number: h.number, Emergency: true}})
}

// lineRings begins a call from the exchange.
func (e *Exchange) lineRings(p *portState, in line.Incoming) {
	if !p.conf.In {
		return // it rings on unanswered, as a line that nobody takes does
	}
	l := &legState{id: e.sh.NewLeg(), port: p, caller: true}
	e.addLeg(l)
	p.call = l.id
	e.arrived(l, call.Start{
		Direction: tel.Inbound, From: in.From, Name: in.Name, Absence: in.Absence, To: p.conf.Number, Port: p.id, Aim: call.AimFlow,
	}, e.flows[p.conf.Flow])
}

// seizeLine calls a number over a line.
func (e *Exchange) seizeLine(l *legState, p *portState, ef call.Seize) {
	s, _ := p.state()
	c := e.calls[l.call]
	emergency := c != nil && c.m.Start().Emergency
	free := s == line.Idle || emergency && ef.Force && (s == line.Blocked || p.fxo.Probing())
	switch {
	case free && !e.inherited(p) && (p.conf.Out || ef.Force):
		l.port, p.call = p, l.id
		e.push(toLine{p, line.Dial{Number: ef.Number, Emergency: emergency}})
		return
	case emergency && ef.Force && !e.inherited(p) && s == line.Testing && e.examStops(p, "an emergency call needs it", "la necesita una llamada de emergencia"),
		ef.Force && s != line.Alarm && !e.inherited(p) && e.clearFor(p):
		l.port = nil
		p.heir = &heir{leg: l.id, number: ef.Number}
		return
	}
	cause := tel.CauseCongestion
	if s == line.Alarm || s == line.Blocked {
		cause = tel.CauseUnreachable
	}
	e.toCallOf(l.id, call.LegDown{Leg: l.id, Cause: cause, Evidence: "line " + string(p.id) + " is " + s.String(), Spare: e.sh.NewLeg()})
	e.letGo(l)
}

// inherited reports whether an emergency call waits for the line; one whose caller
// gave up does not.
func (e *Exchange) inherited(p *portState) bool {
	if p.heir != nil && e.legs[p.heir.leg] == nil {
		p.heir = nil
	}
	return p.heir != nil
}

// clearFor ends the call on a line for an emergency call, which may wait too for a
// line that is free soon; another emergency call is never cleared.
func (e *Exchange) clearFor(p *portState) bool {
	l := e.legs[p.call]
	if l == nil || l.call == "" {
		return p.fxo.Settles()
	}
	c := e.calls[l.call]
	if c.m.Start().Emergency {
		return false
	}
	e.push(toCall{c, call.Kill{By: tel.BySystem, Cause: tel.CauseCancelled, Evidence: "cleared for an emergency call"}})
	return true
}
