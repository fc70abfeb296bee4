package line

import (
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/hal/port"
)

// machine is what the two machines have in common.
type machine interface {
	Step(now time.Time, ev Event, out []Effect) []Effect
	Deadline() (time.Time, bool)
	State() (State, time.Time)
	Describe() string
}

// step is an event at a time after the start, and the effects it must have.
type step struct {
	at   string
	ev   Event
	want string
}

func wire(e port.Event) Event { return Wire{e} }

var t0 = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// walk steps m and compares; a deadline that falls before the next event is
// stepped, and its effects belong to a step with a nil event at that time.
func walk(t *testing.T, m machine, steps []step) {
	t.Helper()
	for i, s := range steps {
		d, err := time.ParseDuration(s.at)
		if err != nil {
			t.Fatal(err)
		}
		now := t0.Add(d)
		ev := s.ev
		if due, ok := m.Deadline(); ok && due.Before(now) {
			t.Fatalf("step %d: a deadline at %s stands before %s", i, due.Sub(t0), s.at)
		}
		if ev == nil {
			if due, ok := m.Deadline(); !ok || !due.Equal(now) {
				t.Fatalf("step %d: the deadline is %s %t, want %s", i, due.Sub(t0), ok, s.at)
			}
			ev = TimedOut{}
		}
		var got []string
		for _, e := range m.Step(now, ev, nil) {
			got = append(got, e.String())
		}
		if g := strings.Join(got, " | "); g != s.want {
			t.Fatalf("step %d at %s, %s:\n got %s\nwant %s", i, s.at, ev, g, s.want)
		}
	}
}

func BenchmarkFXOStep(b *testing.B) {
	m, out := NewFXO(t0, Settings{}), make([]Effect, 0, 8)
	b.ReportAllocs()
	for b.Loop() {
		out = m.Step(t0, wire(port.RingOff{}), out[:0])
	}
}
