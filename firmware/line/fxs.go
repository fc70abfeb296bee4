package line

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// FXS is the machine of a telephone on a socket of ours. STATES.md draws it.
type FXS struct {
	tel      Telephone
	state    State
	since    time.Time
	deadline time.Time
	dialled  tel.Number

	ring    Ring // what rings it
	belled  bool // the bell was told to ring
	id      idStep
	bursts  int       // of the bell, over
	turned  bool      // the wires are reversed
	hungAt  time.Time // last on hook
	flashed time.Time // last flash
	hooked  bool      // on hook during the disconnect pulse, as far as that can be told
	after   tel.Tone  // what is heard after the disconnect pulse

	messages int
	told     bool // the lamp was told so
}

// NewFXS returns a telephone on hook.
func NewFXS(now time.Time, t Telephone) *FXS { return &FXS{tel: t, since: now, told: true} }

// State returns what the telephone is doing and since when.
func (p *FXS) State() (State, time.Time) { return p.state, p.since }

// Describe returns the state in words.
func (p *FXS) Describe() string {
	switch p.state {
	case Released, Howling, Parked:
		return "off hook, " + p.state.String()
	}
	return p.state.String()
}

// Deadline is the instant at which the loop must step TimedOut.
func (p *FXS) Deadline() (time.Time, bool) { return p.deadline, !p.deadline.IsZero() }

// Takes reports whether a key pressed now is for the machine and not for the party.
func (p *FXS) Takes(now time.Time, d tel.Digit) bool {
	switch p.state {
	case DialTone, Collecting, RecallTone, SecondCollecting, Holding:
		return true
	}
	return p.joins(now, d)
}

// Step takes one event at the instant now and appends to out what must be done.
func (p *FXS) Step(now time.Time, ev Event, out []Effect) []Effect {
	switch ev := ev.(type) {
	case Wire:
		return p.wire(now, ev.Event, out)
	case Ring:
		return p.rung(now, ev, out)
	case IDSent:
		return p.idSent(now, out)
	case Messages:
		return p.waiting(now, ev.Count, out)
	case Key:
		return p.key(now, ev.Digit, out)
	case Verdict:
		return p.verdict(now, ev.Progress, out)
	case HangUp:
		return p.hangUp(now, ev.Tone, out)
	case Through:
		return p.through(now, out)
	case Held:
		return p.held(now, out)
	case Freed:
		return p.freed(now, out)
	case PartyGone:
		return p.partyGone(now, ev, out)
	case TimedOut:
		return p.timedOut(now, out)
	}
	return out
}

// become is the one place where the state changes. It clears the deadline.
func (p *FXS) become(now time.Time, s State, out []Effect) []Effect {
	p.deadline = time.Time{}
	if s == p.state {
		return out
	}
	p.state, p.since = s, now
	return append(out, Changed{State: s})
}

// rest lets the telephone be on hook, and tells its lamp what it does not know.
func (p *FXS) rest(now time.Time, out []Effect) []Effect {
	out = p.become(now, Idle, out)
	if !p.told && p.display() {
		p.deadline = now.Add(MessagesRest)
	}
	return out
}

func (p *FXS) wire(now time.Time, ev port.Event, out []Effect) []Effect {
	switch ev := ev.(type) {
	case port.OffHook:
		return p.offHook(now, out)
	case port.OnHook:
		return p.onHook(now, out)
	case port.HookFlash:
		return p.flash(now, out)
	case port.RingOff:
		return p.burstOver(now, out)
	case port.PulseDigit:
		if d := tel.Digit(ev.Digit); d.Valid() {
			return p.key(now, d, out)
		}
	case port.Lost:
		out = p.leave(tel.CauseLost, "the port's hardware is gone: "+ev.Why, out)
		return p.become(now, Dead, out)
	case port.Found:
		if p.state == Dead {
			p.turned, p.told = false, p.messages == 0
			if p.tel.Caps.Neon && p.messages > 0 {
				out = append(out, Do{port.Neon{On: true}})
			}
			return p.rest(now, out)
		}
	}
	return out
}

func (p *FXS) offHook(now time.Time, out []Effect) []Effect {
	switch p.state {
	case SendingID, Ringing:
		return p.pickedUp(now, out)
	case SendingMessages:
		p.told = false
		return p.dialTone(now, append(out, StopID{}, Audio{true}))
	case Idle:
		return p.dialTone(now, append(out, Audio{true}))
	case Dropping:
		p.hooked = false
	}
	return out
}

// onHook ends whatever the telephone was doing. The driver has waited for longer
// than a flash: what comes and goes more quickly, as a dial's pulses and a
// bouncing hook do, never gets here. An on hook that was none is a new call for
// dial tone when the loop closes again.
func (p *FXS) onHook(now time.Time, out []Effect) []Effect {
	switch p.state {
	case Idle, Ringing, SendingID, SendingMessages, Dead:
		return out
	case Dropping: // without battery nobody can tell; the end of the pulse shows it
		p.hooked = true
		return out
	}
	p.hungAt = now
	out = p.leave(tel.CauseNormal, "the telephone was hung up", out)
	return p.rest(now, out)
}

// leave tells the call, if there is one, and ends audio, ringing and sending.
func (p *FXS) leave(c tel.Cause, evidence string, out []Effect) []Effect {
	switch p.state {
	case Calling, Talking:
		return append(out, Gone{c, evidence}, Audio{false})
	case Ringing, SendingID:
		return append(p.quiet(out), Gone{c, evidence})
	case SendingMessages:
		p.told = false
		return append(out, StopID{})
	case RecallTone, SecondCollecting, SecondRefused, Holding:
		return append(out, Asks{WalkOff}, Audio{false})
	case SecondCalling, Second, Swapped, Conference:
		return append(out, Asks{HandOver}, Audio{false})
	case DialTone, Collecting, Released, Howling, Parked, Dropping:
		return append(out, Audio{false})
	}
	return out
}

// refuse lets a telephone that is off hook hear why nothing comes of it.
func (p *FXS) refuse(now time.Time, t tel.Tone, out []Effect) []Effect {
	out = p.become(now, Released, out)
	p.deadline = now.Add(ReleasedTone)
	return append(out, Tone{t})
}

// hangUp: nobody is left to talk to.
func (p *FXS) hangUp(now time.Time, t tel.Tone, out []Effect) []Effect {
	if t == tel.ToneNone {
		t = tel.ToneBusy
	}
	switch p.state {
	case Ringing, SendingID:
		return p.rest(now, p.quiet(out))
	case Calling, Talking, RecallTone, SecondCollecting, SecondCalling, Second, Swapped, Conference, SecondRefused, Holding:
		if !p.tel.Caps.Disconnect {
			return p.refuse(now, t, out)
		}
		p.after, p.hooked = t, false
		out = p.become(now, Dropping, out)
		p.deadline = now.Add(PulseLength)
		return append(out, Do{port.Disconnect{Millis: int(PulseLength.Milliseconds())}})
	}
	return out
}

func (p *FXS) timedOut(now time.Time, out []Effect) []Effect {
	switch p.state {
	case Idle:
		return p.tellMessages(now, out)
	case SendingID, Ringing, SendingMessages:
		return p.ringTimedOut(now, out)
	case DialTone:
		return p.refuse(now, tel.ToneCongestion, out)
	case Collecting:
		return p.whole(now, Calling, out)
	case Dropping:
		if p.hooked {
			p.hungAt = now
			return p.rest(now, append(out, Audio{false}))
		}
		return p.refuse(now, p.after, out)
	case Released:
		out = p.become(now, Howling, out)
		p.deadline = now.Add(HowlerTime)
		return append(out, Tone{tel.ToneHowler})
	case Howling:
		out = p.become(now, Parked, out)
		return append(out, Tone{tel.ToneNone})
	case RecallTone, SecondCollecting, SecondRefused, Holding:
		return p.secondTimedOut(now, out)
	}
	p.deadline = time.Time{}
	return out
}
