package line

import (
	"time"

	"github.com/centralita/centralita/hal/port"
)

// States of a telephone besides those it shares with lines.
const (
	SendingID        State = firstFXS + iota // on hook: caller id goes before the first burst
	SendingMessages                          // on hook: the lamp for messages is being told
	RecallTone                               // flashed: one party is on hold, a second number may be dialled
	SecondCollecting                         // dialling the second number
	SecondCalling                            // second number dialled, not through yet
	Second                                   // talking to the second party, the first is on hold
	Swapped                                  // talking to the first party, the second is on hold
	Conference                               // all three talk
	SecondRefused                            // hears why nothing came of the second call
	Holding                                  // a party is on hold and nothing is dialled
	Dropping                                 // the loop is dropped so that a device sees the far end leave
)

// firstFXS keeps the numbers of both kinds of port apart.
const firstFXS State = 32

var fxsNames = [...]string{
	"sending caller id", "sending messages", "recall tone", "collecting second", "calling second", "second call", "swapped",
	"conference", "second refused", "holding", "disconnect pulse",
}

// Times of a telephone.
const (
	FirstDigit   = 15 * time.Second // dial tone lasts so long
	BetweenKeys  = 4 * time.Second  // a number that may go on is taken as whole after so long
	ReleasedTone = 20 * time.Second // the tone after the far side left
	HowlerTime   = 60 * time.Second // then the telephone is parked
	RefusedTone  = 5 * time.Second  // why a second call failed; then back to the party on hold
	HoldReminder = 2 * time.Minute  // so often a short tone says that somebody is on hold
	ConferWindow = 3 * time.Second  // so long after a flash a 3 joins all three
	FlashGap     = 400 * time.Millisecond
	PulseLength  = 500 * time.Millisecond // of the disconnect pulse
	// HookRest: a telephone that was hung up so shortly ago is not rung yet: its
	// hook may still bounce, and a bounce would answer.
	HookRest = 500 * time.Millisecond
	// MessagesRest: a telephone is on hook so long before its lamp is told.
	MessagesRest = 2 * time.Second
	// ReverseRest is between the reversal and the first sound of caller id, BurstRest
	// between the first ring and caller id (Telcordia GR-30 § 2.2: 500 ms at least).
	ReverseRest = 200 * time.Millisecond
	BurstRest   = 500 * time.Millisecond
	// IDRest is between caller id and the bell that follows it (ETSI EN 300 659-1:
	// 200 to 500 ms); the port may still have the last of it in its buffer.
	IDRest = 300 * time.Millisecond
	// IDLimit: caller id takes at most so long; then the bell rings without.
	IDLimit = 6 * time.Second
)

// Bell says who rings, by the cadence.
type Bell uint8

// Bells.
const (
	BellOutside  Bell = iota // a call from outside
	BellInside               // a colleague
	BellCallback             // a party that was left on hold, or a call that was asked for
	numBells
)

// Telephone is what the machine knows of its port and of the country.
type Telephone struct {
	Caps  port.Caps
	Bells [numBells]port.Cadence
	// IDBefore: the country sends caller id before the first burst, behind a
	// reversal where the port can make one; else after it.
	IDBefore bool
}

// Bells returns the cadences of a country whose calls from outside ring as given,
// in milliseconds on, off, on, off …: colleagues ring with two short bursts, or
// with one long where the country itself rings with two; a callback with three.
// The pause leaves room for caller id.
func Bells(outside []int) [numBells]port.Cadence {
	inside := []int{400, 200, 400, 3000}
	if len(outside) > 2 {
		inside = []int{1000, 3000}
	}
	return [numBells]port.Cadence{
		port.CadenceOf(outside), port.CadenceOf(inside), port.CadenceOf([]int{300, 200, 300, 200, 300, 3000}),
	}
}

// bursts returns how many bursts a cadence has before its long pause, and how
// long they last with the pauses between; the driver's own cadence counts as one
// of two seconds.
func bursts(c port.Cadence) (n int, lasts time.Duration) {
	pause := time.Duration(0)
	for i, ms := range c {
		d := time.Duration(ms) * time.Millisecond
		switch {
		case ms == 0 && n == 0:
			return 1, 2 * time.Second
		case ms == 0:
			return n, lasts
		case i%2 == 0:
			n++
			lasts += pause + d
		default:
			pause = d
		}
	}
	return n, lasts
}
