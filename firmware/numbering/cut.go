package numbering

import "time"

// When a call that goes on meets a limit: it is warned WarnBefore its end and then
// ended. The end moves while other calls spend from the same count.

// end is the instant at which a call must end, and the rule; zero is never.
func (s *Spend) end(now time.Time, c *spending) (at time.Time, why string) {
	if c.up.IsZero() {
		return time.Time{}, ""
	}
	sooner := func(t time.Time, w string) {
		if at.IsZero() || t.Before(at) {
			at, why = t, w
		}
	}
	for i := range s.limits {
		l := &s.limits[i]
		if !s.counted(l, c) {
			continue
		}
		subject := l.subject(c.of, c.way)
		if l.PerCall > 0 {
			sooner(c.up.Add(l.PerCall), l.title(subject)+": a call lasts "+span(l.PerCall)+" at most")
		}
		if l.PerDay == 0 && l.Budget == 0 {
			continue
		}
		u := s.used(now, i, subject)
		if l.PerDay > 0 {
			if t := now.Add(max(l.PerDay-u.Talk, 0) / time.Duration(s.sharing(l, subject))); t.Before(s.next) {
				sooner(t, l.title(subject)+": "+span(l.PerDay)+" of talk a day are used up")
			}
		}
		if l.Budget > 0 && l.Minute > 0 && u.Cost+l.Minute > l.Budget {
			if t := s.minuteEnd(c, now); t.Before(s.next) {
				sooner(t, l.title(subject)+": the budget of "+l.Budget.String()+" a day is used up")
			}
		}
	}
	return at, why
}

// sharing is how many calls spend from a count now.
func (s *Spend) sharing(l *Limit, subject string) (n int) {
	for _, c := range s.live {
		if !c.up.IsZero() && s.counted(l, c) && l.subject(c.of, c.way) == subject {
			n++
		}
	}
	return max(n, 1)
}

// minuteEnd is when the minute of a call that is paid ends.
func (s *Spend) minuteEnd(c *spending, now time.Time) time.Time {
	from := c.up
	if from.Before(s.today) {
		from = s.today
	}
	begun := max((now.Sub(from)+time.Minute-1)/time.Minute, 1)
	return from.Add(begun * time.Minute)
}

// Due appends the calls that must be warned or ended now.
func (s *Spend) Due(now time.Time, out []Due) []Due {
	s.turn(now)
	for _, c := range s.live {
		at, why := s.end(now, c)
		switch {
		case at.IsZero():
			c.warned = false
		case !at.After(now):
			out = append(out, Due{Call: c.id, End: true, Why: why})
		case at.Sub(now) > WarnBefore:
			c.warned = false
		case !c.warned:
			c.warned = true
			out = append(out, Due{Call: c.id, Why: why})
		}
	}
	return out
}

// Deadline is the instant at which Due must be asked again, if there is one.
func (s *Spend) Deadline(now time.Time) (at time.Time, ok bool) {
	sooner := func(t time.Time) {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	for _, c := range s.live {
		if c.up.IsZero() {
			continue
		}
		sooner(s.next)
		for i := range s.limits { // the minute that goes on may be the last that is paid
			if l := &s.limits[i]; l.Budget == 0 || !s.counted(l, c) {
				continue
			}
			end := s.minuteEnd(c, now.Add(1))
			if warn := end.Add(-WarnBefore); warn.After(now) {
				end = warn
			}
			sooner(end)
		}
		end, _ := s.end(now, c)
		switch warn := end.Add(-WarnBefore); {
		case end.IsZero():
		case c.warned || !warn.After(now):
			sooner(end)
		default:
			sooner(warn)
		}
	}
	return at, ok
}
