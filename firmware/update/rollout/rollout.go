// Package rollout decides when a box updates itself: a pure function of what is set,
// what is known and the time. The publisher widens a release ring by ring (canary,
// early, broad) by percent of the sites, the box decides when its people are not
// disturbed.
package rollout

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/update/ctl"
)

// Settings are what a site wants.
type Settings struct {
	Off      bool // nothing by itself; by hand all goes on
	Site     string
	Ring     ctl.Ring
	From, To time.Duration // of the day, when it may restart; equal: at any time
	Location *time.Location
}

// Situation is what is known.
type Situation struct {
	Now       time.Time
	Trusted   bool      // the time is known
	Up        time.Time // the house runs since
	Checked   time.Time // the address was asked last; zero: not since the start
	Postponed time.Time // nothing starts before; zero: it may
	Offered   ctl.Manifest
	Running   uint64
	Staged    uint64   // in the other slot, whole
	Failed    []uint64 // fell back here: not tried again by itself
	Trial     bool     // what runs is not committed yet
	Armed     bool     // a start is on its way
}

// Action is what to do now.
type Action string

// The actions.
const (
	Rest  Action = "rest"
	Check Action = "check" // ask the address what there is
	Stage Action = "stage" // bring the offered bundle into the other slot
	Start Action = "start" // start the staged one as soon as nobody talks
)

// Times.
const (
	Every  = 6 * time.Hour    // between two questions
	Settle = 10 * time.Minute // after a start before anything is done
)

// Decide says what to do now, and why not more.
func Decide(s Settings, x Situation) (Action, string) {
	switch {
	case s.Off:
		return Rest, "automatic updates are off"
	case x.Trial:
		return Rest, "a trial goes on"
	case x.Armed:
		return Rest, "a start is on its way"
	case x.Now.Sub(x.Up) < Settle:
		return Rest, "the house has just started"
	}
	why := "up to date"
	switch newer := !x.Checked.IsZero() && worth(s, x) && x.Offered.Number > x.Staged; {
	case newer:
		return Stage, ""
	case x.Staged > x.Running && !slices.Contains(x.Failed, x.Staged):
		var do Action
		if do, why = start(s, x); do == Start {
			return Start, ""
		}
	}
	if x.Checked.IsZero() || !x.Now.Before(x.Checked.Add(Every+jitter(s.Site))) {
		return Check, ""
	}
	return Rest, why
}

// worth reports whether what is offered is for this box, now.
func worth(s Settings, x Situation) bool {
	o := x.Offered
	return o.Number > x.Running && !slices.Contains(x.Failed, o.Number) && o.Reaches(s.Ring, s.Site)
}

// start waits for the hour.
func start(s Settings, x Situation) (Action, string) {
	switch {
	case x.Now.Before(x.Postponed):
		return Rest, fmt.Sprintf("postponed until %s", x.Postponed.In(s.Location).Format("2006-01-02 15:04"))
	case s.From == s.To:
		return Start, ""
	case !x.Trusted:
		return Rest, "the hour is not known"
	case !Within(s, x.Now):
		return Rest, fmt.Sprintf("it waits for %s", clock(s.From))
	}
	return Start, ""
}

// Within reports whether now is within the hours of a site; they may pass midnight.
func Within(s Settings, now time.Time) bool {
	t := now.In(s.Location)
	at := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
	if s.From < s.To {
		return at >= s.From && at < s.To
	}
	return at >= s.From || at < s.To || s.From == s.To
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

// jitter keeps a fleet from asking in the same minute: up to an hour, by site.
func jitter(site string) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(site)) // never fails
	return time.Duration(h.Sum32()%3600) * time.Second
}
