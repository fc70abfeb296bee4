// Package view is the picture everyone reads: one immutable Snapshot of lines,
// queues, agents, calls and alarms, stored by the exchange after each change.
// Panel, console and web render the same picture; nobody asks the exchange.
//
// Durations are given as start instants, so a reader counts by himself.
package view

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Snapshot is the state of the house at one instant. It is never changed after
// it was stored; slices keep the configured order.
type Snapshot struct {
	Seq      uint64       `json:"seq"` // grows by one with every stored picture of this boot
	At       time.Time    `json:"at"`
	Site     string       `json:"site"`
	Version  string       `json:"version"`
	Lang     tel.Lang     `json:"lang"` // of the office: pages and display
	TimeZone string       `json:"time_zone"`
	Started  time.Time    `json:"started"`
	Lines    []Line       `json:"lines"`  // FXO ports
	Phones   []Phone      `json:"phones"` // FXS and SIP
	Trunks   []Trunk      `json:"trunks"`
	Queues   []Queue      `json:"queues"`
	Agents   []Agent      `json:"agents"`
	Calls    []Call       `json:"calls"`           // going on now, oldest first
	Last     []Call       `json:"last"`            // ended, newest first, at most 20
	Spent    []Spent      `json:"spent,omitempty"` // today, by the limits on outside calls
	Alarms   []Alarm      `json:"alarms"`
	Calm     time.Time    `json:"calm_since"` // when the last alarm went; zero while there is one
	Uplinks  []Uplink     `json:"uplinks"`
	Clock    string       `json:"clock"` // "ntp", "set" (by hand), "rtc", "system" (of the machine below), "callerid", "restored", "unset"
	Board    []Hardware   `json:"board,omitempty"`
	Media    Media        `json:"media"`
	Book     Book         `json:"book"`
	Loop     LoopLateness `json:"loop"`
	Machine  *Machine     `json:"machine,omitempty"` // nil: it is not looked at

	Unclaimed *Claim `json:"unclaimed,omitempty"` // nil: the box has its owner
	TLSKey    string `json:"tls_key,omitempty"`   // groups of letters by which people know the certificate

	Starting *Starting `json:"-"`                         // before the first picture
	Held     *Held     `json:"held,omitempty"`            // nil: no button is held
	Restart  time.Time `json:"restart_ordered,omitzero"`  // it waits for the calls to end
	Update   *Update   `json:"update,omitempty"`          // nil: none is being written
	Trial    *Trial    `json:"config_on_trial,omitempty"` // nil: the configuration is confirmed
}

// Line is one FXO port.
type Line struct {
	ID     tel.PortID `json:"id"`
	Number tel.Number `json:"number,omitempty"`
	Lamp   Lamp       `json:"lamp"`
	Since  time.Time  `json:"since"`
	Call   tel.CallID `json:"call,omitempty"`
	Detail string     `json:"detail,omitempty"` // the line machine's own words
	Fault  string     `json:"fault,omitempty"`  // a line.Fault: why it is out of service
	Exam   *Exam      `json:"exam,omitempty"`   // the last test
	Test   *Testing   `json:"test,omitempty"`   // that goes on
	Traits *Learned   `json:"learned,omitempty"`
}

// Phone is one extension: an FXS port or a SIP phone.
type Phone struct {
	Ext   tel.Number  `json:"ext"`
	Name  string      `json:"name"`
	Port  tel.PortID  `json:"port,omitempty"` // FXS; empty for SIP
	Lamp  Lamp        `json:"lamp"`
	Since time.Time   `json:"since"`
	Agent tel.AgentID `json:"agent,omitempty"` // logged in here
	Call  tel.CallID  `json:"call,omitempty"`

	Messages int    `json:"messages,omitempty"` // that wait for its owner
	Detail   string `json:"detail,omitempty"`   // what a telephone does off hook without a call
}

// Trunk is one SIP trunk or gateway.
type Trunk struct {
	ID    tel.TrunkID `json:"id"`
	Lamp  Lamp        `json:"lamp"`
	Since time.Time   `json:"since"`
	Used  int         `json:"used"`
	Size  int         `json:"size"`
	Why   string      `json:"why,omitempty"`
}

// Queue is one queue with its callers in order.
type Queue struct {
	ID        tel.QueueID `json:"id"`
	NameES    string      `json:"name_es"`
	NameEN    string      `json:"name_en"`
	Waiting   []Waiting   `json:"waiting"`
	MaxWait   int         `json:"max_wait_s"` // the limit beside the longest wait
	Threshold int         `json:"threshold"`  // this many waiting is an alarm
	Target    int         `json:"target_s"`   // T of the service level
	Goal      int         `json:"goal_pct"`
	Answered  int         `json:"answered_today"`
	InTarget  int         `json:"in_target_today"` // answered within T
	Late      int         `json:"late_today"`      // abandoned after more than T
	Abandoned int         `json:"abandoned_today"`
	Free      int         `json:"free"`   // agents ready for it now
	Logged    int         `json:"logged"` // agents logged in for it
	CanHelp   string      `json:"can_help,omitempty"`
	Lamp      Lamp        `json:"lamp"` // idle, warn near the threshold, dead over it
}

// ServiceLevel is answered within T over answered plus abandoned after T, in
// per cent; ok is false while the day has no such call.
func (q Queue) ServiceLevel() (pct int, ok bool) {
	n := q.Answered + q.Late
	if n == 0 {
		return 0, false
	}
	return (q.InTarget*100 + n/2) / n, true
}

// Waiting is one caller in a queue.
type Waiting struct {
	Call     tel.CallID  `json:"call"`
	Since    time.Time   `json:"since"`
	VIP      bool        `json:"vip,omitempty"`
	Position int         `json:"position"`
	Offered  tel.AgentID `json:"offered,omitempty"` // whose phone rings for him now
}

// Agent is one person who answers.
type Agent struct {
	ID     tel.AgentID `json:"id"`
	Name   string      `json:"name"` // first name
	Ext    tel.Number  `json:"ext,omitempty"`
	State  string      `json:"state"` // acd.State in words
	Reason string      `json:"reason,omitempty"`

	Queues []tel.QueueID `json:"queues,omitempty"` // he answers for

	// The pause's name for people; a reader shows Reason where they are empty.
	ReasonES string `json:"reason_es,omitempty"`
	ReasonEN string `json:"reason_en,omitempty"`

	Lamp  Lamp       `json:"lamp"`
	Since time.Time  `json:"since"`
	Call  tel.CallID `json:"call,omitempty"`
	Today int        `json:"answered_today"`
}

// Call is one interaction.
type Call struct {
	ID        tel.CallID    `json:"id"`
	Direction tel.Direction `json:"direction"`
	From      tel.Number    `json:"from"`
	Name      string        `json:"name,omitempty"`
	To        tel.Number    `json:"to,omitempty"`
	Port      string        `json:"port"`
	Lamp      Lamp          `json:"lamp"`
	Since     time.Time     `json:"since"` // of the present state
	Began     time.Time     `json:"began"`
	Ended     time.Time     `json:"ended,omitzero"`
	Talk      int           `json:"talk_s,omitempty"`
	Wait      int           `json:"wait_s,omitempty"`
	Queue     tel.QueueID   `json:"queue,omitempty"`
	Agent     tel.AgentID   `json:"agent,omitempty"`
	Node      string        `json:"node,omitempty"`
	Way       string        `json:"way,omitempty"` // line or trunk it went out by
	Emergency bool          `json:"emergency,omitempty"`
	Told      []string      `json:"told,omitempty"` // of an emergency: uplinks that have acknowledged its beginning
	Connected bool          `json:"connected,omitempty"`
	By        tel.By        `json:"ended_by,omitempty"`
	Cause     tel.Cause     `json:"cause,omitempty"`
	Legs      []Leg         `json:"legs,omitempty"`
}

// Leg is one party's connection with what the media engine measured.
type Leg struct {
	ID        tel.LegID `json:"id"`
	What      string    `json:"what"` // "line L1", "phone 201", "trunk siptel"
	Codec     string    `json:"codec,omitempty"`
	Received  uint64    `json:"received"`
	Lost      uint64    `json:"lost"`
	Late      uint64    `json:"late"`
	Concealed uint64    `json:"concealed"`
	JitterMS  float64   `json:"jitter_ms"`
	// Of lines, left out while unknown.
	LevelIn  float64 `json:"level_in,omitempty"`  // dBm0 of the voice that comes
	LevelOut float64 `json:"level_out,omitempty"` // and of the one that is sent
	ERL      float64 `json:"erl,omitempty"`       // dB, echo return loss of the line
	ERLE     float64 `json:"erle,omitempty"`      // dB, what is cancelled besides
	EchoMS   float64 `json:"echo_ms,omitempty"`   // after which the echo comes
	TwistDB  float64 `json:"twist_db,omitempty"`  // high over low tone of the far end's keys
	DriftPPM int     `json:"drift_ppm,omitempty"` // how much faster the port's clock runs than ours
}

// Spent is what a limit on outside calls has counted since midnight; a maximum of 0
// is none.
type Spent struct {
	Limit    string `json:"limit"`
	Of       string `json:"of,omitempty"` // the line, trunk or phone whose count it is
	Calls    int    `json:"calls"`
	MaxCalls int    `json:"max_calls,omitempty"`
	Talk     int    `json:"talk_s"`
	MaxTalk  int    `json:"max_talk_s,omitempty"`
	Cost     string `json:"cost,omitempty"`
	Budget   string `json:"budget,omitempty"`
}

// Rank of an alarm.
type Rank uint8

// Ranks: look soon, act now.
const (
	Attention Rank = iota + 1
	Urgent
)

// Alarm is a condition a person must know of, said as a sentence.
type Alarm struct {
	ID     string    `json:"id"`   // stable: "line.L3", "queue.ventas", "uplink.sede"
	Rank   Rank      `json:"rank"` // 1 attention, 2 urgent
	Since  time.Time `json:"since"`
	ES     string    `json:"es"` // what
	EN     string    `json:"en"`
	HintES string    `json:"hint_es"` // who can help, what is safe, what to do
	HintEN string    `json:"hint_en"`
}

// Uplink is the state of one upstream sink.
type Uplink struct {
	ID      string    `json:"id"`
	Lamp    Lamp      `json:"lamp"`
	State   string    `json:"state"` // "up to date", "sending", "waiting", "refused"
	Since   time.Time `json:"since"`
	Pending uint64    `json:"pending"` // rows not acknowledged yet
	Acked   uint64    `json:"acked"`   // last acknowledged number
	Error   string    `json:"error,omitempty"`
	WhyES   string    `json:"why_es,omitempty"` // the same in plain words, where there are some
	WhyEN   string    `json:"why_en,omitempty"`
	Next    time.Time `json:"next,omitzero"` // next try
}

// Hardware is what a driver answered at the start for one port, or for itself.
type Hardware struct {
	Driver string `json:"driver"`
	Port   string `json:"port,omitempty"`
	State  string `json:"state"` // "loaded", "skipped", "failed"
	What   string `json:"what,omitempty"`
	Why    string `json:"why,omitempty"`
	Hint   string `json:"hint,omitempty"`
}

// Media is the state of the engine.
type Media struct {
	Shards int     `json:"shards"`
	Legs   int     `json:"legs"`
	Ticks  uint64  `json:"ticks"`
	LateMS float64 `json:"late_p99_ms"` // how late ticks began, 99th percentile
	MaxMS  float64 `json:"late_max_ms"`
	Tardy  int     `json:"late_per_mille,omitempty"` // of the ticks of the last minute, that could be heard
	Late   bool    `json:"late,omitempty"`           // too many
}

// LoopLateness is how long the control loop's steps took.
type LoopLateness struct {
	Steps uint64  `json:"steps"`
	MaxMS float64 `json:"max_ms"`
}

// Book is the state of the book.
type Book struct {
	Last    uint64 `json:"last"`              // last durable number
	Pending int    `json:"pending,omitempty"` // facts that wait to be written
	Lost    uint64 `json:"lost,omitempty"`    // that could not be, ever
	Missing uint64 `json:"missing,omitempty"` // among the last rows at the start
	Error   string `json:"error,omitempty"`
}
