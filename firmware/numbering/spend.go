package numbering

import (
	"strconv"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// WarnBefore is how long before its end a call that meets a limit is warned.
const WarnBefore = 30 * time.Second

// Spend keeps account of the limits: what the day has cost so far, and which calls
// must be warned and ended because a limit is met while they last. A day begins at
// midnight of the office's zone; a call that lasts over it belongs to both days by
// its parts. It holds no clock: every method is told the instant.
//
// A call counts from the moment it is placed, so that a hundred at once do not pass
// before the first is answered; one that is not answered stops counting. Emergency
// calls are not told to it.
type Spend struct {
	limits []Limit
	loc    *time.Location
	today  time.Time // midnight
	next   time.Time // midnight
	counts [][]count // of each limit
	live   []*spending
	past   []ended // of today
}

// ended is a call of today that is over.
type ended struct {
	spending
	over time.Time
}

// count is what one subject of a limit used up today by calls that are over.
type count struct {
	subject string
	calls   int // also those that go on
	talk    time.Duration
	cost    Money
}

// spending is a call that goes on.
type spending struct {
	id     tel.CallID
	of     Attempt
	way    string // once it is up
	up     time.Time
	warned bool
}

// Due is what a limit wants of a call: a warning, or its end.
type Due struct {
	Call tel.CallID
	End  bool
	Why  string // the rule in words
}

// Usage is the count of one subject of a limit.
type Usage struct {
	Limit   *Limit
	Subject string
	Calls   int
	Talk    time.Duration
	Cost    Money
}

// NewSpend returns an account in which nothing is spent. A nil loc is UTC.
func NewSpend(limits []Limit, loc *time.Location, now time.Time) *Spend {
	if loc == nil {
		loc = time.UTC
	}
	s := &Spend{limits: limits, loc: loc, counts: make([][]count, len(limits))}
	s.turn(now)
	return s
}

// turn begins a new day when it has come, and reports whether it did.
func (s *Spend) turn(now time.Time) (turned bool) {
	y, m, d := now.In(s.loc).Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, s.loc)
	turned = !today.Equal(s.today)
	if turned {
		s.today, s.next = today, time.Date(y, m, d+1, 0, 0, 0, 0, s.loc)
		for i := range s.counts {
			s.counts[i] = s.counts[i][:0]
		}
		s.past = s.past[:0]
		for _, c := range s.live { // they go on counting
			s.tally(c, 1)
		}
	}
	return turned
}

// Shift tells that the clock was set: now is by step later than it would have been.
// Calls that go on have lasted no longer for it; the day is the one of now. When that
// is another, turned tells that nothing is counted in it yet.
func (s *Spend) Shift(now time.Time, step time.Duration) (turned bool) {
	for _, c := range s.live {
		if !c.up.IsZero() {
			c.up = c.up.Add(step)
		}
	}
	return s.turn(now)
}

// count returns the count of a subject, made when there is none.
func (s *Spend) count(limit int, subject string) *count {
	for i := range s.counts[limit] {
		if s.counts[limit][i].subject == subject {
			return &s.counts[limit][i]
		}
	}
	s.counts[limit] = append(s.counts[limit], count{subject: subject})
	return &s.counts[limit][len(s.counts[limit])-1]
}

// tally counts a call under every limit that speaks of it, n is 1 or -1.
func (s *Spend) tally(c *spending, n int) {
	for i := range s.limits {
		if l := &s.limits[i]; s.counted(l, c) {
			s.count(i, l.subject(c.of, c.way)).calls += n
		}
	}
}

// counted reports whether a limit counts a call: one that asks for the way does once
// it is known.
func (s *Spend) counted(l *Limit, c *spending) bool {
	return l.speaks(c.of) && (!l.asks() || c.way != "" && l.ofWay(c.way))
}

// used is what a subject used up today, calls that go on included.
func (s *Spend) used(now time.Time, limit int, subject string) (u Usage) {
	l := &s.limits[limit]
	n := s.count(limit, subject)
	u = Usage{Limit: l, Subject: subject, Calls: n.calls, Talk: n.talk, Cost: n.cost}
	for _, c := range s.live {
		if !c.up.IsZero() && s.counted(l, c) && l.subject(c.of, c.way) == subject {
			talk, cost := s.spent(l, c, now)
			u.Talk += talk
			u.Cost += cost
		}
	}
	return u
}

// spent is the part of today in a call's talk and cost up to now.
func (s *Spend) spent(l *Limit, c *spending, now time.Time) (time.Duration, Money) {
	from, cost := c.up, l.Setup
	if from.Before(s.today) {
		from, cost = s.today, 0
	}
	talk := max(now.Sub(from), 0)
	begun := max((talk+time.Minute-1)/time.Minute, 1)
	return talk, cost + l.Minute*Money(begun)
}

// full says which rule of a limit permits a subject no call more, "" when one may.
func (s *Spend) full(now time.Time, limit int, subject string) string {
	l := &s.limits[limit]
	u := s.used(now, limit, subject)
	switch {
	case l.Calls > 0 && u.Calls >= l.Calls:
		if l.Calls == 1 {
			return l.title(subject) + ": the one call a day is used up"
		}
		return l.title(subject) + ": " + strconv.Itoa(l.Calls) + " calls a day are used up"
	case l.PerDay > 0 && u.Talk >= l.PerDay:
		return l.title(subject) + ": " + span(l.PerDay) + " of talk a day are used up"
	case l.Budget > 0 && u.Cost+l.Setup+l.Minute > l.Budget:
		return l.title(subject) + ": the budget of " + l.Budget.String() + " a day is used up"
	}
	return ""
}

// Permit returns the ways out that no limit closes for a call now. With none left
// why is the rule that closed the first.
func (s *Spend) Permit(now time.Time, a Attempt, ways []string) (open []string, why string) {
	s.turn(now)
	open = append(open, ways...)
	for i := range s.limits {
		l := &s.limits[i]
		if !l.speaks(a) {
			continue
		}
		if !l.asks() {
			if w := s.full(now, i, l.subject(a, "")); w != "" {
				return nil, w
			}
			continue
		}
		kept := open[:0]
		for _, way := range open {
			w := ""
			if l.ofWay(way) {
				w = s.full(now, i, l.subject(a, way))
			}
			if w == "" {
				kept = append(kept, way)
			} else if why == "" {
				why = w
			}
		}
		open = kept
	}
	if len(open) > 0 {
		return open, ""
	}
	return nil, why
}

// Placed begins to count a call that was permitted.
func (s *Spend) Placed(now time.Time, id tel.CallID, a Attempt) {
	s.turn(now)
	c := &spending{id: id, of: a}
	s.live = append(s.live, c)
	s.tally(c, 1)
}

// Up says that the call is through over a way and costs from now on.
func (s *Spend) Up(now time.Time, id tel.CallID, way string) {
	s.turn(now)
	if c := s.find(id); c != nil && c.up.IsZero() {
		s.tally(c, -1)
		c.up, c.way = now, way
		s.tally(c, 1)
	}
}

// Over ends a call; one that was never through does not count.
func (s *Spend) Over(now time.Time, id tel.CallID) {
	s.turn(now)
	c := s.find(id)
	if c == nil {
		return
	}
	if c.up.IsZero() {
		s.tally(c, -1)
	} else {
		s.settle(c, now)
		s.past = append(s.past, ended{*c, now})
	}
	for i := range s.live {
		if s.live[i] == c {
			s.live = append(s.live[:i], s.live[i+1:]...)
			return
		}
	}
}

// settle enters what a call used up when it is over.
func (s *Spend) settle(c *spending, now time.Time) {
	for i := range s.limits {
		if l := &s.limits[i]; s.counted(l, c) {
			talk, cost := s.spent(l, c, now)
			n := s.count(i, l.subject(c.of, c.way))
			n.talk += talk
			n.cost += cost
		}
	}
}

// Recall enters a call of before the start: through from up to over by way. now is
// the instant of the start.
func (s *Spend) Recall(now time.Time, a Attempt, way string, up, over time.Time) {
	s.turn(now)
	if over.After(now) || !over.After(s.today) {
		return
	}
	c := &spending{of: a, way: way, up: up}
	s.tally(c, 1)
	s.settle(c, over)
	s.past = append(s.past, ended{*c, over})
}

// Relimit puts other limits in place of those before. What the day has cost so far
// is counted under them as if they had been there since midnight.
func (s *Spend) Relimit(now time.Time, limits []Limit) {
	s.turn(now)
	s.limits, s.counts = limits, make([][]count, len(limits))
	for i := range s.past {
		c := &s.past[i]
		s.tally(&c.spending, 1)
		s.settle(&c.spending, c.over)
	}
	for _, c := range s.live {
		s.tally(c, 1)
	}
}

func (s *Spend) find(id tel.CallID) *spending {
	for _, c := range s.live {
		if c.id == id {
			return c
		}
	}
	return nil
}

// Usage returns every count of the day, in the order of the limits.
func (s *Spend) Usage(now time.Time) []Usage {
	s.turn(now)
	var out []Usage
	for i := range s.limits {
		for _, n := range s.counts[i] {
			out = append(out, s.used(now, i, n.subject))
		}
	}
	return out
}
