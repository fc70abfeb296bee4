package exchange

import (
	"time"

	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// Settings are the house: everything the loop must know of the configuration.
type Settings struct {
	Site     string
	Version  string
	Lang     tel.Lang
	Location *time.Location
	// Origin is the instant that times of day are reckoned from, with its monotonic
	// reading; zero: that of New. The time of day was Ahead of its clock.
	Origin    time.Time
	Ahead     time.Duration
	Lines     []Line
	Phones    []Phone
	Trunks    []Trunk
	Queues    []Queue
	Agents    []Agent
	Pauses    []PauseReason
	Numbering *numbering.Plan
	Operator  tel.Number
	Fax       tel.Number // the extension with the fax; empty: there is none
	Schedules []flow.Schedule
	Flows     []*flow.Flow
	Limits    call.Limits
	Spending  []numbering.Limit // on outside calls
	Calls     int               // at once
	Today     []call.Record     // that reached into this day before the start, oldest first
	Misses    int               // unanswered offers in a row before an agent is made not ready

	JoinOutside bool // a telephone may leave two outside parties alone together
}

// Line is an FXO port.
type Line struct {
	ID     tel.PortID
	Caps   port.Caps
	Number tel.Number
	Flow   string
	In     bool
	Out    bool

	Timing       line.Timing   // of the country
	Profile      line.Profile  // what the line has shown of itself
	BlockCollect bool          // answer twice, which ends a collect call (Brazil)
	Longest      time.Duration // a call; 0: no limit of the line's own
}

func (l Line) settings() line.Settings {
	p := l.Profile
	p.Line = string(l.ID)
	return line.Settings{Caps: l.Caps, Timing: l.Timing, Profile: p, BlockCollect: l.BlockCollect, Longest: l.Longest}
}

// Phone is an extension; with a Port it is an FXS telephone, else a SIP phone.
type Phone struct {
	Ext     tel.Number
	Name    string
	Port    tel.PortID
	Caps    port.Caps
	Classes []numbering.Class // nil: all that the routes permit

	Bells    [3]port.Cadence // of a telephone: from outside, inside, callback
	IDBefore bool            // the country sends caller id before the bell
	Messages int             // that wait at start
}

// Trunk is a SIP trunk or gateway.
type Trunk struct {
	ID     tel.TrunkID
	Number tel.Number
	Flow   string
	Size   int
	// Assumed: it answers our calls when it has sent the number, not when the far
	// side answers.
	Assumed bool
}

// Queue is a queue with what the picture needs besides its rules.
type Queue struct {
	acd.QueueSettings
	NameES, NameEN string
	Threshold      int
	WaitLimit      time.Duration
	Target         time.Duration
	Goal           int
	Music          string
}

// Agent is a person.
type Agent struct {
	acd.AgentSettings
	Name   string
	Number tel.Number // dialled behind the log-in code, PIN included
	Home   tel.Number // his phone by the configuration; may be empty
	Ext    tel.Number // where he sits at start; empty: he is logged out
	Paused string     // why he is not ready at start; empty: he is
}

// PauseReason is one reason and its key.
type PauseReason struct {
	Key            tel.Number
	ID             string
	NameES, NameEN string
}
