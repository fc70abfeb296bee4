package media

import (
	"fmt"

	"github.com/centralita/centralita/dsp/progress"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/tel"
)

// Kind tells what an Event is about.
type Kind uint8

// Kinds of events.
const (
	Digit    Kind = iota // the far end pressed Event.Digit
	PlayDone             // Event.Play was played or sent to its end
	Tone                 // the line sends a call-progress signal, Event.Tone
	Silent               // nothing has arrived for Config.SilentAfter
)

// String returns the kind's name.
func (k Kind) String() string {
	return [...]string{"digit", "play done", "tone", "silent"}[min(k, Silent)]
}

// Event is one thing that a tick noticed. It is a flat value so that a tick
// allocates nothing; Kind tells which fields mean something.
type Event struct {
	Kind   Kind
	Leg    tel.LegID
	Digit  tel.Digit
	InBand bool // the digit was heard as a tone, not received as an event
	Play   tel.PlayID
	Tone   plan.Kind
	Ended  bool           // the signal is over; false: it was recognised
	Signal progress.Event // what was measured of it
}

// Evidence tells in short what was heard of a Tone: "busy tone 425 Hz 200/200".
func (e Event) Evidence() string { return e.Signal.String() }

// String returns the event as traces show it.
func (e Event) String() string {
	switch e.Kind {
	case Digit:
		return fmt.Sprintf("leg %s digit %s", e.Leg, e.Digit)
	case PlayDone:
		return fmt.Sprintf("leg %s play %d done", e.Leg, e.Play)
	case Tone:
		return fmt.Sprintf("leg %s tone %s ended %t (%s)", e.Leg, e.Tone, e.Ended, e.Evidence())
	}
	return fmt.Sprintf("leg %s %s", e.Leg, e.Kind)
}
