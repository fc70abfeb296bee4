// Package flow is the flow document: what a caller hears and where he can go.
// Parse reads it, Check finds every problem with its place, and what passes is
// ready for the interpreter.
package flow

import (
	"strconv"
	"time"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/tel"
)

// Flow is a checked flow.
type Flow struct {
	Name  string
	At    Place
	Start string
	Nodes []*Node // in the order of the document

	starts Place // of the value of start
}

// Kind is what a node does.
type Kind string

// Kinds of nodes.
const (
	KindPlay     Kind = "play"     // say things, go on
	KindGreet    Kind = "greet"    // say one thing by time of day, go on
	KindSchedule Kind = "schedule" // open or closed by a schedule
	KindLanguage Kind = "language" // one key a language
	KindMenu     Kind = "menu"     // keys to nodes, direct extensions
	KindQueue    Kind = "queue"    // hand to a queue
	KindDial     Kind = "dial"     // ring an extension (or "operator")
	KindHours    Kind = "hours"    // say the opening hours aloud, go on
	KindHangUp   Kind = "hangup"
)

// Operator is the extension of a dial node that rings whoever is the operator.
const Operator tel.Number = "operator"

// Place is where something stands in the document.
type Place = place.At

// Node is one step. Fields not of its kind are zero.
type Node struct {
	ID   string
	Kind Kind
	At   Place
	Say  []tel.Say // play, menu, language: the prompt; hangup: farewell
	Next string    // play, greet, hours; queue, dial: when it came back

	// greet: the first slice whose From <= time of day is the latest wins.
	Greets []Greet

	// schedule
	Schedule string
	Open     string
	Closed   string
	Holiday  string // optional, else Closed

	// language
	Languages []Choice // Target is the language

	// menu and language
	Choices    []Choice
	Direct     bool          // extensions can be dialled
	BargeIn    bool          // a key stops what is being said; also of play, greet, hours
	Timeout    time.Duration // for the first key after the prompt
	Between    time.Duration // between keys of an extension
	Invalids   int           // how many wrong keys before OnInvalid
	Timeouts   int           // how many silences before OnTimeout
	SayInvalid []tel.Say
	SayTimeout []tel.Say
	OnInvalid  string
	OnTimeout  string

	// queue, dial
	Queue     tel.QueueID
	Extension tel.Number // or Operator

	where map[string]Place // of the values of its keys
}

// Where returns where the value of key stands, or where the node does.
func (n *Node) Where(key string) Place {
	if at, ok := n.where[key]; ok {
		return at
	}
	return n.At
}

// entry returns where entry i of the list under key stands, or the list.
func (n *Node) entry(key string, i int) Place {
	if at, ok := n.where[entryKey(key, i)]; ok {
		return at
	}
	return n.Where(key)
}

// entryKey names an entry of a list; no key of a document has a space.
func entryKey(key string, i int) string { return key + " " + strconv.Itoa(i) }

// Node returns the node called id, nil when there is none.
func (f *Flow) Node(id string) *Node {
	for _, n := range f.Nodes {
		if n.ID == id {
			return n
		}
	}
	return nil
}

// Choice is a key and where it leads.
type Choice struct {
	Key    tel.Digit
	Target string
	At     Place
}

// Greet is a greeting from a time of day on.
type Greet struct {
	From int // minutes after midnight
	Say  []tel.Say
}

// Schedule is when an office is open.
type Schedule struct {
	ID       string
	Location *time.Location
	Week     [7][]Span // by weekday, 0 Sunday
	Holidays []Holiday
	Override Override // the night switch: the rule of the day stands aside
}

// Override is the position of the night switch of a schedule.
type Override string

// Positions: by the clock, or always open, or always closed.
const (
	Auto         Override = ""
	ForcedOpen   Override = "open"
	ForcedClosed Override = "closed"
)

// Span is an opening of one day, in minutes after midnight; To may be 1440.
type Span struct{ From, To int }

// Holiday is a day that is closed, or open at other times: with Year 0 every year.
type Holiday struct {
	Year, Month, Day int
	Name             string
	Open             []Span
}
