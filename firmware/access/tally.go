package access

import "time"

// Few refusals an hour are told one by one, so that a guesser does not fill the book:
// so many at a door, and so many of one source. The rest of the hour is one number.
const (
	refusalsAnHour = 120
	ofOneSource    = 20
)

// tally counts the refusals at one door. It is a plain value without clock or lock.
type tally struct {
	began  time.Time // of the hour
	told   int
	of     map[string]int // told, by source
	untold int
}

// admit counts a refusal and reports whether it is told by itself. earlier is how many
// of an hour before were not, and are told with this one.
func (t *tally) admit(now time.Time, source string) (earlier int, told bool) {
	earlier = t.over(now)
	if t.of == nil {
		t.began, t.of = now, map[string]int{}
	}
	if t.told >= refusalsAnHour || t.of[source] >= ofOneSource {
		t.untold += 1 + earlier
		return 0, false
	}
	t.told++
	t.of[source]++
	return earlier, true
}

// more counts a refusal that is never told by itself: nothing was judged.
func (t *tally) more(now time.Time) {
	if t.of == nil {
		t.began, t.of = now, map[string]int{}
	}
	t.untold++
}

// due is when the hour ends whose number is to be told; false: there is nothing to tell.
func (t *tally) due() (time.Time, bool) { return t.began.Add(time.Hour), t.untold > 0 }

// over ends an hour that is over and returns its number.
func (t *tally) over(now time.Time) (untold int) {
	if t.of == nil || now.Sub(t.began) < time.Hour {
		return 0
	}
	untold = t.untold
	*t = tally{}
	return untold
}
