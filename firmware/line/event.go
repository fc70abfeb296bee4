// Package line holds the signalling of analog ports as pure machines: FXO for a
// socket with a line of the exchange, FXS for a socket with a telephone.
//
// Three words explain it: Event (what the wire, the ear or the call did),
// Effect (what the wire, the ear or the call must do), Deadline (when silence
// means something). The machines ask the port's capabilities, never its brand.
package line

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// Event is something that happened to a port.
type Event interface {
	fmt.Stringer
	isEvent()
}

// Events.
type (
	// Wire: the driver reports.
	Wire struct{ Event port.Event }
	// Answer: the call wants the ringing line answered (FXO).
	Answer struct{}
	// Dial: seize the line and call Number (FXO). An emergency is dialled on a line
	// that is out of service too, and without dial tone when none comes.
	Dial struct {
		Number    tel.Number
		Emergency bool
	}
	// DigitsSent: the number has been outpulsed (FXO).
	DigitsSent struct{}
	// HangUp: our side ends. An FXS telephone that is still off hook hears Tone.
	HangUp struct{ Tone tel.Tone }
	// Ring: ring the telephone (FXS).
	Ring struct {
		Number  tel.Number
		Name    tel.Text
		Absence string // of the number, as in ID
		Bell    Bell
		At      time.Time // date and time for the display, in the office's zone
	}
	// Key: the telephone dialled a key (FXS).
	Key struct{ Digit tel.Digit }
	// Verdict: what the digits dialled so far can become (FXS).
	Verdict struct{ Progress Progress }
	// Through: the number the telephone dialled is connected (FXS).
	Through struct{}
	// Freeze: a technician wants the profile left as it is, or no longer (FXO).
	Freeze struct{ On bool }
	// UseProfile: forget what was learned and use this (FXO).
	UseProfile struct{ Profile Profile }
	// Configure: the configuration was read again (FXO). A call that goes on keeps
	// its longest time.
	Configure struct {
		Timing       Timing
		BlockCollect bool
		Longest      time.Duration
	}
	// TimedOut: the deadline the machine asked for has come.
	TimedOut struct{}
)

// Progress is what the numbering plan says of the digits dialled so far.
type Progress uint8

// Progress of a number.
const (
	More Progress = iota
	Complete
	Never
)

func (Wire) isEvent()       {}
func (Answer) isEvent()     {}
func (Dial) isEvent()       {}
func (DigitsSent) isEvent() {}
func (HangUp) isEvent()     {}
func (Ring) isEvent()       {}
func (Key) isEvent()        {}
func (Verdict) isEvent()    {}
func (Through) isEvent()    {}
func (Freeze) isEvent()     {}
func (Configure) isEvent()  {}
func (UseProfile) isEvent() {}
func (TimedOut) isEvent()   {}

func (e Wire) String() string { return "wire: " + e.Event.String() }
func (Answer) String() string { return "answer" }
func (e Dial) String() string {
	if e.Emergency {
		return "dial " + string(e.Number) + ", an emergency"
	}
	return "dial " + string(e.Number)
}
func (e Freeze) String() string     { return fmt.Sprintf("freeze %t", e.On) }
func (Configure) String() string    { return "configure" }
func (e UseProfile) String() string { return fmt.Sprintf("use a profile of %d calls", e.Profile.Calls) }
func (DigitsSent) String() string   { return "digits sent" }
func (e HangUp) String() string     { return "hang up " + e.Tone.String() }
func (e Ring) String() string       { return "ring " + string(e.Number) }
func (e Key) String() string        { return "key " + e.Digit.String() }
func (e Verdict) String() string    { return fmt.Sprintf("verdict %d", e.Progress) }
func (Through) String() string      { return "through" }
func (TimedOut) String() string     { return "timed out" }

// Effect is something that must be done.
type Effect interface {
	fmt.Stringer
	isEffect()
}

// Effects.
type (
	// Do: a command to the driver.
	Do struct{ Command port.Command }
	// Audio: the loop is closed and audio flows, or no longer.
	Audio struct{ On bool }
	// Incoming: a call arrives on the line (FXO).
	Incoming struct {
		From    tel.Number
		Name    tel.Text
		Absence string // "P" private, "O" unavailable
	}
	// Up: the two ends are through: we answered, the telephone was picked up,
	// or the number was outpulsed. Evidence says how we know.
	Up struct{ Evidence string }
	// Proceeding: the number is out; audio may flow both ways, for ringback and
	// announcements, but nobody has answered yet: Up or Gone follows (FXO).
	Proceeding struct{ Evidence string }
	// Learned: the line's profile has grown; keep it (FXO).
	Learned struct{ Profile Profile }
	// Anomaly: the line did what it should not; the audio before it is worth
	// keeping (FXO).
	Anomaly struct{ What string }
	// SendDigits: outpulse Number on the closed loop; answer with DigitsSent (FXO).
	SendDigits struct{ Number tel.Number }
	// Digits: the telephone dialled this much; answer with Verdict (FXS).
	Digits struct{ Number tel.Number }
	// Dialled: the number is whole (FXS).
	Dialled struct{ Number tel.Number }
	// Tone: let the telephone hear a tone, or ToneNone to stop it (FXS).
	Tone struct{ Tone tel.Tone }
	// Gone: the far side of the port left, or an attempt failed.
	Gone struct {
		Cause    tel.Cause
		Evidence string
	}
	// Changed: the machine's state changed; for the view and the book.
	Changed struct {
		State  State
		Reason string
	}
)

func (Do) isEffect()         {}
func (Audio) isEffect()      {}
func (Incoming) isEffect()   {}
func (Up) isEffect()         {}
func (Proceeding) isEffect() {}
func (Learned) isEffect()    {}
func (Anomaly) isEffect()    {}
func (SendDigits) isEffect() {}
func (Digits) isEffect()     {}
func (Dialled) isEffect()    {}
func (Tone) isEffect()       {}
func (Gone) isEffect()       {}
func (Changed) isEffect()    {}

func (e Do) String() string         { return "do " + e.Command.String() }
func (e Audio) String() string      { return fmt.Sprintf("audio %t", e.On) }
func (e Incoming) String() string   { return fmt.Sprintf("incoming %s %q %s", e.From, e.Name, e.Absence) }
func (e Up) String() string         { return "up: " + e.Evidence }
func (e Proceeding) String() string { return "proceeding: " + e.Evidence }
func (e Learned) String() string    { return fmt.Sprintf("learned from %d calls", e.Profile.Calls) }
func (e Anomaly) String() string    { return "anomaly: " + e.What }
func (e SendDigits) String() string { return "send digits " + string(e.Number) }
func (e Digits) String() string     { return "digits " + string(e.Number) }
func (e Dialled) String() string    { return "dialled " + string(e.Number) }
func (e Tone) String() string       { return "tone " + e.Tone.String() }
func (e Gone) String() string       { return fmt.Sprintf("gone: %s, %s", e.Cause, e.Evidence) }
func (e Changed) String() string    { return "state " + e.State.String() + " " + e.Reason }
