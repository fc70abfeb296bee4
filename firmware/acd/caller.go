package acd

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// caller is one visit of one caller to a queue.
type caller struct {
	id      tel.CallID
	q       *queue
	since   time.Time // counts for the order
	joined  int64     // this visit began
	key     key
	offer   *offer   // ringing for him now
	tried   []*trial // who did not take him in this visit
	untold  bool     // his place was due to be said while a phone rang
	overdue bool     // the maximum came while the bridge was being made

	maxWait, again timer
}

// trial remembers that an agent did not take a caller.
type trial struct {
	agent  *agent
	caller *caller
	at     int64
	cause  tel.Cause
	timer  timer
}

// trialOf returns what is remembered of a, or nil.
func (c *caller) trialOf(a *agent) *trial {
	for _, t := range c.tried {
		if t.agent == a {
			return t
		}
	}
	return nil
}

// resting reports whether the pair must still be left alone.
func (t *trial) resting() bool { return t != nil && t.timer.slot != 0 }

// join takes a caller into a queue, unless it is full.
func (m *Machine) join(e Joined) {
	if old := m.callers[e.Call]; old != nil {
		if old.q.ID == e.Queue {
			return // he stands there already
		}
		m.drop(old, tel.CauseCancelled)
	}
	q := m.queueOf[e.Queue]
	if q == nil || q.gone {
		m.emit(Exit{Call: e.Call, Queue: e.Queue, Cause: tel.CauseInvalid})
		return
	}
	if q.MaxCallers > 0 && q.all.len() >= q.MaxCallers && q.ready.len() == 0 {
		m.emit(Exit{Call: e.Call, Queue: q.ID, Cause: tel.CauseCongestion})
		return
	}
	at := m.now
	if !e.Since.IsZero() {
		at = min(at, int64(e.Since.Sub(m.base)))
	}
	c := &caller{id: e.Call, q: q, joined: m.now, key: key{at, m.next()}}
	c.since = m.base.Add(time.Duration(at))
	c.maxWait = timer{kind: dueMaxWait, caller: c}
	c.again = timer{kind: dueAnnounce, caller: c}
	m.callers[c.id] = c
	q.all.add(c.key, c)
	q.open.add(c.key, c)
	m.touchCaller(c)
	if q.MaxWait > 0 {
		m.timers.set(&c.maxWait, m.after(q.MaxWait))
	}
	m.match()
	switch {
	case q.Announce <= 0 || m.callers[c.id] != c:
	case c.offer == nil:
		m.announce(c)
	default: // offered at once: there is no place to tell yet
		m.timers.set(&c.again, m.after(q.Announce))
	}
}

// leave takes out a caller who went by himself.
func (m *Machine) leave(e Left) {
	if c := m.callers[e.Call]; c != nil {
		m.drop(c, e.Cause)
	}
}

// drop takes c out of his queue and stops the phone that rings for him.
func (m *Machine) drop(c *caller, cause tel.Cause) {
	o := c.offer
	m.forget(c)
	if o != nil {
		m.cancel(o, cause)
		m.settle(o.agent, string(cause), tel.BySystem)
	}
}

// exit makes c leave by a rule of ours.
func (m *Machine) exit(c *caller, cause tel.Cause) {
	m.drop(c, cause)
	m.emit(Exit{Call: c.id, Queue: c.q.ID, Cause: cause})
}

// forget removes every trace of c's visit.
func (m *Machine) forget(c *caller) {
	delete(m.callers, c.id)
	c.q.all.remove(c.key)
	c.q.open.remove(c.key)
	m.timers.stop(&c.maxWait)
	m.timers.stop(&c.again)
	for _, t := range c.tried {
		m.timers.stop(&t.timer)
	}
	c.tried = nil
}

// waitedEnough ends a visit at the queue's maximum. When the agent has just
// answered, the bridge decides.
func (m *Machine) waitedEnough(c *caller) {
	if c.offer != nil && c.offer.stage == accepted {
		c.overdue = true
		return
	}
	m.exit(c, tel.CauseTimeout)
}

// announce tells c his place and sets the next time. While a phone is ringing
// for him it keeps quiet until that is over.
func (m *Machine) announce(c *caller) {
	if c.offer != nil {
		c.untold = true
		return
	}
	c.untold = false
	if c.q.Announce > 0 {
		m.emit(Announce{Call: c.id, Queue: c.q.ID, Position: m.position(c)})
		m.timers.set(&c.again, m.after(c.q.Announce))
	}
}

// position returns c's place in his queue, 1 being the next.
func (m *Machine) position(c *caller) int { return c.q.all.rank(c.key) + 1 }

// touchCaller marks c to be looked at when the step ends.
func (m *Machine) touchCaller(c *caller) { m.freeCallers = append(m.freeCallers, c) }
