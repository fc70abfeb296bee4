package line

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// A telephone that is rung or told something while it is on hook.

// idStep is how far the sending of caller id is.
type idStep uint8

const (
	idNone    idStep = iota // nothing is to be sent, or it was
	idWaiting               // for the first burst to end
	idDue                   // for the pause before it
	idSending
	idSent // before the bell: the line rests
)

// display reports whether we send by audio what the telephone's display shows.
func (p *FXS) display() bool { return p.tel.Caps.OnHookAudio && !p.tel.Caps.CallerID }

// rung begins to ring the telephone.
func (p *FXS) rung(now time.Time, ev Ring, out []Effect) []Effect {
	switch p.state {
	case SendingMessages: // a caller goes first
		p.told = false
		out = append(out, StopID{})
	case Idle:
	default:
		cause := tel.CauseBusy
		if p.state == Dead {
			cause = tel.CauseUnreachable
		}
		return append(out, Gone{cause, "the telephone is " + p.state.String()})
	}
	p.ring, p.belled, p.bursts, p.id = ev, false, 0, idNone
	if !p.display() {
		return p.bell(now, p.become(now, Ringing, out))
	}
	if !p.tel.IDBefore {
		p.id = idWaiting
		return p.bell(now, p.become(now, Ringing, out))
	}
	out = p.become(now, SendingID, out)
	p.id = idDue
	p.deadline = later(now, p.hungAt.Add(HookRest))
	if p.tel.Caps.Polarity {
		p.turned = true
		out = append(out, Do{port.Reverse{On: true}})
		p.deadline = later(p.deadline, now.Add(ReverseRest))
	}
	if p.deadline.After(now) {
		return out
	}
	return p.send(now, out)
}

// send lets the display be told who calls.
func (p *FXS) send(now time.Time, out []Effect) []Effect {
	p.id = idSending
	id := ID{Number: p.ring.Number, Name: p.ring.Name, Absence: p.ring.Absence, At: p.ring.At}
	if id.Number == "" && id.Absence == "" {
		id.Absence = "O"
	}
	p.deadline = time.Time{}
	if p.state == SendingID {
		p.deadline = now.Add(IDLimit)
	}
	return append(out, SendID{id})
}

// bell rings it, as soon as its hook is at rest.
func (p *FXS) bell(now time.Time, out []Effect) []Effect {
	if due := p.hungAt.Add(HookRest); due.After(now) {
		p.deadline = due
		return out
	}
	p.belled = true
	p.deadline = time.Time{}
	cadence := p.tel.Bells[min(p.ring.Bell, numBells-1)]
	if p.id == idWaiting && !p.tel.Caps.Bursts { // nobody tells the end of the burst: count it
		_, lasts := bursts(cadence)
		p.id = idDue
		p.deadline = now.Add(lasts + BurstRest)
	}
	if !p.tel.Caps.RingSignal {
		cadence = port.Cadence{}
	}
	return append(out, Do{port.Ring{Number: string(p.ring.Number), Name: p.ring.Name.String(), Cadence: cadence}})
}

// burstOver: caller id goes into the first long pause of the bell.
func (p *FXS) burstOver(now time.Time, out []Effect) []Effect {
	if p.state != Ringing || p.id != idWaiting {
		return out
	}
	p.bursts++
	cadence := port.Cadence{}
	if p.tel.Caps.RingSignal {
		cadence = p.tel.Bells[min(p.ring.Bell, numBells-1)]
	}
	if n, _ := bursts(cadence); p.bursts >= n {
		p.id = idDue
		p.deadline = now.Add(BurstRest)
	}
	return out
}

func (p *FXS) idSent(now time.Time, out []Effect) []Effect {
	switch {
	case p.state == SendingMessages:
		return p.rest(now, out)
	case p.id != idSending:
		return out
	case p.state == SendingID:
		p.id = idSent
		p.deadline = now.Add(IDRest)
		return out
	}
	p.id = idNone
	return out
}

func (p *FXS) ringTimedOut(now time.Time, out []Effect) []Effect {
	switch {
	case p.state == SendingMessages: // it takes too long: let it be
		return p.rest(now, append(out, StopID{}))
	case p.state == Ringing && !p.belled:
		return p.bell(now, out)
	case p.id == idDue:
		return p.send(now, out)
	case p.state == SendingID:
		if p.id == idSending { // it takes too long
			out = append(out, StopID{})
		}
		p.id = idNone
		return p.bell(now, p.become(now, Ringing, out))
	}
	p.deadline = time.Time{}
	return out
}

// later returns the later of two instants.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// quiet ends ringing and sending.
func (p *FXS) quiet(out []Effect) []Effect {
	if p.id == idSending {
		out = append(out, StopID{})
	}
	p.id = idNone
	if p.state == Ringing && p.belled {
		out = append(out, Do{port.StopRing{}})
	}
	if p.turned {
		p.turned = false
		out = append(out, Do{port.Reverse{On: false}})
	}
	return out
}

// pickedUp answers.
func (p *FXS) pickedUp(now time.Time, out []Effect) []Effect {
	stop := p.quiet(nil)
	out = append(p.become(now, Talking, out), stop...)
	return append(out, Audio{true}, Up{"the telephone was picked up"})
}

// waiting takes note of how many messages wait.
func (p *FXS) waiting(now time.Time, n int, out []Effect) []Effect {
	n = max(0, n)
	if n == p.messages {
		return out
	}
	lamp := (n > 0) != (p.messages > 0)
	p.messages, p.told = n, false
	if lamp && p.tel.Caps.Neon && p.state != Dead {
		out = append(out, Do{port.Neon{On: n > 0}})
	}
	if p.state == Idle {
		return p.rest(now, out)
	}
	return out
}

// tellMessages sends to the display how many messages wait.
func (p *FXS) tellMessages(now time.Time, out []Effect) []Effect {
	p.deadline = time.Time{}
	if p.told || !p.display() {
		return out
	}
	p.told = true
	out = p.become(now, SendingMessages, out)
	p.deadline = now.Add(IDLimit)
	return append(out, SendID{ID{Waiting: true, Messages: p.messages}})
}
