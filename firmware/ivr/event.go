package ivr

import (
	"fmt"

	"github.com/centralita/centralita/firmware/tel"
)

// Event is something that happened to the caller in the flow.
type Event interface {
	fmt.Stringer
	isEvent()
}

// Events.
type (
	// Start: the caller's leg is up; the flow begins.
	Start struct{}
	// Digit: the caller pressed a key, at any moment, once.
	Digit struct{ Digit tel.Digit }
	// Played: what Play asked for has been heard to its end.
	Played struct{ ID tel.PlayID }
	// TimedOut: the deadline the machine asked for has come.
	TimedOut struct{}
	// Returned: the flow goes on after an exit that did not end the call there
	// (the extension did not answer, the queue was left by time-out).
	Returned struct{ Cause tel.Cause }
)

func (Start) isEvent()    {}
func (Digit) isEvent()    {}
func (Played) isEvent()   {}
func (TimedOut) isEvent() {}
func (Returned) isEvent() {}

func (Start) String() string      { return "start" }
func (e Digit) String() string    { return "digit " + e.Digit.String() }
func (e Played) String() string   { return fmt.Sprintf("played %d", e.ID) }
func (TimedOut) String() string   { return "timed out" }
func (e Returned) String() string { return "returned: " + string(e.Cause) }

// Effect is something that must be done.
type Effect interface {
	fmt.Stringer
	isEffect()
}

// Effects.
type (
	// Entered: the flow walked into a node; for the record and the view.
	Entered struct{ Node string }
	// Play: say these things in Lang, replacing what is being said. Answer with Played{ID}.
	Play struct {
		ID   tel.PlayID
		Lang tel.Lang
		Say  []tel.Say
	}
	// Stop: stop what is being said (barge-in). No Played follows for it.
	Stop struct{}
	// Language: the caller chose a language.
	Language struct{ Lang tel.Lang }
	// ToQueue: hand the caller to a queue. Returned follows if he leaves it by a rule.
	ToQueue struct{ Queue tel.QueueID }
	// ToExtension: ring a phone of the house. Returned follows if nobody answers.
	ToExtension struct{ Ext tel.Number }
	// HangUp: the flow is over and the call with it.
	HangUp struct{ Cause tel.Cause }
)

func (Entered) isEffect()     {}
func (Play) isEffect()        {}
func (Stop) isEffect()        {}
func (Language) isEffect()    {}
func (ToQueue) isEffect()     {}
func (ToExtension) isEffect() {}
func (HangUp) isEffect()      {}

func (e Entered) String() string     { return "entered " + e.Node }
func (e Play) String() string        { return fmt.Sprintf("play %d %s %v", e.ID, e.Lang, e.Say) }
func (Stop) String() string          { return "stop" }
func (e Language) String() string    { return "language " + string(e.Lang) }
func (e ToQueue) String() string     { return "to queue " + string(e.Queue) }
func (e ToExtension) String() string { return "to extension " + string(e.Ext) }
func (e HangUp) String() string      { return "hang up: " + string(e.Cause) }
