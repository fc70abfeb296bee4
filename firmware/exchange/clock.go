package exchange

import "time"

// The loop runs on a clock that only goes on. Where that clock does not know the time
// of day, somebody tells by how much it is behind: schedules, greetings and days are
// reckoned with the sum, deadlines are not.

// wall is the time of day.
func (e *Exchange) wall() time.Time {
	return e.origin.Round(0).Add(e.now.Sub(e.origin) + e.ahead)
}

// instant is when the time of day will be t, on the clock of the loop.
func (e *Exchange) instant(t time.Time) time.Time { return e.now.Add(t.Sub(e.wall())) }

// aheadNow is by how much the time of day is ahead of what the loop's clock shows.
func (e *Exchange) aheadNow() time.Duration { return e.wall().Sub(e.now.Round(0)) }

// clockSet takes the time of day from now on.
func (e *Exchange) clockSet(ahead time.Duration) {
	step := ahead - e.ahead
	e.ahead = ahead
	if e.spend.Shift(e.wall(), step) {
		for _, r := range e.set.Today {
			e.recallSpending(r)
		}
	}
	e.watchSpending()
}
