package acd

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// stage is how far an offer got.
type stage uint8

const (
	ringing   stage = iota
	accepted        // the agent answered, the bridge is being made
	connected       // two people talk; the caller has left the queue
)

// offer is one attempt to give one caller to one agent.
type offer struct {
	id     tel.OfferID
	call   tel.CallID
	queue  *queue
	caller *caller
	agent  *agent
	phone  *phone
	stage  stage
	timer  timer
}

// pair is a caller who may perhaps be offered now, and the agent who made him
// a candidate, nil when he is one by himself.
type pair struct {
	c *caller
	a *agent
}

// match makes offers until no pair of caller and agent is left. Before the step
// no pair was possible, so only what was touched can make one: the candidates
// are the callers touched and, for every agent touched, the first caller he may
// be offered. The earliest goes first; he takes the best agent there is.
func (m *Machine) match() {
	if len(m.freeCallers)+len(m.freeAgents) == 0 {
		return
	}
	for _, c := range m.freeCallers {
		m.candidate(pair{c: c})
	}
	for _, a := range m.freeAgents {
		m.candidate(pair{m.callerFor(a), a})
	}
	m.freeCallers, m.freeAgents = m.freeCallers[:0], m.freeAgents[:0]
	for n := len(m.pairs); n > 0; n = len(m.pairs) {
		p := m.pairs[n-1]
		m.pairs = m.pairs[:n-1]
		if p.c.offer == nil && m.callers[p.c.id] == p.c {
			if a := m.agentFor(p.c); a != nil {
				m.offer(p.c, a)
			}
		}
		if p.a != nil && p.a.listed {
			m.candidate(pair{m.callerFor(p.a), p.a})
		}
	}
}

// candidate puts p among the pairs, of which the last has the earliest caller.
func (m *Machine) candidate(p pair) {
	if p.c == nil {
		return
	}
	at := sort.Search(len(m.pairs), func(i int) bool { return m.pairs[i].c.key.less(p.c.key) })
	m.pairs = slices.Insert(m.pairs, at, p)
}

// callerFor returns the earliest caller whom a may be offered now, passing over
// those whom he did not take a moment ago; nil when there is none.
func (m *Machine) callerFor(a *agent) (first *caller) {
	if !a.listed {
		return nil
	}
	for _, q := range a.queues {
		for i := 0; ; i++ {
			c := q.open.at(i)
			if c == nil || first != nil && first.key.less(c.key) {
				break
			}
			if !c.trialOf(a).resting() {
				first = c
				break
			}
		}
	}
	return first
}

// agentFor returns the agent whom c is offered to: of those who have not been
// tried in this visit the one idle longest; else, of those whose back-off is
// over, the one tried longest ago.
func (m *Machine) agentFor(c *caller) *agent {
	var again *trial
	for i := 0; ; i++ {
		a := c.q.ready.at(i)
		if a == nil {
			break
		}
		t := c.trialOf(a)
		if t == nil {
			return a
		}
		if !t.resting() && (again == nil || t.at < again.at) {
			again = t
		}
	}
	if again == nil {
		return nil
	}
	return again.agent
}

// offer rings a's phone for c.
func (m *Machine) offer(c *caller, a *agent) {
	why := m.why(c, a)
	m.offers++
	o := &offer{id: tel.OfferID(m.offers), call: c.id, queue: c.q, caller: c, agent: a, phone: a.seat}
	o.timer = timer{kind: dueOffer, offer: o}
	m.offerOf[o.id] = o
	c.offer, a.offer, o.phone.talk = o, o, o
	c.q.open.remove(c.key)
	m.timers.set(&o.timer, m.after(c.q.Ring))
	m.settle(a, "offer", tel.BySystem)
	m.emit(Offer{
		Offer: o.id, Call: c.id, Queue: c.q.ID, Agent: a.id, Ext: o.phone.ext,
		Expires: m.instant().Add(c.q.Ring), Why: why,
	})
}

// why says in one sentence why c goes to a. It is built before the offer, while
// a still stands among the ready.
func (m *Machine) why(c *caller, a *agent) string {
	var b strings.Builder
	idle := time.Duration(m.now - a.idle.at).Round(time.Second)
	n := c.q.ready.len()
	t := c.trialOf(a)
	switch {
	case t != nil:
		fmt.Fprintf(&b, "%s is tried again after %s, nobody else is ready for %s", a.id,
			time.Duration(m.now-t.at).Round(time.Second), c.q.ID)
	case n == 1:
		fmt.Fprintf(&b, "%s is the only one ready for %s, idle for %s", a.id, c.q.ID, idle)
	default:
		fmt.Fprintf(&b, "%s is idle longest of %d ready for %s, %s", a.id, n, c.q.ID, idle)
	}
	for i := 0; i < n && i < 3; i++ {
		x := c.q.ready.at(i)
		if x == a {
			break
		}
		if t := c.trialOf(x); t != nil {
			fmt.Fprintf(&b, "; %s is left out, %s %s ago", x.id, t.cause, time.Duration(m.now-t.at).Round(time.Second))
		}
	}
	skipped := 0 // had a been allowed one of these, he would have got that one
	for _, q := range a.queues {
		skipped += q.open.rank(c.key)
	}
	if skipped > 0 {
		fmt.Fprintf(&b, "; %d before this caller wait: %s has just not taken them", skipped, a.id)
	}
	b.WriteByte('.')
	return b.String()
}

// accept: the agent answered; from now on the bridge has a limit.
func (m *Machine) accept(e Accepted) {
	o := m.offerOf[e.Offer]
	if o == nil || o.stage != ringing {
		return
	}
	o.stage = accepted
	m.timers.set(&o.timer, m.after(m.cfg.Connect))
}

// connect: two people talk, and the caller's visit to the queue is over.
func (m *Machine) connect(e Connected) {
	o := m.offerOf[e.Offer]
	if o == nil || o.stage == connected {
		return
	}
	m.timers.stop(&o.timer)
	m.forget(o.caller)
	o.caller, o.stage = nil, connected
	o.agent.misses, o.agent.refusals = 0, 0
	m.settle(o.agent, "connected", tel.ByAgent)
}

// decline: the phone refused or failed before the bridge was up.
func (m *Machine) decline(e Declined) {
	o := m.offerOf[e.Offer]
	if o == nil {
		return
	}
	if o.stage == connected {
		m.release(Released{Offer: e.Offer})
		return
	}
	m.failed(o, e.Cause, false)
}

// expire: the phone rang long enough, or the bridge did not come.
func (m *Machine) expire(o *offer) {
	cause := tel.CauseNoAnswer
	if o.stage == accepted {
		cause = tel.CauseLost
	}
	m.failed(o, cause, true)
}

// failed takes an offer back by the agent's or his phone's doing and counts it:
// whoever lets too many go in a row is not ready until he says so.
func (m *Machine) failed(o *offer, cause tel.Cause, cancel bool) {
	a := o.agent
	m.fail(o, cause, cancel)
	count, limit := &a.misses, m.cfg.Misses
	if cause == tel.CauseRefused || cause == tel.CauseBusy {
		count, limit = &a.refusals, m.cfg.Refusals
	}
	*count++
	if limit > 0 && *count >= limit && a.seat != nil {
		*count = 0
		a.ready, a.reason = false, string(cause)
	}
	m.apply(a, string(cause), tel.BySystem)
}

// fail takes back an offer that was not connected: the caller keeps place and
// time, and the pair rests. The agent's state is left to the caller of fail.
func (m *Machine) fail(o *offer, cause tel.Cause, cancel bool) {
	c := o.caller
	if cancel {
		m.cancel(o, cause)
	} else {
		m.unlink(o)
	}
	if c.overdue {
		m.exit(c, tel.CauseTimeout)
		return
	}
	t := c.trialOf(o.agent)
	if t == nil {
		t = &trial{agent: o.agent, caller: c}
		t.timer = timer{kind: dueBackoff, trial: t}
		c.tried = append(c.tried, t)
	}
	t.at, t.cause = m.now, cause
	m.timers.set(&t.timer, m.after(c.q.Backoff))
	c.q.open.add(c.key, c)
	m.touchCaller(c)
	if c.untold {
		m.timers.set(&c.again, m.now)
	}
}

// cancel stops the ringing.
func (m *Machine) cancel(o *offer, cause tel.Cause) {
	m.unlink(o)
	m.emit(Cancel{Offer: o.id, Call: o.call, Agent: o.agent.id, Queue: o.queue.ID, Cause: cause})
}

// unlink forgets an offer.
func (m *Machine) unlink(o *offer) {
	delete(m.offerOf, o.id)
	m.timers.stop(&o.timer)
	o.agent.offer, o.phone.talk = nil, nil
	if o.caller != nil {
		o.caller.offer = nil
	}
	if p := o.phone; p.agent != nil && p.agent != o.agent { // sat down there during the call
		m.settle(p.agent, "", tel.BySystem)
	}
}

// release ends a conversation: after-call work, then what the agent chose.
func (m *Machine) release(e Released) {
	o := m.offerOf[e.Offer]
	if o == nil {
		return
	}
	if o.stage != connected {
		m.failed(o, tel.CauseLost, false)
		return
	}
	m.unlink(o)
	a := o.agent
	switch {
	case a.seat == nil:
	case o.queue.ACW > 0:
		a.inACW, a.acwCall = true, o.call
		m.timers.set(&a.acw, m.after(o.queue.ACW))
		m.settle(a, "call over", tel.BySystem)
	default:
		m.rest(a)
		m.apply(a, "call over", tel.BySystem)
	}
}
