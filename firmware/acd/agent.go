package acd

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// agent is one person. What he chose (seat, ready or not and why) and what
// happened to him (an offer, after-call work, the phone) are kept apart; the
// state is computed from both by settle.
type agent struct {
	id     tel.AgentID
	queues []*queue

	seat   *phone // where he is logged in; nil when logged out
	ready  bool   // what he chose
	reason string // why not ready
	later  choice // chosen during a call, applied at its end

	offer    *offer // ringing, being connected or talking
	inACW    bool
	acwCall  tel.CallID
	acw      timer
	idle     key  // place among the ready: since when he has not worked
	listed   bool // stands in the ready lists of his queues
	misses   int  // offers in a row he did not answer
	refusals int  // and refused

	ext   tel.Number // his seat, or the last one
	state State
	why   string // reason of the present state
	since time.Time
	gone  bool // taken out of the configuration
}

// choice is a wish kept for the end of a call.
type choice struct {
	what   wish
	reason string
	by     tel.By
}

type wish uint8

const (
	nothing wish = iota
	toPause
	toLogout
)

// phone is a telephone somebody can sit at.
type phone struct {
	ext      tel.Number
	up, busy bool
	why      string
	agent    *agent // logged in here
	talk     *offer // of ours, ringing or talking here
}

// phoneAt returns the phone at ext. One we were told nothing of can be rung.
func (m *Machine) phoneAt(ext tel.Number) *phone {
	p := m.phones[ext]
	if p == nil {
		p = &phone{ext: ext, up: true}
		m.phones[ext] = p
	}
	return p
}

// login seats an agent at a phone.
func (m *Machine) login(e Login) {
	a := m.agentOf[e.Agent]
	if a == nil || a.gone || e.Ext == "" {
		return
	}
	p := m.phoneAt(e.Ext)
	if a.seat == p { // again at the same phone: only the choice counts
		if e.Ready {
			m.unpause(Unpause{Agent: e.Agent, By: e.By})
		} else {
			m.pause(Pause{Agent: e.Agent, Reason: "login", By: e.By})
		}
		return
	}
	if p.agent != nil {
		m.leaveSeat(p.agent, "phone taken", e.By)
	}
	m.leaveSeat(a, "moved", e.By)
	a.seat, p.agent = p, a
	a.ready, a.reason = false, "login"
	a.misses, a.refusals, a.later = 0, 0, choice{}
	m.rest(a)
	if a.offer == nil { // else still talking at the phone he left: nothing new until that is over
		m.become(a, NotReady, "login", e.By)
	}
	a.ready = e.Ready
	m.settle(a, "login", e.By)
}

// logout ends an agent's service, after the call when he talks.
func (m *Machine) logout(e Logout) {
	a := m.agentOf[e.Agent]
	if a == nil || a.seat == nil {
		return
	}
	if a.inCall() {
		a.later = choice{toLogout, "logout", e.By}
		return
	}
	m.leaveSeat(a, "logout", e.By)
}

// leaveSeat logs a out at once. A call in progress goes on without a state of
// his; a ringing offer goes to somebody else.
func (m *Machine) leaveSeat(a *agent, reason string, by tel.By) {
	if a.seat == nil {
		return
	}
	if a.offer != nil && !a.inCall() {
		m.fail(a.offer, tel.CauseCancelled, true)
	}
	m.timers.stop(&a.acw)
	a.inACW = false
	a.seat.agent = nil
	a.seat, a.ready, a.later = nil, false, choice{}
	m.settle(a, reason, by)
}

// pause makes an agent not ready, after the call when he talks.
func (m *Machine) pause(e Pause) {
	a := m.agentOf[e.Agent]
	if a == nil || a.seat == nil {
		return
	}
	if a.inCall() {
		a.later = choice{toPause, e.Reason, e.By}
		return
	}
	m.notReady(a, e.Reason, e.By)
}

// notReady applies a pause now: a ringing offer goes to somebody else and
// after-call work is over.
func (m *Machine) notReady(a *agent, reason string, by tel.By) {
	a.ready, a.reason = false, reason
	if a.inACW {
		m.timers.stop(&a.acw)
		a.inACW = false
		m.rest(a)
	}
	if a.offer != nil && !a.inCall() {
		m.fail(a.offer, tel.CauseCancelled, true)
	}
	m.settle(a, reason, by)
}

// unpause makes an agent ready; it takes back a wish made during the call.
func (m *Machine) unpause(e Unpause) {
	a := m.agentOf[e.Agent]
	if a == nil || a.seat == nil {
		return
	}
	a.ready, a.later = true, choice{}
	a.misses, a.refusals = 0, 0
	if a.inACW {
		m.endACW(a, "done", e.By)
		return
	}
	m.settle(a, "", e.By)
}

// phone takes news of a telephone.
func (m *Machine) phone(e Phone) {
	p := m.phoneAt(e.Ext)
	p.up, p.busy, p.why = e.Up, e.Busy, e.Why
	a := p.agent
	if a == nil {
		return
	}
	if o := a.offer; o != nil && o.phone == p && o.stage != connected {
		switch {
		case !p.up:
			m.fail(o, tel.CauseUnreachable, true)
		case p.busy && o.stage == ringing:
			m.fail(o, tel.CauseBusy, true)
		}
	}
	m.settle(a, p.why, tel.BySystem)
}

// endACW ends after-call work and applies what was chosen during the call.
func (m *Machine) endACW(a *agent, reason string, by tel.By) {
	m.timers.stop(&a.acw)
	a.inACW = false
	m.rest(a)
	m.apply(a, reason, by)
}

// apply does what the agent chose during the call.
func (m *Machine) apply(a *agent, reason string, by tel.By) {
	l := a.later
	a.later = choice{}
	switch l.what {
	case toPause:
		m.notReady(a, l.reason, l.by)
	case toLogout:
		m.leaveSeat(a, l.reason, l.by)
	default:
		m.settle(a, reason, by)
	}
}

// rest gives a the last place among the ready: he has just worked or come.
func (m *Machine) rest(a *agent) {
	m.unready(a)
	a.idle = key{m.now, m.next()}
}

// inCall reports whether a has answered an offer that is not over.
func (a *agent) inCall() bool { return a.offer != nil && a.offer.stage != ringing }

// settle computes a's state and books it when it changed. reason is why, where
// the state has no reason of its own.
func (m *Machine) settle(a *agent, reason string, by tel.By) {
	p := a.seat
	switch {
	case p == nil:
		m.become(a, LoggedOut, reason, by)
	case a.offer != nil && a.offer.stage == connected:
		m.become(a, Talking, reason, by)
	case a.offer != nil:
		m.become(a, Reserved, reason, by)
	case a.inACW:
		m.become(a, ACW, reason, by)
	case !p.up:
		m.become(a, Unreachable, p.why, by)
	case p.busy || p.talk != nil:
		m.become(a, Engaged, p.why, by)
	case !a.ready:
		m.become(a, NotReady, a.reason, by)
	default:
		m.become(a, Ready, reason, by)
	}
}

// become books a's new state and keeps the lists of the ready.
func (m *Machine) become(a *agent, to State, reason string, by tel.By) {
	if a.seat != nil {
		a.ext = a.seat.ext
	}
	if a.state != to || a.why != reason && (to == NotReady || to == Unreachable) {
		m.emit(Changed{Agent: a.id, Ext: a.ext, From: a.state, To: to, Reason: reason, Call: a.call(to), By: by})
		a.since = m.instant()
		a.state, a.why = to, reason
	}
	m.unready(a)
	if to == Ready {
		a.listed = true
		for _, q := range a.queues {
			q.ready.add(a.idle, a)
		}
		m.freeAgents = append(m.freeAgents, a)
	}
}

// unready takes a out of the lists of the ready.
func (m *Machine) unready(a *agent) {
	if !a.listed {
		return
	}
	a.listed = false
	for _, q := range a.queues {
		q.ready.remove(a.idle)
	}
}

// call returns the call that belongs to a's state.
func (a *agent) call(s State) tel.CallID {
	switch s {
	case Reserved, Talking:
		return a.offer.call
	case ACW:
		return a.acwCall
	}
	return ""
}
