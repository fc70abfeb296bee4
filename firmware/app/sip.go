package app

import (
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/sipua"
	"github.com/centralita/centralita/firmware/tel"
)

// phones is the SIP shell as the exchange needs it.
type phones struct{ *sipua.Agent }

// DialPhone implements exchange.SIP.
func (p phones) DialPhone(leg tel.LegID, ext, from tel.Number, name tel.Text) {
	p.Dial(leg, sipua.Target{Ext: ext}, sipua.From{Number: from, Name: name})
}

// DialTrunk implements exchange.SIP.
func (p phones) DialTrunk(leg tel.LegID, trunk tel.TrunkID, number, from tel.Number) {
	p.Dial(leg, sipua.Target{Trunk: trunk, Number: number}, sipua.From{Number: from})
}

// fromSIP translates what the SIP shell reports; nil is nothing for the exchange.
func fromSIP(ev sipua.Event) exchange.Event {
	switch ev := ev.(type) {
	case sipua.Incoming:
		return exchange.OnIncoming{Leg: ev.Leg, Phone: ev.Phone, Trunk: ev.Trunk, From: ev.From, Name: ev.Name, To: ev.To}
	case sipua.Ringing:
		return exchange.OnRinging{Leg: ev.Leg}
	case sipua.Answered:
		return exchange.OnAnswered{Leg: ev.Leg}
	case sipua.Held:
		return exchange.OnHeld{Leg: ev.Leg, On: ev.On}
	case sipua.Digit:
		return exchange.OnDigit{Leg: ev.Leg, Digit: ev.Digit}
	case sipua.Gone:
		return exchange.OnGone{Leg: ev.Leg, Cause: ev.Cause, Evidence: ev.Evidence}
	case sipua.PhoneState:
		return exchange.OnPhone{Ext: ev.Ext, Up: ev.Up, Why: ev.Why}
	case sipua.TrunkState:
		return exchange.OnTrunk{Trunk: ev.Trunk, Up: ev.Up, Why: ev.Why}
	}
	return nil
}
