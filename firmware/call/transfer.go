package call

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// handOver gives the first party to the second: at once when that one talks
// already (attended), else he hears it ring (blind).
func (m *Machine) handOver(now time.Time, ev HandOver, out []Effect) []Effect {
	s := m.consult
	if m.state != Talk || s.by == 0 || s.by != ev.By {
		return m.leaves(now, ev.By, out)
	}
	if s.bound != "" {
		out = m.endSecond(now, tel.BySystem, tel.CauseForbidden, s.bound, out)
		return m.walkOff(now, WalkOff(ev), out)
	}
	kind, agent, by := "blind", m.agentOf(ev.By), m.byOf(ev.By)
	if s.Up {
		kind = "attended"
	} else if s.queue != "" {
		kind = "queue"
	}
	m.consult = consult{}
	out = m.depart(now, ev.By, out)
	out = m.book(now, Fact{
		Kind: Transferred, By: by, Agent: agent, Ext: ev.Ext, To: s.to(), Queue: s.queue, Leg: s.Leg, Reason: kind,
	}, out)
	m.remembers(ev.Ext, ev.Spares)
	if s.queue != "" {
		return m.toQueue(now, s.queue, append(out, Quiet{m.caller}))
	}
	m.called, m.ext, m.target, m.via = s.Leg, s.Ext, s.Number, s.Via
	if s.Seized != "" {
		m.seized = s.Seized
	}
	if s.Up {
		if s.away {
			out = append(out, Quiet{m.called})
		}
		return m.connect(now, "transferred by "+string(ev.Ext), out)
	}
	m.become(now, Ringing)
	m.ringBy = s.RingBy
	if s.Proceeds {
		return append(out, Quiet{m.caller}, Join{A: m.caller, B: m.called})
	}
	return append(out, Alert{m.caller})
}

// walkOff rings the phone of whoever hung up on a party on hold, then the
// operator: no caller is lost.
func (m *Machine) walkOff(now time.Time, ev WalkOff, out []Effect) []Effect {
	x := m.other(ev.By)
	if m.state != Talk || x == 0 || m.consult.by == x || m.isAside(x) {
		return m.leaves(now, ev.By, out)
	}
	if m.consult.by == ev.By {
		out = m.endSecond(now, m.byOf(ev.By), tel.CauseCancelled, "hung up", out)
	}
	out = m.depart(now, ev.By, out)
	m.remembers(ev.Ext, ev.Spares)
	return m.nextTry(now, tel.CauseNoAnswer, "he was left on hold", append(out, Music{m.caller}))
}

// leaves is an ordinary hang-up.
func (m *Machine) leaves(now time.Time, leg tel.LegID, out []Effect) []Effect {
	return m.legDown(now, LegDown{Leg: leg, Cause: tel.CauseNormal, Evidence: "the telephone was hung up"}, out)
}

// depart takes a party who left out of the interaction; the other one is its
// caller from now on. An agent who leaves is released.
func (m *Machine) depart(now time.Time, by tel.LegID, out []Effect) []Effect {
	if m.held[by] {
		out = m.release(now, by, out)
	}
	m.setAside(by, false)
	if x := m.other(by); m.isAside(x) {
		out = m.release(now, x, out)
		m.setAside(x, false)
		out = append(out, Home{x}, Freed{x})
	}
	if by == m.called {
		out = m.freeAgent(out)
	} else {
		m.callerIs, m.caller, m.callerUp, m.present = m.answerer(), m.called, true, true
	}
	m.called, m.ext, m.agent, m.target, m.queue = 0, "", "", "", ""
	return out
}

// freeAgent tells the queue that its agent talks no more.
func (m *Machine) freeAgent(out []Effect) []Effect {
	if !m.bridged {
		return out
	}
	offer := m.offer
	m.bridged, m.offer = false, 0
	return append(out, OfferReleased{offer})
}

// remembers whom to ring when nobody takes the party who is handed over.
func (m *Machine) remembers(ext tel.Number, spares [2]tel.LegID) {
	m.tries = append(m.tries[:0], try{spares[0], ext, true})
	if op := m.limits.Operator; op != "" && op != ext {
		m.tries = append(m.tries, try{spares[1], op, false})
	}
}

// nextTry rings the next phone for a party who was left behind; without one the
// interaction ends.
func (m *Machine) nextTry(now time.Time, c tel.Cause, why string, out []Effect) []Effect {
	if len(m.tries) == 0 {
		return m.end(now, tel.BySystem, c, why, out)
	}
	t := m.tries[0]
	m.tries = m.tries[1:]
	m.called, m.ext, m.agent, m.queue = t.leg, t.ext, "", ""
	m.become(now, Ringing)
	if !t.back {
		m.ringBy = now.Add(m.limits.RingTime)
		out = m.book(now, Fact{Kind: Dialled, Ext: t.ext, Leg: t.leg, Reason: why}, out)
		return append(out, Alert{m.caller}, Ring{Leg: t.leg, Ext: t.ext})
	}
	m.ringBy = now.Add(RecallTime)
	out = m.book(now, Fact{Kind: Recalled, Ext: t.ext, Leg: t.leg, Reason: why}, out)
	return append(out, Ring{Leg: t.leg, Ext: t.ext, Back: true})
}

// transferFailed: nobody took the party who was handed over.
func (m *Machine) transferFailed(now time.Time, ev LegDown, out []Effect) []Effect {
	if m.tries[0].back {
		out = m.book(now, Fact{Kind: TransferFailed, Ext: m.tries[0].ext, To: m.ext + m.target, Cause: ev.Cause, Evidence: ev.Evidence}, out)
	}
	return m.nextTry(now, ev.Cause, ev.Evidence, out)
}

// firstGone: the first party left while the two others have each other: they go
// on as an interaction of their own.
func (m *Machine) firstGone(now time.Time, leg tel.LegID, ev LegDown, out []Effect) []Effect {
	s := m.consult
	by := m.byOf(leg)
	m.consult = consult{}
	m.held = map[tel.LegID]bool{}
	out = append(out, Spin{By: s.by, Second: s.Second})
	m.present, m.called = false, 0
	return m.end(now, by, hungUp(ev.Cause), ev.Evidence, out)
}

// adopt begins with what was a second call.
func (m *Machine) adopt(now time.Time, s Second, out []Effect) []Effect {
	m.began, m.since, m.present = now, now, true
	m.called, m.ext, m.target, m.via, m.seized = s.Leg, s.Ext, s.Number, s.Via, s.Seized
	out = m.bookBegan(now, out)
	f := Fact{Kind: Dialled, Ext: s.Ext, To: s.Number, Port: tel.PortID(s.Seized), Leg: s.Leg, Reason: "second call"}
	out = m.book(now, f, out)
	m.become(now, Ringing)
	if s.Up {
		return m.connect(now, "they talked already", append(out, Quiet{s.Leg}))
	}
	m.ringBy = s.RingBy
	out = append(out, Join{A: m.caller, B: m.called})
	if s.Proceeds {
		return out
	}
	return append(out, Alert{m.caller})
}
