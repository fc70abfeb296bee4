package central

import "github.com/centralita/centralita/dsp/tone/plan"

// HangUp is the far end's: a ringing line falls silent, a call through or on its
// way is ended in the office's Way.
func (l *Line) HangUp() {
	switch {
	case l.state == idle || l.ended > 0:
		return
	case l.state == ringing:
		if l.bell {
			l.bell = false
			l.tell(RingOff, false)
		}
		l.ended = max(l.ms, 1)
		l.tell(Over, false)
		l.rest()
		return
	}
	l.player.Stop()
	l.state, l.ended = refused, max(l.ms, 1)
	l.tell(Over, false)
	switch l.Way {
	case ByBattery:
		l.drop(orElse(l.Drop, usualDrop), plan.Dial)
	case ByReversal:
		l.reverse(!l.reversed)
		l.told()
		l.after(l.Plan.Signal(plan.Busy))
	case ByTone:
		l.after(l.Plan.Signal(plan.Busy))
	case ByCongestion:
		l.after(l.Plan.Signal(plan.Congestion))
	case ByDialTone:
		l.after(l.Plan.Signal(plan.Dial))
	case ByStrange:
		s := l.Strange
		if !s.Known() {
			s = Strange(l.Plan.Country)
		}
		l.after(s)
	case ByShortDrop:
		l.drop(ShortDrop, plan.Dial)
		l.howlAt = l.ms + forgotten
	}
}

// drop takes the battery away for so many ms; a tone follows.
func (l *Line) drop(ms int, k plan.Kind) {
	l.feedAt = l.ms + int64(ms)
	l.tell(Battery, false)
	l.told()
	l.after(l.Plan.Signal(k))
}

// after lets the port hear a signal once the end is so old.
func (l *Line) after(s plan.Signal) {
	l.tone, l.toneAt = s, l.ms+int64(l.ToneAfter)+1
}
