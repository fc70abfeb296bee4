package exchange

import (
	"strconv"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
)

// From a call with a second party to whoever must do what it wants.

// aside is a room beside the call's, for one of its legs and whom he talks to.
func aside(c *callState, leg tel.LegID) tel.CallID {
	return c.id + tel.CallID("~"+strconv.FormatUint(uint64(leg), 10))
}

// roomOf is where a leg that comes up hears somebody: a second party is not let
// into the room of the first.
func (e *Exchange) roomOf(l *legState) tel.CallID {
	if c := e.calls[l.call]; c != nil {
		if _, second := c.m.Consulting(); second == l.id {
			return aside(c, l.id)
		}
	}
	return l.call
}

// join lets two legs hear each other.
func (e *Exchange) join(c *callState, ef call.Join) {
	room := c.id
	if ef.Aside {
		room = aside(c, ef.A)
	}
	e.sh.Media.Join(ef.A, room)
	e.sh.Media.Join(ef.B, room)
}

func (e *Exchange) secondEffect(c *callState, ef call.Effect) {
	switch ef := ef.(type) {
	case call.Aside:
		e.sh.Media.Join(ef.Leg, aside(c, ef.Leg))
	case call.Home:
		e.sh.Media.Join(ef.Leg, c.id)
	case call.Held:
		e.toTelephone(ef.By, line.Held{})
	case call.Freed:
		e.toTelephone(ef.Leg, line.Freed{})
	case call.SecondUp:
		e.toTelephone(ef.By, line.Through{})
	case call.SecondGone:
		e.toTelephone(ef.By, line.PartyGone{Second: true, Tone: toneFor(ef.Cause)})
	case call.Spin:
		e.spin(c, ef)
	}
}

// toTelephone tells the machine of the telephone on a leg.
func (e *Exchange) toTelephone(id tel.LegID, ev line.Event) {
	if l := e.legs[id]; l != nil && l.port != nil && l.port.fxs != nil {
		e.push(toLine{l.port, ev})
	}
}

// spin makes an interaction of what two parties have whom a third one left.
func (e *Exchange) spin(c *callState, ef call.Spin) {
	by, second := e.legs[ef.By], e.legs[ef.Second.Leg]
	if by == nil || second == nil { // one of them left in the same moment
		e.drop(by, tel.CauseNormal)
		e.drop(second, tel.CauseNormal)
		return
	}
	s := call.Start{Direction: tel.Internal, From: by.phone.conf.Ext, Ext: by.phone.conf.Ext, Name: tel.CleanText(by.phone.conf.Name),
		Aim: call.AimExtension, To: ef.Second.Ext, Target: ef.Second.Ext}
	if ef.Second.Number != "" {
		s.Direction, s.Aim, s.To, s.Target, s.Via = tel.Outbound, call.AimOutside, ef.Second.Number, ef.Second.Number, ef.Second.Via
	}
	n := e.newCall(by, s, nil)
	n.lang = c.lang
	if ef.Second.Number != "" {
		e.moveAccount(c, n)
	}
	second.call = n.id
	e.push(toCall{n, call.Adopt{Second: ef.Second}})
	e.toTelephone(by.id, line.PartyGone{})
}
