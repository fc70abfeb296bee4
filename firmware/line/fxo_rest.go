package line

import "time"

// A line between calls, and out of service.

// confirm watches the wire until it may be used again.
func (l *FXO) confirm(now time.Time, why string, out []Effect) []Effect {
	wait := steady
	if !l.away.IsZero() {
		wait = noBattery
	}
	return l.become(now, Confirming, why, wait, out)
}

func (l *FXO) restTimedOut(now time.Time, out []Effect) []Effect {
	switch {
	case l.state == Clearing:
		return l.confirm(now, "", out)
	case !l.away.IsZero():
		if left := noBattery - now.Sub(l.away); left > 0 {
			return l.become(now, l.state, l.why, left, out)
		}
		out = l.condemn(FaultBattery, string(FaultBattery), out)
		return l.rest(now, out)
	case l.fault == FaultBattery:
		l.fault = FaultNone
	}
	if left := l.announced(now); left > 0 {
		l.bell.expect()
		return l.become(now, ReadingID, "before the bell", left, out)
	}
	if left := quietBefore - now.Sub(l.stirred); l.state == Confirming && left > 0 && now.Sub(l.since) < restless {
		return l.become(now, Confirming, l.why, left, out) // a line that is idle may be seized
	}
	return l.rest(now, out)
}

// announced returns for how long a bell may still follow what the line said while
// it was being cleared: caller id, or the reversal before it.
func (l *FXO) announced(now time.Time) time.Duration {
	b, first := &l.bell, l.set.Timing.IDFirst
	switch {
	case l.state != Confirming:
		return 0
	case b.id != (Incoming{}):
		return first - now.Sub(b.idAt)
	case l.idFirst() && !b.turned.IsZero():
		return first - now.Sub(b.turned)
	}
	return 0
}

// condemn takes the line out of service as soon as it is free.
func (l *FXO) condemn(f Fault, why string, out []Effect) []Effect {
	if l.fault == f {
		return out
	}
	l.fault, l.probes = f, 0
	return append(out, Anomaly{why})
}

// rest is what a free line does: nothing, or wait for its probe. What it learned
// is told now.
func (l *FXO) rest(now time.Time, out []Effect) []Effect {
	if l.dirty {
		l.dirty = false
		out = append(out, Learned{l.prof.Clone()})
	}
	if l.news != "" {
		out = append(out, Anomaly{l.news})
		l.news = ""
	}
	l.bell.real = false
	switch l.fault {
	case FaultNone:
		return l.become(now, Idle, "", 0, out)
	case FaultBattery:
		return l.become(now, Alarm, string(l.fault), probeGrace, out)
	}
	return l.become(now, Blocked, string(l.fault), probeAfter[min(l.probes, len(probeAfter)-1)], out)
}

// tryAlive seizes a line out of service to see whether it gives dial tone. Only a
// silent line is tried: one that rings is alive.
func (l *FXO) tryAlive(now time.Time, out []Effect) []Effect {
	if left := quietBefore - now.Sub(l.stirred); left > 0 {
		return l.become(now, l.state, l.why, left, out)
	}
	l.probe = true
	l.out = outgoing{closed: now}
	return l.seize(now, "probing: "+string(l.fault), out)
}
