package line

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// Times of an FXO line.
const (
	// RingGap: a caller who has not rung for so long has given up. The longest
	// pause in a cadence of the country table is 4.5 s.
	RingGap = 6500 * time.Millisecond
	// CallerIDWait: caller id comes within so much of the first burst, or not at all.
	CallerIDWait = 4 * time.Second
	// DialToneWait: an exchange that gives no dial tone for so long will not.
	DialToneWait = 5 * time.Second
	// QuietBefore: a line that rang so shortly ago is not seized.
	QuietBefore = 300 * time.Millisecond
	// Guard: so long a released line is left alone.
	Guard = time.Second
	// NoBattery: so long without battery an idle line is dead.
	NoBattery = 1500 * time.Millisecond
)

// FXO is the machine of a line of the exchange.
type FXO struct {
	caps     port.Caps
	state    State
	since    time.Time
	deadline time.Time
	rung     time.Time // last ring voltage
	told     bool      // Incoming was sent for this ringing
	id       Incoming
	idAt     time.Time  // when caller id came; it may come before the first burst
	number   tel.Number // being called
	outgoing bool
	reversed bool // the exchange answered by reversal
	noFeed   bool // battery is away
	why      string
}

// NewFXO returns an idle line with battery.
func NewFXO(now time.Time, caps port.Caps) *FXO { return &FXO{caps: caps, since: now} }

// State returns what the line is doing and since when.
func (l *FXO) State() (State, time.Time) { return l.state, l.since }

// Describe returns the state in words.
func (l *FXO) Describe() string {
	if l.why != "" {
		return l.state.String() + ": " + l.why
	}
	return l.state.String()
}

// Deadline is the instant at which the loop must step TimedOut.
func (l *FXO) Deadline() (time.Time, bool) { return l.deadline, !l.deadline.IsZero() }

// Step takes one event at the instant now and appends to out what must be done.
func (l *FXO) Step(now time.Time, ev Event, out []Effect) []Effect {
	switch ev := ev.(type) {
	case Wire:
		return l.wire(now, ev.Event, out)
	case Answer:
		return l.answer(now, out)
	case Dial:
		return l.dial(now, ev.Number, out)
	case Heard:
		if !ev.Ended {
			return l.heard(now, ev, out)
		}
	case DigitsSent:
		if l.state == Dialling {
			out = l.become(now, Talking, "", out)
			return append(out, Up{"number outpulsed; this line gives no answer signal"})
		}
	case HangUp:
		return l.hangUp(now, out)
	case TimedOut:
		return l.timedOut(now, out)
	}
	return out
}

// become is the one place where the state changes. It clears the deadline.
func (l *FXO) become(now time.Time, s State, why string, out []Effect) []Effect {
	l.deadline = time.Time{}
	if s == l.state && why == l.why {
		return out
	}
	l.state, l.since, l.why = s, now, why
	return append(out, Changed{s, why})
}

func (l *FXO) wire(now time.Time, ev port.Event, out []Effect) []Effect {
	switch ev := ev.(type) {
	case port.RingOn:
		return l.ringOn(now, out)
	case port.RingOff:
		if l.state == Ringing {
			l.rung = now
			l.deadline = now.Add(RingGap)
			if !l.told {
				l.deadline = now.Add(CallerIDWait)
			}
		}
	case port.CallerID:
		return l.callerID(now, ev, out)
	case port.Battery:
		return l.battery(now, ev.On, out)
	case port.Polarity:
		return l.polarity(now, out)
	case port.Lost:
		out = l.drop(now, tel.CauseLost, "the port's hardware is gone: "+ev.Why, false, out)
		return l.become(now, Dead, "hardware gone: "+ev.Why, out)
	case port.Found:
		l.noFeed = false
		if l.state == Dead {
			return l.become(now, Idle, "", out)
		}
	}
	return out
}

func (l *FXO) ringOn(now time.Time, out []Effect) []Effect {
	l.rung = now
	switch l.state {
	case Idle, Clearing, Dead:
		return l.ring(now, out)
	case Ringing:
		l.deadline = now.Add(RingGap)
		if !l.told { // a second burst: whatever caller id there was has passed
			out = l.tell(out)
		}
	case Seizing, Dialling:
		// Glare: the ring wins. We have closed the loop, so the caller is on the
		// line; open it again, the exchange goes on ringing or he calls again.
		out = append(out, Do{port.Release{}},
			Gone{tel.CauseCongestion, "glare: the line rang while it was being seized"}, Audio{false})
		return l.ring(now, out)
	}
	return out
}

// ring begins a new call from the exchange.
func (l *FXO) ring(now time.Time, out []Effect) []Effect {
	l.told, l.outgoing = false, false
	if now.Sub(l.idAt) > CallerIDWait {
		l.id = Incoming{}
	}
	out = l.become(now, Ringing, "", out)
	l.deadline = now.Add(RingGap)
	if l.id == (Incoming{}) {
		return out
	}
	return l.tell(out)
}

func (l *FXO) callerID(now time.Time, ev port.CallerID, out []Effect) []Effect {
	if l.told || l.state != Ringing && l.state != Idle {
		return out
	}
	number, _ := tel.CleanNumber(ev.Number)
	l.id = Incoming{From: number, Name: tel.CleanText(ev.Name), Absence: ev.Absence}
	l.idAt = now
	if l.state == Ringing {
		out = l.tell(out)
		l.deadline = now.Add(RingGap)
	}
	return out
}

func (l *FXO) tell(out []Effect) []Effect {
	l.told = true
	id := l.id
	l.id, l.idAt = Incoming{}, time.Time{} // it belongs to one call only
	return append(out, id)
}

func (l *FXO) battery(now time.Time, on bool, out []Effect) []Effect {
	l.noFeed = !on
	switch l.state {
	case Talking, Seizing, Dialling:
		if !on {
			return l.drop(now, tel.CauseBattery, "the exchange dropped the loop current", true, out)
		}
	case Idle, Ringing, Clearing:
		switch {
		case !on:
			l.deadline = now.Add(NoBattery)
		case l.state == Idle:
			l.deadline = time.Time{}
		case l.state == Ringing && !l.told:
			l.deadline = later(now, l.rung.Add(CallerIDWait))
		case l.state == Ringing:
			l.deadline = later(now, l.rung.Add(RingGap))
		default:
			l.deadline = now.Add(Guard)
		}
	case Dead:
		if on {
			return l.become(now, Idle, "", out)
		}
	}
	return out
}

// later returns the later of two instants.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (l *FXO) polarity(now time.Time, out []Effect) []Effect {
	if l.state != Talking {
		return out
	}
	if l.outgoing && !l.reversed {
		l.reversed = true // the first reversal of a call of ours is its answer
		return out
	}
	return l.drop(now, tel.CauseReversal, "the exchange reversed the line", true, out)
}

func (l *FXO) answer(now time.Time, out []Effect) []Effect {
	if l.state != Ringing {
		return append(out, Gone{tel.CauseAbandoned, "the caller stopped ringing before the answer"})
	}
	l.told = true
	out = l.become(now, Talking, "", out)
	return append(out, Do{port.Seize{}}, Audio{true}, Up{"we closed the loop"})
}

func (l *FXO) dial(now time.Time, n tel.Number, out []Effect) []Effect {
	if l.state != Idle || l.noFeed || now.Sub(l.rung) < QuietBefore {
		return append(out, Gone{tel.CauseCongestion, "the line is " + l.Describe()})
	}
	l.number, l.outgoing, l.reversed = n, true, false
	out = l.become(now, Seizing, "", out)
	l.deadline = now.Add(DialToneWait)
	return append(out, Do{port.Seize{}}, Audio{true})
}

func (l *FXO) heard(now time.Time, ev Heard, out []Effect) []Effect {
	switch ev.Tone {
	case tel.ToneInfo, tel.ToneUnobtainable:
		ev.Tone = tel.ToneCongestion
	case tel.ToneDisconnect:
		ev.Tone = tel.ToneBusy
	}
	switch {
	case l.state == Seizing && ev.Tone == tel.ToneDial:
		out = l.become(now, Dialling, "", out)
		return append(out, SendDigits{l.number})
	case l.state == Seizing && (ev.Tone == tel.ToneBusy || ev.Tone == tel.ToneCongestion):
		return l.drop(now, tel.CauseCongestion, ev.Evidence+" instead of dial tone", true, out)
	case l.state == Talking && ev.Tone == tel.ToneBusy && l.outgoing && !l.reversed && now.Sub(l.since) < 30*time.Second:
		return l.drop(now, tel.CauseBusy, ev.Evidence, true, out)
	case l.state == Talking && ev.Tone == tel.ToneCongestion && l.outgoing && !l.reversed && now.Sub(l.since) < 30*time.Second:
		return l.drop(now, tel.CauseCongestion, ev.Evidence, true, out)
	case l.state == Talking && ev.Tone == tel.ToneDial && l.outgoing && now.Sub(l.since) < 2*time.Second:
		return out // the exchange's tone lingers behind the first digit
	case l.state == Talking && (ev.Tone == tel.ToneBusy || ev.Tone == tel.ToneCongestion || ev.Tone == tel.ToneDial):
		return l.drop(now, tel.CauseTone, ev.Evidence, true, out)
	}
	return out
}

// drop ends what the line was doing because of the far side or a failure.
func (l *FXO) drop(now time.Time, c tel.Cause, evidence string, release bool, out []Effect) []Effect {
	switch l.state {
	case Talking, Seizing, Dialling:
		if release {
			out = append(out, Do{port.Release{}})
		}
		out = append(out, Gone{c, evidence}, Audio{false})
		return l.clear(now, out)
	case Ringing:
		if l.told {
			out = append(out, Gone{c, evidence})
		}
		return l.clear(now, out)
	}
	return out
}

func (l *FXO) clear(now time.Time, out []Effect) []Effect {
	out = l.become(now, Clearing, "", out)
	l.deadline = now.Add(Guard)
	if l.noFeed {
		l.deadline = now.Add(NoBattery)
	}
	return out
}

func (l *FXO) hangUp(now time.Time, out []Effect) []Effect {
	switch l.state {
	case Talking, Seizing, Dialling:
		out = append(out, Do{port.Release{}}, Audio{false})
		return l.clear(now, out)
	case Ringing:
		// The line is not answered: it goes on ringing until the caller gives
		// up. Forget the call, keep counting the bursts.
		l.told = true
	}
	return out
}

func (l *FXO) timedOut(now time.Time, out []Effect) []Effect {
	switch l.state {
	case Ringing:
		if l.noFeed {
			out = l.drop(now, tel.CauseBattery, "battery went while it rang", false, out)
			return l.become(now, Dead, "no battery", out)
		}
		if !l.told {
			out = l.tell(out)
			l.deadline = l.rung.Add(RingGap)
			return out
		}
		return l.drop(now, tel.CauseAbandoned, fmt.Sprintf("no ring for %.1f s", RingGap.Seconds()), false, out)
	case Seizing:
		return l.drop(now, tel.CauseCongestion, fmt.Sprintf("no dial tone in %.0f s", DialToneWait.Seconds()), true, out)
	case Clearing, Idle:
		if l.noFeed {
			return l.become(now, Dead, "no battery", out)
		}
		return l.become(now, Idle, "", out)
	}
	l.deadline = time.Time{}
	return out
}
