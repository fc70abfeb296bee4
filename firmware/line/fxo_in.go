package line

import (
	"strconv"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// Calls from the exchange: the bell, caller id, the answer.

// bell is one ringing.
type bell struct {
	on      time.Time // the last burst began
	off     time.Time // and ended
	burst   time.Duration
	real    bool // it has rung for longer than a debounce
	noise   bool // the burst is too short yet to be one
	told    bool // Incoming was sent
	counted bool // its cadence was learned
	id      Incoming
	idAt    time.Time // when it came; before the first burst, perhaps
	seen    bool      // caller id came with this ringing
	turned  time.Time // the exchange reversed the open loop
}

// expect makes ready for the first burst.
func (b *bell) expect() { b.real, b.noise, b.told = false, false, false }

// rings reports whether a caller is on the bell.
func (l *FXO) rings() bool { return l.state == Ringing || l.state == ReadingID }

func (l *FXO) ringOn(now time.Time, out []Effect) []Effect {
	b := &l.bell
	pause := now.Sub(b.off)
	switch l.state {
	case Idle, Clearing, Confirming, Blocked, Testing, Alarm:
		if l.gone {
			return out
		}
		l.firstRing(now)
		return l.become(now, Ringing, "", ringDebounce, out)
	case ReadingID:
		if !b.real {
			l.firstRing(now)
			return l.become(now, Ringing, "", ringDebounce, out)
		}
		fallthrough
	case Ringing:
		l.stirred, b.on = now, now
		l.learnCadence(now, pause)
		out = l.become(now, Ringing, "", l.ringGap(), out)
		if !b.told && !b.noise && pause >= ringCycle { // what caller id there was has passed
			return l.tell(now, out)
		}
	case Seizing, AwaitDial:
		return l.meet(now, out)
	case Flashing: // a collect call rings again: it is still there
		return l.closeAgain(now, out)
	}
	return out
}

// firstRing begins a call from the exchange.
func (l *FXO) firstRing(now time.Time) {
	b := &l.bell
	if now.Sub(b.idAt) > l.set.Timing.IDFirst {
		b.id, b.idAt, b.seen = Incoming{}, time.Time{}, false
	}
	l.stirred = now
	b.on, b.off, b.real, b.noise, b.told, b.counted = now, time.Time{}, false, true, false, false
}

func (l *FXO) ringOff(now time.Time, out []Effect) []Effect {
	b := &l.bell
	if l.state != Ringing {
		return out
	}
	l.stirred, b.off, b.burst = now, now, now.Sub(b.on)
	if b.noise {
		b.noise = false
		if !b.real {
			return l.confirm(now, "a burst of "+strconv.Itoa(int(b.burst/time.Millisecond))+" ms is no bell", out)
		}
	}
	if b.told {
		return l.become(now, Ringing, "", l.ringGap(), out)
	}
	wait := l.set.Timing.IDWait
	if l.prof.NoID >= noIDs {
		wait = ringDebounce // this line never sends any
	}
	return l.become(now, ReadingID, "", wait, out)
}

// noIDs: after so many calls in a row without caller id nobody waits for it; one
// that comes all the same is seen, and waited for from then on.
const noIDs = 10

// ringGap is how long a caller may be silent who has not given up: the longest of
// the country's pauses, or this line's own.
func (l *FXO) ringGap() time.Duration {
	gap := l.set.Timing.RingGap
	if own, ok := numbers(l.prof.Ring.Value, "/"); ok && len(own) == 2 {
		gap = max(gap, time.Duration(own[1])*time.Millisecond+ringGrace)
	}
	return gap
}

func (l *FXO) ringTimedOut(now time.Time, out []Effect) []Effect {
	b := &l.bell
	switch {
	case b.noise: // long enough for a bell
		b.noise, b.real = false, true
		if l.fault == FaultBattery { // a bell is battery and more
			l.fault = FaultNone
		}
		l.deadline = b.on.Add(l.ringGap())
		if b.id != (Incoming{}) {
			l.sight.IDFirst++
			l.learns()
			return l.tell(now, out)
		}
		return out
	case !b.real: // caller id or a reversal, and no bell behind it
		return l.confirm(now, "", out)
	case !b.told:
		gap := l.ringGap() - now.Sub(b.off)
		out = l.become(now, Ringing, "", max(gap, time.Millisecond), out)
		return l.tell(now, out)
	}
	l.learnID(now)
	return l.drop(now, tel.CauseAbandoned, "no ring for "+secs(l.ringGap()), out)
}

func (l *FXO) callerID(now time.Time, ev port.CallerID, out []Effect) []Effect {
	b := &l.bell
	if ev.Number == "" && ev.Name == "" && ev.Absence == "" {
		return out // it is about messages that wait, not about a call
	}
	l.stirred = now
	l.learnStandard(now, ev.Standard)
	if b.told && l.rings() {
		return out
	}
	number, _ := tel.CleanNumber(ev.Number)
	b.id = Incoming{From: number, Name: tel.CleanText(ev.Name), Absence: ev.Absence}
	b.idAt, b.seen = now, true
	switch l.state {
	case Ringing, ReadingID:
		if !b.real || b.noise {
			return out
		}
		out = l.become(now, Ringing, "", l.ringGap(), out)
		return l.tell(now, out)
	case Idle, Confirming, Blocked:
		b.expect()
		return l.become(now, ReadingID, "before the bell", l.set.Timing.IDFirst, out)
	case Seizing, AwaitDial:
		return l.meet(now, out)
	}
	return out
}

// idFirst reports whether this line sends caller id before the bell.
func (l *FXO) idFirst() bool { return l.prof.IDFirst > 0 || l.set.Timing.IDWait < time.Second }

// tell offers the call.
func (l *FXO) tell(now time.Time, out []Effect) []Effect {
	b := &l.bell
	b.told, l.owed = true, true
	id := b.id
	b.id, b.idAt = Incoming{}, time.Time{} // it belongs to one call only
	return append(out, id)
}

// meet: the exchange gave us a caller when we closed the loop to dial (glare). The
// caller wins: he is on the line now, and whoever wanted to dial takes another.
func (l *FXO) meet(now time.Time, out []Effect) []Effect {
	out = l.tellGone(tel.CauseCongestion, "glare: the line rang while it was being seized", out)
	out = l.sound(false, out)
	l.release.stop()
	l.out, l.feedBy, l.probe, l.met = outgoing{}, time.Time{}, false, true
	l.stirred, l.bell.real = now, true
	out = l.become(now, Answering, "glare", glareAnswer, out)
	return l.tell(now, out)
}

func (l *FXO) answer(now time.Time, out []Effect) []Effect {
	if !l.owed || l.answered || !l.rings() && !l.met {
		return append(out, Gone{tel.CauseAbandoned, "the caller stopped ringing before the answer"})
	}
	l.answered = true
	l.learnID(now)
	out = l.close(out)
	if l.set.BlockCollect && !l.met {
		return l.become(now, Answering, "", collectAnswer, out)
	}
	return l.settle(now, out)
}

// settle gives the line a moment after the loop was closed.
func (l *FXO) settle(now time.Time, out []Effect) []Effect {
	out = l.sound(true, out)
	l.weigh(now)
	if !l.away.IsZero() {
		if e, over := l.release.battery(now, false, false); over {
			return l.over(now, e, out)
		}
	}
	return l.become(now, Answering, "", answerSettles, out)
}

// weigh begins to look for the end of the call.
func (l *FXO) weigh(now time.Time) {
	c := caps{battery: l.set.Caps.Battery, polarity: l.set.Caps.Polarity}
	l.release.start(now, c, &l.prof, l.set.Longest, l.set.Silence)
}

func (l *FXO) answerTimedOut(now time.Time, out []Effect) []Effect {
	switch {
	case l.state == Flashing:
		return l.closeAgain(now, out)
	case !l.answered: // nobody takes the caller whom we met
		return l.drop(now, tel.CauseNoAnswer, "glare: nobody took the caller", out)
	case l.set.BlockCollect && !l.twice && !l.met:
		l.twice = true
		out = l.open(out)
		return l.become(now, Flashing, "refusing a collect call", collectOpen, out)
	}
	evidence := "we closed the loop"
	switch {
	case l.met:
		evidence = "glare: our seizure answered the caller"
	case l.twice:
		evidence = "we closed the loop twice, which ends a collect call"
	}
	out = l.become(now, Talking, "", 0, out)
	return append(out, Up{evidence})
}

// closeAgain ends the moment of open loop.
func (l *FXO) closeAgain(now time.Time, out []Effect) []Effect {
	out = l.close(out)
	return l.settle(now, out)
}
