package acd

import (
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Waiting is one caller in a queue, as the snapshot shows him.
type Waiting struct {
	Call     tel.CallID
	Since    time.Time // counts for the order
	Position int       // 1 is the next
	Offer    tel.OfferID
	Agent    tel.AgentID // whose phone rings for him now; empty when none
}

// Agent is one agent, as the snapshot shows him.
type Agent struct {
	ID      tel.AgentID
	Ext     tel.Number // his seat; empty when logged out
	State   State
	Reason  string    // of not ready, unreachable and engaged
	Since   time.Time // of the state; zero before the first change
	Call    tel.CallID
	Offer   tel.OfferID
	Pending string // "pause" or "logout" chosen during the call; empty when none
	Queues  []tel.QueueID
}

// Waiting returns the callers of a queue in their order, at most limit of them
// when limit is positive.
func (m *Machine) Waiting(id tel.QueueID, limit int) []Waiting {
	q := m.queueOf[id]
	if q == nil {
		return nil
	}
	n := q.all.len()
	if limit > 0 {
		n = min(n, limit)
	}
	out := make([]Waiting, 0, n)
	for i := range n {
		c := q.all.at(i)
		w := Waiting{Call: c.id, Since: c.since, Position: i + 1}
		if c.offer != nil {
			w.Offer, w.Agent = c.offer.id, c.offer.agent.id
		}
		out = append(out, w)
	}
	return out
}

// Length returns how many callers wait in a queue, being offered or not.
func (m *Machine) Length(id tel.QueueID) int {
	if q := m.queueOf[id]; q != nil {
		return q.all.len()
	}
	return 0
}

// Ready returns how many agents could take a call of the queue now.
func (m *Machine) Ready(id tel.QueueID) int {
	if q := m.queueOf[id]; q != nil {
		return q.ready.len()
	}
	return 0
}

// LoggedIn returns how many agents of the queue are logged in.
func (m *Machine) LoggedIn(id tel.QueueID) int {
	n := 0
	for _, a := range m.agents {
		if a.seat != nil && a.serves(id) {
			n++
		}
	}
	return n
}

// Agents returns all agents in the order of the configuration.
func (m *Machine) Agents() []Agent {
	out := make([]Agent, 0, len(m.agents))
	for _, a := range m.agents {
		out = append(out, a.view())
	}
	return out
}

// Agent returns one agent; false when there is none of that name.
func (m *Machine) Agent(id tel.AgentID) (Agent, bool) {
	a := m.agentOf[id]
	if a == nil {
		return Agent{}, false
	}
	return a.view(), true
}

// AgentAt returns who is logged in at a phone; false when nobody is.
func (m *Machine) AgentAt(ext tel.Number) (tel.AgentID, bool) {
	if p := m.phones[ext]; p != nil && p.agent != nil {
		return p.agent.id, true
	}
	return "", false
}

// Position returns a waiting caller's queue and place, 1 being the next; false
// when the call does not wait.
func (m *Machine) Position(id tel.CallID) (tel.QueueID, int, bool) {
	c := m.callers[id]
	if c == nil {
		return "", 0, false
	}
	return c.q.ID, m.position(c), true
}

func (a *agent) view() Agent {
	v := Agent{ID: a.id, State: a.state, Since: a.since, Call: a.call(a.state)}
	switch a.state {
	case NotReady, Unreachable, Engaged:
		v.Reason = a.why
	}
	if a.seat != nil {
		v.Ext = a.seat.ext
	}
	if a.offer != nil {
		v.Offer = a.offer.id
	}
	switch a.later.what {
	case toPause:
		v.Pending = "pause"
	case toLogout:
		v.Pending = "logout"
	}
	for _, q := range a.queues {
		v.Queues = append(v.Queues, q.ID)
	}
	return v
}

func (a *agent) serves(id tel.QueueID) bool {
	for _, q := range a.queues {
		if q.ID == id {
			return true
		}
	}
	return false
}

// Describe tells who waits where and what everybody does, for console, API and
// tests. Long queues are cut after ten callers.
func (m *Machine) Describe() string {
	var b strings.Builder
	ago := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return m.instant().Sub(t).Round(time.Second).String()
	}
	for _, q := range m.queues {
		fmt.Fprintf(&b, "queue %s: %d waiting, %d ready\n", q.ID, q.all.len(), q.ready.len())
		for _, w := range m.Waiting(q.ID, 10) {
			fmt.Fprintf(&b, "  %d. %s for %s", w.Position, w.Call, ago(w.Since))
			if w.Agent != "" {
				fmt.Fprintf(&b, ", ringing %s", w.Agent)
			}
			b.WriteByte('\n')
		}
	}
	for _, a := range m.agents {
		v := a.view()
		fmt.Fprintf(&b, "agent %s", v.ID)
		if v.Ext != "" {
			fmt.Fprintf(&b, " at %s", v.Ext)
		}
		fmt.Fprintf(&b, ": %s", v.State)
		if v.Reason != "" {
			fmt.Fprintf(&b, " (%s)", v.Reason)
		}
		fmt.Fprintf(&b, " for %s", ago(v.Since))
		if v.Call != "" {
			fmt.Fprintf(&b, ", call %s", v.Call)
		}
		if v.Pending != "" {
			fmt.Fprintf(&b, ", then %s", v.Pending)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
