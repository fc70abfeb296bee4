// Package doctor examines one analog line in less than a minute and says in
// plain words what is wrong with it: battery, dial tone, noise, hum, echo,
// stability of the loop; and which gain and impedance would do better.
//
// Three words explain it: Step (what to do next, one after the other), Finding
// (what a measurement means, in Spanish and English), Advice (what to set).
// The machine measures nothing itself: it orders recordings and readings, and is
// stepped with what they showed. It stops at once when the line rings.
package doctor

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/dsp/linecheck"
	"github.com/centralita/centralita/hal/port"
)

// Event is something that happened during the examination.
type Event interface {
	fmt.Stringer
	isEvent()
}

// Events.
type (
	// Begin: the line is ours and on hook.
	Begin struct{}
	// Read: what the port measured; Err says why it could not.
	Read struct {
		Reading port.Reading
		Err     string
	}
	// HeardQuiet, HeardTone, HeardEcho: a recording was measured. OK is false when
	// nothing could be made of it.
	HeardQuiet struct {
		Quiet linecheck.Quiet
		OK    bool
	}
	HeardTone struct {
		Tone linecheck.Tone
		OK   bool
	}
	HeardEcho struct {
		Echo linecheck.Echo
		OK   bool
	}
	// DialTone: the ear recognised the exchange's dial tone.
	DialTone struct{}
	// Sent: the digits have been sent.
	Sent struct{}
	// Wire: the driver reports.
	Wire struct{ Event port.Event }
	// Stop: somebody needs the line more, or the house closes.
	Stop struct{ EN, ES string }
	// TimedOut: the deadline the machine asked for has come.
	TimedOut struct{}
)

func (Begin) isEvent()      {}
func (Read) isEvent()       {}
func (HeardQuiet) isEvent() {}
func (HeardTone) isEvent()  {}
func (HeardEcho) isEvent()  {}
func (DialTone) isEvent()   {}
func (Sent) isEvent()       {}
func (Wire) isEvent()       {}
func (Stop) isEvent()       {}
func (TimedOut) isEvent()   {}

func (Begin) String() string { return "begin" }
func (e Read) String() string {
	if e.Err != "" {
		return "read: " + e.Err
	}
	return fmt.Sprintf("read %.1f V %.1f mA", e.Reading.Volts, e.Reading.MilliAmps)
}
func (e HeardQuiet) String() string {
	return fmt.Sprintf("quiet: noise %.1f dBm0, hum %.1f dBm0, %d clicks", e.Quiet.Noise, e.Quiet.Hum, e.Quiet.Clicks)
}
func (e HeardTone) String() string {
	return fmt.Sprintf("tone: %.1f dBm0, %.0f %% pure", e.Tone.Level, 100*e.Tone.Pure)
}
func (e HeardEcho) String() string {
	return fmt.Sprintf("echo: ERL %.1f dB after %.1f ms", e.Echo.ERL, e.Echo.Delay)
}
func (DialTone) String() string { return "dial tone" }
func (Sent) String() string     { return "sent" }
func (e Wire) String() string   { return "wire: " + e.Event.String() }
func (e Stop) String() string   { return "stop: " + e.EN }
func (TimedOut) String() string { return "timed out" }

// Effect is something that must be done for the examination.
type Effect interface {
	fmt.Stringer
	isEffect()
}

// Effects.
type (
	// Do: a command to the driver.
	Do struct{ Command port.Command }
	// Audio: let audio flow on the closed loop, or no longer.
	Audio struct{ On bool }
	// Measure: read the meter of the port; answer with Read.
	Measure struct{}
	// RecordQuiet: record for so long and answer with HeardQuiet.
	RecordQuiet struct{ For time.Duration }
	// RecordTone: record a tone of these frequencies; answer with HeardTone.
	RecordTone struct {
		For time.Duration
		Hz  []float64
	}
	// RecordEcho: send the probe for so long, record both ways, answer with HeardEcho.
	RecordEcho struct{ For time.Duration }
	// SendDigits: send keys; answer with Sent.
	SendDigits struct{ Digits string }
	// Done: the examination is over, the line on hook again.
	Done struct{ Report Report }
)

func (Do) isEffect()          {}
func (Audio) isEffect()       {}
func (Measure) isEffect()     {}
func (RecordQuiet) isEffect() {}
func (RecordTone) isEffect()  {}
func (RecordEcho) isEffect()  {}
func (SendDigits) isEffect()  {}
func (Done) isEffect()        {}

func (e Do) String() string          { return "do " + e.Command.String() }
func (e Audio) String() string       { return fmt.Sprintf("audio %t", e.On) }
func (Measure) String() string       { return "measure" }
func (e RecordQuiet) String() string { return "record quiet " + e.For.String() }
func (e RecordTone) String() string  { return fmt.Sprintf("record tone %v %s", e.Hz, e.For) }
func (e RecordEcho) String() string  { return "record echo " + e.For.String() }
func (e SendDigits) String() string  { return "send digits " + e.Digits }
func (e Done) String() string        { return "done: " + e.Report.Summary() }
