// Package health is the register of what is wrong in the house: conditions that
// their owners raise and clear, and parts that must check in on time.
package health

import (
	"cmp"
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/view"
)

// Condition is something a person must know of, said in both languages.
type Condition struct {
	ID             string // stable: "line.L3", "queue.ventas", "uplink.sede"
	Rank           view.Rank
	ES, EN         string // what, without its time
	HintES, HintEN string // what is safe, who can help, what to do; short sentences
}

// Register holds the standing conditions. It is a plain value of one owner,
// usually the control loop; the zero Register is ready and calm since never.
type Register struct {
	standing []view.Alarm // by rank, then since, then id
	calm     time.Time
	begun    bool
}

// Begin states that the house is calm since now. Call it once at start.
func (r *Register) Begin(now time.Time) {
	if !r.begun && len(r.standing) == 0 {
		r.calm = now
	}
	r.begun = true
}

// Raise makes c stand from now on, and reports whether anything changed. A
// condition that stands already keeps its instant; its rank and texts follow c.
func (r *Register) Raise(now time.Time, c Condition) bool {
	a := view.Alarm{ID: c.ID, Rank: c.Rank, Since: now, ES: c.ES, EN: c.EN, HintES: c.HintES, HintEN: c.HintEN}
	if i := r.find(c.ID); i >= 0 {
		a.Since = r.standing[i].Since
		if a == r.standing[i] {
			return false
		}
		r.standing[i] = a
	} else {
		r.standing = append(r.standing, a)
	}
	r.calm = time.Time{}
	slices.SortFunc(r.standing, order)
	return true
}

// Clear ends the condition and reports whether it stood.
func (r *Register) Clear(now time.Time, id string) bool {
	i := r.find(id)
	if i < 0 {
		return false
	}
	r.standing = slices.Delete(r.standing, i, i+1)
	if len(r.standing) == 0 {
		r.calm = now
	}
	return true
}

// Hold raises c while bad holds and clears it otherwise: for owners who look at
// their state anew each time. It reports whether anything changed.
func (r *Register) Hold(now time.Time, bad bool, c Condition) bool {
	if bad {
		return r.Raise(now, c)
	}
	return r.Clear(now, c.ID)
}

// Alarms returns a copy of what stands: the most urgent first, and among those
// the oldest.
func (r *Register) Alarms() []view.Alarm { return slices.Clone(r.standing) }

// Calm returns since when nothing stands; zero while something does.
func (r *Register) Calm() time.Time { return r.calm }

func (r *Register) find(id string) int {
	return slices.IndexFunc(r.standing, func(a view.Alarm) bool { return a.ID == id })
}

func order(a, b view.Alarm) int {
	return cmp.Or(cmp.Compare(b.Rank, a.Rank), a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
}
