package line

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// Times of a telephone.
const (
	FirstDigit   = 15 * time.Second // dial tone lasts so long
	BetweenKeys  = 4 * time.Second  // a number that may go on is taken as whole after so long
	ReleasedTone = 20 * time.Second // the tone after the far side left
	HowlerTime   = 60 * time.Second // then the telephone is parked
)

// FXS is the machine of a telephone on a socket of ours.
type FXS struct {
	caps     port.Caps
	state    State
	since    time.Time
	deadline time.Time
	dialled  tel.Number
}

// NewFXS returns a telephone on hook.
func NewFXS(now time.Time, caps port.Caps) *FXS { return &FXS{caps: caps, since: now} }

// State returns what the telephone is doing and since when.
func (p *FXS) State() (State, time.Time) { return p.state, p.since }

// Describe returns the state in words.
func (p *FXS) Describe() string { return p.state.String() }

// Deadline is the instant at which the loop must step TimedOut.
func (p *FXS) Deadline() (time.Time, bool) { return p.deadline, !p.deadline.IsZero() }

// Step takes one event at the instant now and appends to out what must be done.
func (p *FXS) Step(now time.Time, ev Event, out []Effect) []Effect {
	switch ev := ev.(type) {
	case Wire:
		return p.wire(now, ev.Event, out)
	case Ring:
		if p.state != Idle {
			return append(out, Gone{tel.CauseBusy, "the telephone is " + p.state.String()})
		}
		out = p.become(now, Ringing, out)
		return append(out, Do{port.Ring{Number: string(ev.Number), Name: ev.Name.String()}})
	case Key:
		return p.key(now, ev.Digit, out)
	case Verdict:
		return p.verdict(now, ev.Progress, out)
	case HangUp:
		return p.hangUp(now, ev.Tone, out)
	case Through:
		if p.state == Calling {
			return p.become(now, Talking, out)
		}
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

func (p *FXS) wire(now time.Time, ev port.Event, out []Effect) []Effect {
	switch ev := ev.(type) {
	case port.OffHook:
		return p.offHook(now, out)
	case port.OnHook:
		return p.onHook(now, out)
	case port.HookFlash:
		if p.state == Talking {
			return append(out, Flashed{})
		}
	case port.PulseDigit:
		if d := tel.Digit(ev.Digit); d.Valid() {
			return p.key(now, d, out)
		}
	case port.Lost:
		out = p.leave(tel.CauseLost, "the port's hardware is gone: "+ev.Why, out)
		return p.become(now, Dead, out)
	case port.Found:
		if p.state == Dead {
			return p.become(now, Idle, out)
		}
	}
	return out
}

func (p *FXS) offHook(now time.Time, out []Effect) []Effect {
	switch p.state {
	case Ringing:
		out = p.become(now, Talking, out)
		return append(out, Do{port.StopRing{}}, Audio{true}, Up{"the telephone was picked up"})
	case Idle:
		p.dialled = ""
		out = p.become(now, DialTone, out)
		p.deadline = now.Add(FirstDigit)
		return append(out, Audio{true}, Tone{tel.ToneDial})
	}
	return out
}

func (p *FXS) onHook(now time.Time, out []Effect) []Effect {
	if p.state == Idle || p.state == Ringing || p.state == Dead {
		return out
	}
	out = p.leave(tel.CauseNormal, "the telephone was hung up", out)
	return p.become(now, Idle, out)
}

// leave tells the call, if there is one, and ends audio and ringing.
func (p *FXS) leave(c tel.Cause, evidence string, out []Effect) []Effect {
	switch p.state {
	case Calling, Talking:
		return append(out, Gone{c, evidence}, Audio{false})
	case Ringing:
		return append(out, Do{port.StopRing{}}, Gone{c, evidence})
	case DialTone, Collecting, Released, Howling, Parked:
		return append(out, Audio{false})
	}
	return out
}

func (p *FXS) key(now time.Time, d tel.Digit, out []Effect) []Effect {
	switch p.state {
	case DialTone:
		out = p.become(now, Collecting, out)
		out = append(out, Tone{tel.ToneNone})
	case Collecting:
	default:
		return out
	}
	if len(p.dialled) < tel.MaxNumber {
		p.dialled += tel.Number(d.String())
	}
	p.deadline = now.Add(BetweenKeys)
	return append(out, Digits{p.dialled})
}

func (p *FXS) verdict(now time.Time, v Progress, out []Effect) []Effect {
	if p.state != Collecting {
		return out
	}
	switch v {
	case Complete:
		return p.whole(now, out)
	case Never:
		return p.refuse(now, tel.ToneCongestion, out)
	}
	return out
}

func (p *FXS) whole(now time.Time, out []Effect) []Effect {
	out = p.become(now, Calling, out)
	return append(out, Dialled{p.dialled})
}

// refuse lets a telephone that is off hook hear why nothing comes of it.
func (p *FXS) refuse(now time.Time, t tel.Tone, out []Effect) []Effect {
	out = p.become(now, Released, out)
	p.deadline = now.Add(ReleasedTone)
	return append(out, Tone{t})
}

func (p *FXS) hangUp(now time.Time, t tel.Tone, out []Effect) []Effect {
	switch p.state {
	case Ringing:
		out = append(out, Do{port.StopRing{}})
		return p.become(now, Idle, out)
	case Calling, Talking:
		if p.caps.Disconnect {
			out = append(out, Do{port.Disconnect{Millis: 500}})
		}
		if t == tel.ToneNone {
			t = tel.ToneBusy
		}
		return p.refuse(now, t, out)
	}
	return out
}

func (p *FXS) timedOut(now time.Time, out []Effect) []Effect {
	switch p.state {
	case DialTone:
		return p.refuse(now, tel.ToneCongestion, out)
	case Collecting:
		return p.whole(now, out)
	case Released:
		out = p.become(now, Howling, out)
		p.deadline = now.Add(HowlerTime)
		return append(out, Tone{tel.ToneHowler})
	case Howling:
		out = p.become(now, Parked, out)
		return append(out, Tone{tel.ToneNone})
	}
	p.deadline = time.Time{}
	return out
}
