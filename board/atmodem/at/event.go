package at

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/hal/port"
)

// Event is something that happened to the modem's Machine.
type Event interface {
	fmt.Stringer
	isEvent()
}

// Events.
type (
	// Opened: the device is open.
	Opened struct{}
	// Broken: the device could not be opened, or reading or writing failed.
	Broken struct{ Why string }
	// Got: the modem said a line or a code, or ended the stream.
	Got struct{ Token Token }
	// Flowed: sound came from the modem.
	Flowed struct{}
	// Seize, Release and Flash: the commands of the port.
	Seize   struct{}
	Release struct{}
	Flash   struct{}
	// Talk: there is sound to say (true) or no more (false); it turns a modem that
	// cannot talk and listen at once.
	Talk struct{ On bool }
	// Quit: go on hook and end with Done.
	Quit struct{}
	// TimedOut: the deadline the machine asked for has come.
	TimedOut struct{}
)

func (Opened) isEvent()   {}
func (Broken) isEvent()   {}
func (Got) isEvent()      {}
func (Flowed) isEvent()   {}
func (Seize) isEvent()    {}
func (Release) isEvent()  {}
func (Flash) isEvent()    {}
func (Talk) isEvent()     {}
func (Quit) isEvent()     {}
func (TimedOut) isEvent() {}

func (Opened) String() string   { return "opened" }
func (e Broken) String() string { return "broken: " + e.Why }
func (e Got) String() string    { return e.Token.String() }
func (Flowed) String() string   { return "flowed" }
func (Seize) String() string    { return "seize" }
func (Release) String() string  { return "release" }
func (Flash) String() string    { return "flash" }
func (e Talk) String() string   { return fmt.Sprintf("talk %t", e.On) }
func (Quit) String() string     { return "quit" }
func (TimedOut) String() string { return "timed out" }

// Effect is something the driver must do.
type Effect interface {
	fmt.Stringer
	isEffect()
}

// Effects.
type (
	// Open: open the device and answer Opened or Broken.
	Open struct{}
	// Shut: close the device; say nothing of it.
	Shut struct{}
	// Send: write the text. Arm says that sound follows its CONNECT.
	Send struct {
		Text string
		Arm  bool
	}
	// Break: hold the line in the break state for a quarter of a second.
	Break struct{}
	// Stream: sound flows from the modem (In) and to it (Out), or no longer.
	Stream struct{ In, Out bool }
	// Text: whatever the modem sends now is read as lines.
	Text struct{}
	// Report: hand the event to the port's reader.
	Report struct{ Event port.Event }
	// Ready: the modem answered every question; it is on hook and silent.
	Ready struct{ Modem Modem }
	// Refused: the modem cannot be used, or does not answer. The machine tries again.
	Refused struct{ Why string }
	// Note: something a technician may want to read.
	Note struct{ Text string }
	// Done: the modem is on hook, or did not answer in time; nothing follows.
	Done struct{}
)

func (Open) isEffect()    {}
func (Shut) isEffect()    {}
func (Send) isEffect()    {}
func (Break) isEffect()   {}
func (Stream) isEffect()  {}
func (Text) isEffect()    {}
func (Report) isEffect()  {}
func (Ready) isEffect()   {}
func (Refused) isEffect() {}
func (Note) isEffect()    {}
func (Done) isEffect()    {}

func (Open) String() string  { return "open" }
func (Shut) String() string  { return "shut" }
func (Break) String() string { return "break" }
func (Text) String() string  { return "text" }
func (Done) String() string  { return "done" }
func (e Send) String() string {
	if e.Arm {
		return fmt.Sprintf("send %q, sound follows", e.Text)
	}
	return fmt.Sprintf("send %q", e.Text)
}
func (e Stream) String() string  { return fmt.Sprintf("stream in %t out %t", e.In, e.Out) }
func (e Report) String() string  { return "report " + e.Event.String() }
func (e Ready) String() string   { return "ready: " + e.Modem.String() }
func (e Refused) String() string { return "refused: " + e.Why }
func (e Note) String() string    { return "note: " + e.Text }

// Modem is what a modem said of itself.
type Modem struct {
	Maker, Model, Revision string // +GMI, +GMM, +GMR, or what ATI answers
	Format                 Format
	Duplex                 bool // it talks and listens at once: +VTR
	CallerID               bool // it decodes caller id: +VCID
}

// String returns it in one line.
func (m Modem) String() string {
	way := "half duplex"
	if m.Duplex {
		way = "full duplex"
	}
	id := "no caller id"
	if m.CallerID {
		id = "caller id"
	}
	return fmt.Sprintf("%s %s %s, %s, %s, %s", m.Maker, m.Model, m.Revision, m.Format.Coding, way, id)
}

// Duplex says which way sound flows.
type Duplex uint8

// Choices of duplex.
const (
	Auto Duplex = iota // full when the modem answers AT+VTR=? well
	Half               // one direction at a time, whatever it says
	Full               // both at once, for a modem that does not answer AT+VTR=?
)

// Options are what the technician says of the modem.
type Options struct {
	Duplex Duplex
	Wide   bool // the line to the modem carries 16 bits a sample both ways
}

// Times of the machine.
const (
	AnswerWait = 3 * time.Second        // for a command's result
	WakeWait   = 600 * time.Millisecond // for a first OK
	LeaveWait  = 800 * time.Millisecond // for the end of a stream
	DrainWait  = 4 * time.Second        // for a talking modem to play out what it holds
	QuitWait   = 1500 * time.Millisecond
	RingBurst  = time.Second            // RING says when a burst comes, nobody says when it ends
	FieldWait  = 300 * time.Millisecond // for the next field of caller id
	CheckEvery = 30 * time.Second       // a modem on hook is asked whether it lives
	FlowWait   = 2 * time.Second        // a stream without a byte is dead
	FlashOff   = 300 * time.Millisecond // on hook for a flash, where +VTS=! is unknown
	SeizeGuard = 500 * time.Millisecond // a loop interruption right after the seizure is its own click
	FirstRetry = time.Second            // before the device is opened again, doubled each time
	LastRetry  = 8 * time.Second
)
