package view

import (
	"slices"
	"time"
)

// Times converts every time of the picture by f; a zero time stays. Lists that are
// shared with others are copied first.
func (s *Snapshot) Times(f func(time.Time) time.Time) {
	to := func(times ...*time.Time) {
		for _, t := range times {
			if !t.IsZero() {
				*t = f(*t)
			}
		}
	}
	to(&s.At, &s.Started, &s.Calm)
	s.Lines = each(s.Lines, func(l *Line) {
		to(&l.Since)
		if l.Exam != nil {
			e := *l.Exam
			to(&e.At)
			l.Exam = &e
		}
		if l.Test != nil {
			t := *l.Test
			to(&t.Since)
			if t.Found != nil {
				e := *t.Found
				to(&e.At)
				t.Found = &e
			}
			l.Test = &t
		}
	})
	s.Phones = each(s.Phones, func(p *Phone) { to(&p.Since) })
	s.Trunks = each(s.Trunks, func(t *Trunk) { to(&t.Since) })
	s.Queues = each(s.Queues, func(q *Queue) {
		q.Waiting = each(q.Waiting, func(w *Waiting) { to(&w.Since) })
	})
	s.Agents = each(s.Agents, func(a *Agent) { to(&a.Since) })
	call := func(c *Call) { to(&c.Since, &c.Began, &c.Ended) }
	s.Calls, s.Last = each(s.Calls, call), each(s.Last, call)
	s.Alarms = each(s.Alarms, func(a *Alarm) { to(&a.Since) })
	if s.Unclaimed != nil {
		c := *s.Unclaimed
		to(&c.Until)
		s.Unclaimed = &c
	}
	to(&s.Restart)
	if s.Held != nil {
		held := *s.Held
		to(&held.Since, &held.Until)
		s.Held = &held
	}
	if s.Trial != nil {
		trial := *s.Trial
		to(&trial.Until)
		s.Trial = &trial
	}
	s.Uplinks = each(s.Uplinks, func(u *Uplink) { to(&u.Since, &u.Next) })
}

// each changes a copy of a list; nil stays nil.
func each[T any](list []T, f func(*T)) []T {
	list = slices.Clone(list)
	for i := range list {
		f(&list[i])
	}
	return list
}
