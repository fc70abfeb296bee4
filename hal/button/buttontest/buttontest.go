// Package buttontest is the conformance suite of buttons, and buttons without
// hardware to test against.
package buttontest

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/hal/button"
)

// Fake is a set of buttons in memory. Make it with NewFake.
type Fake struct {
	n      int
	mu     sync.Mutex
	events chan button.Event
	closed bool
}

var _ button.Set = (*Fake)(nil)

// NewFake returns n buttons that nobody presses.
func NewFake(n int) *Fake { return &Fake{n: n, events: make(chan button.Event, 64)} }

// Buttons returns how many there are.
func (f *Fake) Buttons() int { return f.n }

// Events implements button.Set.
func (f *Fake) Events() <-chan button.Event { return f.events }

// Tell lets events happen.
func (f *Fake) Tell(evs ...button.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range evs {
		if !f.closed {
			f.events <- e
		}
	}
}

// Close ends the events.
func (f *Fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.closed = true
		close(f.events)
	}
	return nil
}

// Rig is a set under test and the finger on it: contact closes or opens the
// contact of button i without any bounce.
type Rig struct {
	Set     button.Set
	Contact func(i int, down bool)
}

// Run checks a driver against the contract in virtual time. open returns the
// buttons with those in down held already.
func Run(t *testing.T, open func(t *testing.T, down ...int) Rig) {
	t.Helper()
	run := func(name string, down []int, check func(t *testing.T, r Rig)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := open(t, down...)
				check(t, r)
				if err := r.Set.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
				synctest.Wait()
			})
		})
	}
	run("each button tells its own presses", nil, func(t *testing.T, r Rig) {
		if r.Set.Buttons() < 1 {
			t.Fatalf("Buttons() = %d", r.Set.Buttons())
		}
		for i := range r.Set.Buttons() {
			r.Contact(i, true)
			want(t, r, 100*time.Millisecond, button.Event{Button: i, Kind: button.Pressed})
			r.Contact(i, false)
			want(t, r, 100*time.Millisecond, button.Event{Button: i, Kind: button.Released})
		}
	})
	run("bouncing is one press", nil, func(t *testing.T, r Rig) {
		for i := range 7 {
			r.Contact(0, i%2 == 0)
			want(t, r, 3*time.Millisecond)
		}
		want(t, r, button.Bounce, button.Event{Kind: button.Pressed})
		r.Contact(0, false)
		want(t, r, button.Bounce/2)
		r.Contact(0, true)
		want(t, r, time.Second)
	})
	run("held once, also beside another press", nil, func(t *testing.T, r Rig) {
		last := r.Set.Buttons() - 1
		r.Contact(last, true)
		want(t, r, button.HoldTime-time.Millisecond, button.Event{Button: last, Kind: button.Pressed})
		want(t, r, 2*time.Millisecond, button.Event{Button: last, Kind: button.Held})
		want(t, r, time.Minute)
		r.Contact(last, false)
		want(t, r, time.Second, button.Event{Button: last, Kind: button.Released})
	})
	run("down when the box starts", []int{0}, func(t *testing.T, r Rig) {
		want(t, r, time.Second, button.Event{Kind: button.Pressed, AtOpen: true})
		want(t, r, button.HoldTime, button.Event{Kind: button.Held, AtOpen: true})
		r.Contact(0, false)
		want(t, r, time.Second, button.Event{Kind: button.Released, AtOpen: true})
		r.Contact(0, true)
		want(t, r, time.Second, button.Event{Kind: button.Pressed})
	})
	t.Run("close ends the events", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := open(t)
			for range 2 {
				if err := r.Set.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}
			synctest.Wait()
			if e, ok := <-r.Set.Events(); ok {
				t.Errorf("%s after Close", e)
			}
		})
	})
}

// want lets d pass and checks what was told in it.
func want(t *testing.T, r Rig, d time.Duration, events ...button.Event) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	var got []button.Event
	for open := true; open; {
		select {
		case e, ok := <-r.Set.Events():
			if !ok {
				t.Fatalf("the events ended after %v", got)
			}
			got = append(got, e)
		case <-timer.C:
			open = false
		}
	}
	synctest.Wait()
	for more := true; more; { // told in the very instant at which d ended
		select {
		case e := <-r.Set.Events():
			got = append(got, e)
		default:
			more = false
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(events) {
		t.Fatalf("within %s told %v, want %v", d, got, events)
	}
}
