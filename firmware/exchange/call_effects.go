package exchange

import (
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/ivr"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
)

// From a call to whoever must do what it wants.

// fullHouse is why a call was not taken.
const fullHouse = "the house takes no more calls"

// full reports whether the house takes no more calls.
func (e *Exchange) full() bool {
	return e.atRest() || e.set.Calls > 0 && len(e.calls) >= e.set.Calls
}

// begin makes an interaction of a leg.
func (e *Exchange) begin(l *legState, s call.Start, f *flow.Flow) *callState {
	c := e.newCall(l, s, f)
	e.push(toCall{c, call.Begin{Leg: e.sh.NewLeg()}})
	return c
}

// arrived begins a call from outside; a full house refuses it, and books that.
func (e *Exchange) arrived(l *legState, s call.Start, f *flow.Flow) {
	if e.full() {
		e.push(toCall{e.newCall(l, s, nil), call.Refuse{Cause: tel.CauseCongestion, Evidence: fullHouse}})
		return
	}
	e.begin(l, s, f)
}

// newCall enters an interaction in the tables.
func (e *Exchange) newCall(l *legState, s call.Start, f *flow.Flow) *callState {
	s.ID, s.Leg = e.sh.NewCall(), l.id
	c := &callState{id: s.ID, flow: f, lang: e.set.Lang}
	limits := e.set.Limits
	if limits.Longest <= 0 {
		limits.Longest = 4 * time.Hour
	}
	if limits.RingTime <= 0 {
		limits.RingTime = 25 * time.Second
	}
	limits.Operator = e.set.Operator
	c.m = call.New(s, limits)
	c.timer.owner = toCall{c, call.TimedOut{}}
	c.ivrTime.owner = toIVR{c, ivr.TimedOut{}}
	l.call = c.id
	e.calls[c.id] = c
	e.live = append(e.live, c)
	if l.port == nil {
		e.sh.Media.AttachSIP(c.id, l.id)
	}
	return c
}

// callEffect carries what a call wants.
func (e *Exchange) callEffect(c *callState, ef call.Effect) {
	switch ef := ef.(type) {
	case call.Answer:
		e.answer(e.legs[ef.Leg])
	case call.Alert:
		e.alert(e.legs[ef.Leg])
	case call.Ring:
		e.ring(c, ef)
	case call.Seize:
		e.seize(c, ef)
	case call.Drop:
		e.drop(e.legs[ef.Leg], ef.Cause)
	case call.Join:
		e.join(c, ef)
	case call.Music:
		e.warn("music", e.sh.Media.Say(ef.Leg, 0, c.lang, nil, e.musicOf(c)))
	case call.Quiet:
		e.sh.Media.Stop(ef.Leg)
	case call.StartFlow, call.ReturnFlow, call.StopFlow:
		e.flowEffect(c, ef)
	case call.Serve:
		e.serve(c)
	case call.Enqueue:
		c.joined = e.now
		e.push(toACD{acd.Joined{Call: c.id, Queue: ef.Queue, Since: e.now}})
	case call.Dequeue:
		e.push(toACD{acd.Left{Call: c.id, Cause: ef.Cause}})
	case call.OfferAccepted:
		e.push(toACD{acd.Accepted{Offer: ef.Offer}})
	case call.OfferBridged:
		e.push(toACD{acd.Connected{Offer: ef.Offer}})
	case call.OfferDeclined:
		e.push(toACD{acd.Declined{Offer: ef.Offer, Cause: ef.Cause}})
	case call.OfferReleased:
		e.push(toACD{acd.Released{Offer: ef.Offer}})
	case call.Book:
		e.bookCall(c, ef.Fact)
	case call.Over:
		e.over(c)
	default:
		e.secondEffect(c, ef)
	}
}

// answer lets the caller through.
func (e *Exchange) answer(l *legState) {
	switch {
	case l == nil:
	case l.port == nil:
		e.sh.SIP.Answer(l.id)
	case l.port.fxo != nil:
		e.push(toLine{l.port, line.Answer{}})
	default: // a telephone that dialled is off hook already
		e.push(toLine{l.port, line.Through{}})
		e.toCallOf(l.id, call.LegUp{Leg: l.id, Evidence: "the telephone is off hook"})
	}
}

// alert lets the caller hear that it rings.
func (e *Exchange) alert(l *legState) {
	if l == nil {
		return
	}
	if l.port == nil && !l.up {
		e.sh.SIP.Ring(l.id)
		return
	}
	e.sh.Media.Tone(l.id, tel.ToneRingback)
}

// ring calls a phone of the house.
func (e *Exchange) ring(c *callState, ef call.Ring) {
	down := func(cause tel.Cause, why string) {
		e.push(toCall{c, call.LegDown{Leg: ef.Leg, Cause: cause, Evidence: why, Spare: e.sh.NewLeg()}})
	}
	f := e.phones[ef.Ext]
	switch {
	case f == nil:
		down(tel.CauseInvalid, "there is no extension "+string(ef.Ext))
		return
	case !f.up:
		down(tel.CauseUnreachable, "extension "+string(ef.Ext)+" is not there")
		return
	case e.engaged(f, ef.Offer != 0 || ef.Back):
		down(tel.CauseBusy, "extension "+string(ef.Ext)+" is busy")
		return
	}
	l := &legState{id: ef.Leg, call: c.id, phone: f, offer: ef.Offer}
	r := display(c.m.Start(), ef)
	if f.conf.Port == "" {
		e.addLeg(l)
		e.ringSIP(l, r.Number, r.Name)
		return
	}
	l.port = e.ports[f.conf.Port]
	e.addLeg(l)
	e.ringTelephone(l, r)
}

// engaged reports whether a phone has something to do: a leg, a hook that is
// off, or an offer of a queue that another call may not overtake; its own offer
// and a party it left behind may.
func (e *Exchange) engaged(f *phoneState, own bool) bool {
	if f.conf.Port != "" {
		if s, _ := e.ports[f.conf.Port].state(); s != line.Idle && s != line.SendingMessages {
			return true
		}
	}
	if f.legs > 0 {
		return true
	}
	if own {
		return false
	}
	if id, ok := e.acd.AgentAt(f.conf.Ext); ok {
		a, _ := e.acd.Agent(id)
		return a.State == acd.Reserved || a.State == acd.Talking
	}
	return false
}

// seize calls an outside number.
func (e *Exchange) seize(c *callState, ef call.Seize) {
	l := &legState{id: ef.Leg, call: c.id}
	e.addLeg(l)
	if p := e.ports[tel.PortID(ef.Via)]; p != nil && p.fxo != nil {
		e.seizeLine(l, p, ef)
		return
	}
	if t := e.trunks[tel.TrunkID(ef.Via)]; t != nil {
		e.seizeTrunk(l, t, ef, c.m.Start().From)
		return
	}
	e.push(toCall{c, call.LegDown{Leg: l.id, Cause: tel.CauseUnreachable, Evidence: "there is no line or trunk " + ef.Via, Spare: e.sh.NewLeg()}})
	e.letGo(l)
}

// drop ends a leg from our side.
func (e *Exchange) drop(l *legState, cause tel.Cause) {
	switch {
	case l == nil:
	case l.port != nil:
		e.hangUpPort(l, cause)
	case l.phone != nil || l.trunk != nil:
		e.dropSIP(l, cause)
	default: // it waited for a line
		e.letGo(l)
	}
}

// musicOf names what a waiting caller hears.
func (e *Exchange) musicOf(c *callState) string {
	for _, q := range e.set.Queues {
		if q.ID == c.m.Queue() && q.Music != "" {
			return q.Music
		}
	}
	return "music"
}

// over forgets a call that has nothing left.
func (e *Exchange) over(c *callState) {
	e.timers.set(&c.timer, time.Time{}, false)
	e.stopFlow(c)
	e.spend.Over(e.wall(), c.id)
	e.closeAccounts(c)
	e.watchSpending()
	e.remember(c)
	delete(e.calls, c.id)
	e.live = slices.DeleteFunc(e.live, func(o *callState) bool { return o == c })
}
