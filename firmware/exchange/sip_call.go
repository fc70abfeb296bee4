package exchange

import (
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// Between the SIP shell and the calls.

// incoming begins a call from a SIP phone or trunk.
func (e *Exchange) incoming(ev OnIncoming) {
	l := &legState{id: ev.Leg, caller: true, phone: e.phones[ev.Phone], trunk: e.trunks[ev.Trunk]}
	switch {
	case l.phone == nil && l.trunk == nil:
		e.sh.SIP.Reject(ev.Leg, tel.CauseForbidden)
	case l.phone != nil:
		e.addLeg(l)
		e.dialled(l, ev.To) // also in a full house: it may be an emergency
	default:
		l.trunk.used++
		e.addLeg(l)
		to := ev.To
		if to == "" {
			to = l.trunk.conf.Number
		}
		e.arrived(l, call.Start{
			Direction: tel.Inbound, From: ev.From, Name: ev.Name, To: to, Trunk: ev.Trunk, Aim: call.AimFlow,
		}, e.flows[l.trunk.conf.Flow])
	}
}

func (e *Exchange) sipAnswered(id tel.LegID) {
	l := e.legs[id]
	if l == nil {
		return
	}
	l.up = true
	evidence := "200 OK"
	if l.trunk != nil && l.trunk.conf.Assumed {
		evidence = "200 OK; this box gives no answer signal"
	}
	if l.caller {
		evidence = "our 200 OK was acknowledged"
	}
	e.toCallOf(id, call.LegUp{Leg: id, Evidence: evidence})
}

func (e *Exchange) sipGone(ev OnGone) {
	l := e.legs[ev.Leg]
	if l == nil {
		return // we hung up
	}
	e.toCallOf(ev.Leg, call.LegDown{Leg: ev.Leg, Cause: ev.Cause, Evidence: ev.Evidence, Spare: e.sh.NewLeg()})
	e.sh.Media.Detach(ev.Leg)
	e.letGo(l)
}

// silent ends a SIP leg from which nothing comes any more. A leg that is not up
// owes us nothing yet, and a port's silence is judged by its line.
func (e *Exchange) silent(id tel.LegID) {
	l := e.legs[id]
	if l == nil || l.port != nil || !l.up {
		return
	}
	e.sh.SIP.HangUp(id, tel.CauseLost)
	e.sipGone(OnGone{Leg: id, Cause: tel.CauseLost, Evidence: "no RTP for a long time"})
}

func (e *Exchange) phoneState(ev OnPhone) {
	f := e.phones[ev.Ext]
	if f == nil || f.conf.Port != "" {
		return
	}
	if f.up != ev.Up {
		f.up, f.since = ev.Up, e.now
		e.bookPhone(f, ev.Why)
	}
	e.phoneChanged(f)
}

func (e *Exchange) trunkState(ev OnTrunk) {
	t := e.trunks[ev.Trunk]
	if t == nil {
		return
	}
	t.why = ev.Why
	if t.up != ev.Up {
		t.up, t.since = ev.Up, e.now
		e.bookTrunk(t)
	}
}

// ringSIP rings a SIP phone.
func (e *Exchange) ringSIP(l *legState, from tel.Number, name tel.Text) {
	e.sh.Media.AttachSIP(e.roomOf(l), l.id)
	e.sh.SIP.DialPhone(l.id, l.phone.conf.Ext, from, name)
}

// seizeTrunk calls a number over a trunk.
func (e *Exchange) seizeTrunk(l *legState, t *trunkState, ef call.Seize, from tel.Number) {
	if !t.up || t.conf.Size > 0 && t.used >= t.conf.Size {
		cause, why := tel.CauseCongestion, "all of its calls are taken"
		if !t.up {
			cause, why = tel.CauseUnreachable, t.why
		}
		e.toCallOf(l.id, call.LegDown{Leg: l.id, Cause: cause, Evidence: "trunk " + string(t.conf.ID) + ": " + why, Spare: e.sh.NewLeg()})
		e.letGo(l)
		return
	}
	l.trunk = t
	t.used++
	e.sh.Media.AttachSIP(e.roomOf(l), l.id)
	if t.conf.Number != "" {
		from = t.conf.Number
	}
	e.sh.SIP.DialTrunk(l.id, t.conf.ID, ef.Number, from)
}

// dropSIP ends a SIP leg from our side.
func (e *Exchange) dropSIP(l *legState, cause tel.Cause) {
	if l.caller && !l.up {
		e.sh.SIP.Reject(l.id, cause)
	} else {
		e.sh.SIP.HangUp(l.id, cause)
	}
	e.sh.Media.Detach(l.id)
	e.letGo(l)
}
