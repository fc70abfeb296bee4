// Package ivr is the interpreter of flows: one Machine for one caller in one
// flow. It is pure: events and the time come in, effects go out, and the same
// events at the same times walk the same way.
package ivr

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/tel"
)

// Bounds of one call in a flow.
const (
	MaxTyped   = 32               // keys typed ahead; more are dropped
	MaxSilence = 20               // questions left unanswered one after the other, then the call ends
	MaxPath    = 200              // nodes of the path that are remembered
	MaxPlay    = 10 * time.Minute // a prompt whose end is not heard of counts as ended
)

// Env is what a flow finds around it. Machines only read it and may share it.
type Env struct {
	Schedules  []flow.Schedule
	Lang       tel.Lang       // until the caller chooses; empty is Spanish
	Extensions []tel.Number   // that can be dialled directly
	Operator   tel.Number     // behind flow.Operator; empty: nobody
	Ahead      time.Duration  // of the time of day over the instants of Step
	Location   *time.Location // clock of greetings; nil: that of the first schedule, else of now
}

// state is what the machine waits for.
type state uint8

const (
	fresh      state = iota // Start
	saying                  // Played, then the next node
	parting                 // Played, then the end
	asking                  // Played or a key
	waiting                 // the first key, or its time-out
	collecting              // the next key of a number, or the time-out between keys
	away                    // Returned
	over                    // nothing more
)

// Machine is one caller in one flow. Use it from one goroutine.
type Machine struct {
	flow *flow.Flow
	env  Env
	lang tel.Lang

	state    state
	node     *flow.Node
	back     string      // where Returned goes on
	play     tel.PlayID  // what is being said; 0 nothing
	plays    tel.PlayID  // the last number given
	typed    []tel.Digit // ahead, not yet consumed
	invalids int         // wrong keys in this visit of the node
	timeouts int         // silences in this visit of the node
	silences int         // since the last key, in all nodes
	closed   bool        // the last schedule said so
	deadline time.Time
	path     []string
}

// New returns a machine for one caller at the start of f, which must have
// passed flow.Check and is only read.
func New(f *flow.Flow, env Env) *Machine {
	m := &Machine{flow: f, env: env, lang: env.Lang}
	if m.lang == "" {
		m.lang = tel.Spanish
	}
	return m
}

// Step takes one event at the instant now and appends to out what must be done.
func (m *Machine) Step(now time.Time, ev Event, out []Effect) []Effect {
	switch ev := ev.(type) {
	case Start:
		if m.state == fresh {
			return m.walk(now, m.flow.Start, out)
		}
	case Digit:
		return m.digit(now, ev.Digit, out)
	case Played:
		if m.play != 0 && ev.ID == m.play {
			return m.played(now, out)
		}
	case TimedOut:
		if !m.deadline.IsZero() && !now.Before(m.deadline) {
			return m.timedOut(now, out)
		}
	case Returned:
		if m.state == away {
			m.state = saying
			return m.walk(now, m.back, out)
		}
	}
	return out
}

// Deadline is the instant at which the loop must step TimedOut; ok is false
// when the machine waits for something else.
func (m *Machine) Deadline() (at time.Time, ok bool) { return m.deadline, !m.deadline.IsZero() }

// Done reports whether the flow is over: no event does anything any more.
func (m *Machine) Done() bool { return m.state == over }

// Lang returns the language the caller hears.
func (m *Machine) Lang() tel.Lang { return m.lang }

// Node returns the node the caller is in, "" before the start.
func (m *Machine) Node() string {
	if m.node == nil {
		return ""
	}
	return m.node.ID
}

// Path returns the nodes walked, the first MaxPath of them.
func (m *Machine) Path() []string { return append([]string(nil), m.path...) }

// Describe says in one sentence where the caller is and what is waited for.
// Keys are counted, not shown: they may be secret.
func (m *Machine) Describe() string {
	if m.node == nil {
		return fmt.Sprintf("flow %s has not begun", m.flow.Name)
	}
	what := ""
	switch m.state {
	case saying:
		what = "says its message"
	case parting:
		what = "says goodbye"
	case asking:
		what = "asks for a key"
	case waiting:
		what = "waits for a key until " + m.deadline.Format("15:04:05.000")
	case collecting:
		what = "waits for the rest of a number until " + m.deadline.Format("15:04:05.000")
	case away:
		what = "handed the caller over"
	case over:
		what = "ended the call"
	}
	s := fmt.Sprintf("flow %s, node %s (%s): %s, language %s", m.flow.Name, m.node.ID, m.node.Kind, what, m.lang)
	if m.node.Input() {
		s += fmt.Sprintf(", %d of %d wrong, %d of %d silent", m.invalids, m.node.Invalids, m.timeouts, m.node.Timeouts)
	}
	if len(m.typed) > 0 {
		s += fmt.Sprintf(", %d keys typed ahead", len(m.typed))
	}
	return s
}

// digit keeps a key and acts on it where the node listens.
func (m *Machine) digit(now time.Time, d tel.Digit, out []Effect) []Effect {
	if m.state == away || m.state == over || m.state == parting || !d.Valid() || len(m.typed) >= MaxTyped {
		return out
	}
	m.typed = append(m.typed, d)
	m.silences = 0
	switch {
	case m.state == saying && m.node.BargeIn:
		return m.walk(now, m.node.Next, m.stop(out))
	case m.state == asking && m.node.BargeIn:
		target, out := m.decide(now, false, m.stop(out))
		return m.walk(now, target, out)
	case m.state == waiting || m.state == collecting:
		target, out := m.decide(now, false, out)
		return m.walk(now, target, out)
	}
	return out
}

// stop ends what is being said.
func (m *Machine) stop(out []Effect) []Effect {
	m.play, m.deadline = 0, time.Time{}
	return append(out, Stop{})
}

// played goes on after the end of a prompt.
func (m *Machine) played(now time.Time, out []Effect) []Effect {
	m.play, m.deadline = 0, time.Time{}
	switch m.state {
	case saying:
		return m.walk(now, m.node.Next, out)
	case parting:
		return m.hangUp(m.ending(), out)
	case asking:
		target, out := m.listen(now, out)
		return m.walk(now, target, out)
	}
	return out
}

// timedOut goes on when nothing came.
func (m *Machine) timedOut(now time.Time, out []Effect) []Effect {
	m.deadline = time.Time{}
	switch m.state {
	case saying, parting, asking:
		return m.played(now, out)
	case collecting:
		target, out := m.decide(now, true, out)
		return m.walk(now, target, out)
	case waiting:
		m.timeouts++
		m.silences++
		switch {
		case m.silences >= MaxSilence:
			return m.hangUp(tel.CauseTimeout, out)
		case m.timeouts >= m.node.Timeouts:
			return m.walk(now, m.node.OnTimeout, out)
		}
		target, out := m.ask(now, m.node.SayTimeout, out)
		return m.walk(now, target, out)
	}
	return out
}
