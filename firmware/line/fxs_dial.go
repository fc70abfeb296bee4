package line

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// A telephone that dials.

// dialTone invites to dial; a broken tone says that messages wait.
func (p *FXS) dialTone(now time.Time, out []Effect) []Effect {
	p.dialled = ""
	out = p.become(now, DialTone, out)
	p.deadline = now.Add(FirstDigit)
	if p.messages > 0 {
		return append(out, Tone{tel.ToneStutter})
	}
	return append(out, Tone{tel.ToneDial})
}

// key takes a digit by tone or by pulses. The first ends the dial tone; # ends a
// number.
func (p *FXS) key(now time.Time, d tel.Digit, out []Effect) []Effect {
	collecting := Collecting
	switch p.state {
	case DialTone:
		out = p.become(now, Collecting, out)
		out = append(out, Tone{tel.ToneNone})
	case RecallTone, Holding:
		out = p.become(now, SecondCollecting, out)
		out = append(out, Tone{tel.ToneNone})
		collecting = SecondCollecting
	case Collecting:
	case SecondCollecting:
		collecting = SecondCollecting
	default:
		if p.joins(now, d) {
			out = p.become(now, Conference, out)
			return append(out, Asks{Confer})
		}
		return out
	}
	if d == '#' && p.dialled != "" {
		return p.whole(now, calling(collecting), out)
	}
	if len(p.dialled) < tel.MaxNumber {
		p.dialled += tel.Number(d.String())
	}
	p.deadline = now.Add(BetweenKeys)
	return append(out, Digits{p.dialled})
}

// calling is the state that follows collecting.
func calling(collecting State) State {
	if collecting == SecondCollecting {
		return SecondCalling
	}
	return Calling
}

func (p *FXS) verdict(now time.Time, v Progress, out []Effect) []Effect {
	if p.state != Collecting && p.state != SecondCollecting {
		return out
	}
	switch {
	case v == Complete:
		return p.whole(now, calling(p.state), out)
	case v == Never && p.state == SecondCollecting:
		return p.refuseSecond(now, tel.ToneCongestion, out)
	case v == Never:
		return p.refuse(now, tel.ToneCongestion, out)
	}
	return out
}

// whole calls the number.
func (p *FXS) whole(now time.Time, s State, out []Effect) []Effect {
	out = p.become(now, s, out)
	return append(out, Dialled{p.dialled})
}

func (p *FXS) through(now time.Time, out []Effect) []Effect {
	switch p.state {
	case Calling:
		return p.become(now, Talking, out)
	case SecondCalling:
		out = p.become(now, Second, out)
		return append(out, Tone{tel.ToneNone})
	}
	return out
}
