package exchange

import (
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/port"
)

// The shells, as the loop needs them. No method may block.

// Ports commands the analog ports.
type Ports interface {
	Command(tel.PortID, port.Command) error
}

// SIP commands SIP legs; what becomes of them comes back as events.
type SIP interface {
	DialPhone(leg tel.LegID, ext tel.Number, from tel.Number, name tel.Text)
	DialTrunk(leg tel.LegID, trunk tel.TrunkID, number, from tel.Number)
	Ring(tel.LegID)
	Answer(tel.LegID)
	Reject(tel.LegID, tel.Cause)
	HangUp(tel.LegID, tel.Cause)
}

// Media moves audio. A leg is attached to a call before anything else is asked
// of it; orders for a leg that is not there are ignored.
type Media interface {
	// AttachPort gives a port's audio to a call.
	AttachPort(call tel.CallID, leg tel.LegID, p tel.PortID, hear Hear) error
	AttachSIP(tel.CallID, tel.LegID)
	Detach(tel.LegID)
	// Say plays; then music when it is not empty. PlayDone tells the end of what was said.
	Say(leg tel.LegID, id tel.PlayID, lang tel.Lang, say []tel.Say, music string) error
	Tone(tel.LegID, tel.Tone)
	Stop(tel.LegID)
	Join(leg tel.LegID, room tel.CallID)
	SendDigits(leg tel.LegID, id tel.PlayID, digits string)
	Measured(tel.LegID) (view.Leg, bool)
	// SendID sends caller id, or that messages wait, to a telephone that is on
	// hook, in the country's way; OnSentID with the same id tells the end. StopID
	// ends it at once, and nothing is told. A port without on-hook audio is an error.
	SendID(p tel.PortID, id tel.PlayID, what line.ID) error
	StopID(tel.PortID)
}

// Hear is what to make of the sounds of a line.
type Hear struct {
	Dials bool // a number will be sent: a long tone is dial tone
	// Learned are signals of this line by which it tells that the far end has hung
	// up, as package plan writes them ("425@-10 200/200").
	Learned []string
}

// Book keeps facts.
type Book interface {
	Append(call.Fact)
}

// Profiles keeps what lines have shown of themselves.
type Profiles interface {
	Keep(tel.PortID, line.Profile)
}

// BlackBox keeps the last sound of a line that did what it should not.
type BlackBox interface {
	SaveBlackBox(p tel.PortID, why string)
}

// Shells are all of them, and where the picture goes.
type Shells struct {
	Ports Ports
	SIP   SIP
	Media Media
	Book  Book
	View  *view.Store
	// Clinic may be nil where lines cannot be tested.
	Clinic Clinic
	// Profiles and BlackBox may be nil.
	Profiles Profiles
	BlackBox BlackBox
	// Complete adds to a picture what the loop does not know: alarms, engine,
	// book, upstream, clock.
	Complete func(*view.Snapshot)
	NewLeg   func() tel.LegID                   // unused by anybody else in this boot
	NewCall  func() tel.CallID                  // unused by any boot
	Warn     func(what string, err error)       // something a shell refused, for the log
	Slow     func(what string, d time.Duration) // a step took long, for the log
}
