package call

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Events of a party who brings a second one in.
type (
	// PutAside: the party of By puts the other on hold to dial a second number.
	PutAside struct{ By tel.LegID }
	// Consult: he dialled it: a phone of the house (Ext), an outside number with
	// its ways (Number, Via), or a queue. From and Name are what a telephone shows.
	// Bound tells why the two others may not be joined without him; "" is: they may.
	Consult struct {
		By     tel.LegID
		Leg    tel.LegID // unused so far
		Ext    tel.Number
		Number tel.Number
		Via    []string
		Queue  tel.QueueID
		From   tel.Number
		Name   tel.Text
		Bound  string
	}
	// ConsultRefused: the second number is not permitted or does not exist.
	ConsultRefused struct {
		By       tel.LegID
		Number   tel.Number
		Cause    tel.Cause
		Evidence string
	}
	// TakeBack: he gives the second party up and talks to the first again.
	TakeBack struct{ By tel.LegID }
	// Swap: he talks to the other of the two.
	Swap struct{ By tel.LegID }
	// Confer: all three talk, or no longer: then the second waits.
	Confer struct {
		By tel.LegID
		On bool
	}
	// HandOver: he hung up with a second party or number: the others shall talk. Ext
	// is his phone, which is rung back when that fails; Spares are unused legs.
	HandOver struct {
		By     tel.LegID
		Ext    tel.Number
		Spares [2]tel.LegID
	}
	// WalkOff: he hung up with a party on hold: his phone is rung back.
	WalkOff struct {
		By     tel.LegID
		Ext    tel.Number
		Spares [2]tel.LegID
	}
	// Adopt is the first event of an interaction that begins with two parties: what
	// was a second call of another one, whose first party left.
	Adopt struct{ Second Second }
)

func (PutAside) isEvent()       {}
func (Consult) isEvent()        {}
func (ConsultRefused) isEvent() {}
func (TakeBack) isEvent()       {}
func (Swap) isEvent()           {}
func (Confer) isEvent()         {}
func (HandOver) isEvent()       {}
func (WalkOff) isEvent()        {}
func (Adopt) isEvent()          {}

func (e PutAside) String() string { return fmt.Sprintf("leg %d puts the other aside", e.By) }
func (e Consult) String() string {
	return fmt.Sprintf("leg %d consults %s%s%s as %d", e.By, e.Ext, e.Number, e.Queue, e.Leg)
}
func (e ConsultRefused) String() string {
	return fmt.Sprintf("leg %d is refused %s: %s, %s", e.By, e.Number, e.Cause, e.Evidence)
}
func (e TakeBack) String() string { return fmt.Sprintf("leg %d takes the other back", e.By) }
func (e Swap) String() string     { return fmt.Sprintf("leg %d swaps", e.By) }
func (e Confer) String() string   { return fmt.Sprintf("leg %d confers %t", e.By, e.On) }
func (e HandOver) String() string { return fmt.Sprintf("leg %d hands over", e.By) }
func (e WalkOff) String() string  { return fmt.Sprintf("leg %d walks off", e.By) }
func (e Adopt) String() string    { return fmt.Sprintf("adopt leg %d", e.Second.Leg) }

// Effects of a party who brings a second one in.
type (
	// Aside: the leg leaves the room of the interaction; what it hears is its own.
	Aside struct{ Leg tel.LegID }
	// Home: it comes back into that room.
	Home struct{ Leg tel.LegID }
	// Held: the other is on hold as the party of By asked; he may dial.
	Held struct{ By tel.LegID }
	// Freed: the party whom leg put aside left; he is brought to whoever comes.
	Freed struct{ Leg tel.LegID }
	// SecondUp: the party that By dialled is through to him.
	SecondUp struct{ By tel.LegID }
	// SecondGone: that party did not come about, or left.
	SecondGone struct {
		By    tel.LegID
		Cause tel.Cause
	}
	// Spin: the first party left; what the two others have becomes an interaction
	// of its own.
	Spin struct {
		By     tel.LegID
		Second Second
	}
)

func (Aside) isEffect()      {}
func (Home) isEffect()       {}
func (Held) isEffect()       {}
func (Freed) isEffect()      {}
func (SecondUp) isEffect()   {}
func (SecondGone) isEffect() {}
func (Spin) isEffect()       {}

func (e Aside) String() string      { return fmt.Sprintf("aside %d", e.Leg) }
func (e Home) String() string       { return fmt.Sprintf("home %d", e.Leg) }
func (e Held) String() string       { return fmt.Sprintf("held for %d", e.By) }
func (e Freed) String() string      { return fmt.Sprintf("freed %d", e.Leg) }
func (e SecondUp) String() string   { return fmt.Sprintf("second up for %d", e.By) }
func (e SecondGone) String() string { return fmt.Sprintf("second gone for %d: %s", e.By, e.Cause) }
func (e Spin) String() string {
	return fmt.Sprintf("spin off %d with %d", e.By, e.Second.Leg)
}

// Second is a second party, or the attempt to reach one.
type Second struct {
	Leg tel.LegID
	Up  bool
	// Proceeds: the number is out on a line, what comes of it can be heard.
	Proceeds bool
	Ext      tel.Number
	Number   tel.Number
	Via      []string // still to be tried
	Seized   string   // the way out in use
	RingBy   time.Time
}

// to is what was dialled, for the book.
func (s Second) to() tel.Number {
	if s.Ext != "" {
		return s.Ext
	}
	return s.Number
}
