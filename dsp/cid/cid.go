// Package cid is caller id, heard and sent while a telephone is on hook: who
// calls, when, and whether messages wait.
//
// Three ways of sending are known, and a Receiver listens for all at once:
// octets by FSK in the tones of Bell 202 (Telcordia GR-30, messages of GR-31 and
// SR-3004) or of V.23 (ETSI EN 300 659-1, messages of EN 300 659-3), and keys by
// DTMF (ETSI EN 300 659-1 annex B, and the older forms of Brazil, Denmark, the
// Netherlands and Taiwan).
//
// A message is told when its checksum holds, its parameters fill it exactly and
// say something, and no other message with a right checksum is nearly as likely.
// What its modem takes, clocks, levels and noise, stands with dsp/fsk.
//
// Cost of a Receiver for 20 ms: some 30 µs on a quiet line, up to 0.2 ms while
// something sounds that may be a modem; nothing is allocated.
package cid

import "fmt"

// Standard is a way of sending.
type Standard uint8

// Standards.
const (
	Bell202 Standard = iota
	V23
	DTMF
)

// String returns the name people know.
func (s Standard) String() string {
	switch s {
	case Bell202:
		return "Bell 202"
	case V23:
		return "V.23"
	}
	return "DTMF"
}

// Message is what was received.
type Message struct {
	Standard Standard
	// At and End are where the message began, with its type or first key, and
	// where it was over, in milliseconds of audio since the first sample fed.
	At, End int64
	// Raw is the message as sent: type, length and body, without the checksum; of
	// DTMF the keys in ASCII, from the first to the one that ends them.
	Raw []byte
	Info
}

// Message types (GR-30 § 2.4; EN 300 659-3 § 5.2).
const (
	SingleCall    = 0x04 // one format, no parameters: date, time and number (SDMF)
	SingleWaiting = 0x06 // messages wait or not (SDMF)
	Call          = 0x80 // call setup, in parameters (MDMF)
	Waiting       = 0x82 // message waiting, in parameters
	Charge        = 0x86 // advice of charge
	ShortText     = 0x89 // short message service
)

// known reports whether t is a message type that is taken.
func known(t byte) bool {
	switch t {
	case SingleCall, SingleWaiting, Call, Waiting, Charge, ShortText:
		return true
	}
	return false
}

// Parameter types (GR-30 § 2.4.3; EN 300 659-3 § 5.3).
const (
	ParamDate         = 0x01 // month, day, hour, minute: eight digits
	ParamNumber       = 0x02 // of the caller
	ParamCalled       = 0x03 // number called; in North America the caller's to dial back
	ParamNoNumber     = 0x04 // why there is no number
	ParamRedirect     = 0x05 // why the call was redirected
	ParamQualifier    = 0x06 // "L" for long distance
	ParamName         = 0x07
	ParamNoName       = 0x08 // why there is no name
	ParamIndicator    = 0x0B // lamp: 0 off, 255 on
	ParamCallType     = 0x11
	ParamFirstCalled  = 0x12 // the number first called, of a redirected call
	ParamMessages     = 0x13 // how many messages wait
	ParamForward      = 0x15 // type of a forwarded call
	ParamUser         = 0x16 // type of the calling user
	ParamRedirecting  = 0x1A // the number that redirected the call
	ParamDisplay      = 0x50 // text to be shown
	maxText           = 50
	maxNumber         = 20
	maxBody           = 255
	singleNumberFirst = 8 // place of the number after the date of a SingleCall
)

// Why a number or name is absent.
const (
	Private     = 'P' // the caller wishes so
	Unavailable = 'O' // it is not known here
)

// Call types (EN 300 659-3 § 5.4.12).
const (
	VoiceCall      = 0x01
	RingBack       = 0x02 // ring back when free
	NameDelivery   = 0x03
	MessageWaiting = 0x81
)

// Date is the date and time sent with a call. There is no year. The zero Date is
// none.
type Date struct{ Month, Day, Hour, Minute uint8 }

// String returns the eight digits that are sent.
func (d Date) String() string {
	return fmt.Sprintf("%02d%02d%02d%02d", d.Month, d.Day, d.Hour, d.Minute)
}

// Valid reports whether such a minute can be in some year.
func (d Date) Valid() bool {
	if d.Month < 1 || d.Month > 12 || d.Hour > 23 || d.Minute > 59 {
		return false
	}
	days := [12]uint8{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	return d.Day >= 1 && d.Day <= days[d.Month-1]
}

// Lamp is the state of the lamp for waiting messages.
type Lamp uint8

// States of the lamp.
const (
	LampUntold Lamp = iota
	LampOff
	LampOn
)

// Parameter is one parameter of a message as it stands there.
type Parameter struct {
	Type  byte
	Value []byte
}

// Info is what a message says. Texts are as sent, turned from Latin-1 to UTF-8
// and not cleaned. What is not said is zero.
type Info struct {
	Type        byte // message type; 0 of DTMF
	Number      string
	NoNumber    byte // Private, Unavailable or another letter
	Name        string
	NoName      byte
	Called      string // ParamCalled
	FirstCalled string // ParamFirstCalled
	Redirecting string // ParamRedirecting; of DTMF the number that redirected
	Redirect    byte   // ParamRedirect
	Qualifier   string
	Date        Date // of the exchange; the zero Date when it is impossible
	Lamp        Lamp
	Messages    int // that wait; 0 when none or not told, 255 when some
	CallType    byte
	Forward     byte
	User        byte
	Display     string
	Category    byte // of the caller, where Receiver.Category asks for it
	// Others are the parameters that have no field here, in their order.
	Others []Parameter
}

// Absence returns "P" when the caller's number is private, "O" when it is not
// there for any other reason, "" when it is.
func (i *Info) Absence() string {
	switch {
	case i.Number != "":
		return ""
	case i.NoNumber == Private:
		return "P"
	}
	return "O"
}
