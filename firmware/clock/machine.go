package clock

import (
	"time"
)

// State is where the time comes from.
type State string

// States, from the least to the best.
const (
	Unset    State = "unset"    // nothing is known but when the program was written
	Restored State = "restored" // it was at least so late: the last minute that was saved
	CallerID State = "callerid" // the date of a caller id, to half a minute
	System   State = "system"   // the system's clock, of which nobody vouches
	RTC      State = "rtc"      // a clock with a battery
	ByHand   State = "set"      // a person
	NTP      State = "ntp"      // the network, by any daemon or by our own questions
)

// ranks order the states.
var ranks = map[State]int{Unset: 0, Restored: 1, CallerID: 2, System: 3, RTC: 4, ByHand: 5, NTP: 6}

// Trusted reports whether the time is one that later times are measured by: it may
// raise the floor, and what contradicts it must be seconded.
func (s State) Trusted() bool { return ranks[s] >= ranks[RTC] }

// What is believed.
const (
	lifetime   = 20 * 365 * 24 * time.Hour // of the program: a later time is a fault
	floorSlack = 24 * time.Hour            // crystals and zones: how far below the floor is still right
	leap       = 24 * time.Hour            // a longer step of a trusted time must be seconded
	agree      = 10 * time.Minute          // two sources that are so near second each other
	freshFor   = 2 * time.Hour             // after which the network has not spoken
)

// Steps that are not worth one.
const (
	daemonStep = 50 * time.Millisecond  // of the system's clock under a daemon
	askedStep  = 250 * time.Millisecond // of our own questions: networks are not even
	handStep   = 2 * time.Second        // of a system's clock that nobody vouches for
)

// Begin is what is known at the start.
type Begin struct {
	Build  time.Time     // when the program was written: no earlier time can be right
	Floor  time.Time     // of the book: the last time that was trusted; may be zero
	Saved  *Saved        // of the last minute; nil: none
	Boot   string        // the kernel's number of this boot; empty: not known
	Up     time.Duration // since the kernel began
	System Reading
	RTC    time.Time      // zero: there is none, or its battery was empty
	HasRTC bool           // it can be set
	Zone   *time.Location // of the exchange's dates
	// Forced is a state that somebody vouches for; the system's clock is taken with it.
	Forced State
}

// Saved is what is kept of each minute.
type Saved struct {
	At    time.Time     `json:"at"`
	State State         `json:"state"`
	Floor time.Time     `json:"floor"` // the last time that was trusted
	Boot  string        `json:"boot"`
	Up    time.Duration `json:"up_ns"`
}

// Machine keeps the time. It is not safe for several goroutines.
type Machine struct {
	origin      time.Time // with its monotonic reading
	least, most time.Time
	floor       time.Time
	ahead       time.Duration // in force
	state       State
	evidence    string
	changed     time.Time // the instant, on the clock of Step
	slept       time.Duration
	heard       map[Source]heard
	caller      *CallerClock
	boot        string
	up          time.Duration // of the kernel at the origin
	rtc         bool
	asked       time.Time // when the system's clock was to be set last
	written     time.Time // when the clock with the battery was
}

// Source is who says what time it is.
type Source string

// Sources.
const (
	OfSystem Source = "system" // the system's clock without a daemon
	OfDaemon Source = "ntpd"   // the system's clock that a daemon disciplines
	OfNet    Source = "net"    // servers that we ask
	OfRTC    Source = "rtc"
	OfCaller Source = "callerid"
	OfSaved  Source = "saved"
	OfHand   Source = "hand"
)

// Sources in the order in which people read them.
var Sources = []Source{OfDaemon, OfNet, OfHand, OfRTC, OfSystem, OfCaller, OfSaved}

// gives is the state that a source leads to.
var gives = map[Source]State{OfSystem: System, OfDaemon: NTP, OfNet: NTP, OfRTC: RTC, OfCaller: CallerID, OfSaved: Restored, OfHand: ByHand}

// heard is the last word of a source.
type heard struct {
	at    time.Time     // when, on the clock of Step
	claim time.Duration // ahead of the origin's clock
	doubt Doubt
	firm  bool // may second another
}

// New begins to keep the time at the instant now.
func New(now time.Time, b Begin) *Machine {
	if b.Zone == nil {
		b.Zone = time.UTC
	}
	m := &Machine{origin: now, least: b.Build, most: b.Build.Add(lifetime), floor: b.Build, state: Unset, changed: now,
		slept: b.System.Slept, heard: map[Source]heard{}, boot: b.Boot, up: b.Up, rtc: b.HasRTC}
	m.raise(b.Floor)
	if b.Forced != "" {
		m.force(b)
		return m
	}
	if b.Saved != nil {
		m.raise(b.Saved.Floor)
	}
	m.begin(now, b)
	m.listen(b.Zone, b.last())
	return m
}

// force takes the system's clock in a state that somebody vouches for.
func (m *Machine) force(b Begin) {
	m.state = b.Forced
	if ranks[m.state] >= ranks[System] {
		m.least, m.floor = time.Time{}, time.Time{}
	}
	m.listen(b.Zone, b.last())
}

// last is the latest time that anything says is behind us.
func (b Begin) last() time.Time {
	t := b.Build
	if b.Floor.After(t) {
		t = b.Floor
	}
	if b.Saved != nil && b.Saved.At.After(t) {
		t = b.Saved.At
	}
	return t
}

// listen makes ready for dates of callers where they can help.
func (m *Machine) listen(zone *time.Location, last time.Time) {
	if ranks[m.state] <= ranks[CallerID] {
		m.caller = NewCallerClock(m.state != CallerID, last, zone)
	}
}

// begin takes the best of what the start knows.
func (m *Machine) begin(now time.Time, b Begin) {
	m.ahead = m.floor.Sub(m.Base(now)) // unset: not below the floor
	if s := b.Saved; s != nil && !s.At.Before(m.least) && !s.At.After(m.most) {
		at, state := s.At.Add(b.Up), Restored // so long it has been at least
		if s.Boot != "" && s.Boot == b.Boot && b.Up >= s.Up {
			at, state = s.At.Add(b.Up-s.Up), s.State // the same boot: nothing was lost
		}
		if at.Before(m.floor) {
			at = m.floor
		}
		claim := at.Sub(m.Base(now))
		m.note(now, OfSaved, claim, "")
		m.ahead, m.state = claim, state
		if state == NTP { // who said so is not there to be asked yet
			m.heard[OfDaemon] = m.heard[OfSaved]
		}
	}
	if !b.RTC.IsZero() {
		claim := b.RTC.Sub(m.Base(now))
		if why := m.judge(now, OfRTC, claim); why != "" || ranks[m.state] >= ranks[RTC] {
			m.note(now, OfRTC, claim, why)
		} else {
			m.note(now, OfRTC, claim, "")
			m.ahead, m.state = claim, RTC
		}
	}
	m.system(now, b.System, true, nil)
	m.changed, m.evidence = now, ""
	m.lift(now)
}

// Base is the time of the origin's clock at the instant now: it only goes on.
func (m *Machine) Base(now time.Time) time.Time { return m.origin.Round(0).Add(now.Sub(m.origin)) }

// Time is what time it is at the instant now.
func (m *Machine) Time(now time.Time) time.Time { return m.Base(now).Add(m.ahead) }

// Origin is the instant that Ahead counts from: its wall clock and its monotonic one.
func (m *Machine) Origin() time.Time { return m.origin }

// Ahead is by how much the time is ahead of the origin's clock.
func (m *Machine) Ahead() time.Duration { return m.ahead }

// State is where the time comes from.
func (m *Machine) State() State { return m.state }

// Changed is the instant of the last step, and what brought it.
func (m *Machine) Changed() (at time.Time, evidence string) { return m.changed, m.evidence }

// Floor is the last time that was trusted: certificates are looked at with no earlier
// one.
func (m *Machine) Floor() time.Time { return m.floor }

// Save is what to keep of this minute.
func (m *Machine) Save(now time.Time) Saved {
	m.lift(now)
	return Saved{At: m.Time(now).UTC(), State: m.state, Floor: m.floor.UTC(), Boot: m.boot, Up: m.up + now.Sub(m.origin) + m.slept}
}

// lift raises the floor to a trusted present.
func (m *Machine) lift(now time.Time) {
	if m.state.Trusted() {
		m.raise(m.Time(now))
	}
}

func (m *Machine) raise(to time.Time) {
	if to.After(m.floor) && !to.After(m.most) {
		m.floor = to
	}
}
