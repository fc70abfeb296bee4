package sipua

import (
	"fmt"

	"github.com/centralita/centralita/firmware/tel"
)

// Event is something that happened to a leg, a phone or a trunk. The sink gets
// the events of one leg in order; it must not block.
type Event interface {
	fmt.Stringer
	event()
}

// Incoming is a call for us. The caller hears nothing until Ring, Answer or
// Reject. Exactly one of Phone and Trunk is set. For a call from a phone, From
// is the extension that was authenticated, whatever the phone claims to be.
type Incoming struct {
	Leg   tel.LegID
	Phone tel.Number
	Trunk tel.TrunkID
	From  tel.Number // empty: withheld or not a number
	Name  tel.Text
	To    tel.Number // the number dialled; a trunk's own number when it names none
}

// Ringing says the called party's phone rings. Sound says that its network sends
// audio already (an announcement, its own ringback), settled through Media.Set;
// it may follow as a second Ringing.
type Ringing struct {
	Leg   tel.LegID
	Sound bool
}

// Answered says the leg is up and its audio settled: an outgoing call was
// answered, or the caller confirmed our answer with its ACK.
type Answered struct{ Leg tel.LegID }

// Held says the other end put the leg on hold or took it back (RFC 3264 8.4).
type Held struct {
	Leg tel.LegID
	On  bool
}

// Digit is a key sent as application/dtmf-relay in an INFO.
type Digit struct {
	Leg   tel.LegID
	Digit tel.Digit
}

// Gone says the leg has ended; it is the last event of the leg and comes exactly once.
type Gone struct {
	Leg      tel.LegID
	Cause    tel.Cause
	Evidence string // "BYE", "486 Busy Here", "no ACK in 32 s"
	Remote   bool   // the other end ended it, not we
}

// PhoneState says that a phone registered, or is no longer there.
type PhoneState struct {
	Ext tel.Number
	Up  bool
	Why string // "registered from 192.0.2.7:5060", "expired", "wrong password from …"
}

// TrunkState says that a trunk can be used, or why not.
type TrunkState struct {
	Trunk tel.TrunkID
	Up    bool
	Why   string
}

func (Incoming) event()   {}
func (Ringing) event()    {}
func (Answered) event()   {}
func (Held) event()       {}
func (Digit) event()      {}
func (Gone) event()       {}
func (PhoneState) event() {}
func (TrunkState) event() {}

// String returns the form that traces show.
func (e Incoming) String() string {
	return fmt.Sprintf("incoming leg=%d phone=%s trunk=%s from=%s name=%q to=%s", e.Leg, e.Phone, e.Trunk, e.From, e.Name.String(), e.To)
}

// String returns the form that traces show.
func (e Ringing) String() string { return fmt.Sprintf("ringing leg=%d sound=%t", e.Leg, e.Sound) }

// String returns the form that traces show.
func (e Answered) String() string { return fmt.Sprintf("answered leg=%d", e.Leg) }

// String returns the form that traces show.
func (e Held) String() string { return fmt.Sprintf("held leg=%d on=%t", e.Leg, e.On) }

// String returns the form that traces show.
func (e Digit) String() string { return fmt.Sprintf("digit leg=%d %s", e.Leg, e.Digit) }

// String returns the form that traces show.
func (e Gone) String() string {
	return fmt.Sprintf("gone leg=%d cause=%q evidence=%q remote=%t", e.Leg, e.Cause, e.Evidence, e.Remote)
}

// String returns the form that traces show.
func (e PhoneState) String() string {
	return fmt.Sprintf("phone ext=%s up=%t why=%q", e.Ext, e.Up, e.Why)
}

// String returns the form that traces show.
func (e TrunkState) String() string {
	return fmt.Sprintf("trunk id=%s up=%t why=%q", e.Trunk, e.Up, e.Why)
}
