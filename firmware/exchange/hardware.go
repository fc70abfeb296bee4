package exchange

import (
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// From hardware that hears by itself to whoever listens. Such a port is deaf to our
// own ear while it talks: a modem that talks and listens in turn.

// sounds are the tones that hardware can name.
var sounds = map[port.Sound]tel.Tone{
	port.SoundBusy: tel.ToneBusy, port.SoundDial: tel.ToneDial, port.SoundRingback: tel.ToneRingback, port.SoundSpecial: tel.ToneInfo,
}

// onPort carries what a driver reports.
func (e *Exchange) onPort(p *portState, ev port.Event) {
	switch ev := ev.(type) {
	case port.Digit:
		if d := tel.Digit(ev.Digit); d.Valid() && p.audio != 0 {
			e.digit(OnDigit{Leg: p.audio, Digit: d, InBand: true})
		}
		return
	case port.Heard:
		if t, ok := sounds[ev.Sound]; ok {
			e.toEar(p, line.Heard{Tone: t, Evidence: ev.Sound.String() + ", recognised by the hardware"})
			return
		}
		if ev.Sound == port.SoundFax || ev.Sound == port.SoundAnswer {
			e.fax(OnFax{Leg: p.audio, Calling: ev.Sound == port.SoundFax})
			return
		}
	}
	e.push(toLine{p, line.Wire{Event: ev}})
}
