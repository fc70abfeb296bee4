package media

import (
	"fmt"

	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/tel"
)

// Kind tells what an Event is about.
type Kind uint8

// Kinds of events; those after Silent come only from lines.
const (
	Digit    Kind = iota // the far end pressed Event.Digit
	PlayDone             // Event.Play was played or sent to its end
	Silent               // nothing has arrived for Config.SilentAfter; told again as often as that passes
	Tone                 // the line sends a call-progress signal, Event.Tone, or it is over
	Strange              // the line sends a steady signal that its plan does not know; again as Periods grow
	Voice                // who speaks changed: Event.Far, Event.Near
	Fax                  // a fax calls (Event.Calling) or answers
)

// String returns the kind's name.
func (k Kind) String() string {
	return [...]string{"digit", "play done", "silent", "tone", "strange tone", "voice", "fax"}[min(k, Fax)]
}

// Event is one thing that a tick noticed. It is a flat value so that a tick
// allocates nothing (but the texts of a tone, now and then in a call); Kind
// tells which fields mean something.
type Event struct {
	Kind     Kind
	Leg      tel.LegID
	Digit    tel.Digit
	InBand   bool // the digit was heard as a tone, not received as an event
	Play     tel.PlayID
	Tone     plan.Kind
	Ended    bool    // the tone is over
	At       int64   // milliseconds of the leg's audio until a tone was told or had ended
	Sure     float32 // 0 to 1, of a tone
	Signal   string  // of a strange tone, as package plan writes it: "425@-10 200/200"
	Periods  int     // of a strange tone's cadence that agreed; 1 when it is continuous
	Evidence string  // what was heard: "busy tone 425 Hz 200/200"
	Far      bool    // somebody speaks on the line
	Speech   bool    // what the far end says has been no tone of the exchange for 0.6 s
	Near     bool    // something but silence is sent to the line
	Calling  bool    // 1100 Hz of a fax that calls; false: 2100 Hz of one that answers
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
	case Strange:
		return fmt.Sprintf("leg %s strange tone %s, %d periods", e.Leg, e.Signal, e.Periods)
	case Voice:
		return fmt.Sprintf("leg %s voice far %t near %t", e.Leg, e.Far, e.Near)
	case Fax:
		return fmt.Sprintf("leg %s fax calling %t", e.Leg, e.Calling)
	}
	return fmt.Sprintf("leg %s %s", e.Leg, e.Kind)
}
