package clock

import (
	"fmt"
	"time"
)

// Event is what somebody says about the time.
type Event interface{ isEvent() }

// Events.
type (
	// Reading is the system's clock, looked at every few seconds.
	Reading struct {
		Wall   time.Time
		Synced bool          // a daemon disciplines it
		Slept  time.Duration // how long the machine was asleep, ever: monotonic time stood still
	}
	// Net is the answer of servers that we asked.
	Net struct {
		At   time.Time
		From string // "2 of 3 servers"
	}
	// Caller is the date of a caller id.
	Caller struct {
		Port string
		Date CallDate
	}
	// Set is a person's word.
	Set struct {
		At  time.Time
		Who string
	}
	// Past is what the book knows: when the appliance lived last, and when it last did
	// with a time that was trusted. Either may be zero.
	Past struct{ Known, Trusted time.Time }
	// Look asks whether something is due.
	Look struct{}
)

func (Reading) isEvent() {}
func (Net) isEvent()     {}
func (Caller) isEvent()  {}
func (Set) isEvent()     {}
func (Past) isEvent()    {}
func (Look) isEvent()    {}

// Effect is what must be done.
type Effect interface{ isEffect() }

// Effects.
type (
	// Changed: the time is another one, or comes from elsewhere.
	Changed struct {
		From, To State
		Step     time.Duration
		// Redate says that the times before were wrong by the step as well: nobody had
		// vouched for them. Otherwise they were right when they were written.
		Redate   bool
		Port     string // of a caller
		Evidence string
	}
	// Doubted: a source is not believed; said once.
	Doubted struct {
		Source Source
		Says   time.Time
		Why    Doubt
	}
	// SetSystem: the system's clock should be set, if it may.
	SetSystem struct{ At time.Time }
	// SetRTC: the clock with the battery should be.
	SetRTC struct{ At time.Time }
)

func (Changed) isEffect()   {}
func (Doubted) isEffect()   {}
func (SetSystem) isEffect() {}
func (SetRTC) isEffect()    {}

// Step takes one event at the instant now and appends what must be done to out.
func (m *Machine) Step(now time.Time, ev Event, out []Effect) []Effect {
	switch ev := ev.(type) {
	case Reading:
		out = m.system(now, ev, false, out)
	case Net:
		out = m.take(now, OfNet, ev.At.Sub(m.Base(now)), askedStep, Changed{Evidence: ev.From}, out)
	case Caller:
		out = m.call(now, ev, out)
	case Past:
		out = m.past(now, ev, out)
	case Set:
		out = m.take(now, OfHand, ev.At.Sub(m.Base(now)), 0, Changed{Evidence: "set by " + ev.Who}, out)
	}
	m.lift(now)
	return m.due(now, out)
}

// system takes a look at the system's clock. At the start it is one of several that
// may be right; later only a step of it says something.
func (m *Machine) system(now time.Time, r Reading, first bool, out []Effect) []Effect {
	if d := r.Slept - m.slept; d > 0 { // all clocks of walls went on meanwhile
		m.slept = r.Slept
		m.ahead += d
		for _, src := range Sources {
			if h, ok := m.heard[src]; ok {
				h.claim += d
				m.heard[src] = h
			}
		}
		out = append(out, Changed{From: m.state, To: m.state, Step: d, Evidence: "the machine slept"})
	}
	claim := r.Wall.Round(0).Sub(m.Base(now))
	if r.Synced {
		return m.take(now, OfDaemon, claim, daemonStep, Changed{Evidence: "the system's clock is synchronised"}, out)
	}
	if near(claim, m.ahead, handStep) && !first {
		m.note(now, OfSystem, claim, "") // it was set to what we know
		return out
	}
	if first && m.state == RTC && near(claim, m.ahead, agree) { // the kernel set it from there, and it is finer
		m.note(now, OfSystem, claim, "")
		m.ahead = claim
		return out
	}
	if first && (m.state == Restored && claim < m.ahead || ranks[m.state] > ranks[Unset] && m.heardSame(claim)) {
		// It is behind what has passed, or was set by us in this boot.
		m.note(now, OfSystem, claim, "")
		return out
	}
	step := handStep
	if first {
		step = 0
	}
	return m.take(now, OfSystem, claim, step, Changed{Evidence: "the system's clock was set"}, out)
}

// past takes what the book knows. A time that nobody vouches for is not before it.
func (m *Machine) past(now time.Time, ev Past, out []Effect) []Effect {
	if m.least.IsZero() {
		return out // somebody vouches for the system's clock
	}
	m.raise(ev.Trusted)
	at := m.floor
	if ev.Known.After(at) && !ev.Known.After(m.most) {
		at = ev.Known
	}
	if m.caller != nil && at.After(m.caller.last) {
		m.caller.last = at
	}
	if ranks[m.state] > ranks[Restored] || !at.After(m.Time(now)) || m.state == Unset && !ev.Known.After(m.least) {
		return out
	}
	return m.take(now, OfSaved, at.Add(m.up).Sub(m.Base(now)), 0, Changed{Evidence: "the book's last time"}, out)
}

// heardSame reports whether the system shows what was saved.
func (m *Machine) heardSame(claim time.Duration) bool {
	h, ok := m.heard[OfSaved]
	return ok && near(h.claim, claim, handStep)
}

// call takes the date of a caller.
func (m *Machine) call(now time.Time, ev Caller, out []Effect) []Effect {
	if m.caller == nil || ranks[m.state] > ranks[CallerID] {
		return out
	}
	_, changed := m.caller.Heard(m.Base(now), ev.Date)
	claim, found := m.caller.Ahead()
	if !found {
		return out
	}
	if !changed {
		h := m.heard[OfCaller]
		h.firm = m.caller.Sure()
		m.heard[OfCaller] = h
		return out
	}
	d := ev.Date
	out = m.take(now, OfCaller, claim, 0, Changed{Port: ev.Port,
		Evidence: fmt.Sprintf("caller id on %s: %02d-%02d %02d:%02d", ev.Port, d.Month, d.Day, d.Hour, d.Minute)}, out)
	h := m.heard[OfCaller]
	h.firm = m.caller.Sure()
	m.heard[OfCaller] = h
	return out
}

// take weighs what a source claims and takes it where it may. Less than step is no
// step.
func (m *Machine) take(now time.Time, src Source, claim, step time.Duration, c Changed, out []Effect) []Effect {
	to := gives[src]
	before := m.heard[src].doubt
	why := m.judge(now, src, claim)
	m.note(now, src, claim, why)
	if why != "" {
		if why != before {
			out = append(out, Doubted{src, m.Base(now).Add(claim), why})
		}
		return out
	}
	if ranks[to] < ranks[m.state] && src != OfHand {
		return out
	}
	if to == m.state && near(claim, m.ahead, step) {
		return out
	}
	c.From, c.To, c.Step = m.state, to, claim-m.ahead
	if c.Step.Abs() < step {
		c.Step = 0
	}
	c.Redate = c.From != NTP && c.From != ByHand
	m.state, m.ahead, m.changed, m.evidence = to, m.ahead+c.Step, now, c.Evidence
	if at := m.Time(now); at.Before(m.floor.Add(-floorSlack)) {
		m.floor = at // a person or two sources know better
	}
	m.asked, m.written = time.Time{}, time.Time{}
	return append(out, c)
}

// note keeps the last word of a source.
func (m *Machine) note(now time.Time, src Source, claim time.Duration, why Doubt) {
	m.heard[src] = heard{at: now, claim: claim, doubt: why, firm: src != OfSaved && src != OfSystem && src != OfCaller}
}

// How often a clock below is set that does not show what we know.
const (
	askAgain = time.Hour
	rtcAgain = 24 * time.Hour
)

// due says what of the clocks below should be set.
func (m *Machine) due(now time.Time, out []Effect) []Effect {
	if m.state == Unset || m.state == System {
		return out
	}
	sys, known := m.heard[OfSystem]
	if d := m.heard[OfDaemon]; known && (d.at.IsZero() || d.at.Before(sys.at)) && !near(sys.claim, m.ahead, time.Second) &&
		(m.asked.IsZero() || now.Sub(m.asked) >= askAgain) {
		m.asked = now
		out = append(out, SetSystem{m.Time(now)})
	}
	if m.rtc && (m.state == NTP || m.state == ByHand) && (m.written.IsZero() || now.Sub(m.written) >= rtcAgain) {
		m.written = now
		out = append(out, SetRTC{m.Time(now)})
	}
	return out
}

// near reports whether two claims differ by less than d, or not at all.
func near(a, b, d time.Duration) bool { return a == b || (a-b).Abs() < d }
