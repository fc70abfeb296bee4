package clock

import "time"

// How exact a date of caller id is.
const (
	// dateHalf is half of what it leaves open: it tells the minute, not the second.
	dateHalf = 30 * time.Second
	// dateAgree is how near two of them must be to agree.
	dateAgree = 2 * time.Minute
	// dateSlack is how much earlier than the last known time one may be: that time
	// was the exchange's or ours, and neither is exact.
	dateSlack = 24 * time.Hour
	// leapYears is how far apart two 29ths of February can be.
	leapYears = 8
)

// CallDate is the date that an exchange sends with a call: its own zone, no year, no
// seconds (Telcordia GR-30 § 2.1, ETSI EN 300 659-3 § 5.4.1).
type CallDate struct{ Month, Day, Hour, Minute int }

// CallerClock finds the time in dates of caller id where nothing better is known.
// Where the clock is not set at all one date is believed, until two others that
// agree say otherwise; a clock that is about right takes two that agree.
type CallerClock struct {
	loc    *time.Location
	last   time.Time     // no later time than this is behind us
	blind  bool          // nothing is known: one date is enough
	ahead  time.Duration // of the time found over the clock that Heard is told
	found  bool
	doubt  time.Duration // what one date said that nothing agrees with yet
	doubts bool
}

// NewCallerClock begins with a clock that is blind, of which at most is known that it
// was so late once, or about right; last is the latest time that is known to have
// passed: of the book, or when the program was written. A nil loc is UTC.
func NewCallerClock(blind bool, last time.Time, loc *time.Location) *CallerClock {
	if loc == nil {
		loc = time.UTC
	}
	return &CallerClock{loc: loc, last: last, blind: blind}
}

// Ahead returns by how much the time found is ahead of the clock, and whether one
// was found.
func (c *CallerClock) Ahead() (time.Duration, bool) { return c.ahead, c.found }

// Heard takes the date of a call that came when the clock showed now. It reports
// whether the time found has changed, and by how much.
func (c *CallerClock) Heard(now time.Time, d CallDate) (step time.Duration, changed bool) {
	at, ok := c.instant(d, now.Round(0).Add(c.ahead))
	if !ok {
		return 0, false
	}
	says := at.Sub(now.Round(0)) // of the wall, not of the monotonic clock
	switch {
	case c.found && alike(says, c.ahead):
		c.blind, c.doubts = false, false // two agree: from now on one alone is not believed
		return 0, false
	case c.doubts && alike(says, c.doubt):
		c.blind = false
		return c.step(says), true
	case c.blind && !c.found:
		return c.step(says), true
	}
	c.doubt, c.doubts = says, true
	return 0, false
}

// step takes what was said.
func (c *CallerClock) step(says time.Duration) time.Duration {
	step := says - c.ahead
	c.ahead, c.found, c.doubts = says, true, false
	return step
}

// Sure reports whether two dates agreed on the time that was found.
func (c *CallerClock) Sure() bool { return c.found && !c.blind }

func alike(a, b time.Duration) bool { return (a - b).Abs() <= dateAgree }

// instant is the first time that a date can mean after the last known time. Where the
// clocks go back an hour comes twice: the one nearer to guess is meant. An hour that
// the day does not have is told by an exchange that missed the change.
func (c *CallerClock) instant(d CallDate, guess time.Time) (time.Time, bool) {
	if d.Month < 1 || d.Month > 12 || d.Day < 1 || d.Hour < 0 || d.Hour > 23 || d.Minute < 0 || d.Minute > 59 {
		return time.Time{}, false
	}
	if d.Month == 1 && d.Day == 1 && d.Hour == 0 {
		return time.Time{}, false // an ATA that knows no time either begins its year
	}
	least := c.last.Add(-dateSlack)
	first := least.In(c.loc).Year()
	for year := first; year <= first+leapYears; year++ {
		t := time.Date(year, time.Month(d.Month), d.Day, d.Hour, d.Minute, 0, 0, c.loc)
		if int(t.Month()) != d.Month || t.Day() != d.Day || t.Before(least) {
			continue
		}
		if t.Hour() != d.Hour {
			return time.Time{}, false
		}
		for _, twin := range []time.Time{t.Add(-time.Hour), t.Add(time.Hour)} {
			if twin.Hour() == d.Hour && twin.Sub(guess).Abs() < t.Sub(guess).Abs() {
				t = twin
			}
		}
		return t.Add(dateHalf), true
	}
	return time.Time{}, false
}
