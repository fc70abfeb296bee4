// Package port is the contract of an analog telephone port: FXO (we are the
// telephone, the line comes from an exchange) or FXS (we are the exchange, a
// telephone is plugged in).
//
// Three words explain it: Event (what the wire did), Command (what we ask of
// the wire), Audio (what flows while the loop is closed). Every driver passes
// the suite in porttest.
package port

import (
	"errors"
	"fmt"

	"github.com/centralita/centralita/dsp/pcm"
)

// Kind tells which side of the line a port is.
type Kind uint8

// Kinds of port.
const (
	FXO Kind = iota // plugged into a line of the exchange
	FXS             // a telephone is plugged in
)

// String returns "FXO" or "FXS".
func (k Kind) String() string {
	if k == FXS {
		return "FXS"
	}
	return "FXO"
}

// Caps tell what a driver's hardware can do; the line machines ask them, never
// the name of a board.
type Caps struct {
	FullDuplex  bool // audio flows both ways at once
	Battery     bool // loss and return of battery are seen (FXO)
	Polarity    bool // reversals are seen (FXO) or can be made (FXS: Reverse)
	CallerID    bool // the driver decodes caller id itself (FXO) or sends it with Ring (FXS)
	RingSignal  bool // an FXS can ring with a cadence
	Bursts      bool // an FXS reports each burst of its bell with RingOn and RingOff
	Disconnect  bool // an FXS can drop the loop to tell a device the far end left
	Neon        bool // an FXS can light a message-waiting lamp (Neon)
	OwnClock    bool // audio runs on the port's own crystal, not on ours
	OnHookAudio bool // audio flows while on hook too
	Progress    bool // the hardware recognises call-progress tones and reports Heard
	Gain        bool // Tune can change the gains
	Impedance   bool // Tune can change the impedance; Tuner lists the choices
	EchoCancel  bool // the hardware has an echo canceller (EchoCancel)
}

// Info describes a port. It never changes while the port is open.
type Info struct {
	Name string // the driver's name of the socket, e.g. "fxo1"
	Kind Kind
	Caps Caps
}

// ErrClosed is returned by operations on a port that was closed.
var ErrClosed = errors.New("port is closed")

// Port is one socket. Implementations start no audio by themselves: frames flow
// only while the loop is closed (FXO seized, FXS off hook), and with
// Caps.OnHookAudio all the time.
type Port interface {
	Info() Info
	// Events returns the one channel of the port, in the order of the wire. It
	// is closed when the port is closed. The reader must keep up: a driver
	// buffers at least 64 events.
	Events() <-chan Event
	// Command asks for a change on the wire and does not wait for it. It
	// returns ErrClosed after Close, and an error naming the command when the
	// hardware cannot do it.
	Command(Command) error
	// Audio returns the audio side. It is the same value for the port's life.
	Audio() Audio
	// Close lets go of the wire (on hook, no ring) and frees the port. A second
	// Close does nothing.
	Close() error
}

// Audio moves frames at the pace of the port's own clock.
type Audio interface {
	// Read fills f with the next 20 ms from the wire. It blocks for at most
	// about two frames; with nothing to hear it returns silence. It returns
	// ErrClosed when the port is closed.
	Read(f *pcm.Frame) error
	// Write queues 20 ms for the wire and does not block; when the driver's
	// buffer is full the oldest frame is dropped.
	Write(f *pcm.Frame) error
}

// Sleeper is implemented by Audio that knows when nothing comes over the wire at
// all, as no copper does: Sound gets a value when a frame has come, so that nobody
// need read the silence of a port on hook.
type Sleeper interface{ Sound() <-chan struct{} }

// Breather is implemented by a port whose driver goes round by itself, sound or not:
// Breaths counts the rounds. A count that stands still for seconds shows a driver that
// hangs in the kernel. It does not wait for it.
type Breather interface{ Breaths() uint64 }

// Reading is what a port measured of its line.
type Reading struct {
	Volts     float32 // tip to ring; the sign is the polarity
	MilliAmps float32 // of the loop, 0 on hook
}

// Meter is implemented by a port that can measure its line. Measure returns an
// error when the hardware does not answer.
type Meter interface{ Measure() (Reading, error) }

// Tuner is implemented by a port with Caps.Impedance: the names that Tune takes,
// the hardware's own choice first.
type Tuner interface{ Impedances() []string }

// Event is something the wire did.
type Event interface {
	fmt.Stringer
	isEvent()
}

// Events of an FXO port, of an FXS port, and of both.
type (
	// RingOn: ring voltage began, once per burst of the cadence (FXO; FXS with
	// Caps.Bursts).
	RingOn struct{}
	// RingOff: ring voltage ended (like RingOn).
	RingOff struct{}
	// CallerID: who calls, as the wire said while the line was on hook (FXO): from
	// hardware that decodes it, or from whoever listens to the on-hook audio. Texts
	// are raw from the wire.
	CallerID struct {
		Number, Name string
		Absence      string  // "P" private, "O" unavailable, "" when a number is there
		Date         Date    // of the call by the exchange's clock
		Standard     string  // "bell202", "v23", "dtmf"; "" when the hardware decoded it
		Level        float32 // dBm0; 0 when unknown
		Messages     int8    // message-waiting lamp: 1 on, -1 off, 0 not told
	}
	// Battery: loop voltage or current is gone (false) or back (true) (FXO).
	Battery struct{ On bool }
	// Polarity: the exchange reversed the two wires (FXO).
	Polarity struct{ Reversed bool }
	// OffHook: the telephone closed the loop (FXS).
	OffHook struct{}
	// OnHook: the telephone opened the loop for longer than a flash (FXS).
	OnHook struct{}
	// HookFlash: the loop was open for the time of a flash (FXS).
	HookFlash struct{}
	// PulseDigit: a dial with pulses (FXS).
	PulseDigit struct{ Digit byte }
	// Heard: the hardware recognised a sound on the closed loop (FXO). It may come
	// again while the sound lasts.
	Heard struct{ Sound Sound }
	// Digit: the hardware recognised a key of the far side (FXO). It is reported
	// only while Read is deaf because the port talks, so that nobody counts a key
	// twice.
	Digit struct{ Digit byte }
	// Lost: the hardware is gone. Nothing follows until Found.
	Lost struct{ Why string }
	// Found: the hardware is back, on hook and silent.
	Found struct{}
)

// Date is a moment of caller id: no year, no seconds, the exchange's zone
// (Telcordia GR-30 § 2.1, ETSI EN 300 659-3 § 5.4.1). The zero Date is none.
type Date struct{ Month, Day, Hour, Minute int8 }

// Known reports whether there is one.
func (d Date) Known() bool { return d.Month != 0 }

func (RingOn) isEvent()     {}
func (RingOff) isEvent()    {}
func (CallerID) isEvent()   {}
func (Battery) isEvent()    {}
func (Polarity) isEvent()   {}
func (OffHook) isEvent()    {}
func (OnHook) isEvent()     {}
func (HookFlash) isEvent()  {}
func (PulseDigit) isEvent() {}
func (Heard) isEvent()      {}
func (Digit) isEvent()      {}
func (Lost) isEvent()       {}
func (Found) isEvent()      {}

func (RingOn) String() string  { return "ring on" }
func (RingOff) String() string { return "ring off" }
func (e CallerID) String() string {
	return fmt.Sprintf("caller id %q %q %s", e.Number, e.Name, e.Absence)
}
func (e Battery) String() string    { return fmt.Sprintf("battery %t", e.On) }
func (e Polarity) String() string   { return fmt.Sprintf("polarity reversed %t", e.Reversed) }
func (OffHook) String() string      { return "off hook" }
func (OnHook) String() string       { return "on hook" }
func (HookFlash) String() string    { return "flash" }
func (e PulseDigit) String() string { return fmt.Sprintf("pulse digit %c", e.Digit) }
func (e Heard) String() string      { return "heard " + e.Sound.String() }
func (e Digit) String() string      { return fmt.Sprintf("digit %c", e.Digit) }
func (e Lost) String() string       { return "lost: " + e.Why }
func (Found) String() string        { return "found" }

// Sound is what hardware can recognise on a line.
type Sound uint8

// Sounds.
const (
	SoundBusy     Sound = iota // busy or congestion tone
	SoundDial                  // dial tone
	SoundRingback              // the far side rings
	SoundSpecial               // special information tones
	SoundFax                   // calling tone of a fax, 1100 Hz
	SoundData                  // calling tone of a data modem, 1300 Hz
	SoundAnswer                // answer tone of a fax or modem, 2100 Hz
	SoundSilence               // nothing for so long that a hang-up is presumed
)

// String returns the sound in words.
func (s Sound) String() string {
	if names := [...]string{"busy tone", "dial tone", "ringback tone", "special information tones",
		"fax calling tone", "data calling tone", "answer tone", "silence"}; int(s) < len(names) {
		return names[s]
	}
	return "sound?"
}

// Cadence is how a bell rings: milliseconds on, off, on, off …, ended by the
// first zero. The zero Cadence is the driver's own.
type Cadence [8]uint16

// CadenceOf returns milliseconds as a cadence; what does not fit is left out.
func CadenceOf(ms []int) (c Cadence) {
	for i := range min(len(ms), len(c)) {
		c[i] = uint16(max(0, min(ms[i], 65535)))
	}
	return c
}

// Command is something we ask of the wire.
type Command interface {
	fmt.Stringer
	isCommand()
}

// Commands to an FXO port and to an FXS port.
type (
	// Seize closes the loop: answers a ringing line, or asks for dial tone (FXO).
	Seize struct{}
	// Release opens the loop (FXO).
	Release struct{}
	// Flash opens the loop for the time of a flash (FXO).
	Flash struct{}
	// Ring rings the telephone until StopRing or off hook; with Caps.CallerID the
	// driver sends who calls (FXS).
	Ring struct {
		Number, Name string
		Cadence      Cadence
	}
	// StopRing ends the ringing (FXS).
	StopRing struct{}
	// Disconnect drops the loop for Millis so that a device notices the far
	// end's hang-up (FXS).
	Disconnect struct{ Millis int }
	// Reverse turns the two wires round, or back (FXS with Caps.Polarity).
	Reverse struct{ On bool }
	// Neon lights the message-waiting lamp, or puts it out (FXS with Caps.Neon).
	Neon struct{ On bool }
	// Tune sets the gains in tenths of a decibel (Caps.Gain) and the impedance by
	// its name, "" leaving it (Caps.Impedance).
	Tune struct {
		RxTenths, TxTenths int // towards us, towards the line
		Impedance          string
	}
	// EchoCancel switches the hardware's own echo canceller (Caps.EchoCancel).
	EchoCancel struct{ On bool }
)

func (Seize) isCommand()      {}
func (Release) isCommand()    {}
func (Flash) isCommand()      {}
func (Ring) isCommand()       {}
func (StopRing) isCommand()   {}
func (Disconnect) isCommand() {}
func (Reverse) isCommand()    {}
func (Neon) isCommand()       {}
func (Tune) isCommand()       {}
func (EchoCancel) isCommand() {}

func (Seize) String() string        { return "seize" }
func (Release) String() string      { return "release" }
func (Flash) String() string        { return "flash" }
func (c Ring) String() string       { return fmt.Sprintf("ring %q %q", c.Number, c.Name) }
func (StopRing) String() string     { return "stop ring" }
func (c Disconnect) String() string { return fmt.Sprintf("disconnect %d ms", c.Millis) }
func (c Reverse) String() string    { return fmt.Sprintf("reverse %t", c.On) }
func (c Neon) String() string       { return fmt.Sprintf("neon %t", c.On) }
func (c EchoCancel) String() string { return fmt.Sprintf("echo cancel %t", c.On) }
func (c Tune) String() string {
	return fmt.Sprintf("tune rx %+.1f dB tx %+.1f dB impedance %q", float64(c.RxTenths)/10, float64(c.TxTenths)/10, c.Impedance)
}
