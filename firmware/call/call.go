// Package call is the life of one interaction: a caller, what he is led
// through, and whoever answers him in the end.
//
// Three words explain it: Leg (one party's connection), Segment (the stretch of
// the life the caller is in: flow, queue, ringing, talking), Fact (what the
// book keeps of it). The machine decides who is rung, joined and dropped; the
// exchange turns that into commands.
package call

import (
	"strconv"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Aim is what a caller wants when he begins.
type Aim uint8

// Aims.
const (
	AimFlow      Aim = iota // a call from outside: run the flow
	AimExtension            // a phone of the house
	AimQueue                // a queue
	AimOutside              // an outside number
	AimService              // a feature code: no interaction, nothing is booked
)

// Start is what is known when an interaction begins.
type Start struct {
	ID        tel.CallID
	Direction tel.Direction
	From, To  tel.Number
	Name      tel.Text
	Absence   string      // of From: "P" private, "O" unavailable
	Port      tel.PortID  // the line it came in on
	Trunk     tel.TrunkID // the trunk it came in on
	Ext       tel.Number  // the phone that dialled
	Leg       tel.LegID   // the caller's
	Aim       Aim
	Target    tel.Number  // extension or outside number
	Queue     tel.QueueID // of AimQueue
	Via       []string    // lines and trunks for AimOutside, in order
	Emergency bool
}

// State is the segment the caller is in.
type State uint8

// States.
const (
	Arriving State = iota // not answered
	InFlow
	Waiting // in a queue
	Ringing // a phone or an outside number is being called
	Talk
	Serving // a feature code
	Finished
)

var stateNames = [...]string{"arriving", "in flow", "waiting", "ringing", "talking", "serving", "finished"}

// String returns the state's name.
func (s State) String() string { return stateNames[s] }

// Machine is one interaction.
type Machine struct {
	start  Start
	limits Limits
	state  State
	since  time.Time
	began  time.Time
	ringBy time.Time

	caller   tel.LegID
	callerUp bool
	called   tel.LegID // 0: nobody
	ext      tel.Number
	via      []string // still to be tried
	force    bool     // second round of an emergency call
	seized   string   // the way out in use

	queue   tel.QueueID
	offer   tel.OfferID
	agent   tel.AgentID
	node    string
	held    map[tel.LegID]bool
	bridged bool // the agent of the offer talks
	flow    bool // the flow is underneath and can go on
	present bool // the caller is a leg that still exists

	callerIs tel.By       // who is on the caller's leg, for the book
	target   tel.Number   // the outside number called
	consult  consult      // what one party has besides the other
	asides   [2]tel.LegID // who put the other aside and waits or dials
	tries    []try        // who is rung for a party left behind
}

// New returns an interaction that waits for Begin.
func New(s Start, l Limits) *Machine {
	return &Machine{start: s, limits: l, caller: s.Leg, held: map[tel.LegID]bool{}, callerIs: tel.ByCaller, target: s.Target}
}

// Deadline is the instant at which the loop must step TimedOut.
func (m *Machine) Deadline() (time.Time, bool) {
	if m.state == Finished || m.began.IsZero() {
		return time.Time{}, false
	}
	end := m.began.Add(m.limits.Longest)
	ring := m.ringBy
	if ring.IsZero() {
		ring = m.consult.RingBy
	}
	if !ring.IsZero() && (m.start.Emergency || ring.Before(end)) {
		return ring, true
	}
	return end, !m.start.Emergency
}

// Start returns what was known at the beginning.
func (m *Machine) Start() Start { return m.start }

// State returns the segment and since when.
func (m *Machine) State() (State, time.Time) { return m.state, m.since }

// Began returns when it began.
func (m *Machine) Began() time.Time { return m.began }

// Queue, Agent, Node and Ext return where the caller is and with whom.
func (m *Machine) Queue() tel.QueueID { return m.queue }

// Agent returns the agent offered or talking.
func (m *Machine) Agent() tel.AgentID { return m.agent }

// Node returns the last node of the flow.
func (m *Machine) Node() string { return m.node }

// Ext returns the extension rung or talking.
func (m *Machine) Ext() tel.Number { return m.ext }

// Way returns the line or trunk that an outgoing call has seized, or tries.
func (m *Machine) Way() string { return m.seized }

// Legs returns the caller's and the called party's leg; 0 is none.
func (m *Machine) Legs() (caller, called tel.LegID) { return m.caller, m.called }

// Held reports whether one of the parties is on hold.
func (m *Machine) Held() bool { return len(m.held) > 0 }

// HeldBy reports whether the party of leg holds the other.
func (m *Machine) HeldBy(leg tel.LegID) bool { return m.held[leg] }

// Describe returns the interaction in words.
func (m *Machine) Describe() string {
	s := string(m.start.ID) + " " + string(m.start.Direction) + " from " + string(m.start.From) + ": " + m.state.String()
	switch m.state {
	case Waiting:
		s += " in " + string(m.queue)
		if m.offer != 0 {
			s += ", offered to " + string(m.agent)
		}
	case InFlow:
		s += " at " + m.node
	case Ringing, Talk:
		s += " with " + string(m.ext)
		if m.seized != "" {
			s += string(m.target) + " over " + m.seized
		}
		if c := &m.consult; c.by != 0 {
			s += ", who consults " + string(c.to()) + string(c.queue)
		}
	}
	return s
}

// Step takes one event at the instant now and appends to out what must be done.
func (m *Machine) Step(now time.Time, ev Event, out []Effect) []Effect {
	if m.state == Finished {
		return out
	}
	switch ev := ev.(type) {
	case Begin:
		return m.begin(now, ev.Leg, out)
	case Refuse:
		m.began, m.since, m.present = now, now, true
		out = m.bookBegan(now, out)
		return m.end(now, tel.BySystem, ev.Cause, ev.Evidence, out)
	case LegRinging:
		switch {
		case ev.Leg == m.called && m.state == Ringing && !m.callerUp:
			return append(out, Alert{m.caller})
		case ev.Leg == m.consult.Leg && ev.Leg != 0 && !m.consult.Up:
			return append(out, Alert{m.consult.by})
		}
	case LegProceeding:
		return m.proceeding(now, ev, out)
	case LegUp:
		return m.legUp(now, ev, out)
	case LegDown:
		return m.legDown(now, ev, out)
	case LegHeld:
		return m.legHeld(now, ev, out)
	case PutAside:
		return m.putAside(now, ev, out)
	case Consult:
		return m.consulted(now, ev, out)
	case ConsultRefused:
		return m.consultRefused(now, ev, out)
	case TakeBack:
		return m.takeBack(now, ev, out)
	case Swap:
		return m.swap(now, ev, out)
	case Confer:
		return m.confer(now, ev, out)
	case HandOver:
		return m.handOver(now, ev, out)
	case WalkOff:
		return m.walkOff(now, ev, out)
	case Adopt:
		return m.adopt(now, ev.Second, out)
	case FlowNode:
		m.node = ev.Node
		return m.book(now, Fact{Kind: Node, Node: ev.Node}, out)
	case ToQueue:
		return m.toQueue(now, ev.Queue, out)
	case ToExtension:
		return m.ring(now, ev.Ext, ev.Leg, out)
	case FlowEnd:
		return m.end(now, tel.BySystem, ev.Cause, "the flow ended at "+m.node, out)
	case Offer:
		return m.offered(now, ev, out)
	case Cancel:
		return m.cancelled(now, ev, out)
	case QueueExit:
		return m.queueExit(now, ev.Cause, out)
	case IsFax:
		return m.fax(now, ev, out)
	case Kill:
		return m.end(now, ev.By, ev.Cause, ev.Evidence, out)
	case TimedOut:
		return m.timedOut(now, out)
	}
	return out
}

func (m *Machine) become(now time.Time, s State) {
	m.state, m.since, m.ringBy = s, now, time.Time{}
}

// book appends a fact of this interaction. A service is none.
func (m *Machine) book(now time.Time, f Fact, out []Effect) []Effect {
	if m.start.Aim == AimService {
		return out
	}
	f.At, f.Call = now, m.start.ID
	return append(out, Book{f})
}

func (m *Machine) begin(now time.Time, leg tel.LegID, out []Effect) []Effect {
	m.began, m.since, m.present = now, now, true
	out = m.bookBegan(now, out)
	switch m.start.Aim {
	case AimExtension:
		return m.ring(now, m.start.Target, leg, out)
	case AimOutside:
		m.via = m.start.Via
		return m.seize(now, leg, "no line or trunk is named for it", out)
	}
	return append(out, Answer{m.caller})
}

func (m *Machine) bookBegan(now time.Time, out []Effect) []Effect {
	s := m.start
	return m.book(now, Fact{
		Kind: Began, Direction: s.Direction, From: s.From, Name: s.Name.String(), To: s.To,
		Port: s.Port, Trunk: s.Trunk, Ext: s.Ext, Leg: s.Leg,
	}, out)
}

// answered books that the caller's leg is up, once.
func (m *Machine) answered(now time.Time, evidence string, out []Effect) []Effect {
	m.callerUp = true
	return m.book(now, Fact{Kind: Answered, Leg: m.caller, Evidence: evidence}, out)
}

func (m *Machine) legUp(now time.Time, ev LegUp, out []Effect) []Effect {
	switch {
	case ev.Leg == m.caller && !m.callerUp:
		out = m.answered(now, ev.Evidence, out)
		if m.state != Arriving {
			return out
		}
		switch m.start.Aim {
		case AimFlow:
			m.become(now, InFlow)
			m.flow = true
			return append(out, StartFlow{})
		case AimQueue:
			return m.toQueue(now, m.start.Queue, out)
		case AimService:
			m.become(now, Serving)
			return append(out, Serve{})
		}
	case ev.Leg == m.called && m.called != 0 && (m.state == Waiting || m.state == Ringing):
		return m.connect(now, ev.Evidence, out)
	case ev.Leg == m.consult.Leg && ev.Leg != 0 && !m.consult.Up && m.state == Talk:
		return m.secondUp(now, ev.Evidence, out)
	}
	return out
}

// proceeding joins the caller to a line that nobody has answered on yet.
func (m *Machine) proceeding(now time.Time, ev LegProceeding, out []Effect) []Effect {
	if s := &m.consult; ev.Leg != 0 && ev.Leg == s.Leg && !s.Up {
		s.Proceeds = true
		return append(out, Quiet{s.by}, Join{A: s.by, B: s.Leg, Aside: true})
	}
	if ev.Leg != m.called || m.called == 0 || m.state != Ringing {
		return out
	}
	if m.start.Emergency {
		m.ringBy = time.Time{} // it is on its way: nobody but the caller gives it up
	}
	if !m.callerUp {
		out = append(out, Answer{m.caller})
		out = m.answered(now, ev.Evidence, out)
	}
	return append(out, Quiet{m.caller}, Join{A: m.caller, B: m.called})
}

// connect joins the two legs.
func (m *Machine) connect(now time.Time, evidence string, out []Effect) []Effect {
	offered := m.offer != 0 && !m.bridged
	if offered {
		out = append(out, OfferAccepted{m.offer})
		out = m.book(now, Fact{Kind: QueueLeft, Queue: m.queue, Cause: tel.CauseAnswered}, out)
	}
	if !m.callerUp {
		out = append(out, Answer{m.caller})
		out = m.answered(now, "the called party answered", out)
	}
	if m.flow {
		m.flow = false
		out = append(out, StopFlow{})
	}
	out = append(out, Quiet{m.caller}, Join{A: m.caller, B: m.called})
	if offered {
		m.bridged = true
		out = append(out, OfferBridged{m.offer})
	}
	if m.held[m.caller] { // he holds whoever is there
		out = append(out, Music{m.called})
	}
	m.tries = nil
	m.become(now, Talk)
	f := Fact{Kind: Connected, Agent: m.agent, Ext: m.ext, Leg: m.called, Queue: m.queue, Evidence: evidence}
	if m.seized != "" && m.ext == "" {
		f.To, f.Port = m.target, tel.PortID(m.seized)
	}
	return m.book(now, f, out)
}

func (m *Machine) legDown(now time.Time, ev LegDown, out []Effect) []Effect {
	switch {
	case ev.Leg == 0:
		return out
	case ev.Leg == m.consult.Leg:
		return m.secondDown(now, ev, out)
	case m.consult.by != 0 && m.consult.Leg != 0 && ev.Leg == m.other(m.consult.by):
		return m.firstGone(now, ev.Leg, ev, out)
	case ev.Leg == m.caller:
		m.present = false
		cause := hungUp(ev.Cause)
		if m.state == Waiting && cause == tel.CauseNormal {
			cause = tel.CauseAbandoned
		}
		by := m.callerIs
		if cause == tel.CauseCongestion || cause == tel.CauseError {
			by = tel.BySystem // we could not serve him
		}
		return m.end(now, by, cause, ev.Evidence, out)
	case ev.Leg != m.called || m.called == 0:
		return out
	case m.state == Talk:
		m.called = 0
		return m.end(now, m.answerer(), hungUp(ev.Cause), ev.Evidence, out)
	case m.state == Waiting:
		return m.lostOffer(now, ev.Cause, ev.Evidence, out)
	case m.state == Ringing:
		m.called = 0
		return m.notReached(now, ev, out)
	}
	return out
}

// answerer is who is on the called leg.
func (m *Machine) answerer() tel.By {
	if m.agent != "" {
		return tel.ByAgent
	}
	return tel.ByCalled
}

// hungUp reduces the ways to notice a hang-up to what it means; how it was
// noticed is in the evidence.
func hungUp(c tel.Cause) tel.Cause {
	switch c {
	case tel.CauseBattery, tel.CauseReversal, tel.CauseTone, tel.CauseNone:
		return tel.CauseNormal
	}
	return c
}

func (m *Machine) legHeld(now time.Time, ev LegHeld, out []Effect) []Effect {
	if m.state != Talk || ev.On == m.held[ev.Leg] {
		return out
	}
	other, by := m.called, m.callerIs
	if ev.Leg == m.called {
		other, by = m.caller, m.answerer()
	} else if ev.Leg != m.caller {
		return out
	}
	before := m.Held()
	if ev.On {
		m.held[ev.Leg] = true
		out = append(out, Music{other})
		if !before {
			out = m.book(now, Fact{Kind: HoldOn, By: by, Agent: m.agent}, out)
		}
		return out
	}
	delete(m.held, ev.Leg)
	out = append(out, Quiet{other})
	if !m.Held() {
		out = m.book(now, Fact{Kind: HoldOff, By: by, Agent: m.agent}, out)
	}
	return out
}

func (m *Machine) timedOut(now time.Time, out []Effect) []Effect {
	if s := &m.consult; !s.RingBy.IsZero() && !now.Before(s.RingBy) && m.state == Talk {
		return m.lostSecond(now, tel.CauseNoAnswer, "nobody answered", out)
	}
	if !m.ringBy.IsZero() && !now.Before(m.ringBy) {
		leg := m.called
		m.called = 0
		out = append(out, Drop{leg, tel.CauseCancelled})
		return m.notReached(now, LegDown{Leg: leg, Cause: tel.CauseNoAnswer, Evidence: "nobody answered in " + seconds(now.Sub(m.since).Round(100*time.Millisecond))}, out)
	}
	if !m.start.Emergency && !now.Before(m.began.Add(m.limits.Longest)) {
		return m.end(now, tel.BySystem, tel.CauseTimeout, "the longest a call may last is "+m.limits.Longest.String(), out)
	}
	return out
}

// end drops everybody and books the one ending.
func (m *Machine) end(now time.Time, by tel.By, c tel.Cause, evidence string, out []Effect) []Effect {
	out = m.freeAgent(out)
	out = m.endSecond(now, by, c, evidence, out)
	if m.state == Waiting {
		if m.offer != 0 {
			out = m.book(now, Fact{Kind: Declined, Queue: m.queue, Agent: m.agent, Offer: m.offer, Cause: c}, out)
		}
		out = m.book(now, Fact{Kind: QueueLeft, Queue: m.queue, Cause: c}, out)
		out = append(out, Dequeue{c})
	}
	if m.flow {
		m.flow = false
		out = append(out, StopFlow{})
	}
	if m.called != 0 {
		out = append(out, Drop{m.called, c})
		m.called = 0
	}
	if m.present {
		out = append(out, Drop{m.caller, c})
		m.present = false
	}
	out = m.book(now, Fact{Kind: Ended, By: by, Cause: c, Evidence: evidence}, out)
	m.become(now, Finished)
	return append(out, Over{})
}

func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s"
}
