package line

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// ID is what a telephone that is on hook is told by its display: who calls, or
// how many messages wait.
type ID struct {
	Number  tel.Number
	Name    tel.Text
	Absence string    // of the number: "P" private, "O" unavailable, "" when it is there
	At      time.Time // date and time of the call, in the office's zone
	// Waiting tells that this is no call: the lamp for messages goes on, or out
	// when Messages is 0.
	Waiting  bool
	Messages int
}

// Events of a telephone besides those it shares with lines.
type (
	// IDSent: what SendID asked for has been sent, or cannot be sent.
	IDSent struct{}
	// Held: the party is on hold, as the telephone asked.
	Held struct{}
	// Freed: whom the telephone has on hold left him to somebody else, who comes.
	Freed struct{}
	// PartyGone: while two parties hang on the telephone, the first or the second
	// of them left, or the second did not come about; Tone says why.
	PartyGone struct {
		Second bool
		Tone   tel.Tone
	}
	// Messages: so many messages wait for the telephone's owner.
	Messages struct{ Count int }
)

func (IDSent) isEvent()    {}
func (Held) isEvent()      {}
func (Freed) isEvent()     {}
func (PartyGone) isEvent() {}
func (Messages) isEvent()  {}

func (IDSent) String() string { return "id sent" }
func (Held) String() string   { return "held" }
func (Freed) String() string  { return "freed" }
func (e PartyGone) String() string {
	if e.Second {
		return "second party gone " + e.Tone.String()
	}
	return "first party gone " + e.Tone.String()
}
func (e Messages) String() string { return fmt.Sprintf("%d messages", e.Count) }

// Effects of a telephone besides those it shares with lines.
type (
	// SendID: send this to the telephone on hook, as the country does; answer with
	// IDSent. The port has Caps.OnHookAudio.
	SendID struct{ ID ID }
	// StopID: be silent at once, the telephone was lifted or must be rung.
	StopID struct{}
	// Asks: the person at the telephone did something with the hook that concerns
	// the parties who hang on it.
	Asks struct{ Wish Wish }
)

func (SendID) isEffect() {}
func (StopID) isEffect() {}
func (Asks) isEffect()   {}

func (e SendID) String() string {
	if e.ID.Waiting {
		return fmt.Sprintf("send id: %d messages", e.ID.Messages)
	}
	return fmt.Sprintf("send id %s %q %s %s", e.ID.Number, e.ID.Name, e.ID.Absence, e.ID.At.Format("01-02 15:04"))
}
func (StopID) String() string { return "stop id" }
func (e Asks) String() string { return "asks " + e.Wish.String() }

// Wish is what a person asks for with the hook.
type Wish uint8

// Wishes.
const (
	Hold     Wish = iota // put the party on hold, to dial a second number
	Retrieve             // give up the second number and talk to the first party again
	Swap                 // talk to the other of two parties
	Confer               // let all three talk
	Part                 // end the talk of three: the second party waits
	HandOver             // hung up with a second party or number: the two others shall talk
	WalkOff              // hung up with a party on hold
)

var wishNames = [...]string{"hold", "retrieve", "swap", "confer", "part", "hand over", "walk off"}

// String returns the wish in words.
func (w Wish) String() string {
	if int(w) < len(wishNames) {
		return wishNames[w]
	}
	return "wish?"
}
