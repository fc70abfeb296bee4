package call

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// RecallTime is how long the phone of somebody who hung up on a party on hold is
// rung back.
const RecallTime = 30 * time.Second

// consult is what a party has besides the other: nothing while by is 0.
type consult struct {
	Second
	by     tel.LegID
	queue  tel.QueueID // dialled in place of a party
	bound  string      // why the two others may not be joined
	away   bool        // he talks to the first: the second is on hold
	joined bool        // all three talk
}

// try is a phone that is rung for a party whom somebody left behind.
type try struct {
	leg  tel.LegID
	ext  tel.Number
	back bool // it is the phone of the one who left him
}

// other is the party who talks to leg in the interaction's own room; 0: nobody.
func (m *Machine) other(leg tel.LegID) tel.LegID {
	switch leg {
	case 0:
	case m.caller:
		return m.called
	case m.called:
		return m.caller
	}
	return 0
}

// Consulting returns who brings a second party in, and that one's leg; 0 is none.
func (m *Machine) Consulting() (by, leg tel.LegID) { return m.consult.by, m.consult.Leg }

// Peer returns who hears leg now, 0 when nobody does.
func (m *Machine) Peer(leg tel.LegID) tel.LegID {
	s := &m.consult
	switch {
	case m.state != Talk || leg == 0:
		return 0
	case s.by != 0 && s.Up && !s.away && !s.joined && leg == s.by:
		return s.Leg
	case s.by != 0 && s.Up && leg == s.Leg:
		return s.by
	}
	return m.other(leg)
}

// byOf is who the party of leg is for the book.
func (m *Machine) byOf(leg tel.LegID) tel.By {
	if leg == m.caller {
		return m.callerIs
	}
	return m.answerer()
}

// putAside: an emergency call is never put on hold.
func (m *Machine) putAside(now time.Time, ev PutAside, out []Effect) []Effect {
	if m.state != Talk || m.other(ev.By) == 0 || m.consult.by != 0 || m.held[ev.By] || m.start.Emergency {
		return out
	}
	out = m.legHeld(now, LegHeld{ev.By, true}, out)
	m.setAside(ev.By, true)
	return append(out, Aside{ev.By}, Held(ev))
}

// setAside keeps that a party put the other aside, or no longer.
func (m *Machine) setAside(leg tel.LegID, on bool) {
	for i, l := range m.asides {
		if l == leg || on && l == 0 {
			m.asides[i] = 0
			if on {
				m.asides[i] = leg
			}
			return
		}
	}
}

// isAside reports whether a party put the other aside.
func (m *Machine) isAside(leg tel.LegID) bool {
	return leg != 0 && (m.asides[0] == leg || m.asides[1] == leg)
}

func (m *Machine) consulted(now time.Time, ev Consult, out []Effect) []Effect {
	if m.state != Talk || !m.held[ev.By] || m.consult.by != 0 {
		return append(out, SecondGone{ev.By, tel.CauseCongestion})
	}
	s := &m.consult
	*s = consult{by: ev.By, queue: ev.Queue, bound: ev.Bound}
	s.Second = Second{Leg: ev.Leg, Ext: ev.Ext, Number: ev.Number, Via: ev.Via, RingBy: now.Add(m.limits.RingTime)}
	if ev.Queue != "" && m.bridged && ev.By == m.caller {
		s.bound = "an agent who talks for a queue does not wait in one"
	}
	out = m.book(now, Fact{Kind: ConsultOn, By: m.byOf(ev.By), Agent: m.agentOf(ev.By), To: s.to(), Queue: ev.Queue, Leg: ev.Leg}, out)
	switch {
	case ev.Queue != "":
		s.Leg = 0
		return append(out, Alert{s.by}) // the queue takes whom he hands over, not him
	case ev.Ext != "":
		return append(out, Ring{Leg: s.Leg, Ext: s.Ext, From: ev.From, Name: ev.Name})
	}
	return m.seizeSecond(now, "no line or trunk is named for it", out)
}

// agentOf is the agent on leg, if one is.
func (m *Machine) agentOf(leg tel.LegID) tel.AgentID {
	if leg == m.called {
		return m.agent
	}
	return ""
}

// seizeSecond tries the next way out for the second party.
func (m *Machine) seizeSecond(now time.Time, why string, out []Effect) []Effect {
	s := &m.consult
	if len(s.Via) == 0 || s.Leg == 0 {
		return m.lostSecond(now, tel.CauseCongestion, why, out)
	}
	s.Seized, s.Via = s.Via[0], s.Via[1:]
	s.RingBy = now.Add(max(m.limits.RingTime, time.Minute))
	out = m.book(now, Fact{Kind: Dialled, To: s.Number, Port: tel.PortID(s.Seized), Leg: s.Leg}, out)
	return append(out, Seize{Leg: s.Leg, Via: s.Seized, Number: s.Number})
}

// consultRefused books a second number that nothing permits.
func (m *Machine) consultRefused(now time.Time, ev ConsultRefused, out []Effect) []Effect {
	out = m.book(now, Fact{Kind: ConsultOff, By: tel.BySystem, To: ev.Number, Cause: ev.Cause, Evidence: ev.Evidence}, out)
	return append(out, SecondGone{ev.By, ev.Cause})
}

// secondUp: the second party answers.
func (m *Machine) secondUp(now time.Time, evidence string, out []Effect) []Effect {
	s := &m.consult
	s.Up, s.RingBy = true, time.Time{}
	f := Fact{Kind: ConsultUp, Ext: s.Ext, To: s.Number, Leg: s.Leg, Evidence: evidence}
	if s.Seized != "" {
		f.Port = tel.PortID(s.Seized)
	}
	out = m.book(now, f, out)
	return append(out, Quiet{s.by}, Join{A: s.by, B: s.Leg, Aside: true}, SecondUp{s.by})
}

// secondDown: the second party is gone or did not come about.
func (m *Machine) secondDown(now time.Time, ev LegDown, out []Effect) []Effect {
	s := &m.consult
	if !s.Up && s.Number != "" && (ev.Cause == tel.CauseCongestion || ev.Cause == tel.CauseUnreachable) && len(s.Via) > 0 {
		s.Leg = ev.Spare
		return m.seizeSecond(now, ev.Evidence, out)
	}
	s.Leg = 0
	return m.lostSecond(now, hungUp(ev.Cause), ev.Evidence, out)
}

// lostSecond ends the second call; the first goes on as it is.
func (m *Machine) lostSecond(now time.Time, c tel.Cause, evidence string, out []Effect) []Effect {
	by := m.consult.by
	out = m.endSecond(now, tel.ByCalled, c, evidence, out)
	return append(out, SecondGone{by, c})
}

// endSecond forgets the second party, who is dropped if he is still there.
func (m *Machine) endSecond(now time.Time, by tel.By, c tel.Cause, evidence string, out []Effect) []Effect {
	s := m.consult
	if s.by == 0 {
		return out
	}
	m.consult = consult{}
	if s.Leg != 0 {
		out = append(out, Drop{s.Leg, c})
	}
	return m.book(now, Fact{Kind: ConsultOff, By: by, To: s.to(), Queue: s.queue, Cause: c, Evidence: evidence}, out)
}

// release takes the first party back from hold.
func (m *Machine) release(now time.Time, by tel.LegID, out []Effect) []Effect {
	return m.legHeld(now, LegHeld{by, false}, out)
}

func (m *Machine) takeBack(now time.Time, ev TakeBack, out []Effect) []Effect {
	if m.state != Talk || m.other(ev.By) == 0 {
		return out
	}
	if m.consult.by == ev.By {
		out = m.endSecond(now, m.byOf(ev.By), tel.CauseCancelled, "taken back", out)
	}
	out = m.release(now, ev.By, out)
	m.setAside(ev.By, false)
	return append(out, Home{ev.By})
}

func (m *Machine) swap(now time.Time, ev Swap, out []Effect) []Effect {
	s := &m.consult
	if s.by != ev.By || !s.Up || s.joined {
		return out
	}
	s.away = !s.away
	if s.away {
		out = m.release(now, s.by, out)
		return append(out, Aside{s.Leg}, Music{s.Leg}, Home{s.by})
	}
	out = m.legHeld(now, LegHeld{s.by, true}, out)
	return append(out, Quiet{s.Leg}, Join{A: s.by, B: s.Leg, Aside: true})
}

func (m *Machine) confer(now time.Time, ev Confer, out []Effect) []Effect {
	s := &m.consult
	if s.by != ev.By || !s.Up || s.joined == ev.On {
		return out
	}
	s.joined = ev.On
	if !ev.On {
		s.away = true
		out = append(out, Aside{s.Leg}, Music{s.Leg})
		return m.book(now, Fact{Kind: ConferOff, By: m.byOf(s.by)}, out)
	}
	out = m.release(now, s.by, out)
	if s.away {
		out = append(out, Quiet{s.Leg})
	}
	out = append(out, Home{s.by}, Home{s.Leg})
	return m.book(now, Fact{Kind: ConferOn, By: m.byOf(s.by), Agent: m.agentOf(s.by), To: s.to(), Leg: s.Leg}, out)
}
