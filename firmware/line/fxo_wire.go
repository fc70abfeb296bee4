package line

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// What the driver tells of the wire.

func (l *FXO) wire(now time.Time, ev port.Event, out []Effect) []Effect {
	switch ev := ev.(type) {
	case port.RingOn:
		return l.ringOn(now, out)
	case port.RingOff:
		return l.ringOff(now, out)
	case port.CallerID:
		return l.callerID(now, ev, out)
	case port.Battery:
		return l.battery(now, ev.On, out)
	case port.Polarity:
		return l.polarity(now, out)
	case port.Lost:
		return l.lost(now, ev.Why, out)
	case port.Found:
		return l.found(now, out)
	}
	return out
}

// lost: the hardware is gone, and with it whatever it did.
func (l *FXO) lost(now time.Time, why string, out []Effect) []Effect {
	l.loop = false // there is nothing to command
	l.gone, l.fault, l.away = true, FaultHardware, time.Time{}
	why = "hardware gone: " + why
	out = l.tellGone(tel.CauseLost, "the port's "+why, out)
	out = l.sound(false, out)
	l.forget()
	l.bell = bell{}
	return l.become(now, Alarm, why, 0, out)
}

func (l *FXO) found(now time.Time, out []Effect) []Effect {
	if !l.gone {
		return out
	}
	l.gone, l.fault, l.away = false, FaultNone, time.Time{}
	out = l.retune(out)
	return l.confirm(now, "the hardware is back", out)
}

func (l *FXO) battery(now time.Time, on bool, out []Effect) []Effect {
	if l.gone || on == l.away.IsZero() {
		return out
	}
	went := l.away
	l.away = time.Time{}
	if !on {
		l.away = now
	}
	switch l.state {
	case Talking, AwaitAnswer, Answering:
		if e, over := l.release.battery(now, on, l.state == AwaitAnswer); over {
			return l.over(now, e, out)
		}
	case Seizing, AwaitDial, Dialling:
		l.feedBy = time.Time{}
		switch {
		case on:
		case l.set.Caps.Battery:
			l.feedBy = now.Add(feedDip)
		default:
			return l.noCurrent(now, out)
		}
	case Idle:
		l.deadline = time.Time{}
		if !on {
			l.deadline = now.Add(noBattery)
		}
	case Clearing:
		if on && !went.IsZero() {
			l.learnDrop(now.Sub(went))
		}
	case Confirming:
		if on && now.Sub(l.since) > restless {
			return l.rest(now, l.condemn(FaultBattery, "battery comes and goes", out))
		}
		wait := noBattery
		if on {
			wait = steady
		}
		return l.become(now, Confirming, l.why, wait, out)
	case Alarm:
		if on {
			return l.become(now, Confirming, "battery is back", steadyAlarm, out)
		}
	}
	return out
}

// feedDip: exchanges switch while a loop is closed to dial.
const feedDip = 500 * time.Millisecond

// noCurrent: the line gives no current to a loop that we closed to dial.
func (l *FXO) noCurrent(now time.Time, out []Effect) []Effect {
	return l.refused(now, FaultFailing, "the loop current went away before the number was sent", out)
}

func (l *FXO) polarity(now time.Time, out []Effect) []Effect {
	last := l.bell.turned
	l.bell.turned = now
	switch l.state {
	case Idle, Blocked, Confirming:
		// Caller id may follow, and then the bell. A line that flips without end
		// does not hold up those who want to dial; behind a call the wires turn back.
		l.stirred = now
		if now.Sub(last) < 2*l.set.Timing.IDFirst || l.state == Confirming && !l.idFirst() {
			return out
		}
		l.bell.expect()
		return l.become(now, ReadingID, "before the bell", l.set.Timing.IDFirst, out)
	case AwaitAnswer:
		l.out.reversed = now
		return l.answeredBy(now, "the exchange reversed the line", out)
	case Talking:
		o := &l.out
		switch {
		case o.on && o.reversed.IsZero():
			o.reversed = now // late, but the first reversal of a call of ours is its answer
			return out
		case o.on && now.Sub(o.reversed) < answerReversed, !o.on && now.Sub(l.since) < answerReversed:
			return out // the exchange takes note of the answer
		}
		if e, over := l.release.reversal(now); over {
			return l.over(now, e, out)
		}
	}
	return out
}

// answerReversed is how long after an answer the wires may still turn because of it.
const answerReversed = 600 * time.Millisecond

func (l *FXO) heard(now time.Time, ev Heard, out []Effect) []Effect {
	switch l.state {
	case Seizing, AwaitDial, Dialling, AwaitAnswer:
		return l.dialHeard(now, ev, out)
	case Talking, Answering:
		if l.out.on && ev.Tone == tel.ToneDial && !ev.Ended && now.Sub(l.out.sent) < dialLingers {
			return out
		}
		if e, over := l.release.heard(now, ev); over {
			return l.over(now, e, out)
		}
	}
	return out
}

func (l *FXO) strange(now time.Time, ev Strange, out []Effect) []Effect {
	switch l.state {
	case AwaitDial:
		s, ok := parseSignal(ev.Signal)
		if ok && s.period() == 0 { // where dial tone belongs, another steady tone is dial tone
			l.learnDialTone(now, hertz(s.hz))
			return l.alive(now, "unknown steady tone "+ev.Signal+" taken for dial tone", out)
		}
	case Talking, Answering, AwaitAnswer:
		if e, over := l.release.strangeTone(now, ev); over {
			return l.over(now, e, out)
		}
	}
	return out
}

func (l *FXO) voice(now time.Time, ev Voice, out []Effect) []Effect {
	if !l.release.on {
		return out
	}
	l.release.voice(now, ev)
	l.learnDip()
	if l.state == AwaitAnswer && ev.Speech && !l.out.info {
		how := "a voice, no ringback before it"
		if l.out.ringing || !l.out.rang.IsZero() {
			how = "a voice after ringback"
		}
		return l.answeredBy(now, how, out)
	}
	if l.state == AwaitAnswer && ev.Far && !l.out.rang.IsZero() && !l.out.voice && !l.out.info {
		return l.speaks(now, out)
	}
	return out
}

func (l *FXO) faxHeard(now time.Time, ev Fax, out []Effect) []Effect {
	if !l.release.on {
		return out
	}
	l.release.fax = true
	if l.state == AwaitAnswer && !ev.Calling {
		return l.answeredBy(now, "a fax or modem answered", out)
	}
	return out
}
