package exchange

import (
	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// Between the queues and the calls, and between phones and agents.

func (e *Exchange) buildQueues() {
	e.acd = acd.New(e.queueSettings())
	e.acdTimer.owner = toACD{acd.TimedOut{}}
	e.today.queues = make([]queueDay, len(e.set.Queues))
}

// acdEffect carries what the queues want.
func (e *Exchange) acdEffect(ef acd.Effect) {
	switch ef := ef.(type) {
	case acd.Offer:
		c := e.calls[ef.Call]
		if c == nil {
			e.push(toACD{acd.Declined{Offer: ef.Offer, Cause: tel.CauseCancelled}})
			return
		}
		e.push(toCall{c, call.Offer{Offer: ef.Offer, Agent: ef.Agent, Ext: ef.Ext, Leg: e.sh.NewLeg(), Why: ef.Why}})
	case acd.Cancel:
		if c := e.calls[ef.Call]; c != nil {
			e.push(toCall{c, call.Cancel{Offer: ef.Offer, Cause: ef.Cause}})
		}
	case acd.Announce:
		e.announce(ef)
	case acd.Exit:
		if c := e.calls[ef.Call]; c != nil {
			e.push(toCall{c, call.QueueExit{Cause: ef.Cause}})
		}
	case acd.Changed:
		e.bookAgent(ef)
	}
}

// announce tells a waiting caller his place, then goes on with the music.
func (e *Exchange) announce(ef acd.Announce) {
	c := e.calls[ef.Call]
	if c == nil {
		return
	}
	say := []tel.Say{{Kind: tel.SayPrompt, ID: "position-next"}}
	if ef.Position > 1 {
		say = []tel.Say{
			{Kind: tel.SayPrompt, ID: "position-intro"},
			{Kind: tel.SayNumber, N: int64(ef.Position)},
			{Kind: tel.SayPrompt, ID: "position-outro"},
		}
	}
	caller, _ := c.m.Legs()
	e.warn("position", e.sh.Media.Say(caller, 0, c.lang, say, e.musicOf(c)))
}

// phoneChanged tells the queues whether a phone can be rung, when that changed.
// A leg that was rung for an offer of theirs does not make it busy.
func (e *Exchange) phoneChanged(f *phoneState) {
	if f == nil || e.phones[f.conf.Ext] != f {
		return // there is none, or none any more
	}
	now := acd.Phone{Ext: f.conf.Ext, Up: f.up, Busy: f.legs > f.offered}
	if f.conf.Port != "" {
		p := e.ports[f.conf.Port]
		if l := e.legs[p.call]; l != nil { // it rings, or talks to whoever rang it
			now.Busy = l.offer == 0
		} else {
			now.Busy = p.audio != 0
		}
	}
	switch {
	case !now.Up:
		now.Why = "phone not reachable"
	case now.Busy:
		now.Why = "on another call"
	}
	if now != f.told {
		f.told = now
		e.push(toACD{now})
	}
}

// addLeg enters a leg in the tables.
func (e *Exchange) addLeg(l *legState) {
	e.legs[l.id] = l
	if l.phone != nil && l.phone.conf.Port == "" {
		l.phone.legs++
		if l.offer != 0 {
			l.phone.offered++
		}
	}
	e.phoneChanged(l.phone)
}
