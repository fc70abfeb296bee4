package line

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// A telephone with two parties: flash holds the first and gives dial tone for a
// second number; flash again changes between them, and 3 behind it joins all.
// Hanging up hands one party over to the other.

// flash takes a flash of the hook.
func (p *FXS) flash(now time.Time, out []Effect) []Effect {
	if now.Sub(p.flashed) < FlashGap {
		return out // one flash, reported twice
	}
	p.flashed = now
	switch p.state {
	case Talking:
		return append(out, Asks{Hold}) // Held follows when there is somebody to hold
	case RecallTone, SecondCollecting, SecondCalling, SecondRefused, Holding:
		return p.retrieve(now, out)
	case Second:
		out = p.become(now, Swapped, out)
		return append(out, Asks{Swap})
	case Swapped:
		out = p.become(now, Second, out)
		return append(out, Asks{Swap})
	case Conference:
		out = p.become(now, Swapped, out)
		return append(out, Asks{Part})
	case Collecting, Released, Howling, Parked: // somebody is there and wants to begin anew
		return p.dialTone(now, out)
	}
	return out
}

// held: the party is on hold, a second number may be dialled.
func (p *FXS) held(now time.Time, out []Effect) []Effect {
	if p.state != Talking {
		return out
	}
	p.dialled = ""
	out = p.become(now, RecallTone, out)
	p.deadline = now.Add(FirstDigit)
	return append(out, Tone{tel.ToneRecall})
}

// freed: there is nobody on hold any more; somebody else comes to talk.
func (p *FXS) freed(now time.Time, out []Effect) []Effect {
	switch p.state {
	case RecallTone, SecondCollecting, SecondRefused, Holding:
		out = p.become(now, Talking, out)
		return append(out, Tone{tel.ToneNone})
	}
	return out
}

// retrieve goes back to the party on hold.
func (p *FXS) retrieve(now time.Time, out []Effect) []Effect {
	out = p.become(now, Talking, out)
	return append(out, Tone{tel.ToneNone}, Asks{Retrieve})
}

// joins reports whether the key means a conference.
func (p *FXS) joins(now time.Time, d tel.Digit) bool {
	return d == '3' && (p.state == Second || p.state == Swapped) && now.Sub(p.flashed) <= ConferWindow
}

// refuseSecond lets hear why nothing comes of the second call.
func (p *FXS) refuseSecond(now time.Time, t tel.Tone, out []Effect) []Effect {
	out = p.become(now, SecondRefused, out)
	p.deadline = now.Add(RefusedTone)
	return append(out, Tone{t})
}

// partyGone: one of two parties left.
func (p *FXS) partyGone(now time.Time, ev PartyGone, out []Effect) []Effect {
	t := ev.Tone
	if t == tel.ToneNone {
		t = tel.ToneBusy
	}
	switch p.state {
	case SecondCalling:
		if ev.Second {
			return p.refuseSecond(now, t, out)
		}
		return p.become(now, Calling, out)
	case Second:
		if ev.Second {
			return p.refuseSecond(now, t, out)
		}
		return p.alone(now, out)
	case Swapped, Conference:
		return p.alone(now, out)
	}
	return out
}

// alone goes on with the one party that is left; a short tone says so.
func (p *FXS) alone(now time.Time, out []Effect) []Effect {
	out = p.become(now, Talking, out)
	return append(out, Tone{tel.ToneConfirm})
}

func (p *FXS) secondTimedOut(now time.Time, out []Effect) []Effect {
	switch p.state {
	case RecallTone: // he only wanted to hold: no tone, and nobody hears him
		out = p.become(now, Holding, out)
		p.deadline = now.Add(HoldReminder)
		return append(out, Tone{tel.ToneNone})
	case Holding:
		p.deadline = now.Add(HoldReminder)
		return append(out, Tone{tel.ToneConfirm})
	case SecondCollecting:
		return p.whole(now, SecondCalling, out)
	case SecondRefused:
		return p.retrieve(now, out)
	}
	p.deadline = time.Time{}
	return out
}
