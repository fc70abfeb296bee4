// Package acd distributes callers to agents: a pure machine over all queues and
// agents of the house. It offers a waiting caller to the agent who has been
// idle longest, one offer at a time for each caller and each agent, and keeps
// the caller's place and time through every refusal, lost phone and silence.
//
// Callers form one strict order over all queues: by the instant that counts
// for them, then by arrival. After every event no caller is left waiting
// beside a ready agent who may take him.
package acd

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Machine distributes callers to agents. It is not safe for concurrent use.
type Machine struct {
	cfg    Settings
	base   time.Time // of the instants below: nanoseconds since base
	now    int64     // never goes back
	seq    uint64    // of arrivals and of idle places
	offers uint64    // last offer id

	queues  []*queue
	queueOf map[tel.QueueID]*queue
	agents  []*agent
	agentOf map[tel.AgentID]*agent
	callers map[tel.CallID]*caller
	offerOf map[tel.OfferID]*offer
	phones  map[tel.Number]*phone
	timers  timers

	freeCallers []*caller // touched in this step: may be offered now
	freeAgents  []*agent
	pairs       []pair // of match, kept for its memory
	out         []Effect
}

// queue is one queue: its callers in order and the agents ready for it.
type queue struct {
	QueueSettings
	all   order[caller] // everybody waiting, being offered or not
	open  order[caller] // those whom no phone rings for
	ready order[agent]  // longest idle first
	gone  bool          // taken out of the configuration
}

// New returns a machine with everybody logged out and nobody waiting.
func New(s Settings) *Machine {
	m := &Machine{
		queueOf: map[tel.QueueID]*queue{},
		agentOf: map[tel.AgentID]*agent{},
		callers: map[tel.CallID]*caller{},
		offerOf: map[tel.OfferID]*offer{},
		phones:  map[tel.Number]*phone{},
	}
	m.reload(s)
	return m
}

// Step takes one event at the instant now and appends to out what must be done.
// An event about an unknown call, agent or offer changes nothing: it is late
// news of something that has ended.
func (m *Machine) Step(now time.Time, ev Event, out []Effect) []Effect {
	m.clock(now)
	m.out = out
	switch e := ev.(type) {
	case Joined:
		m.join(e)
	case Left:
		m.leave(e)
	case Login:
		m.login(e)
	case Logout:
		m.logout(e)
	case Pause:
		m.pause(e)
	case Unpause:
		m.unpause(e)
	case Phone:
		m.phone(e)
	case Accepted:
		m.accept(e)
	case Connected:
		m.connect(e)
	case Declined:
		m.decline(e)
	case Released:
		m.release(e)
	case Reload:
		m.reload(e.Settings)
	case TimedOut:
		m.timeout()
	}
	m.match()
	out, m.out = m.out, nil
	return out
}

// Deadline is the instant at which the loop must step TimedOut; false when
// nothing is due.
func (m *Machine) Deadline() (time.Time, bool) {
	t := m.timers.first()
	if t == nil {
		return time.Time{}, false
	}
	return m.base.Add(time.Duration(t.at)), true
}

// clock takes the instant now. Differences of instants of one boot come from
// the monotonic clock, so setting the wall clock moves nothing here.
func (m *Machine) clock(now time.Time) {
	if m.base.IsZero() {
		m.base = now
	}
	if d := int64(now.Sub(m.base)); d > m.now {
		m.now = d
	}
}

// instant returns the present as the time that snapshots and effects carry.
func (m *Machine) instant() time.Time { return m.base.Add(time.Duration(m.now)) }

// after returns the instant d from now.
func (m *Machine) after(d time.Duration) int64 { return m.now + int64(d) }

// next returns the next number of the one sequence.
func (m *Machine) next() uint64 { m.seq++; return m.seq }

func (m *Machine) emit(e Effect) { m.out = append(m.out, e) }

// timeout does all that is due in the order of the instants; whom it frees is
// given out when all is done, so that being late costs nobody his place.
func (m *Machine) timeout() {
	for t := m.timers.first(); t != nil && t.at <= m.now; t = m.timers.first() {
		m.timers.stop(t)
		switch t.kind {
		case dueOffer:
			m.expire(t.offer)
		case dueACW:
			m.endACW(t.agent, "limit", tel.BySystem)
		case dueMaxWait:
			m.waitedEnough(t.caller)
		case dueAnnounce:
			m.announce(t.caller)
		case dueBackoff:
			m.touchCaller(t.trial.caller)
		}
	}
}
