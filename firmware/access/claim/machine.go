package claim

import (
	"fmt"
	"time"
)

// Machine is the claim of one box since its start. Begin it with New.
type Machine struct {
	state State
	code  string // empty: none yet, or spent
	until time.Time
	left  int           // tries
	wait  time.Duration // the next one
}

// New returns a machine; the first step of an unclaimed one is TimedOut.
func New(claimed bool) *Machine {
	m := &Machine{wait: firstWait}
	if claimed {
		m.state = Claimed
	}
	return m
}

// State returns where the claim stands.
func (m *Machine) State() State { return m.state }

// Left returns how many wrong tries the code still stands.
func (m *Machine) Left() int { return m.left }

// Until returns how long the code is good, or until when none is taken.
func (m *Machine) Until() time.Time { return m.until }

// Deadline is when TimedOut is due.
func (m *Machine) Deadline() (time.Time, bool) { return m.until, m.state != Claimed }

// Step takes one event and appends what must be done.
func (m *Machine) Step(now time.Time, ev Event, out []Effect) []Effect {
	if m.state == Claimed {
		if _, ok := ev.(Try); ok {
			return append(out, Refused{})
		}
		return out
	}
	switch ev := ev.(type) {
	case TimedOut:
		if !now.Before(m.until) {
			m.state, m.code = Unclaimed, ""
			return append(out, NeedRandom{})
		}
	case Random:
		if m.state == Unclaimed && m.code == "" {
			m.code, m.left, m.until = Code(ev.Bytes), Tries, now.Add(Window)
			return append(out, Show{m.code, m.until})
		}
	case Try:
		return m.try(now, ev.Code, out)
	case Owned:
		*m = Machine{state: Claimed}
		return append(out, Hide{})
	}
	return out
}

// try judges a code. One that came too late is wrong but costs no try: nobody can
// have read it off the box now.
func (m *Machine) try(now time.Time, typed string, out []Effect) []Effect {
	switch {
	case m.state == Waiting && now.Before(m.until):
		return append(out, Refused{Wait: m.until})
	case m.code == "" || !now.Before(m.until):
		return append(m.Step(now, TimedOut{}, out), Refused{Left: Tries})
	case same(m.code, typed):
		m.code, m.until = "", now
		return append(out, Admitted{}, NeedRandom{})
	}
	if m.left--; m.left > 0 {
		return append(out, Refused{Left: m.left})
	}
	wait := m.wait
	m.state, m.code, m.until, m.wait = Waiting, "", now.Add(wait), min(2*wait, maxWait)
	return append(out, Locked{wait}, Show{Until: m.until}, Refused{Wait: m.until})
}

// Describe says where the claim stands, without the code.
func (m *Machine) Describe() string {
	switch m.state {
	case Claimed:
		return "claimed"
	case Waiting:
		return "waiting until " + m.until.Format(time.TimeOnly)
	}
	return fmt.Sprintf("unclaimed, code until %s, %d tries left", m.until.Format(time.TimeOnly), m.left)
}
