// Package trial decides whether a new system stays: the machine of a trial boot. It
// is told what the checks of the house say, asks to declare the system good once all
// of them have passed together for a while, and gives up when that does not come in
// time. It looks at nothing itself.
package trial

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Check is one thing that the house must be able to do.
type Check string

// The checks, in the order in which they are named.
const (
	Ports Check = "ports" // every port that was there answers
	Audio Check = "audio" // the engine ticks on time
	Book  Check = "book"  // a row was written and read back
	Web   Check = "web"   // a page was served
)

// Checks are all of them.
var Checks = []Check{Ports, Audio, Book, Web}

// Times of a trial.
const (
	Hold  = 60 * time.Second // all checks pass so long together
	Limit = 5 * time.Minute  // from the start; then the old system comes back
	Fresh = 15 * time.Second // what a check said counts so long
	again = 10 * time.Second // between attempts to commit
)

// Event is what the machine is told.
type Event interface{ isEvent() }

// Seen is the result of a check.
type Seen struct {
	Check Check
	OK    bool
	Why   string // in a few words, when it is not
}

// Committed answers Commit; Err is nil when the boot record says so.
type Committed struct{ Err error }

// TimedOut is the end of the time that Deadline told.
type TimedOut struct{}

func (Seen) isEvent()      {}
func (Committed) isEvent() {}
func (TimedOut) isEvent()  {}

// Effect is what must be done.
type Effect interface {
	isEffect()
	fmt.Stringer
}

// Commit asks to declare the running system good; Committed answers.
type Commit struct{}

// GiveUp asks to go back to the old system. Failing are the checks that did not
// pass at the end; none: they passed, and the boot record could not be written or
// the time was too short.
type GiveUp struct{ Failing []Check }

func (Commit) isEffect() {}
func (GiveUp) isEffect() {}

// String implements fmt.Stringer.
func (Commit) String() string { return "commit" }

// String implements fmt.Stringer.
func (g GiveUp) String() string { return "give up: " + g.Reason() }

// Reason is the failing checks as the boot record keeps them: "web+book".
func (g GiveUp) Reason() string {
	if len(g.Failing) == 0 {
		return "late"
	}
	names := make([]string, len(g.Failing))
	for i, c := range g.Failing {
		names[i] = string(c)
	}
	return strings.Join(names, "+")
}

// Phase is where a trial is.
type Phase string

// The phases.
const (
	Waiting    Phase = "waiting"    // not every check passes
	Holding    Phase = "holding"    // every check passes
	Committing Phase = "committing" // the boot record is being written
	Stays      Phase = "stays"      // it is good
	GivenUp    Phase = "given up"
)

// seen is the last word of a check.
type seen struct {
	at  time.Time // zero: never
	ok  bool
	why string
}

// Machine is one trial boot.
type Machine struct {
	phase Phase
	limit time.Time
	since time.Time // Holding: since when; Committing: when to ask again, zero while asked
	last  [4]seen   // by the order of Checks
}

// New begins a trial at start.
func New(start time.Time) *Machine {
	return &Machine{phase: Waiting, limit: start.Add(Limit)}
}

// Step takes one event at the instant now and appends to out what must be done.
func (m *Machine) Step(now time.Time, ev Event, out []Effect) []Effect {
	if m.phase == Stays || m.phase == GivenUp {
		return out
	}
	switch e := ev.(type) {
	case Seen:
		if i := slices.Index(Checks, e.Check); i >= 0 {
			m.last[i] = seen{now, e.OK, e.Why}
		}
	case Committed:
		if m.phase == Committing && m.since.IsZero() {
			if e.Err == nil {
				m.phase = Stays
				return out
			}
			m.since = now.Add(again)
		}
	}
	if !now.Before(m.limit) && !(m.phase == Committing && m.since.IsZero()) {
		// While the record is being written nobody knows what it says.
		m.phase = GivenUp
		return append(out, GiveUp{m.Failing(now)})
	}
	return m.hold(now, out)
}

// hold goes on or back according to the checks.
func (m *Machine) hold(now time.Time, out []Effect) []Effect {
	fine := len(m.Failing(now)) == 0
	switch {
	case m.phase == Committing && m.since.IsZero():
	case !fine:
		m.phase = Waiting
	case m.phase == Committing && !now.Before(m.since):
		m.since = time.Time{}
		return append(out, Commit{})
	case m.phase == Committing:
	case m.phase == Waiting:
		m.phase, m.since = Holding, now
	case !now.Before(m.since.Add(Hold)):
		m.phase, m.since = Committing, time.Time{}
		return append(out, Commit{})
	}
	return out
}

// Deadline is the instant at which Step must be told TimedOut; ok is false when the
// trial is over.
func (m *Machine) Deadline() (at time.Time, ok bool) {
	at = m.limit
	switch {
	case m.phase == Stays || m.phase == GivenUp || m.phase == Committing && m.since.IsZero():
		return time.Time{}, false
	case m.phase == Committing && m.since.Before(at):
		at = m.since
	case m.phase == Holding:
		at = earlier(at, m.since.Add(Hold))
		for _, s := range m.last {
			at = earlier(at, s.at.Add(Fresh+1)) // what it said no longer counts
		}
	}
	return at, true
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Failing returns the checks that do not pass at now, or said nothing lately.
func (m *Machine) Failing(now time.Time) []Check {
	var bad []Check
	for i, c := range Checks {
		if s := m.last[i]; !s.ok || now.Sub(s.at) > Fresh {
			bad = append(bad, c)
		}
	}
	return bad
}

// Phase returns where the trial is.
func (m *Machine) Phase() Phase { return m.phase }

// Describe says how it stands, in a line.
func (m *Machine) Describe(now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", m.phase)
	if m.phase == Holding {
		fmt.Fprintf(&b, " for %s of %s", now.Sub(m.since).Round(time.Second), Hold)
	}
	for _, c := range m.Failing(now) {
		s := m.last[slices.Index(Checks, c)]
		if s.why == "" {
			s.why = "no answer"
		}
		fmt.Fprintf(&b, "; %s: %s", c, s.why)
	}
	if m.phase == Waiting || m.phase == Holding {
		fmt.Fprintf(&b, "; %s left", m.limit.Sub(now).Round(time.Second))
	}
	return b.String()
}
