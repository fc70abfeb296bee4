// Package dtmf hears and sends the keys of a telephone: two tones at once, one
// of four low and one of four high frequencies (ITU-T Q.23).
//
// The Detector follows ITU-T Q.24 (clauses of its annex A in the tests) and is
// wider where callers need it. In IVR mode it takes tones of 40 ms and more with
// pauses of 20 ms and more, 0 to −45 dBm0 each, frequencies within 1.8 %, twist
// 8 dB either way, in noise 4 dB below, over dial tone or hum as loud as the
// key. It refuses tones of 23 ms and less, a frequency 3.5 % off, a third tone of
// 300 to 3400 Hz down to 6 dB below the key's (but a dial tone that was there
// before), and two harmonics of a voice among its others. A key without blemish is
// found 33 ms after its onset, a noisy one 40 ms, a doubtful one 50 or 70 ms, and
// told with the frame that holds that instant. A dropout of up to 10 ms does not
// end a key, nor does one of 65 ms after which the phases run on. At half the rate, with
// one look a frame where no key can be: it costs about the instructions of
// libspandsp in speech and keys, three quarters of its time, half in silence.
package dtmf

import (
	"fmt"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
)

// tones are the low and the high group of Q.23, in Hz.
var tones = [8]float64{697, 770, 852, 941, 1209, 1336, 1477, 1633}

// keys is the keypad of Q.23 by low and high tone.
var keys = [4][4]byte{
	{'1', '2', '3', 'A'},
	{'4', '5', '6', 'B'},
	{'7', '8', '9', 'C'},
	{'*', '0', '#', 'D'},
}

// Frequencies returns the two tones of a digit in Hz; ok is false for anything
// that is not one of the sixteen keys.
func Frequencies(digit byte) (low, high float64, ok bool) {
	for r, row := range keys {
		for c, k := range row {
			if k == digit {
				return tones[r], tones[4+c], true
			}
		}
	}
	return 0, 0, false
}

// Sending is how digits are sent. The zero value stands for Usual().
type Sending struct {
	OnMs, OffMs int     // length of a tone and of the pause after it, milliseconds
	Low, High   float64 // level of each frequency, dBm0
}

// Usual returns what exchanges and adapters expect: 80 ms on and off, the high
// tone at −7 dBm0 and 2 dB louder than the low one (ETSI ES 201 235-2).
func Usual() Sending { return Sending{OnMs: 80, OffMs: 80, Low: -9, High: -7} }

// PauseMs is how long a ',' in the digits waits.
const PauseMs = 2000

// Spec returns digits as a signal to be played once: each tone and the pause
// after it. A ',' waits PauseMs. The error names the first character that is no
// key.
func Spec(digits string, s Sending) (tone.Spec, error) {
	if s == (Sending{}) {
		s = Usual()
	}
	if s.OnMs <= 0 || s.OffMs <= 0 {
		return tone.Spec{}, fmt.Errorf("cannot send digits: tone of %d ms and pause of %d ms must be longer than nothing", s.OnMs, s.OffMs)
	}
	spec := tone.Spec{Repeat: tone.Once}
	for i := range len(digits) {
		if digits[i] == ',' {
			spec.Segments = append(spec.Segments, tone.Segment{Samples: tone.Ms(PauseMs)})
			continue
		}
		low, high, ok := Frequencies(digits[i])
		if !ok {
			return tone.Spec{}, fmt.Errorf("cannot send digits: %q at place %d is not a key", digits[i], i+1)
		}
		spec.Segments = append(spec.Segments,
			tone.Segment{Partials: []tone.Partial{{Hz: low, DBm0: s.Low}, {Hz: high, DBm0: s.High}}, Samples: tone.Ms(s.OnMs)},
			tone.Segment{Samples: tone.Ms(s.OffMs)})
	}
	return spec, nil
}

// Generator sends digits, frame after frame. The zero value has nothing to send.
type Generator struct{ player tone.Player }

// Start begins to send digits, in place of what was being sent. After an error
// nothing is sent.
func (g *Generator) Start(digits string, s Sending) error {
	g.player.Stop()
	spec, err := Spec(digits, s)
	if err != nil {
		return err
	}
	g.player.Start(spec)
	return nil
}

// Sending reports whether anything is left to send, the last pause included.
func (g *Generator) Sending() bool { return g.player.Playing() }

// Fill fills f with the next 20 ms and reports whether any of it was sent; what
// is left over is silence.
func (g *Generator) Fill(f *pcm.Frame) bool { return g.player.Fill(f) }
