package health

import "time"

// Late ticks are those that a listener may hear: more than half a frame.
const (
	ticksOver  = time.Minute
	ticksLeast = 500 // in that time; fewer say nothing
	ticksBad   = 10  // of 1000
)

// Ticks watches how punctual the audio was in the last minute. The zero Ticks is ready.
type Ticks struct {
	at          time.Time
	ticks, late uint64
	share       int
}

// Look takes the sums since the start and returns how many of a thousand ticks of the
// last whole minute were late, and whether that is too many.
func (t *Ticks) Look(now time.Time, ticks, late uint64) (perMille int, bad bool) {
	if t.at.IsZero() || ticks < t.ticks {
		t.at, t.ticks, t.late = now, ticks, late
	}
	if now.Sub(t.at) >= ticksOver {
		n := ticks - t.ticks
		t.share = 0
		if n >= ticksLeast {
			t.share = int((late - t.late) * 1000 / n)
		}
		t.at, t.ticks, t.late = now, ticks, late
	}
	return t.share, t.share >= ticksBad
}
