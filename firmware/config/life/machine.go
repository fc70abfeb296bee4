// Package life is the life of the configuration: numbered versions, a draft, and
// a machine that tries a version, waits for somebody to confirm it, and goes back
// by itself when nobody does. A power cut while it waits goes back too.
package life

import (
	"fmt"
	"slices"
	"time"
)

// State is what became of a version.
type State string

// States of a version. At most one is Confirmed: the one that the next start uses.
const (
	Asked      State = "waiting"     // it is to be used as soon as the house is idle, or is being put in
	Live       State = "live"        // in use until somebody confirms it or time is up
	Confirmed  State = "confirmed"   // in use, to stay
	Former     State = "former"      // was confirmed before another was
	RolledBack State = "rolled back" // was given up
)

// Keep is how many versions are kept.
const Keep = 50

// Person is who did something and by which door.
type Person struct {
	Name string `json:"name"`
	Via  string `json:"via,omitempty"`
}

// String returns "ana (ssh)".
func (p Person) String() string {
	if p.Via == "" || p.Via == p.Name {
		return p.Name
	}
	return p.Name + " (" + p.Via + ")"
}

// Version is one document that was, is or may be the configuration.
type Version struct {
	N      int       `json:"n"`
	At     time.Time `json:"at"`
	By     Person    `json:"by"`
	From   string    `json:"from"` // "file /etc/…", "factory", "draft", "version 3", "backup"
	Note   string    `json:"note,omitempty"`
	Digest string    `json:"digest"` // SHA-256 of the document, hex
	State  State     `json:"state"`
	Why    string    `json:"why,omitempty"` // it was rolled back
}

// Trial is a version that is being tried.
type Trial struct {
	N     int           `json:"n"`
	For   time.Duration `json:"for"`   // how long it waits to be confirmed
	Idle  bool          `json:"idle"`  // it needs a restart when idle
	Until time.Time     `json:"until"` // zero: it is not in use yet
	By    Person        `json:"by"`
}

// Draft is what config set changes before anything is applied.
type Draft struct {
	Base   int       `json:"base"` // the version it began as
	At     time.Time `json:"at"`
	By     Person    `json:"by"`
	Digest string    `json:"digest"`
}

// Index is all that is known of the versions; documents stand apart under their digests.
type Index struct {
	Format    int       `json:"format"`
	Last      int       `json:"last"`      // the highest number given
	Confirmed int       `json:"confirmed"` // 0: none yet
	Versions  []Version `json:"versions"`  // oldest first
	Trial     *Trial    `json:"trial,omitempty"`
	Draft     *Draft    `json:"draft,omitempty"`
	Taken     string    `json:"taken,omitempty"` // digest of the file that was last taken over
}

// Machine decides. Its zero value knows no version.
type Machine struct {
	Index
	returning bool // the confirmed version is being put back
}

// Version returns the version of a number.
func (x *Index) Version(n int) (Version, bool) {
	i := slices.IndexFunc(x.Versions, func(v Version) bool { return v.N == n })
	if i < 0 {
		return Version{}, false
	}
	return x.Versions[i], true
}

// InUse is the number of the version the house works by.
func (m *Machine) InUse() int {
	if m.Trial != nil && !m.Trial.Until.IsZero() {
		return m.Trial.N
	}
	return m.Confirmed
}

// Returning reports whether the confirmed version is still being put back.
func (m *Machine) Returning() bool { return m.returning }

// Deadline is the instant at which TimedOut must be stepped.
func (m *Machine) Deadline() (time.Time, bool) {
	if m.Trial == nil || m.Trial.Until.IsZero() {
		return time.Time{}, false
	}
	return m.Trial.Until, true
}

// Event is what happens to the configuration.
type Event interface{ isEvent() }

// Events.
type (
	// Boot: the program starts. What was being tried is given up.
	Boot struct{}
	// Take: a version is the confirmed one without a trial: the factory's, a
	// file's, a backup's. File is the digest of the file it was taken from.
	Take struct {
		Version Version
		File    string
	}
	// Edit: the draft is this now; an empty digest is none.
	Edit struct{ Draft Draft }
	// Try: a version is to be used until it is confirmed. Idle: it needs a restart
	// when idle.
	Try struct {
		Version Version
		For     time.Duration
		Idle    bool
	}
	// Idle: the house is at rest, a restart disturbs nobody.
	Idle struct{}
	// Applied: the house works by what was asked for.
	Applied struct{}
	// Failed: it could not.
	Failed struct{ Why string }
	// Began: a house began by version N, and by none that is better, as Why says.
	Began struct {
		N   int
		Why string
	}
	// Confirm: somebody says that it stays.
	Confirm struct{ By Person }
	// GiveUp: somebody does not want what is tried.
	GiveUp struct {
		By  Person
		Why string
	}
	// TimedOut: the time of Deadline has come.
	TimedOut struct{}
)

func (Boot) isEvent()     {}
func (Take) isEvent()     {}
func (Edit) isEvent()     {}
func (Try) isEvent()      {}
func (Idle) isEvent()     {}
func (Applied) isEvent()  {}
func (Failed) isEvent()   {}
func (Began) isEvent()    {}
func (Confirm) isEvent()  {}
func (GiveUp) isEvent()   {}
func (TimedOut) isEvent() {}

// Effect is what must be done, in the order of the list.
type Effect interface{ isEffect() }

// Effects.
type (
	// Save: the index must last before anything after it is done.
	Save struct{}
	// Swap: the running house is to work by version N. Applied or Failed follows.
	Swap struct{ N int }
	// Await: Idle is to follow as soon as the house is at rest; N is 0 when nobody waits
	// for that any more.
	Await struct{ N int }
	// Restart: the house is to be started anew by version N. Applied or Failed follows.
	Restart struct{ N int }
	// Tell: the book is to know what became of a version.
	Tell struct {
		Version Version
		By      Person
	}
	// Refused: the event was not for now.
	Refused struct{ EN, ES string }
)

func (Save) isEffect()    {}
func (Swap) isEffect()    {}
func (Await) isEffect()   {}
func (Restart) isEffect() {}
func (Tell) isEffect()    {}
func (Refused) isEffect() {}

// System is who does what nobody asked for.
var System = Person{Name: "system"}

// Step takes one event and appends what must be done.
func (m *Machine) Step(now time.Time, ev Event, out []Effect) []Effect {
	switch ev := ev.(type) {
	case Boot:
		return m.boot(out)
	case Take:
		if m.busy() {
			return append(out, m.occupied())
		}
		v := m.add(now, ev.Version)
		if ev.File != "" {
			m.Taken = ev.File
		}
		m.confirm(v.N)
		m.bound()
		return append(out, Save{}, m.tell(v.N, v.By))
	case Edit:
		d := ev.Draft
		m.Draft = &d
		if d.Digest == "" {
			m.Draft = nil
		}
		return append(out, Save{})
	case Try:
		return m.try(now, ev, out)
	case Idle:
		return m.idle(out)
	case Applied:
		return m.applied(now, out)
	case Failed:
		return m.failed(ev.Why, out)
	case Began:
		return m.began(ev, out)
	case Confirm:
		return m.confirmed(ev.By, out)
	case GiveUp:
		if m.Trial == nil {
			return append(out, Refused{"nothing is being tried: there is nothing to give up", "no hay nada a prueba que abandonar"})
		}
		return m.back(ev.By, ev.Why, out)
	case TimedOut:
		if at, ok := m.Deadline(); !ok || now.Before(at) {
			return out
		}
		return m.back(System, fmt.Sprintf("nobody confirmed it within %s", m.Trial.For), out)
	}
	return out
}

// busy reports whether a version is being tried or put back.
func (m *Machine) busy() bool { return m.Trial != nil || m.returning }

func (m *Machine) occupied() Effect {
	if m.returning {
		return Refused{"the version before is still being put back", "todavía se está volviendo a la versión anterior"}
	}
	return Refused{
		fmt.Sprintf("version %d is being tried: config confirm keeps it, config rollback gives it up", m.Trial.N),
		fmt.Sprintf("la versión %d está a prueba: config confirm la deja, config rollback la abandona", m.Trial.N),
	}
}

// boot gives up what was being tried: the power went, or the program ended.
func (m *Machine) boot(out []Effect) []Effect {
	m.returning = false
	if m.Trial == nil {
		return out
	}
	n := m.Trial.N
	m.Trial = nil
	m.mark(n, RolledBack, "the power or the program ended before it was confirmed")
	return append(out, Save{}, m.tell(n, System))
}

func (m *Machine) try(now time.Time, ev Try, out []Effect) []Effect {
	if m.busy() {
		return append(out, m.occupied())
	}
	v := ev.Version
	v.State = Asked
	v = m.add(now, v)
	m.Draft = nil
	m.Trial = &Trial{N: v.N, For: ev.For, Idle: ev.Idle, By: v.By}
	m.bound()
	out = append(out, Save{}, m.tell(v.N, v.By))
	if ev.Idle {
		return append(out, Await{v.N})
	}
	return append(out, Swap{v.N})
}

func (m *Machine) idle(out []Effect) []Effect {
	switch {
	case m.returning:
		return append(out, Restart{m.Confirmed})
	case m.Trial != nil && m.Trial.Idle && m.Trial.Until.IsZero():
		return append(out, Restart{m.Trial.N})
	}
	return out
}

func (m *Machine) applied(now time.Time, out []Effect) []Effect {
	switch {
	case m.returning:
		m.returning = false
		return append(out, m.tell(m.Confirmed, System))
	case m.Trial != nil && m.Trial.Until.IsZero():
		m.Trial.Until = now.Add(m.Trial.For)
		m.mark(m.Trial.N, Live, "")
		return append(out, Save{}, m.tell(m.Trial.N, m.Trial.By))
	}
	return out
}

func (m *Machine) failed(why string, out []Effect) []Effect {
	switch {
	case m.returning: // the running house cannot take it back: a new one can
		return append(out, Await{m.Confirmed})
	case m.Trial != nil:
		asked := *m.Trial
		asked.Until = now0 // it may stand half: the confirmed one is put back
		m.Trial = &asked
		return m.back(System, why, out)
	}
	return out
}

// began makes the version that a house works by the confirmed one, where the one that
// was cannot be used any more: its document rots, or a newer program refuses it.
func (m *Machine) began(ev Began, out []Effect) []Effect {
	if m.Trial != nil || ev.N == m.Confirmed {
		return out
	}
	was := m.Confirmed
	m.confirm(ev.N)
	m.mark(was, RolledBack, ev.Why)
	return append(out, Save{}, m.tell(was, System), m.tell(ev.N, System))
}

// now0 is any instant: that a version was in use.
var now0 = time.Unix(1, 0)

// back gives up what is tried. What was not in use yet needs no putting back.
func (m *Machine) back(by Person, why string, out []Effect) []Effect {
	t := m.Trial
	m.Trial = nil
	m.mark(t.N, RolledBack, why)
	out = append(out, Save{}, m.tell(t.N, by))
	switch {
	case t.Until.IsZero() && t.Idle: // else the house would still take no calls once it is idle
		return append(out, Await{})
	case t.Until.IsZero():
		return out
	case t.Until.Equal(now0) && t.Idle: // the new house did not stand: the old one is down
		m.returning = true
		return append(out, Restart{m.Confirmed})
	}
	m.returning = true
	if t.Idle {
		return append(out, Await{m.Confirmed})
	}
	return append(out, Swap{m.Confirmed})
}

func (m *Machine) confirmed(by Person, out []Effect) []Effect {
	switch {
	case m.Trial == nil:
		return append(out, Refused{"nothing is being tried: there is nothing to confirm", "no hay nada a prueba que confirmar"})
	case m.Trial.Until.IsZero():
		return append(out, Refused{
			fmt.Sprintf("version %d is not in use yet: it waits until the house is idle", m.Trial.N),
			fmt.Sprintf("la versión %d aún no está en uso: espera a que no haya llamadas", m.Trial.N)})
	}
	n := m.Trial.N
	m.Trial = nil
	m.confirm(n)
	return append(out, Save{}, m.tell(n, by))
}

// add gives v its number and keeps it.
func (m *Machine) add(now time.Time, v Version) Version {
	m.Last++
	v.N, v.At = m.Last, now
	m.Versions = append(m.Versions, v)
	return v
}

// confirm makes n the version of the next start.
func (m *Machine) confirm(n int) {
	if m.Confirmed != 0 {
		m.mark(m.Confirmed, Former, "")
	}
	m.Confirmed = n
	m.mark(n, Confirmed, "")
}

func (m *Machine) mark(n int, s State, why string) {
	for i := range m.Versions {
		if m.Versions[i].N == n {
			m.Versions[i].State, m.Versions[i].Why = s, why
		}
	}
}

// bound forgets the oldest versions that nothing needs.
func (m *Machine) bound() {
	over := len(m.Versions) - Keep
	m.Versions = slices.DeleteFunc(m.Versions, func(v Version) bool {
		need := v.N == m.Confirmed || m.Trial != nil && v.N == m.Trial.N || m.Draft != nil && v.N == m.Draft.Base
		if over > 0 && !need {
			over--
			return true
		}
		return false
	})
}

func (m *Machine) tell(n int, by Person) Effect {
	v, _ := m.Version(n)
	return Tell{v, by}
}
