package line

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// FXO is the machine of a line of the exchange.
//
// It never sends a number without dial tone that came after a fresh seizure (but
// for an emergency), ends a call once, for one reason, and takes itself out of
// service when the line does not do what a line must.
type FXO struct {
	set      Settings
	state    State
	since    time.Time
	deadline time.Time // of the state
	why      string

	loop    bool      // we hold it closed
	audio   bool      // flows
	away    time.Time // battery went then; zero: it is there
	feedBy  time.Time // current must be back by then in a loop closed to dial
	stirred time.Time // the exchange last did something to the open loop
	gone    bool      // the hardware is

	bell     bell
	owed     bool // a call was told or wanted, and has not been told its end
	met      bool // we closed the loop upon a caller: glare
	answered bool // the call wants us to stay on the line
	twice    bool // the loop was opened to refuse a collect call

	out     outgoing
	release release

	fault  Fault // why the line is out of service, or will be when it is free
	fails  int   // attempts in a row
	probes int   // that failed
	probe  bool  // we seized to see whether the line lives

	prof  Profile  // what the line is trusted by
	sight *Profile // what is learned: &prof, or a copy nobody keeps while prof is frozen
	dirty bool     // something was learned and not told yet
	news  string   // a change of character that was not told yet
}

// Fault is why a line is out of service. The texts are stored and never change
// their meaning.
type Fault string

// Faults.
const (
	FaultNone      Fault = ""
	FaultBattery   Fault = "no battery"
	FaultHardware  Fault = "hardware gone"
	FaultDialTone  Fault = "no dial tone"
	FaultFailing   Fault = "failed twice"
	FaultCharacter Fault = "changed character"
)

// NewFXO returns an idle line with battery.
func NewFXO(now time.Time, set Settings) *FXO {
	if set.Timing == (Timing{}) {
		set.Timing = TimingFor("", nil)
	}
	l := &FXO{set: set, since: now}
	l.use(set.Profile)
	return l
}

// State returns what the line is doing and since when.
func (l *FXO) State() (State, time.Time) { return l.state, l.since }

// Describe returns the state in words.
func (l *FXO) Describe() string {
	if l.why != "" {
		return l.state.String() + ": " + l.why
	}
	return l.state.String()
}

// Fault returns why the line is out of service; FaultNone when it is not.
func (l *FXO) Fault() Fault { return l.fault }

// Probing reports whether the line is seized only to see whether it lives.
func (l *FXO) Probing() bool { return l.probe }

// Profile returns a copy of what the line has shown of itself.
func (l *FXO) Profile() Profile { return l.prof.Clone() }

// Known returns the tones that end calls on this line, as package plan writes
// signals; the ear listens for them beside those of the country.
func (l *FXO) Known() []string { return l.prof.Known() }

// Deadline is the instant at which the loop must step TimedOut.
func (l *FXO) Deadline() (time.Time, bool) {
	at := earlier(earlier(l.deadline, l.feedBy), l.release.deadline())
	return at, !at.IsZero()
}

// Step takes one event at the instant now and appends to out what must be done.
func (l *FXO) Step(now time.Time, ev Event, out []Effect) []Effect {
	switch ev := ev.(type) {
	case Wire:
		return l.wire(now, ev.Event, out)
	case Answer:
		return l.answer(now, out)
	case Dial:
		return l.dial(now, ev, out)
	case DigitsSent:
		return l.digitsSent(now, out)
	case HangUp:
		return l.hangUp(now, out)
	case Heard:
		return l.heard(now, ev, out)
	case Strange:
		return l.strange(now, ev, out)
	case Voice:
		return l.voice(now, ev, out)
	case Fax:
		return l.faxHeard(now, ev, out)
	case Measured:
		l.measured(now, ev.Levels)
	case Freeze:
		return l.freeze(ev.On, out)
	case Configure:
		l.set.Timing, l.set.BlockCollect, l.set.Longest = ev.Timing, ev.BlockCollect, ev.Longest
	case UseProfile:
		l.use(ev.Profile)
		return l.retune(append(out, Learned{l.prof.Clone()}))
	case Lend:
		return l.lend(now, ev.On, out)
	case Tuned:
		return l.tuned(ev.Tune, out)
	case TimedOut:
		return l.timedOut(now, out)
	}
	return out
}

// become is the one place where the state changes. The state ends after wait
// unless something else ends it; a wait of 0 is none.
func (l *FXO) become(now time.Time, s State, why string, wait time.Duration, out []Effect) []Effect {
	l.deadline = time.Time{}
	if wait > 0 {
		l.deadline = now.Add(wait)
	}
	if s == l.state && why == l.why {
		return out
	}
	if s != l.state {
		l.since = now
	}
	l.state, l.why = s, why
	return append(out, Changed{s, why})
}

// close closes the loop.
func (l *FXO) close(out []Effect) []Effect {
	if l.loop {
		return out
	}
	l.loop = true
	return append(out, Do{port.Seize{}})
}

// open opens the loop.
func (l *FXO) open(out []Effect) []Effect {
	if !l.loop {
		return out
	}
	l.loop = false
	return append(out, Do{port.Release{}})
}

// sound lets audio flow, or no longer.
func (l *FXO) sound(on bool, out []Effect) []Effect {
	if l.audio == on {
		return out
	}
	l.audio = on
	return append(out, Audio{on})
}

// tellGone tells the call that it is over, once.
func (l *FXO) tellGone(c tel.Cause, evidence string, out []Effect) []Effect {
	if !l.owed {
		return out
	}
	l.owed = false
	return append(out, Gone{c, evidence})
}

// drop ends what the line was doing because of the far side or a failure. Nobody
// hears the line from now on.
func (l *FXO) drop(now time.Time, c tel.Cause, evidence string, out []Effect) []Effect {
	out = l.open(out)
	out = l.tellGone(c, evidence, out)
	out = l.sound(false, out)
	return l.clear(now, out)
}

// over ends a call that the release decided.
func (l *FXO) over(now time.Time, e ending, out []Effect) []Effect {
	l.learnEnding(now, e)
	return l.drop(now, e.sign.cause(), e.evidence, out)
}

// hangUp: our side ends.
func (l *FXO) hangUp(now time.Time, out []Effect) []Effect {
	l.owed = false
	switch {
	case l.probe:
		return out // nobody's call
	case l.state == Seizing: // whom the driver is about to tell of is on the line already
		l.out.quit = true
		return out
	case l.state == AwaitDial && l.turned():
		return l.meet(now, out) // somebody else may be on the line
	case l.loop, l.state == Flashing:
		l.learnOwnEnd(now)
		out = l.open(out)
		out = l.sound(false, out)
		return l.clear(now, out)
	}
	return out // a line that rings goes on until the caller gives up
}

// clear leaves the line alone for as long as the exchange needs to clear it.
func (l *FXO) clear(now time.Time, out []Effect) []Effect {
	l.forget()
	return l.become(now, Clearing, "", l.set.Timing.Guard, out)
}

// forget ends all that belongs to one call.
func (l *FXO) forget() {
	l.release.stop()
	l.met, l.answered, l.twice, l.probe = false, false, false, false
	l.out, l.bell.told, l.feedBy = outgoing{}, false, time.Time{}
}

func (l *FXO) timedOut(now time.Time, out []Effect) []Effect {
	if e, over := l.release.ripe(now); over {
		return l.over(now, e, out)
	}
	if !l.feedBy.IsZero() && !now.Before(l.feedBy) {
		return l.noCurrent(now, out)
	}
	if l.deadline.IsZero() || now.Before(l.deadline) {
		return out
	}
	switch l.state {
	case Ringing, ReadingID:
		return l.ringTimedOut(now, out)
	case Answering, Flashing:
		return l.answerTimedOut(now, out)
	case Seizing, AwaitDial, Dialling, AwaitAnswer:
		return l.dialTimedOut(now, out)
	case Idle, Clearing, Confirming:
		return l.restTimedOut(now, out)
	case Blocked, Alarm:
		return l.tryAlive(now, out)
	case Testing:
		return l.takeBack(now, out)
	}
	l.deadline = time.Time{}
	return out
}
