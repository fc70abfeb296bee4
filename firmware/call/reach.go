package call

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// ring calls a phone of the house for the caller.
func (m *Machine) ring(now time.Time, ext tel.Number, leg tel.LegID, out []Effect) []Effect {
	m.called, m.ext, m.agent, m.offer, m.queue = leg, ext, "", 0, ""
	m.become(now, Ringing)
	m.ringBy = now.Add(m.limits.RingTime)
	out = m.book(now, Fact{Kind: Dialled, Ext: ext, Leg: leg}, out)
	if m.callerUp {
		out = append(out, Alert{m.caller})
	}
	return append(out, Ring{Leg: leg, Ext: ext})
}

// seize tries the next way out; why says what became of the one before.
func (m *Machine) seize(now time.Time, leg tel.LegID, why string, out []Effect) []Effect {
	if len(m.via) == 0 && m.start.Emergency && !m.force {
		m.via, m.force = m.start.Via, true // all are taken: one of them must yield
	}
	if len(m.via) == 0 || leg == 0 {
		return m.end(now, tel.BySystem, tel.CauseCongestion, why, out)
	}
	m.called, m.seized, m.via = leg, m.via[0], m.via[1:]
	m.become(now, Ringing)
	m.ringBy = now.Add(max(m.limits.RingTime, time.Minute))
	out = m.book(now, Fact{Kind: Dialled, To: m.target, Port: tel.PortID(m.seized), Leg: leg}, out)
	return append(out, Seize{Leg: leg, Via: m.seized, Number: m.target, Force: m.force})
}

// notReached goes on after the called party did not come about.
func (m *Machine) notReached(now time.Time, ev LegDown, out []Effect) []Effect {
	switch {
	case m.flow:
		m.become(now, InFlow)
		return append(out, Quiet{m.caller}, ReturnFlow{ev.Cause})
	case len(m.tries) > 0 && len(m.via) > 0 && ev.Spare != 0 && (ev.Cause == tel.CauseCongestion || ev.Cause == tel.CauseUnreachable):
		return m.seize(now, ev.Spare, ev.Evidence, out)
	case len(m.tries) > 0:
		return m.transferFailed(now, ev, out)
	case m.start.Aim == AimOutside && (ev.Cause == tel.CauseCongestion || ev.Cause == tel.CauseUnreachable) && m.callerIs == tel.ByCaller,
		m.start.Emergency && ev.Spare != 0: // whatever one way says to an emergency, the next may take it
		return m.seize(now, ev.Spare, ev.Evidence, out)
	}
	by := tel.ByCalled
	if ev.Cause == tel.CauseNoAnswer || ev.Cause == tel.CauseCongestion {
		by = tel.BySystem
	}
	return m.end(now, by, ev.Cause, ev.Evidence, out)
}

func (m *Machine) toQueue(now time.Time, q tel.QueueID, out []Effect) []Effect {
	m.queue = q
	m.become(now, Waiting)
	out = m.book(now, Fact{Kind: Queued, Queue: q}, out)
	return append(out, Music{m.caller}, Enqueue{q})
}

func (m *Machine) offered(now time.Time, ev Offer, out []Effect) []Effect {
	if m.state != Waiting || m.offer != 0 {
		return append(out, OfferDeclined{ev.Offer, tel.CauseCancelled})
	}
	m.called, m.offer, m.agent, m.ext = ev.Leg, ev.Offer, ev.Agent, ev.Ext
	out = m.book(now, Fact{Kind: Offered, Queue: m.queue, Agent: ev.Agent, Offer: ev.Offer, Ext: ev.Ext, Leg: ev.Leg, Reason: ev.Why}, out)
	return append(out, Ring{Leg: ev.Leg, Ext: ev.Ext, Offer: ev.Offer})
}

// lostOffer: the agent's phone said no, failed or vanished before the bridge.
func (m *Machine) lostOffer(now time.Time, c tel.Cause, evidence string, out []Effect) []Effect {
	offer := m.offer
	out = m.book(now, Fact{Kind: Declined, Queue: m.queue, Agent: m.agent, Offer: offer, Cause: c, Evidence: evidence}, out)
	m.forgetOffer()
	return append(out, OfferDeclined{offer, c})
}

func (m *Machine) cancelled(now time.Time, ev Cancel, out []Effect) []Effect {
	if m.state != Waiting || ev.Offer != m.offer {
		return out
	}
	out = m.book(now, Fact{Kind: Declined, Queue: m.queue, Agent: m.agent, Offer: m.offer, Cause: ev.Cause}, out)
	out = append(out, Drop{m.called, tel.CauseCancelled})
	m.forgetOffer()
	return out
}

func (m *Machine) forgetOffer() {
	m.called, m.offer, m.agent, m.ext = 0, 0, "", ""
}

// queueExit: a rule of the queue sent the caller away.
func (m *Machine) queueExit(now time.Time, c tel.Cause, out []Effect) []Effect {
	if m.state != Waiting {
		return out
	}
	if m.offer != 0 {
		out = m.cancelled(now, Cancel{m.offer, c}, out)
	}
	out = m.book(now, Fact{Kind: QueueLeft, Queue: m.queue, Cause: c}, out)
	m.queue = ""
	if len(m.tries) > 0 {
		return m.transferFailed(now, LegDown{Cause: c, Evidence: "left the queue by its rule"}, out)
	}
	if !m.flow {
		m.become(now, Arriving) // not waiting any more: nothing is left to dequeue
		return m.end(now, tel.BySystem, c, "left the queue by its rule", out)
	}
	m.become(now, InFlow)
	return append(out, Quiet{m.caller}, ReturnFlow{c})
}
