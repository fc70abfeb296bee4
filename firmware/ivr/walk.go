package ivr

import (
	"time"

	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/tel"
)

// walk enters node after node until one waits; an empty target is none. A
// flow that goes round without waiting, which Check refuses, ends the call.
func (m *Machine) walk(now time.Time, target string, out []Effect) []Effect {
	steps, typed := 0, len(m.typed)
	for target != "" && m.state != over {
		if len(m.typed) < typed {
			steps, typed = 0, len(m.typed)
		}
		node := m.flow.Node(target)
		if steps++; node == nil || steps > len(m.flow.Nodes) {
			return m.hangUp(tel.CauseError, out)
		}
		m.node = node
		m.invalids, m.timeouts, m.deadline = 0, 0, time.Time{}
		if len(m.path) < MaxPath {
			m.path = append(m.path, node.ID)
		}
		out = append(out, Entered{node.ID})
		target, out = m.enter(now, out)
	}
	if m.state < away && m.deadline.IsZero() { // a way that leads nowhere
		return m.hangUp(tel.CauseError, out)
	}
	return out
}

// enter does what the node is for; it returns the next node, or "" when it waits.
func (m *Machine) enter(now time.Time, out []Effect) (string, []Effect) {
	n := m.node
	switch n.Kind {
	case flow.KindPlay:
		return m.tell(now, n.Say, out)
	case flow.KindGreet:
		return m.tell(now, m.greeting(now), out)
	case flow.KindHours:
		if s := m.schedule(); s != nil {
			return m.tell(now, s.Say(m.lang), out)
		}
		return n.Next, out
	case flow.KindSchedule:
		return m.branch(now), out
	case flow.KindLanguage, flow.KindMenu:
		return m.ask(now, nil, out)
	case flow.KindQueue:
		return m.hand(n.Next, ToQueue{n.Queue}, out)
	case flow.KindDial:
		ext := n.Extension
		if ext == flow.Operator {
			ext = m.env.Operator
		}
		if ext == "" {
			return n.Next, out
		}
		return m.hand(n.Next, ToExtension{ext}, out)
	case flow.KindHangUp:
		if len(n.Say) == 0 {
			return "", m.hangUp(m.ending(), out)
		}
		m.state = parting
		return "", m.say(now, n.Say, out)
	}
	return "", m.hangUp(tel.CauseError, out)
}

// tell says a message, unless a key typed ahead stops it before it begins.
func (m *Machine) tell(now time.Time, says []tel.Say, out []Effect) (string, []Effect) {
	if len(says) == 0 || m.node.BargeIn && len(m.typed) > 0 {
		return m.node.Next, out
	}
	m.state = saying
	return "", m.say(now, says, out)
}

// say plays something under a new number.
func (m *Machine) say(now time.Time, says []tel.Say, out []Effect) []Effect {
	m.plays++
	m.play = m.plays
	m.deadline = now.Add(MaxPlay)
	return append(out, Play{ID: m.play, Lang: m.lang, Say: says})
}

// hand gives the caller to others; what he typed ahead ends here.
func (m *Machine) hand(back string, to Effect, out []Effect) (string, []Effect) {
	m.state, m.back = away, back
	m.typed = m.typed[:0]
	return "", append(out, to)
}

// hangUp ends the flow.
func (m *Machine) hangUp(cause tel.Cause, out []Effect) []Effect {
	m.state, m.play, m.deadline = over, 0, time.Time{}
	m.typed = nil
	return append(out, HangUp{cause})
}

// ending is the cause of a hang-up node.
func (m *Machine) ending() tel.Cause {
	if m.closed {
		return tel.CauseClosed
	}
	return tel.CauseFlow
}

// schedule returns the schedule of the node, nil when there is none such.
func (m *Machine) schedule() *flow.Schedule {
	for i := range m.env.Schedules {
		if m.env.Schedules[i].ID == m.node.Schedule {
			return &m.env.Schedules[i]
		}
	}
	return nil
}

// branch chooses the way of a schedule node. A schedule that is not there is open.
func (m *Machine) branch(now time.Time) string {
	n, s := m.node, m.schedule()
	open, holiday := true, (*flow.Holiday)(nil)
	if s != nil {
		open, holiday = s.Status(now.Add(m.env.Ahead))
	}
	m.closed = !open
	switch {
	case open:
		return n.Open
	case holiday != nil && n.Holiday != "":
		return n.Holiday
	}
	return n.Closed
}

// greeting is the greeting of the time of day: the one that began last, which
// before the first of the day is yesterday's last.
func (m *Machine) greeting(now time.Time) []tel.Say {
	now = now.Add(m.env.Ahead)
	switch {
	case m.env.Location != nil:
		now = now.In(m.env.Location)
	case len(m.env.Schedules) > 0 && m.env.Schedules[0].Location != nil:
		now = now.In(m.env.Schedules[0].Location)
	}
	minute := now.Hour()*60 + now.Minute()
	var best *flow.Greet
	age := 0
	for i := range m.node.Greets {
		g := &m.node.Greets[i]
		if a := (minute - g.From + 1440) % 1440; best == nil || a < age {
			best, age = g, a
		}
	}
	if best == nil {
		return nil
	}
	return best.Say
}
