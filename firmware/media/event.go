package media

import (
	"fmt"

	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/tel"
)

// Kind tells what an Event is about.
type Kind uint8

// Kinds of events.
const (
	Digit    Kind = iota // the far end pressed Event.Digit
	PlayDone             // Event.Play was played or sent to its end
	Tone                 // the line sends a call-progress signal, Event.Tone; told once, not its end
	Silent               // nothing has arrived for Config.SilentAfter; told again as often as that passes
)

// String returns the kind's name.
func (k Kind) String() string {
	return [...]string{"digit", "play done", "tone", "silent"}[min(k, Silent)]
}

// Event is one thing that a tick noticed. It is a flat value so that a tick
// allocates nothing (but the text of a Tone's evidence, once or twice a call);
// Kind tells which fields mean something.
type Event struct {
	Kind     Kind
	Leg      tel.LegID
	Digit    tel.Digit
	InBand   bool // the digit was heard as a tone, not received as an event
	Play     tel.PlayID
	Tone     plan.Kind
	Evidence string // what was heard: "busy tone 425 Hz 200/200"
}

// String returns the event as traces show it.
func (e Event) String() string {
	switch e.Kind {
	case Digit:
		return fmt.Sprintf("leg %s digit %s", e.Leg, e.Digit)
	case PlayDone:
		return fmt.Sprintf("leg %s play %d done", e.Leg, e.Play)
	case Tone:
		return fmt.Sprintf("leg %s tone %s (%s)", e.Leg, e.Tone, e.Evidence)
	}
	return fmt.Sprintf("leg %s %s", e.Leg, e.Kind)
}
