package button_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/centralita/centralita/hal/button"
	"pgregory.net/rapid"
)

const ms = time.Millisecond

// at is the instant d after some morning.
func at(d time.Duration) time.Time { return time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC).Add(d) }

// play lets edges happen at their instants (odd ones let go) and steps at every deadline, until end.
func play(c *button.Contact, end time.Duration, edges ...time.Duration) []string {
	var told []string
	tell := func(now time.Time, evs []button.Event) {
		for _, e := range evs {
			told = append(told, fmt.Sprintf("%s %s", now.Sub(at(0)), e))
		}
	}
	for i := 0; ; {
		next := at(end)
		if d, ok := c.Deadline(); ok && d.Before(next) {
			next = d
		}
		if i < len(edges) && !at(edges[i]).After(next) {
			tell(at(edges[i]), c.Edge(at(edges[i]), i%2 == 0, nil))
			i++
			continue
		}
		if !next.Before(at(end)) {
			tell(next, c.Step(next, nil))
			return told
		}
		tell(next, c.Step(next, nil))
	}
}

func TestOneBouncingPressIsOnePress(t *testing.T) {
	got := play(&button.Contact{Button: 2}, time.Second,
		0, 1*ms, 2*ms, 4*ms, 5*ms, 150*ms, 151*ms, 153*ms)
	want := []string{"25ms button 2 pressed", "173ms button 2 released"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestAGlitchIsNoPress(t *testing.T) {
	if got := play(&button.Contact{}, time.Second, 0, 19*ms, 100*ms, 105*ms); len(got) != 0 {
		t.Errorf("told %q of a contact that never kept still", got)
	}
}

func TestHeldIsToldOnceAfterHoldTime(t *testing.T) {
	got := play(&button.Contact{}, 20*time.Second, 0, 12*time.Second)
	want := []string{"20ms button 0 pressed", "5s button 0 held", "12.02s button 0 released"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told %q, want %q", got, want)
	}
	got = play(&button.Contact{}, 20*time.Second, 0, 4990*ms)
	want = []string{"20ms button 0 pressed", "5.01s button 0 released"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("let go 10 ms before: told %q, want %q", got, want)
	}
}

func TestDownAtTheStart(t *testing.T) {
	c := &button.Contact{}
	c.Begin(at(0), true)
	got := play(c, 9*time.Second, 6*time.Second) // edge 0 tells down again: no news
	want := []string{"20ms button 0 pressed since the start", "5s button 0 held since the start"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told %q, want %q", got, want)
	}
	out := c.Edge(at(9*time.Second), false, nil)
	out = c.Step(at(9100*ms), out)
	out = c.Edge(at(10*time.Second), true, out)
	out = c.Step(at(10100*ms), out)
	want = []string{"button 0 released since the start", "button 0 pressed"}
	if fmt.Sprint(out) != fmt.Sprint(want) {
		t.Errorf("told %q, want %q", out, want)
	}
}

func TestLostEdges(t *testing.T) {
	c := &button.Contact{}
	out := c.Edge(at(0), true, nil)
	if out = c.Seen(at(20*ms), false, out); len(out) != 0 {
		t.Errorf("told %v of a contact found open", out)
	}
	c = &button.Contact{}
	out = c.Step(at(20*ms), c.Edge(at(0), true, nil))
	out = c.Seen(at(5*time.Second), false, out) // when Held was due
	out = c.Step(at(6*time.Second), out)
	if want := "[button 0 pressed button 0 released]"; fmt.Sprint(out) != want {
		t.Errorf("told %v, want %s", out, want)
	}
}

// Whatever the contact does, presses and releases take turns, Held comes
// between them once at most, and a contact at rest has no deadline.
func TestOrderHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &button.Contact{}
		now, down := at(0), rapid.Bool().Draw(t, "first")
		c.Begin(now, down)
		var out []button.Event
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 7000).Draw(t, "ms")) * ms)
			if rapid.Bool().Draw(t, "edge") {
				down = !down
				out = c.Edge(now, down, out)
			} else {
				out = c.Step(now, out)
			}
		}
		out = c.Step(now.Add(button.Bounce), out)
		out = c.Step(now.Add(button.HoldTime+button.Bounce), out)
		last := button.Released
		for _, e := range out {
			if ok := map[button.Kind]bool{button.Pressed: last == button.Released, button.Held: last == button.Pressed, button.Released: last != button.Released}[e.Kind]; !ok {
				t.Fatalf("%s after %s in %v", e.Kind, last, out)
			}
			last = e.Kind
		}
		if (last != button.Released) != down {
			t.Fatalf("down %t, last told %s", down, last)
		}
		if at, ok := c.Deadline(); ok {
			t.Fatalf("a contact at rest wants to be asked at %s", at)
		}
	})
}

func TestStepCostsNothing(t *testing.T) {
	c, out := &button.Contact{}, make([]button.Event, 0, 8)
	now := at(0)
	if n := testing.AllocsPerRun(100, func() {
		now = now.Add(30 * ms)
		out = c.Edge(now, true, out[:0])
		now = now.Add(30 * ms)
		out = c.Edge(now, false, out)
	}); n != 0 {
		t.Errorf("%v allocations a press", n)
	}
}
