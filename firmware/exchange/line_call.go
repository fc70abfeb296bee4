package exchange

import (
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
)

// Between an analog port and the call it serves: what lines and telephones share.

func (p *portState) deadline() (time.Time, bool) {
	if p.fxo != nil {
		return p.fxo.Deadline()
	}
	return p.fxs.Deadline()
}

func (p *portState) state() (line.State, time.Time) {
	if p.fxo != nil {
		return p.fxo.State()
	}
	return p.fxs.State()
}

// lineEffect carries what a port's machine wants to driver, media and call.
func (e *Exchange) lineEffect(p *portState, ef line.Effect) {
	switch ef := ef.(type) {
	case line.Do:
		e.warn("port "+string(p.id)+": "+ef.Command.String(), e.sh.Ports.Command(p.id, ef.Command))
	case line.Audio:
		e.portAudio(p, ef.On)
	case line.Incoming:
		e.lineRings(p, ef)
	case line.Up:
		if l := e.legs[p.call]; l != nil {
			l.up = true
			e.toCallOf(p.call, call.LegUp{Leg: p.call, Evidence: ef.Evidence})
		}
	case line.Proceeding:
		e.toCallOf(p.call, call.LegProceeding{Leg: p.call, Evidence: ef.Evidence})
	case line.Learned:
		if e.sh.Profiles != nil {
			e.sh.Profiles.Keep(p.id, ef.Profile)
		}
	case line.Anomaly:
		if e.sh.BlackBox != nil {
			e.sh.BlackBox.SaveBlackBox(p.id, ef.What)
		}
	case line.SendDigits:
		e.sh.Media.SendDigits(p.audio, outpulse, string(ef.Number))
	case line.Digits:
		e.push(toLine{p, line.Verdict{Progress: e.progress(ef.Number)}})
	case line.Dialled:
		e.telephoneDialled(p, ef.Number)
	case line.Tone:
		e.sh.Media.Tone(p.audio, ef.Tone)
	case line.Asks:
		e.asks(p, ef.Wish)
	case line.SendID:
		e.sendID(p, ef.ID)
	case line.StopID:
		e.stopID(p)
	case line.Gone:
		e.portGone(p, ef)
	case line.Changed:
		e.portChanged(p, ef)
	}
}

// portAudio attaches or detaches the port's audio.
func (e *Exchange) portAudio(p *portState, on bool) {
	if !on {
		e.measureLine(p)
		e.sh.Media.Detach(p.audio)
		if l := e.legs[p.audio]; l != nil && l.call == "" {
			delete(e.legs, p.audio)
		}
		p.audio = 0
		e.phoneChanged(e.phones[p.ext])
		return
	}
	p.audio = p.call
	s, _ := p.state()
	dials := s == line.Seizing
	room := tel.CallID("port " + string(p.id))
	if p.audio == 0 {
		p.audio = e.ownLeg(p).id
	} else if l := e.legs[p.audio]; l != nil && l.call != "" {
		room = e.roomOf(l)
	}
	if err := e.sh.Media.AttachPort(room, p.audio, p.id, e.hear(p, dials)); err != nil {
		e.warn("port "+string(p.id)+": audio", err)
		if l := e.legs[p.audio]; l != nil {
			e.toCallOf(l.id, call.LegDown{Leg: l.id, Cause: tel.CauseError, Evidence: err.Error(), Spare: e.sh.NewLeg()})
			e.letGo(l)
		}
		e.push(toLine{p, line.HangUp{Tone: tel.ToneCongestion}})
	}
	e.phoneChanged(e.phones[p.ext])
}

// portGone tells the call that the port's leg is gone, and lets go of it.
func (e *Exchange) portGone(p *portState, ef line.Gone) {
	id := p.call
	if id == 0 {
		id = p.audio // a telephone that dialled
	}
	p.call = 0
	l := e.legs[id]
	if l == nil {
		return
	}
	e.toCallOf(id, call.LegDown{Leg: id, Cause: ef.Cause, Evidence: ef.Evidence, Spare: e.sh.NewLeg()})
	e.letGo(l)
}

// letGo takes the leg out of its call. A telephone that is still off hook keeps
// its audio, to hear a tone.
func (e *Exchange) letGo(l *legState) {
	if f := l.phone; f != nil && f.conf.Port == "" {
		f.legs--
		if l.offer != 0 {
			f.offered--
		}
	}
	l.call, l.offer = "", 0
	if l.port == nil || l.port.audio != l.id {
		delete(e.legs, l.id)
	}
	if l.port != nil && l.port.call == l.id {
		l.port.call = 0
	}
	if l.trunk != nil {
		l.trunk.used--
	}
	e.phoneChanged(l.phone)
}

func (e *Exchange) portChanged(p *portState, ef line.Changed) {
	p.since = e.now
	e.bookLine(p, ef)
	if p.ext != "" {
		f := e.phones[p.ext]
		if up := ef.State != line.Dead; up != f.up {
			f.up, f.since = up, e.now
		}
		e.phoneChanged(f)
	}
	e.inherit(p, ef.State)
}

// hangUpPort ends our side of a port's leg.
func (e *Exchange) hangUpPort(l *legState, cause tel.Cause) {
	p := l.port
	e.letGo(l)
	e.push(toLine{p, line.HangUp{Tone: toneFor(cause)}})
}
