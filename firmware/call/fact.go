package call

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Kind names what happened. Kinds are stored in the book for ever: a kind is
// never reused with another meaning.
type Kind string

// Kinds of facts, with the fields they fill besides Kind and At.
const (
	// The box itself.
	Boot     Kind = "system.boot"     // State: version; Reason: clock state
	Shutdown Kind = "system.shutdown" // Reason
	Clock    Kind = "system.clock"    // Reason: what set it; Millis: the step; Evidence; State: BookStep, BookDrift or empty
	Config   Kind = "config.loaded"   // Evidence: digest; Reason: file
	Version  Kind = "config.version"  // Node: its number; State: waiting, live, confirmed, rolled back; Reason: who, and why or from what; Evidence: digest
	Erased   Kind = "privacy.erased"  // Call; Reason; Millis: how many bodies

	// Who enters. Name: the account; Node: whose act it was, where it was another's;
	// State: the door; Evidence: from where.
	AccessClaimed  Kind = "access.claimed"
	AccessLocked   Kind = "access.locked"   // Reason: claim code, person or source, and the wait
	AccessLogin    Kind = "access.login"    // Reason: password or key
	AccessLogout   Kind = "access.logout"   //
	AccessRefused  Kind = "access.refused"  // Reason: what was wrong; Millis: how many more were not told
	AccessMoved    Kind = "access.moved"    // a session was seen at another address; Reason: where it began
	AccessPassword Kind = "access.password" // was set
	AccessAccount  Kind = "access.account"  // Reason: added, removed, role, key added, key removed

	NetSet  Kind = "net.set"       // Node: the interface; State: trial, confirmed, rolled back; Reason: who, and what
	Address Kind = "net.address"   // State: where peers are told that we are; Reason: where before
	Ordered Kind = "system.order"  // State: restart, restart when idle, cancel, power off, factory reset, backup, restore, support bundle, book export, phone password, secret set, secret removed, view token; Reason: who; Evidence: where to or from, bytes, of what
	Updated Kind = "system.update" // State: staged, refused, start, committed, rolled back, gives up, fell back, floor, postponed, trial; Evidence: version and slot, or why; Reason: who

	ScheduleSet Kind = "schedule.set" // Node: the schedule; State: auto, open, closed

	BoardPort Kind = "board.port" // Port: the socket, or empty; Node: the driver; State: loaded, skipped, failed; Reason: what or why

	// Lines, phones and trunks.
	LineState  Kind = "line.state"    // Port, State, Reason
	LineTest   Kind = "line.test"     // Port; State: ok, look, bad; Evidence: the verdict; Millis: how long
	LineTuned  Kind = "line.tuned"    // Port, Reason: gain and impedance, By
	PhoneState Kind = "phone.state"   // Ext, State, Reason
	MessagesAt Kind = "messages.wait" // Ext; Millis: how many messages wait
	TrunkState Kind = "trunk.state"   // Trunk, State, Reason

	// One interaction, in the order of its life.
	Began     Kind = "call.began"     // Call, Direction, From, Name, To, Port or Trunk, Ext
	Answered  Kind = "call.answered"  // Call; Evidence
	Node      Kind = "flow.node"      // Call, Node
	Queued    Kind = "queue.joined"   // Call, Queue
	Offered   Kind = "offer.made"     // Call, Queue, Agent, Offer, Reason: why this agent
	Declined  Kind = "offer.ended"    // Call, Queue, Agent, Offer, Cause
	QueueLeft Kind = "queue.left"     // Call, Queue, Cause (answered, abandoned, timeout, ...)
	Dialled   Kind = "leg.dialled"    // Call; Ext, or To and Port (the line or trunk)
	Connected Kind = "call.connected" // Call, Agent, Ext, Port or Trunk
	Fax       Kind = "call.fax"       // Call, Ext: the fax port; Evidence: what was heard
	HoldOn    Kind = "hold.on"        // Call, By
	HoldOff   Kind = "hold.off"       // Call, By
	Warned    Kind = "call.warned"    // Call; Reason: the limit that will end it
	Ended     Kind = "call.ended"     // Call, By, Cause, Evidence

	// A party brings a second one in, and hands the first over to him.
	ConsultOn      Kind = "consult.began"     // Call, By, Agent; To or Queue
	ConsultUp      Kind = "consult.connected" // Call, Ext or To and Port; Evidence
	ConsultOff     Kind = "consult.ended"     // Call, By, To or Queue, Cause, Evidence; not when handed over
	ConferOn       Kind = "conference.on"     // Call, By, Agent, To
	ConferOff      Kind = "conference.off"    // Call, By
	Transferred    Kind = "call.transferred"  // Call, By, Agent and Ext: who hands over; To or Queue; Reason: attended, blind or queue
	TransferFailed Kind = "transfer.failed"   // Call, Ext: who handed over; To, Cause, Evidence
	Recalled       Kind = "call.recalled"     // Call, Ext: the phone rung back; Reason

	// Agents.
	AgentState Kind = "agent.state" // Agent, Ext, State, Reason, By, Call (in acw: the call it belongs to)
)

// BookStep is the State of a Clock fact whose step the book makes by itself, for
// this fact and all that follow: the system's clock was left as it was.
const BookStep = "book"

// BookDrift is the State of a Clock fact whose step is made like BookStep's, but the
// times before were right when they were written and stay.
const BookDrift = "drift"

// Fact is one thing that a person would want to know happened: the row of the
// book, and what the upstream receives. Empty fields are not stored.
type Fact struct {
	Kind      Kind          `json:"kind"`
	At        time.Time     `json:"at"`
	Call      tel.CallID    `json:"call,omitempty"`
	Leg       tel.LegID     `json:"leg,omitempty"`
	Agent     tel.AgentID   `json:"agent,omitempty"`
	Queue     tel.QueueID   `json:"queue,omitempty"`
	Offer     tel.OfferID   `json:"offer,omitempty"`
	Port      tel.PortID    `json:"port,omitempty"`
	Trunk     tel.TrunkID   `json:"trunk,omitempty"`
	Ext       tel.Number    `json:"ext,omitempty"`
	Direction tel.Direction `json:"direction,omitempty"`
	From      tel.Number    `json:"from,omitempty"`
	Name      string        `json:"name,omitempty"` // a tel.Text, cleaned
	To        tel.Number    `json:"to,omitempty"`
	Node      string        `json:"node,omitempty"`
	State     string        `json:"state,omitempty"`
	Reason    string        `json:"reason,omitempty"`
	By        tel.By        `json:"by,omitempty"`
	Cause     tel.Cause     `json:"cause,omitempty"`
	Evidence  string        `json:"evidence,omitempty"`
	Millis    int64         `json:"ms,omitempty"`
}

// Private reports whether the fact carries a number or a name of a person, so
// that its body can be erased and is masked on walls.
func (f Fact) Private() bool { return f.From != "" || f.To != "" || f.Name != "" }

// Record is the story of one interaction in one row: the projection of its
// facts. Times are zero when the thing did not happen.
type Record struct {
	ID        tel.CallID    `json:"id"`
	Direction tel.Direction `json:"direction"`
	From      tel.Number    `json:"from"`
	Name      string        `json:"name,omitempty"`
	To        tel.Number    `json:"to"`
	Port      string        `json:"port"` // the line, trunk or extension it came in or went out by
	FlowPath  []string      `json:"flow_path"`
	Queue     tel.QueueID   `json:"queue"`
	Agent     tel.AgentID   `json:"agent"`
	Began     time.Time     `json:"began"`
	Answered  time.Time     `json:"answered"`
	Queued    time.Time     `json:"queued"`
	Connected time.Time     `json:"connected"`
	Ended     time.Time     `json:"ended"`
	Wait      time.Duration `json:"-"` // in queues, until connected or left
	Talk      time.Duration `json:"-"` // connected, holds included
	Hold      time.Duration `json:"-"`
	ACW       time.Duration `json:"-"`
	EndedBy   tel.By        `json:"ended_by"`
	Cause     tel.Cause     `json:"cause"`
	Evidence  string        `json:"evidence"`

	AnswerEvidence string `json:"answer_evidence"` // outbound of whom we reached, else of us
}
