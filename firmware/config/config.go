// Package config reads the one configuration document: parse, check, and
// answer with every problem at once, each at its file, line and column.
package config

import (
	"net/netip"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/tel"
)

// Config is a checked configuration with every default filled in.
type Config struct {
	File   string
	Digest string // SHA-256 of the document, hex

	Site      Site
	Listen    Listen
	Board     Board
	Lines     []Line
	Phones    []Phone
	Trunks    []Trunk
	Queues    []Queue
	Agents    []Agent
	Pauses    []PauseReason
	Outside   Outside
	Features  Features
	Operator  tel.Number // the phone behind "operator"
	Fax       tel.Number // the phone that is a fax; empty: none
	Schedules []flow.Schedule
	Flows     []*flow.Flow
	Limits    Limits
	Uplinks   []Uplink
	Watchdog  *Watchdog // nil: none is opened
	Update    Update
	Log       Log
	Clock     Clock
	Access    Access
}

// Site is who and where.
type Site struct {
	ID       string // in upstream rows
	Name     string
	Country  string // ISO 3166 alpha-2; tones, numbering
	Language tel.Lang
	Location *time.Location
}

// Listen is where we can be reached. Everything is loopback unless said.
type Listen struct {
	SIP netip.AddrPort // UDP and TCP
	Web netip.AddrPort
	RTP PortRange
	// HTTPS is where the same pages and those with a log-in are served over TLS.
	HTTPS netip.AddrPort
	// Cert and Key are files of the site's own certificate; empty: the box makes one.
	Cert, Key string
}

// PortRange is a range of UDP ports, both ends included.
type PortRange struct{ From, To uint16 }

// Board says which hardware plays the ports; one site may have all of it.
type Board struct {
	Kind   string // "sim": there is a simulated board; else ""
	Socket string // sim: path of the socket of the wire, relative to the data folder
	FXO    int    // sim: sockets fxo1..n
	FXS    int    // sim: sockets fxs1..n
	DAHDI  *DAHDI // nil: none
	Modems []Modem
	Front  *Front // nil: the simulated one alone
}

// DAHDI is every card of the DAHDI drivers: channel N is the socket dahdi/N.
type DAHDI struct {
	Channels []int // those that are ours; nil: all
	Hardware bool  // the echo canceller of the card or its driver is used, not ours
}

// Modem is one voice modem: its name is the socket.
type Modem struct {
	Name   string
	Device string // path of the serial line
	Baud   int    // 0: the driver chooses
	Duplex string // "auto", "half", "full"
}

// Line is an FXO port of ours.
type Line struct {
	ID     tel.PortID
	Socket string // the driver's name of the port, "fxo1"
	Number tel.Number
	Flow   string
	Use    string // "both", "in", "out"
	// BlockCollect answers twice, which ends a collect call: the habit of Brazil.
	BlockCollect bool
	Longest      time.Duration // a call on it; 0: the limit of all calls alone

	Country string // whose tones, bell and caller id the line has; that of the site unless said

	Echo int // how late the echo of the line may come, in ms; −1: none is cancelled
}

// Phone is an extension: exactly one of Socket (FXS) and SIP is set.
type Phone struct {
	Ext      tel.Number
	Name     string
	Socket   string // "fxs1"
	SIP      bool
	Password string // empty: one is made at first start and kept in the data folder
	Codecs   []string
	Classes  []string // of outside numbers it may dial; empty: all that a route permits
}

// Port names the port of a telephone that is plugged in: F1 on the socket fxs1,
// D3 on dahdi/3; empty for a SIP phone.
func (p Phone) Port() tel.PortID {
	if n, ok := strings.CutPrefix(p.Socket, "dahdi/"); ok {
		return tel.PortID("D" + n)
	}
	if n, ok := strings.CutPrefix(p.Socket, "fxs"); ok {
		return tel.PortID("F" + n)
	}
	return tel.PortID(p.Socket)
}

// Trunk is a SIP trunk, ATA or gateway.
type Trunk struct {
	ID       tel.TrunkID
	Server   string // host[:port] we send to; empty for one that only registers here or calls in
	TCP      bool
	Register bool // we register there
	Accepts  bool // it registers here with User and Password
	User     string
	Password string
	From     []netip.Prefix // calls from these addresses are the trunk's
	Number   tel.Number     // our number there: caller id and default called number
	Flow     string
	Calls    int // at most at once
	Codecs   []string
	Preset   string // the box it is; empty: none that is known
	Assumed  bool   // it answers our calls before the far side does
}

// Queue is a queue.
type Queue struct {
	ID         tel.QueueID
	NameES     string
	NameEN     string
	Ext        tel.Number // phones of the house can dial it; optional
	Ring       time.Duration
	Backoff    time.Duration // the same agent is not offered the same caller sooner
	ACW        time.Duration
	MaxWait    time.Duration // then the flow goes on
	MaxCallers int
	Announce   time.Duration // between position announcements; 0 none
	Threshold  int
	WaitLimit  time.Duration // shown as the limit of the longest wait
	Target     time.Duration // service level
	Goal       int           // per cent
	Music      string        // prompt id
}

// Agent is a person.
type Agent struct {
	ID     tel.AgentID
	Name   string
	Number tel.Number // dialled behind the log-in code
	PIN    string     // dialled behind the number when set
	Queues []tel.QueueID
	Ext    tel.Number // where he sits at start; empty: logged out until he logs in
}

// PauseReason is one reason a person can give: its digit behind the pause code.
type PauseReason struct {
	Digit  tel.Digit
	ID     string
	NameES string
	NameEN string
}

// Features are the codes phones can dial.
type Features struct {
	Login, Logout, Pause, Unpause tel.Number
}

// Outside says which outside numbers phones may dial and over what.
type Outside struct {
	Prefix    tel.Number // dialled before an outside number; may be empty
	Emergency []tel.Number
	Routes    []Route
	Limits    []numbering.Limit
	Join      bool // a telephone may leave two outside parties together
}

// Route permits numbers. The first that matches decides.
type Route struct {
	Name    string
	Classes []string // of package numbering; empty: national and mobile
	Pattern string   // digits, X any digit, [..] one of, . the rest; empty: any number of the classes
	Via     []string // ids of lines and trunks, in order
	Strip   int
	Add     tel.Number
}

// Limits are the bounds that keep the house standing.
type Limits struct {
	Calls    int           // at once; above it a caller gets congestion
	Longest  time.Duration // of one interaction
	RingTime time.Duration // of an extension nobody answers
}

// Uplink is one upstream sink.
type Uplink struct {
	ID    string
	URL   string
	Token string
	CA    string // file with the PEM of a private authority
	Batch int
	Every time.Duration // longest time a row waits for company
}
