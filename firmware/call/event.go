package call

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Event is something that happened to the interaction.
type Event interface {
	fmt.Stringer
	isEvent()
}

// Events. Where an event may lead to a new leg it carries an unused LegID.
type (
	// Begin is the first event.
	Begin struct{ Leg tel.LegID }
	// LegRinging: the called party's telephone rings.
	LegRinging struct{ Leg tel.LegID }
	// LegProceeding: the number is out on a line. The caller may hear what comes,
	// ringback or an announcement; nobody has answered.
	LegProceeding struct {
		Leg      tel.LegID
		Evidence string
	}
	// LegUp: the leg is through, both ways.
	LegUp struct {
		Leg      tel.LegID
		Evidence string
	}
	// LegDown: the leg is gone, or never came about. Spare is for the next way out.
	LegDown struct {
		Leg      tel.LegID
		Cause    tel.Cause
		Evidence string
		Spare    tel.LegID
	}
	// LegHeld: the party put us on hold or took us back.
	LegHeld struct {
		Leg tel.LegID
		On  bool
	}
	// FlowNode: the flow walked into a node.
	FlowNode struct{ Node string }
	// ToQueue: the flow hands the caller to a queue.
	ToQueue struct{ Queue tel.QueueID }
	// ToExtension: the flow wants a phone of the house rung.
	ToExtension struct {
		Ext tel.Number
		Leg tel.LegID
	}
	// FlowEnd: the flow hangs up.
	FlowEnd struct{ Cause tel.Cause }
	// Offer: the queue gives the call to an agent at a phone.
	Offer struct {
		Offer tel.OfferID
		Agent tel.AgentID
		Ext   tel.Number
		Leg   tel.LegID
		Why   string
	}
	// Cancel: the queue takes the offer back.
	Cancel struct {
		Offer tel.OfferID
		Cause tel.Cause
	}
	// QueueExit: the caller left the queue by a rule of the queue.
	QueueExit struct{ Cause tel.Cause }
	// IsFax: the caller is a fax. The call goes to the fax port Ext as Leg, unless
	// people have talked for longer than FaxTalk.
	IsFax struct {
		Ext      tel.Number
		Leg      tel.LegID
		Evidence string
	}
	// Kill: end it now.
	Kill struct {
		By       tel.By
		Cause    tel.Cause
		Evidence string
	}
	// Refuse: begin and end at once, because nothing permits it.
	Refuse struct {
		Cause    tel.Cause
		Evidence string
	}
	// TimedOut: the deadline the machine asked for has come.
	TimedOut struct{}
)

func (Begin) isEvent()         {}
func (LegRinging) isEvent()    {}
func (LegProceeding) isEvent() {}
func (LegUp) isEvent()         {}
func (LegDown) isEvent()       {}
func (LegHeld) isEvent()       {}
func (FlowNode) isEvent()      {}
func (ToQueue) isEvent()       {}
func (ToExtension) isEvent()   {}
func (FlowEnd) isEvent()       {}
func (Offer) isEvent()         {}
func (Cancel) isEvent()        {}
func (QueueExit) isEvent()     {}
func (IsFax) isEvent()         {}
func (Kill) isEvent()          {}
func (Refuse) isEvent()        {}
func (TimedOut) isEvent()      {}

func (e Begin) String() string      { return "begin" }
func (e LegRinging) String() string { return fmt.Sprintf("leg %d rings", e.Leg) }
func (e LegProceeding) String() string {
	return fmt.Sprintf("leg %d proceeds: %s", e.Leg, e.Evidence)
}
func (e LegUp) String() string { return fmt.Sprintf("leg %d up: %s", e.Leg, e.Evidence) }
func (e LegDown) String() string {
	return fmt.Sprintf("leg %d down: %s, %s", e.Leg, e.Cause, e.Evidence)
}
func (e LegHeld) String() string     { return fmt.Sprintf("leg %d held %t", e.Leg, e.On) }
func (e FlowNode) String() string    { return "node " + e.Node }
func (e ToQueue) String() string     { return "to queue " + string(e.Queue) }
func (e ToExtension) String() string { return "to extension " + string(e.Ext) }
func (e FlowEnd) String() string     { return "flow ends: " + string(e.Cause) }
func (e Offer) String() string       { return fmt.Sprintf("offer %d to %s at %s", e.Offer, e.Agent, e.Ext) }
func (e Cancel) String() string      { return fmt.Sprintf("cancel %d: %s", e.Offer, e.Cause) }
func (e QueueExit) String() string   { return "queue exit: " + string(e.Cause) }
func (e IsFax) String() string       { return "is a fax, to " + string(e.Ext) + ": " + e.Evidence }
func (e Kill) String() string        { return fmt.Sprintf("kill by %s: %s, %s", e.By, e.Cause, e.Evidence) }
func (e Refuse) String() string      { return fmt.Sprintf("refuse: %s, %s", e.Cause, e.Evidence) }
func (TimedOut) String() string      { return "timed out" }

// Effect is something that must be done.
type Effect interface {
	fmt.Stringer
	isEffect()
}

// Effects.
type (
	// Answer the caller's leg; LegUp follows.
	Answer struct{ Leg tel.LegID }
	// Alert: let the caller hear that it rings.
	Alert struct{ Leg tel.LegID }
	// Ring a phone of the house as Leg.
	Ring struct {
		Leg   tel.LegID
		Ext   tel.Number
		Offer tel.OfferID // 0: not for a queue
		From  tel.Number  // shown in place of the caller's number and name
		Name  tel.Text
		Back  bool // the phone of somebody who left a party behind
	}
	// Seize a line or trunk as Leg and send Number. Force clears what holds it.
	Seize struct {
		Leg    tel.LegID
		Via    string
		Number tel.Number
		Force  bool
	}
	// Drop a leg; nothing is heard of it any more.
	Drop struct {
		Leg   tel.LegID
		Cause tel.Cause
	}
	// Join two legs: they hear each other, Aside without the interaction's others.
	Join struct {
		A, B  tel.LegID
		Aside bool
	}
	// Music: the leg hears music.
	Music struct{ Leg tel.LegID }
	// Quiet: stop what plays to the leg.
	Quiet struct{ Leg tel.LegID }
	// StartFlow: run the flow for the caller.
	StartFlow struct{}
	// ReturnFlow: the flow goes on where it handed the caller away.
	ReturnFlow struct{ Cause tel.Cause }
	// StopFlow: the flow is over, the caller left it.
	StopFlow struct{}
	// Serve: perform the service the caller dialled and tell him.
	Serve struct{}
	// Enqueue the caller.
	Enqueue struct{ Queue tel.QueueID }
	// Dequeue: the caller left the queue by himself.
	Dequeue struct{ Cause tel.Cause }
	// OfferAccepted, OfferBridged, OfferDeclined, OfferReleased: tell the queue.
	OfferAccepted struct{ Offer tel.OfferID }
	OfferBridged  struct{ Offer tel.OfferID }
	OfferDeclined struct {
		Offer tel.OfferID
		Cause tel.Cause
	}
	OfferReleased struct{ Offer tel.OfferID }
	// Book: write a fact.
	Book struct{ Fact Fact }
	// Over: nothing is left; forget the interaction.
	Over struct{}
)

func (Answer) isEffect()        {}
func (Alert) isEffect()         {}
func (Ring) isEffect()          {}
func (Seize) isEffect()         {}
func (Drop) isEffect()          {}
func (Join) isEffect()          {}
func (Music) isEffect()         {}
func (Quiet) isEffect()         {}
func (StartFlow) isEffect()     {}
func (ReturnFlow) isEffect()    {}
func (StopFlow) isEffect()      {}
func (Serve) isEffect()         {}
func (Enqueue) isEffect()       {}
func (Dequeue) isEffect()       {}
func (OfferAccepted) isEffect() {}
func (OfferBridged) isEffect()  {}
func (OfferDeclined) isEffect() {}
func (OfferReleased) isEffect() {}
func (Book) isEffect()          {}
func (Over) isEffect()          {}

func (e Answer) String() string { return fmt.Sprintf("answer %d", e.Leg) }
func (e Alert) String() string  { return fmt.Sprintf("alert %d", e.Leg) }
func (e Ring) String() string {
	s := fmt.Sprintf("ring %s as %d offer %d", e.Ext, e.Leg, e.Offer)
	if e.Back {
		s += " back"
	}
	return s
}
func (e Seize) String() string {
	return fmt.Sprintf("seize %s as %d for %s force %t", e.Via, e.Leg, e.Number, e.Force)
}
func (e Drop) String() string { return fmt.Sprintf("drop %d: %s", e.Leg, e.Cause) }
func (e Join) String() string {
	if e.Aside {
		return fmt.Sprintf("join aside %d %d", e.A, e.B)
	}
	return fmt.Sprintf("join %d %d", e.A, e.B)
}
func (e Music) String() string         { return fmt.Sprintf("music %d", e.Leg) }
func (e Quiet) String() string         { return fmt.Sprintf("quiet %d", e.Leg) }
func (StartFlow) String() string       { return "start flow" }
func (e ReturnFlow) String() string    { return "return to flow: " + string(e.Cause) }
func (StopFlow) String() string        { return "stop flow" }
func (Serve) String() string           { return "serve" }
func (e Enqueue) String() string       { return "enqueue " + string(e.Queue) }
func (e Dequeue) String() string       { return "dequeue: " + string(e.Cause) }
func (e OfferAccepted) String() string { return fmt.Sprintf("offer %d accepted", e.Offer) }
func (e OfferBridged) String() string  { return fmt.Sprintf("offer %d bridged", e.Offer) }
func (e OfferDeclined) String() string { return fmt.Sprintf("offer %d declined: %s", e.Offer, e.Cause) }
func (e OfferReleased) String() string { return fmt.Sprintf("offer %d released", e.Offer) }
func (e Book) String() string          { return "book " + e.Fact.line() }
func (Over) String() string            { return "over" }

// line is the fact in short, for traces: kind and the ids that are set.
func (f Fact) line() string {
	s := string(f.Kind)
	for _, p := range []string{string(f.Queue), string(f.Agent), string(f.Ext), string(f.Port), string(f.Trunk), string(f.To), f.Node, string(f.By), string(f.Cause)} {
		if p != "" {
			s += " " + p
		}
	}
	if f.Evidence != "" {
		s += " (" + f.Evidence + ")"
	}
	return s
}

// Limits of one interaction.
type Limits struct {
	Longest  time.Duration
	RingTime time.Duration // of an extension or an outside number
	Operator tel.Number    // rung for a party whom nobody takes back; may be empty
}
