package portleg

import (
	"sync/atomic"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/firmware/tel"
)

// dialler sends keys in the port's clock: a stall of the engine makes a number
// late, but breaks no key in two and swallows none.
type dialler struct {
	todo        [32]key
	wrote, read atomic.Uint32

	// Of the pump.
	tone    tone.Player
	on, off int // frames left of the present key and of the pause after it
}

// key is one key to be sent, for so many frames and with such a pause after it.
type key struct {
	digit   byte
	on, off uint8
}

// Dial implements media.DialEndpoint.
func (l *Leg) Dial(d tel.Digit, on, off int) {
	w := l.dial.wrote.Load()
	if w-l.dial.read.Load() == uint32(len(l.dial.todo)) {
		return // more keys than a number has, behind a port that takes none
	}
	l.dial.todo[w%uint32(len(l.dial.todo))] = key{byte(d), uint8(on), uint8(off)}
	l.dial.wrote.Store(w + 1)
}

// fill puts the keys that are due into f instead of what is there.
func (d *dialler) fill(f *pcm.Frame) {
	if d.on == 0 && d.off == 0 {
		r := d.read.Load()
		if r == d.wrote.Load() {
			return
		}
		k := d.todo[r%uint32(len(d.todo))]
		d.read.Store(r + 1)
		d.on, d.off = int(k.on), int(k.off)
		d.tone.Start(keyTone(k.digit))
	}
	*f = pcm.Frame{}
	switch {
	case d.on > 0:
		d.on--
		d.tone.Fill(f)
	default:
		d.off--
	}
}

// keyTones are the tones of all keys, as long as they are wanted.
var keyTones = func() (t [len(allKeys)]tone.Spec) {
	usual := dtmf.Usual()
	for i := range t {
		low, high, _ := dtmf.Frequencies(allKeys[i])
		t[i] = tone.Continuous(tone.Partial{Hz: low, DBm0: usual.Low}, tone.Partial{Hz: high, DBm0: usual.High})
	}
	return t
}()

const allKeys = "0123456789*#ABCD"

func keyTone(digit byte) tone.Spec {
	for i := range len(allKeys) {
		if allKeys[i] == digit {
			return keyTones[i]
		}
	}
	return tone.Spec{}
}
