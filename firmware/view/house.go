package view

// Ready returns how many agents can be rung now, and how many are on a call or end one.
func (s *Snapshot) Ready() (ready, busy int) {
	for _, a := range s.Agents {
		switch a.Lamp {
		case Idle:
			ready++
		case Ring, Talk, Hold, Out, Wrap, Menu, Queued:
			busy++
		}
	}
	return ready, busy
}

// ServiceLevel is that of all queues together; ok is false while the day has no call that
// counts.
func (s *Snapshot) ServiceLevel() (pct int, ok bool) {
	var all Queue
	for _, q := range s.Queues {
		all.InTarget, all.Answered, all.Late = all.InTarget+q.InTarget, all.Answered+q.Answered, all.Late+q.Late
	}
	return all.ServiceLevel()
}

// UpstreamLamp is the lamp of all upstream sinks together: the worst of theirs, idle
// when there is none.
func (s *Snapshot) UpstreamLamp() Lamp {
	worst := Idle
	for _, u := range s.Uplinks {
		worst = worse(worst, u.Lamp)
	}
	return worst
}

// QueueLamp is the lamp of all queues together: warn when one is near its threshold, dead
// when one is over it.
func (s *Snapshot) QueueLamp() Lamp {
	worst := Idle
	for _, q := range s.Queues {
		worst = worse(worst, q.Lamp)
	}
	return worst
}

// worse returns the one of two lamps that a person should see first.
func worse(a, b Lamp) Lamp {
	rank := func(l Lamp) int {
		switch l {
		case Dead:
			return 4
		case Warn:
			return 3
		case Talk:
			return 2
		case Unknown:
			return 1
		}
		return 0
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}
