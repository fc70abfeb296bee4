package acd

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Event is something that happened to a caller, an agent or a phone.
type Event interface {
	fmt.Stringer
	isEvent()
}

// Events.
type (
	// Joined: a caller entered a queue. Since is the instant that counts for
	// the order (normally now; earlier when a caller comes back to his place).
	Joined struct {
		Call  tel.CallID
		Queue tel.QueueID
		Since time.Time
	}
	// Left: the caller is gone from the queue for a reason of his own or of the
	// exchange (hung up, shutdown). Unknown calls are ignored.
	Left struct {
		Call  tel.CallID
		Cause tel.Cause
	}
	// Login: the agent takes place at the phone Ext. He begins not ready with
	// reason "login" and becomes ready in the same step when Ready is set.
	// Somebody else at that phone is logged out first; the agent's own former
	// phone is left.
	Login struct {
		Agent tel.AgentID
		Ext   tel.Number
		Ready bool
		By    tel.By
	}
	// Logout: at once when idle, after the call when talking.
	Logout struct {
		Agent tel.AgentID
		By    tel.By
	}
	// Pause: not ready for Reason; applied after the call when talking.
	Pause struct {
		Agent  tel.AgentID
		Reason string
		By     tel.By
	}
	// Unpause: ready again; ends after-call work as well.
	Unpause struct {
		Agent tel.AgentID
		By    tel.By
	}
	// Phone: the phone at Ext can (Up) or cannot be rung (unregistered, port
	// dead), and is Busy with something that is not an offer of ours (a call
	// the person made, off hook).
	Phone struct {
		Ext      tel.Number
		Up, Busy bool
		Why      string
	}
	// Accepted: the agent answered the offer. The bridge is not up yet.
	Accepted struct{ Offer tel.OfferID }
	// Connected: caller and agent hear each other.
	Connected struct{ Offer tel.OfferID }
	// Declined: the agent's phone refused, was busy, failed, or the leg was
	// lost before the bridge was up.
	Declined struct {
		Offer tel.OfferID
		Cause tel.Cause
	}
	// Released: the conversation of the connected offer is over for the agent.
	Released struct{ Offer tel.OfferID }
	// Reload: the configuration was read again. Callers keep place and time;
	// those of a queue that is gone leave it by Exit; agents that are gone are
	// logged out, and their calls go on.
	Reload struct{ Settings Settings }
	// TimedOut: the deadline the machine asked for has come.
	TimedOut struct{}
)

func (Joined) isEvent()    {}
func (Left) isEvent()      {}
func (Login) isEvent()     {}
func (Logout) isEvent()    {}
func (Pause) isEvent()     {}
func (Unpause) isEvent()   {}
func (Phone) isEvent()     {}
func (Accepted) isEvent()  {}
func (Connected) isEvent() {}
func (Declined) isEvent()  {}
func (Released) isEvent()  {}
func (Reload) isEvent()    {}
func (TimedOut) isEvent()  {}

func (e Joined) String() string { return fmt.Sprintf("joined %s %s", e.Call, e.Queue) }
func (e Left) String() string   { return fmt.Sprintf("left %s: %s", e.Call, e.Cause) }
func (e Login) String() string {
	return fmt.Sprintf("login %s at %s ready %t", e.Agent, e.Ext, e.Ready)
}
func (e Logout) String() string  { return fmt.Sprintf("logout %s", e.Agent) }
func (e Pause) String() string   { return fmt.Sprintf("pause %s: %s", e.Agent, e.Reason) }
func (e Unpause) String() string { return fmt.Sprintf("unpause %s", e.Agent) }
func (e Phone) String() string {
	return fmt.Sprintf("phone %s up %t busy %t", e.Ext, e.Up, e.Busy)
}
func (e Accepted) String() string  { return fmt.Sprintf("accepted %d", e.Offer) }
func (e Connected) String() string { return fmt.Sprintf("connected %d", e.Offer) }
func (e Declined) String() string  { return fmt.Sprintf("declined %d: %s", e.Offer, e.Cause) }
func (e Released) String() string  { return fmt.Sprintf("released %d", e.Offer) }
func (e Reload) String() string {
	return fmt.Sprintf("reload %d queues, %d agents", len(e.Settings.Queues), len(e.Settings.Agents))
}
func (TimedOut) String() string { return "timed out" }

// Effect is something that must be done.
type Effect interface {
	fmt.Stringer
	isEffect()
}

// Effects.
type (
	// Offer: ring the agent at Ext for this caller until Expires.
	Offer struct {
		Offer   tel.OfferID
		Call    tel.CallID
		Queue   tel.QueueID
		Agent   tel.AgentID
		Ext     tel.Number
		Expires time.Time
		Why     string // one sentence: why this agent, who else was free and who was not
	}
	// Cancel: stop ringing for the offer (no answer, caller gone, agent's phone lost).
	Cancel struct {
		Offer tel.OfferID
		Call  tel.CallID
		Agent tel.AgentID
		Queue tel.QueueID
		Cause tel.Cause
	}
	// Announce: tell the waiting caller his place, 1 being the next.
	Announce struct {
		Call     tel.CallID
		Queue    tel.QueueID
		Position int
	}
	// Exit: the caller leaves the queue by a rule: he waited the queue's
	// maximum (timeout), or the queue is closed to him because it is full.
	Exit struct {
		Call  tel.CallID
		Queue tel.QueueID
		Cause tel.Cause
	}
	// Changed: an agent's state changed. Call is set in Reserved, Talking, ACW.
	Changed struct {
		Agent    tel.AgentID
		Ext      tel.Number
		From, To State
		Reason   string
		Call     tel.CallID
		By       tel.By
	}
)

func (Offer) isEffect()    {}
func (Cancel) isEffect()   {}
func (Announce) isEffect() {}
func (Exit) isEffect()     {}
func (Changed) isEffect()  {}

func (e Offer) String() string {
	return fmt.Sprintf("offer %d %s to %s at %s (%s): %s", e.Offer, e.Call, e.Agent, e.Ext, e.Queue, e.Why)
}
func (e Cancel) String() string {
	return fmt.Sprintf("cancel %d %s at %s: %s", e.Offer, e.Call, e.Agent, e.Cause)
}
func (e Announce) String() string { return fmt.Sprintf("announce %s position %d", e.Call, e.Position) }
func (e Exit) String() string     { return fmt.Sprintf("exit %s from %s: %s", e.Call, e.Queue, e.Cause) }
func (e Changed) String() string {
	s := fmt.Sprintf("agent %s %s -> %s", e.Agent, e.From, e.To)
	if e.Reason != "" {
		s += " " + e.Reason
	}
	return s
}

// State is what an agent is doing.
type State uint8

// States of an agent.
const (
	LoggedOut   State = iota
	NotReady          // logged in, paused for a reason
	Ready             // waiting for a call
	Reserved          // an offer is ringing at his phone
	Talking           // connected, holds included
	ACW               // after-call work
	Unreachable       // logged in, but the phone cannot be rung
	Engaged           // busy on a call that is not the queue's
)

// String returns the state's name, as the book keeps it.
func (s State) String() string {
	switch s {
	case LoggedOut:
		return "logged out"
	case NotReady:
		return "not ready"
	case Ready:
		return "ready"
	case Reserved:
		return "reserved"
	case Talking:
		return "talking"
	case ACW:
		return "acw"
	case Unreachable:
		return "unreachable"
	case Engaged:
		return "engaged"
	}
	return "state?"
}
