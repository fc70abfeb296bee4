package voicemodem

import (
	"sync"
	"time"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
)

// Tones of the exchange (ITU-T E.180, the plan of much of Europe) and the voices of
// the far side, which are pure so that a test can measure them.
const (
	ToneHz   = 425
	CalleeHz = 1300 // who answers our calls
	CallerHz = 1000 // who calls us
	busySeen = 2 * time.Second
	keySeen  = 60 * time.Millisecond
	keyOver  = 120 * time.Millisecond
)

// stage of the exchange.
type stage uint8

const (
	resting stage = iota
	inviting
	dialling
	ringback
	talking
	gone
)

// Exchange is a Line with dial tone, a callee who answers after one ring, callers
// and busy tone when the far side is gone. It is safe for concurrent use.
type Exchange struct {
	Callee string // the number that is answered; every other is busy

	mu     sync.Mutex
	modem  *Modem
	stage  stage
	closed bool
	player tone.Player
	ear    dtmf.Detector
	keys   []dtmf.Event
	digits string
	left   int // samples of ringback before the callee answers
	energy []float64
	ring   *time.Timer
}

// Attach connects the modem, whose line the exchange is.
func (x *Exchange) Attach(m *Modem) { x.modem = m }

// Call lets a caller ring: one burst every five seconds, caller id behind the first.
func (x *Exchange) Call(number, name string) {
	x.mu.Lock()
	x.stage = inviting
	x.mu.Unlock()
	x.burst(number, name, true)
}

// burst is one burst of ring voltage.
func (x *Exchange) burst(number, name string, first bool) {
	x.mu.Lock()
	if x.stage != inviting {
		x.mu.Unlock()
		return
	}
	x.ring = time.AfterFunc(5*time.Second, func() { x.burst(number, name, false) })
	x.mu.Unlock()
	x.modem.Ring()
	if first {
		time.AfterFunc(1500*time.Millisecond, func() { x.modem.CallerID(number, name, "") })
	}
}

// HangUp is the far side's end: busy tone, which the modem tells of after a while.
func (x *Exchange) HangUp() {
	x.mu.Lock()
	x.stage = gone
	x.play(tone.Cadence([]tone.Partial{{Hz: ToneHz, DBm0: -12}}, 500, 500))
	x.mu.Unlock()
	time.AfterFunc(busySeen, func() { x.modem.Code('b') })
}

// Hush makes the far side say nothing; Talk lets it go on.
func (x *Exchange) Hush() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.player.Stop()
}

// Talk lets the far side send its voice at hz.
func (x *Exchange) Talk(hz float64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.play(tone.Continuous(tone.Partial{Hz: hz, DBm0: -15}))
}

// Press is a key of the far side: the tone, which the modem tells of as well.
func (x *Exchange) Press(key byte) error {
	s, err := dtmf.Spec(string(key), dtmf.Sending{OnMs: 200, OffMs: 80, Low: -9, High: -7})
	if err != nil {
		return err
	}
	x.mu.Lock()
	x.play(s)
	x.mu.Unlock()
	time.AfterFunc(keySeen, func() { x.modem.Code(key) })
	time.AfterFunc(keyOver, x.Hush) // a modem that talks does not hear it at all
	return nil
}

// Digits is what was dialled since the last seizure.
func (x *Exchange) Digits() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.digits
}

// Level is what the line heard in the last 200 ms, in dBm0.
func (x *Exchange) Level() float64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	sum := 0.0
	for _, e := range x.energy {
		sum += e
	}
	return pcm.DBm0(sum / float64(max(len(x.energy), 1)))
}

// Hook implements Line.
func (x *Exchange) Hook(closed bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closed, x.digits = closed, ""
	x.ear.Reset()
	switch {
	case !closed:
		x.stage = resting
		x.player.Stop()
	case x.stage == inviting:
		x.stage = talking
		x.ring.Stop()
		x.play(tone.Continuous(tone.Partial{Hz: CallerHz, DBm0: -15}))
	default:
		x.stage = dialling
		x.play(tone.Continuous(tone.Partial{Hz: ToneHz, DBm0: -12}))
	}
}

// play begins a signal.
func (x *Exchange) play(s tone.Spec) {
	x.player.Stop()
	x.player.Start(s)
}

// Flash implements Line: it gives dial tone again.
func (x *Exchange) Flash() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.stage, x.digits = dialling, ""
	x.play(tone.Continuous(tone.Partial{Hz: ToneHz, DBm0: -12}))
}

// Hear implements Line.
func (x *Exchange) Hear(f *pcm.Frame) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.energy = append(x.energy, float64(pcm.Energy(f[:]))/pcm.FrameLen)
	x.energy = x.energy[max(0, len(x.energy)-10):]
	if x.stage != dialling {
		return
	}
	x.keys = x.ear.Process(f, x.keys[:0])
	for _, k := range x.keys {
		if !k.Down {
			continue
		}
		if x.digits == "" {
			x.player.Stop()
		}
		x.digits += string(k.Digit)
	}
	switch {
	case x.digits == "" || len(x.digits) < len(x.Callee):
	case x.digits == x.Callee:
		x.stage, x.left = ringback, 2*pcm.Rate
		x.play(tone.Cadence([]tone.Partial{{Hz: ToneHz, DBm0: -15}}, 1000, 4000))
	default:
		x.stage = gone
		x.play(tone.Cadence([]tone.Partial{{Hz: ToneHz, DBm0: -12}}, 500, 500))
	}
}

// Say implements Line.
func (x *Exchange) Say(f *pcm.Frame) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.stage == ringback {
		if x.left -= pcm.FrameLen; x.left <= 0 {
			x.stage = talking
			x.play(tone.Continuous(tone.Partial{Hz: CalleeHz, DBm0: -15}))
		}
	}
	if !x.player.Fill(f) {
		f.Silence()
	}
}
