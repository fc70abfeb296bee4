package line

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Calls to the exchange: seizing, dial tone, the number, the answer.

// outgoing is one attempt to call a number.
type outgoing struct {
	on        bool
	emergency bool
	number    tel.Number
	closed    time.Time // the loop was
	sent      time.Time // the number was
	through   bool      // the far side answered
	reversed  time.Time // the exchange answered by reversal then
	ringing   bool      // ringback sounds
	rang      time.Time // ringback stopped then
	voice     bool      // and something that may be a voice came
	how       string    // why the number was sent
	info      bool      // the special information tone was heard
	quit      bool      // our side gave up as the loop was closed
	early     Heard     // a tone that sounds since before the number was out; the ear tells it once
}

func (l *FXO) dial(now time.Time, ev Dial, out []Effect) []Effect {
	why := ""
	switch {
	case ev.Number == "":
		return append(out, Gone{tel.CauseInvalid, "there is no number to dial"})
	case l.state == Idle:
	case ev.Emergency && l.probe && (l.state == Seizing || l.state == AwaitDial): // it takes the probe over
	case ev.Emergency && l.state == Blocked:
	default:
		why = "the line is " + l.Describe()
	}
	switch {
	case why != "":
	case !l.away.IsZero():
		why = "the line has no battery"
	case !l.loop && now.Sub(l.stirred) < quietBefore:
		why = "the line stirred just now: somebody may be calling"
	}
	if why != "" {
		return append(out, Gone{tel.CauseCongestion, why})
	}
	if l.probe {
		l.probe = false
		out = l.sound(false, out) // the ear goes over to the call
	}
	l.owed = true
	l.out = outgoing{on: true, emergency: ev.Emergency, number: ev.Number, closed: now}
	return l.seize(now, "", out)
}

// seize closes the loop and waits for dial tone.
func (l *FXO) seize(now time.Time, why string, out []Effect) []Effect {
	out = l.close(out)
	out = l.become(now, Seizing, why, loopSettles, out)
	return l.sound(true, out)
}

func (l *FXO) dialTimedOut(now time.Time, out []Effect) []Effect {
	o := &l.out
	switch l.state {
	case Seizing:
		if o.quit && l.turned() {
			return l.meet(now, out)
		}
		if o.quit {
			out = l.open(out)
			out = l.sound(false, out)
			return l.clear(now, out)
		}
		wait := l.set.Timing.DialTone
		if o.emergency {
			wait = emergencyWait
		}
		return l.become(now, AwaitDial, l.why, max(wait-now.Sub(o.closed), time.Millisecond), out)
	case AwaitDial:
		waited := secs(now.Sub(o.closed))
		if o.emergency {
			return l.outpulse(now, "no dial tone in "+waited+", dialled all the same: an emergency", out)
		}
		if l.turned() {
			return l.meet(now, out)
		}
		return l.refused(now, FaultDialTone, "no dial tone in "+waited, out)
	case Dialling:
		l.fails++
		return l.drop(now, tel.CauseError, fmt.Sprintf("the number was not sent in %s", secs(now.Sub(l.since))), out)
	}
	switch {
	case o.info:
		return l.drop(now, tel.CauseInvalid, o.how, out)
	case o.voice:
		return l.answeredBy(now, "a voice after ringback stopped", out)
	case !o.rang.IsZero():
		return l.answeredBy(now, fmt.Sprintf("ringback stopped %s ago", secs(now.Sub(o.rang))), out)
	case o.ringing && o.emergency: // nobody but the caller gives it up
		return l.become(now, l.state, l.why, answerRings, out)
	case o.ringing:
		return l.drop(now, tel.CauseNoAnswer, "it rang for "+secs(answerRings), out)
	}
	return l.answeredBy(now, fmt.Sprintf("number outpulsed %s ago, no sign of an answer is known of this line", secs(now.Sub(o.sent))), out)
}

// turned reports whether the wires turned just before the loop was closed, or since:
// when there is no dial tone either, that was for a caller, who is on the line now.
func (l *FXO) turned() bool {
	t := l.bell.turned
	return !t.IsZero() && l.out.closed.Sub(t) < l.set.Timing.IDFirst
}

// refused ends an attempt that got no dial tone, and counts it.
func (l *FXO) refused(now time.Time, f Fault, why string, out []Effect) []Effect {
	l.fails++
	switch {
	case l.probe:
		l.probes++
	case f == FaultDialTone, l.fails >= 2:
		if f != FaultDialTone {
			f, why = FaultFailing, why+", for the second time"
		}
		out = l.condemn(f, why, out)
	}
	return l.drop(now, tel.CauseCongestion, why, out)
}

// outpulse sends the number.
func (l *FXO) outpulse(now time.Time, how string, out []Effect) []Effect {
	l.out.how = how
	out = l.become(now, Dialling, "", senderGrace+time.Duration(len(l.out.number))*digitTime, out)
	return append(out, SendDigits{l.out.number})
}

func (l *FXO) digitsSent(now time.Time, out []Effect) []Effect {
	if l.state != Dialling {
		return out
	}
	l.out.sent, l.feedBy = now, time.Time{}
	l.weigh(now)
	if !l.away.IsZero() {
		if e, over := l.release.battery(now, false, true); over {
			return l.over(now, e, out)
		}
	}
	out = l.become(now, AwaitAnswer, "", answerBlind, out)
	out = append(out, Proceeding{"number outpulsed: " + l.out.how})
	return l.dialHeard(now, l.out.early, out)
}

// answeredBy: the far side answered, or must be taken to have.
func (l *FXO) answeredBy(now time.Time, evidence string, out []Effect) []Effect {
	l.out.through, l.fails = true, 0
	out = l.become(now, Talking, "", 0, out)
	return append(out, Up{evidence})
}

// dialHeard takes a tone before the far side has answered.
func (l *FXO) dialHeard(now time.Time, ev Heard, out []Effect) []Effect {
	o := &l.out
	switch {
	case l.state == AwaitDial && !ev.Ended && ev.Tone == tel.ToneDial:
		l.learnDialTone(now, hzOf(ev.Evidence))
		return l.alive(now, orName(ev), out)
	case l.state == AwaitDial && !ev.Ended && signOf(ev.Tone) != "":
		return l.refused(now, FaultFailing, orName(ev)+" instead of dial tone", out)
	case l.state == Dialling && !ev.Ended && ev.Tone != tel.ToneDial: // the exchange needs no more digits
		o.early = ev
		return out
	case l.state == Dialling && ev.Tone == o.early.Tone:
		o.early = Heard{}
		return out
	case l.state != AwaitAnswer:
		return out
	case ev.Tone == tel.ToneRingback && !ev.Ended:
		l.fails, o.ringing, o.voice, o.rang = 0, true, false, time.Time{}
		l.deadline = now.Add(answerRings)
	case ev.Tone == tel.ToneRingback && o.ringing:
		o.ringing, o.rang = false, now
		l.deadline = now.Add(answerAfter)
		if l.release.far { // it is what tore the ringback
			return l.speaks(now, out)
		}
	case ev.Ended:
	case ev.Tone == tel.ToneInfo:
		o.info, o.how = true, orName(ev)+", then an announcement"
		l.deadline = now.Add(announcement)
	case ev.Tone == tel.ToneDial && now.Sub(o.sent) < dialLingers: // behind the first digit
	case ev.Tone == tel.ToneDial:
		return l.refused(now, FaultFailing, orName(ev)+" again: the exchange took no digit", out)
	case ev.Tone == tel.ToneBusy:
		return l.drop(now, tel.CauseBusy, orName(ev), out)
	case ev.Tone == tel.ToneUnobtainable:
		return l.drop(now, tel.CauseInvalid, orName(ev), out)
	case signOf(ev.Tone) != "":
		return l.drop(now, tel.CauseCongestion, orName(ev), out)
	}
	return out
}

// speaks: something sounds behind ringback. It may be busy tone, which the ear
// tells soon; else somebody has answered.
func (l *FXO) speaks(now time.Time, out []Effect) []Effect {
	l.out.voice = true
	l.deadline = earlier(l.deadline, now.Add(answerVoice))
	return out
}

// orName is the evidence of a tone, or its name when none was told.
func orName(ev Heard) string {
	if ev.Evidence != "" {
		return ev.Evidence
	}
	return ev.Tone.String() + " tone"
}

// alive: the exchange gave dial tone. A probe has what it wanted, a call its turn.
func (l *FXO) alive(now time.Time, evidence string, out []Effect) []Effect {
	if !l.probe {
		return l.outpulse(now, evidence, out)
	}
	l.fault, l.probes, l.fails, l.away = FaultNone, 0, 0, time.Time{}
	out = l.open(out)
	out = l.sound(false, out)
	return l.clear(now, out)
}
