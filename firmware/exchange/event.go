package exchange

import (
	"time"

	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// Event is something that a shell or a person tells the loop.
type Event interface{ isEvent() }

// Events.
type (
	// OnPort: a driver reports.
	OnPort struct {
		Port  tel.PortID
		Event port.Event
	}
	// OnIncoming: a SIP call for us. Exactly one of Phone and Trunk is set.
	OnIncoming struct {
		Leg   tel.LegID
		Phone tel.Number
		Trunk tel.TrunkID
		From  tel.Number
		Name  tel.Text
		To    tel.Number
	}
	// OnRinging, OnAnswered, OnHeld, OnGone: what became of a SIP leg.
	OnRinging  struct{ Leg tel.LegID }
	OnAnswered struct{ Leg tel.LegID }
	OnHeld     struct {
		Leg tel.LegID
		On  bool
	}
	OnGone struct {
		Leg      tel.LegID
		Cause    tel.Cause
		Evidence string
	}
	// OnPhone, OnTrunk: a SIP phone or trunk can be reached, or no longer.
	OnPhone struct {
		Ext tel.Number
		Up  bool
		Why string
	}
	OnTrunk struct {
		Trunk tel.TrunkID
		Up    bool
		Why   string
	}
	// OnDigit: a party pressed a key. InBand: the other party heard it too.
	OnDigit struct {
		Leg    tel.LegID
		Digit  tel.Digit
		InBand bool
	}
	// OnPlayed: what was said or sent to a leg has ended.
	OnPlayed struct {
		Leg tel.LegID
		ID  tel.PlayID
	}
	// OnTone: the ear recognised a call-progress tone, or it is over.
	OnTone struct {
		Leg      tel.LegID
		Tone     tel.Tone
		Ended    bool
		Sure     float32 // 0 to 1
		Evidence string
	}
	// OnStrange: the ear hears a steady tone that the plan does not know; Signal is
	// its text as package plan writes it. It comes again as Periods grow.
	OnStrange struct {
		Leg      tel.LegID
		Signal   string
		Periods  int
		Sure     float32
		Evidence string
	}
	// OnVoice: who speaks on a line changed.
	OnVoice struct {
		Leg       tel.LegID
		Far, Near bool
		Speech    bool // the far one is no tone of the exchange
	}
	// OnFax: the far side is a fax: its calling tone, or its answer tone.
	OnFax struct {
		Leg     tel.LegID
		Calling bool
	}
	// OnSilent: nothing has arrived from a leg that should send.
	OnSilent struct{ Leg tel.LegID }
	// Ping: Done is called when the loop has come to it, which shows that it lives.
	Ping struct{ Done func() }
	// OnClock: the time of day is so much ahead of the clock that the loop runs on, as
	// that showed at Settings.Origin.
	OnClock struct{ Ahead time.Duration }
	// OnNews: something that only the picture shows has changed.
	OnNews struct{}
	// Order: a person wants something changed; Done is called with the answer.
	Order struct {
		What Change
		Done func(error)
	}
	// Close: end every call for Cause; Done is called when none is left.
	Close struct {
		Cause tel.Cause
		Done  func()
	}
)

func (OnPort) isEvent()     {}
func (OnIncoming) isEvent() {}
func (OnRinging) isEvent()  {}
func (OnAnswered) isEvent() {}
func (OnHeld) isEvent()     {}
func (OnGone) isEvent()     {}
func (OnPhone) isEvent()    {}
func (OnTrunk) isEvent()    {}
func (OnDigit) isEvent()    {}
func (OnPlayed) isEvent()   {}
func (OnTone) isEvent()     {}
func (OnStrange) isEvent()  {}
func (OnVoice) isEvent()    {}
func (OnFax) isEvent()      {}
func (OnSilent) isEvent()   {}
func (Ping) isEvent()       {}
func (OnClock) isEvent()    {}
func (OnNews) isEvent()     {}
func (Order) isEvent()      {}
func (Close) isEvent()      {}

// Change is what a person can order.
type Change interface{ isChange() }

// Changes.
type (
	// Login seats an agent at a phone; with an empty Ext at the one of the configuration.
	Login struct {
		Agent tel.AgentID
		Ext   tel.Number
	}
	Logout struct{ Agent tel.AgentID }
	Pause  struct {
		Agent  tel.AgentID
		Reason string
	}
	Unpause struct{ Agent tel.AgentID }
	// Night sets the switch of a schedule.
	Night struct {
		Schedule string
		Override flow.Override
	}
)

func (Login) isChange()   {}
func (Logout) isChange()  {}
func (Pause) isChange()   {}
func (Unpause) isChange() {}
func (Night) isChange()   {}
