package panel

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/led"
)

// Key is a key beside the display or another button of the box.
type Key uint8

// Keys.
const (
	Next Key = iota // [>]
	Prev            // [<]
	OK
	LampTest // every lamp in every colour
	Taken    // a button was accepted that does something elsewhere
)

// The front's times.
const (
	tested   = time.Second     // each colour of the lamp test
	accepted = 2 * time.Second // the health lamp says that a button was

	turn = 4 * time.Second  // rest and an unseen alarm take turns
	dim  = 60 * time.Second // after the last key or new alarm
)

// State is which page the front shows: what the person pressed and has seen.
type State struct {
	page    Page
	seen    map[string]time.Time // alarm → its Since, when it was marked seen
	touched time.Time            // last key, or since when an alarm was first unseen
	unseen  int
	test    time.Time // the lamp test began
	taken   time.Time // a button was accepted
}

// Look takes in a new picture: alarms that ended are forgotten, and a new one
// lights the display.
func (p *State) Look(s *view.Snapshot, at time.Time) {
	for id, since := range p.seen {
		if i := find(s, id); i < 0 || !s.Alarms[i].Since.Equal(since) {
			delete(p.seen, id)
		}
	}
	n := len(p.unseenOf(s))
	if n > p.unseen || p.touched.IsZero() {
		p.touched = at
	}
	p.unseen = n
}

func find(s *view.Snapshot, id string) int {
	for i, a := range s.Alarms {
		if a.ID == id {
			return i
		}
	}
	return -1
}

func (p *State) unseenOf(s *view.Snapshot) []int {
	var list []int
	for i, a := range s.Alarms {
		if _, ok := p.seen[a.ID]; !ok {
			list = append(list, i)
		}
	}
	return list
}

// Press takes in a key.
func (p *State) Press(k Key, s *view.Snapshot, at time.Time) {
	shown, _ := p.Page(s, at)
	p.touched = at
	switch k {
	case LampTest:
		p.test = at
	case Taken:
		p.taken = at
	case OK:
		if shown.Screen == Alarm && shown.N < len(s.Alarms) {
			if p.seen == nil {
				p.seen = map[string]time.Time{}
			}
			p.seen[s.Alarms[shown.N].ID] = s.Alarms[shown.N].Since
			p.unseen = len(p.unseenOf(s))
		}
		p.page = Page{}
	case Next:
		p.page = step(shown, s, 1)
	case Prev:
		p.page = step(shown, s, -1)
	}
}

// Stops reports which line's test the key k stops: OK does while that test is what stands
// there.
func (p *State) Stops(k Key, s *view.Snapshot, at time.Time) (tel.PortID, bool) {
	if shown, _ := p.Page(s, at); k != OK || shown != (Page{}) || s.Held != nil {
		return "", false
	}
	l := testShown(s)
	if l == nil {
		return "", false
	}
	return l.ID, true
}

// step is the page beside shown: from an alarm to the next one and then to
// rest, otherwise round rest, queues, agents, lines.
func step(shown Page, s *view.Snapshot, by int) Page {
	if shown.Screen == Alarm {
		if n := shown.N + by; n >= 0 && n < len(s.Alarms) {
			return Page{Alarm, n}
		}
		return Page{}
	}
	ring := []Page{{}}
	if s.TLSKey != "" && s.Unclaimed != nil {
		ring = append(ring, Page{Screen: Seal})
	}
	for i := range (len(s.Queues) + 2) / 3 {
		ring = append(ring, Page{Queues, i})
	}
	for i := range (len(s.Agents) + 3) / 4 {
		ring = append(ring, Page{Agents, i})
	}
	for i := range s.Lines {
		ring = append(ring, Page{Line, i})
	}
	if s.TLSKey != "" && s.Unclaimed == nil {
		ring = append(ring, Page{Screen: Seal})
	}
	for i, p := range ring {
		if p == shown {
			return ring[(i+by+len(ring))%len(ring)]
		}
	}
	return Page{}
}

// Page returns what to show at the instant at, and when that changes by the
// clock alone; zero when it does not. At rest an unseen alarm takes turns with
// the rest screen; any other page goes back to rest when the light dims.
func (p *State) Page(s *view.Snapshot, at time.Time) (Page, time.Time) {
	if p.page != (Page{}) && at.Sub(p.touched) < dim {
		return p.page, p.touched.Add(dim)
	}
	p.page = Page{}
	unseen := p.unseenOf(s)
	if len(unseen) == 0 {
		return Page{}, time.Time{}
	}
	slot := at.UnixNano() / int64(turn)
	next := time.Unix(0, (slot+1)*int64(turn))
	if slot%2 == 0 {
		return Page{}, next
	}
	return Page{Alarm, unseen[int(slot/2)%len(unseen)]}, next
}

// Light returns the backlight at the instant at, and when it dims; zero when
// it stays.
func (p *State) Light(at time.Time) (display.Light, time.Time) {
	if p.unseen > 0 {
		return display.Full, time.Time{}
	}
	if until := p.touched.Add(dim); at.Before(until) {
		return display.Full, until
	}
	return display.Dim, time.Time{}
}

// tests are the colours of the lamp test, one after the other.
var tests = [...]led.Colour{led.Green, led.Red, led.Amber, led.DimAmber}

// Test returns the colour of every lamp while they are tested, and when it
// changes; ok is false when they are not.
func (p *State) Test(at time.Time) (c led.Colour, next time.Time, ok bool) {
	n := int(at.Sub(p.test) / tested)
	if p.test.IsZero() || n < 0 || n >= len(tests) {
		return led.Dark, time.Time{}, false
	}
	return tests[n], p.test.Add(time.Duration(n+1) * tested), true
}

// Taken reports whether the health lamp says that a button was accepted, and
// until when.
func (p *State) Taken(at time.Time) (until time.Time, ok bool) {
	until = p.taken.Add(accepted)
	if p.taken.IsZero() || !at.Before(until) {
		return time.Time{}, false
	}
	return until, true
}
