package panel

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/view"
	"pgregory.net/rapid"
)

// hold plays a script to a Holder: each step an event after some time; the deadline is
// told on the way. It returns what was wanted.
func hold(script ...any) string {
	var h Holder
	var said []string
	now := time.Date(2026, 11, 29, 1, 0, 0, 0, time.UTC)
	tell := func(ev HoldEvent) {
		for _, e := range h.Step(now, ev, nil) {
			said = append(said, e.String())
		}
	}
	for _, s := range script {
		switch s := s.(type) {
		case HoldEvent:
			tell(s)
		case time.Duration:
			end := now.Add(s)
			for at, ok := h.Deadline(); ok && !at.After(end); at, ok = h.Deadline() {
				now = at
				tell(TimedOut{})
			}
			now = end
		}
	}
	return strings.Join(said, ", ")
}

func TestHolder(t *testing.T) {
	restart, erase, late := Down{Button: 1, Does: view.DeedRestart}, Down{Button: 2, Does: view.DeedErase, OK: true}, Down{Button: 2, Does: view.DeedErase, Late: true}
	ms := time.Millisecond
	for _, c := range []struct{ name, got, want string }{
		{"a short press tells what a long one would do", hold(restart, 2900*ms, Up{1}, time.Minute), "show restart held, show restart told, show nothing"},
		{"three seconds restart", hold(restart, 3000*ms, Up{1}, time.Minute), "show restart held, order restart, show restart done, show nothing"},
		{"once a press", hold(restart, time.Minute, Up{1}), "show restart held, order restart, show restart done, show nothing"},
		{"ten seconds erase", hold(erase, 10*time.Second, Up{2}, time.Hour), "show erase held, order erase, show erase done"},
		{"and no less", hold(erase, 9999*ms, Up{2}, time.Hour), "show erase held, show nothing"},
		{"what fails is shown no longer", hold(erase, 11*time.Second, Failed{}, time.Hour), "show erase held, order erase, show erase done, show nothing"},
		{"in a box that runs nothing is erased", hold(late, time.Hour, Up{2}), "show erase told, show nothing"},
		{"the release of another button is none", hold(erase, time.Second, Up{1}, 10*time.Second), "show erase held, order erase, show erase done"},
		{"nor does another press count", hold(erase, time.Second, restart, Up{1}, time.Second, Up{2}, time.Hour), "show erase held, show nothing"},
		{"while it erases nothing else begins", hold(erase, 11*time.Second, Up{2}, restart, 5*time.Second), "show erase held, order erase, show erase done"},
		{"a second press begins anew", hold(restart, time.Second, Up{1}, time.Second, restart, 3*time.Second), "show restart held, show restart told, show restart held, order restart, show restart done"},
		{"nothing is let go", hold(Up{1}, Failed{}, TimedOut{}), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, c.got, c.want)
		}
	}
}

// Whatever is pressed: an order comes only of its own button, held as long as it takes and
// not let go in between.
func TestHolderNeverOrdersByChance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h Holder
		now := time.Date(2026, 11, 29, 1, 0, 0, 0, time.UTC)
		pressed := map[view.Deed]time.Time{} // the buttons that are down, since when
		deeds := []view.Deed{view.DeedRestart, view.DeedErase}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 6000).Draw(t, "ms")) * time.Millisecond)
			b := rapid.IntRange(0, 1).Draw(t, "button")
			var ev HoldEvent
			switch rapid.IntRange(0, 2).Draw(t, "event") {
			case 0:
				late := rapid.Bool().Draw(t, "late")
				if _, down := pressed[deeds[b]]; down {
					continue
				}
				if ev = (Down{Button: b, Does: deeds[b], Late: late}); !late {
					pressed[deeds[b]] = now
				}
			case 1:
				ev = Up{b}
				delete(pressed, deeds[b])
			default:
				ev = TimedOut{}
			}
			for _, e := range h.Step(now, ev, nil) {
				o, ok := e.(Order)
				if !ok {
					continue
				}
				since, down := pressed[o.Does]
				least := map[view.Deed]time.Duration{view.DeedRestart: RestartHold, view.DeedErase: EraseHold}[o.Does]
				if !down || now.Sub(since) < least {
					t.Fatalf("%s after %s, down: %t (%s)", o, now.Sub(since), down, fmt.Sprint(ev))
				}
			}
		}
	})
}
