// Package button is the contract of the push buttons of the box, and the machine
// that turns the bouncing contact of one into presses.
package button

import (
	"fmt"
	"time"
)

// Kind is what happened to a button.
type Kind uint8

// Kinds. A press is Pressed, then Held when it lasts HoldTime, then Released.
const (
	Pressed Kind = iota + 1
	Held         // it has been down for HoldTime; told once a press
	Released
)

// String returns the kind's name.
func (k Kind) String() string {
	if names := [...]string{"", "pressed", "held", "released"}; k > 0 && int(k) < len(names) {
		return names[k]
	}
	return "kind?"
}

// Event is what happened to button Button, 0..Buttons()-1.
type Event struct {
	Button int
	Kind   Kind
	AtOpen bool // it was down already when the driver was opened: held while the box started
}

// String returns "button 2 held".
func (e Event) String() string {
	if e.AtOpen {
		return fmt.Sprintf("button %d %s since the start", e.Button, e.Kind)
	}
	return fmt.Sprintf("button %d %s", e.Button, e.Kind)
}

// Times of a contact.
const (
	Bounce   = 20 * time.Millisecond // a contact that keeps still so long has settled; tact switches bounce for 5 to 10 ms
	HoldTime = 5 * time.Second       // a press that lasts so long is no accident
)

// Set is a driver of buttons.
type Set interface {
	// Buttons returns how many buttons there are.
	Buttons() int
	// Events tells what happens; events wait until they are taken. It is closed
	// by Close, or when the hardware is gone.
	Events() <-chan Event
	// Close gives the hardware back. A second Close does nothing.
	Close() error
}

// Contact turns the edges of one contact into events. The zero Contact is open;
// it holds no clock: Step is told the time.
type Contact struct {
	Button int

	raw    bool      // as the last edge left it
	down   bool      // as the last event told it
	since  time.Time // last edge
	press  time.Time // when the present press began
	held   bool      // Held was told of it
	atOpen bool
}

// Begin tells how the contact stands when the driver opens: a press that is
// there already is told AtOpen.
func (c *Contact) Begin(now time.Time, down bool) {
	c.raw, c.since, c.atOpen = down, now, down
}

// Edge tells how the contact stands from now on, bouncing or not.
func (c *Contact) Edge(now time.Time, down bool, out []Event) []Event {
	out = c.Step(now, out)
	if down != c.raw {
		c.raw, c.since = down, now
	}
	return out
}

// Seen tells how the contact is found when the line itself is read: where that
// is not what the edges say, some were lost, and nothing is known of the time
// before now.
func (c *Contact) Seen(now time.Time, down bool, out []Event) []Event {
	if down != c.raw {
		c.raw, c.since = down, now
		c.held = c.held || !down // a press whose end was missed may have been short
	}
	return c.Step(now, out)
}

// Step appends to out what has happened by now.
func (c *Contact) Step(now time.Time, out []Event) []Event {
	if c.down && !c.held && c.until(c.press.Add(HoldTime), now) {
		c.held = true
		out = append(out, Event{c.Button, Held, c.atOpen})
	}
	if c.raw == c.down || now.Sub(c.since) < Bounce {
		return out
	}
	c.down = c.raw
	if c.down {
		c.press, c.held = c.since, false
		return append(out, Event{c.Button, Pressed, c.atOpen})
	}
	out = append(out, Event{c.Button, Released, c.atOpen})
	c.atOpen = false
	return out
}

// until reports whether the press lasted until t: t has come, and the contact
// was not let go before.
func (c *Contact) until(t, now time.Time) bool {
	return !now.Before(t) && (c.raw || !c.since.Before(t))
}

// Deadline is when Step has something to tell though no edge comes.
func (c *Contact) Deadline() (time.Time, bool) {
	switch {
	case c.raw != c.down:
		return c.since.Add(Bounce), true
	case c.down && !c.held:
		return c.press.Add(HoldTime), true
	}
	return time.Time{}, false
}
