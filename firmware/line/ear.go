package line

import (
	"fmt"

	"github.com/centralita/centralita/firmware/tel"
)

// What the ear tells a line while its loop is closed.
type (
	// Heard: a call-progress tone was recognised, or is over. Sure is 0 to 1; 0
	// is not told, as by hardware that only names the tone.
	Heard struct {
		Tone     tel.Tone
		Ended    bool
		Sure     float32
		Evidence string
	}
	// Strange: a steady cadence or a continuous tone that no plan knows. Signal is
	// its text as package plan writes it. It is told again as periods grow.
	Strange struct {
		Signal   string
		Periods  int
		Sure     float32
		Evidence string
	}
	// Voice: who speaks changed; each stays true for a hangover of 300 ms.
	// Speech tells that what the far side says has been no tone of the exchange
	// for some time.
	Voice struct{ Far, Near, Speech bool }
	// Fax: the far side is a fax: its calling tone (CNG), or its answer tone (CED).
	Fax struct{ Calling bool }
	// Measured: what the media engine measured of the line during a call.
	Measured struct{ Levels Levels }
)

// Levels are what was measured of a line; 0 is not measured.
type Levels struct {
	In, Out   float32 // speech towards us and towards the line, dBm0
	ERL, ERLE float32 // echo return loss, and what the canceller adds, dB
	EchoMS    float32 // delay of the echo
	Twist     float32 // of the keys heard: high group over low group, dB
}

func (Heard) isEvent()    {}
func (Strange) isEvent()  {}
func (Voice) isEvent()    {}
func (Fax) isEvent()      {}
func (Measured) isEvent() {}

func (e Heard) String() string {
	if e.Ended {
		return "no longer heard " + e.Tone.String()
	}
	return fmt.Sprintf("heard %s: %s (%.0f%%)", e.Tone, e.Evidence, e.Sure*100)
}

func (e Strange) String() string {
	return fmt.Sprintf("strange tone %s, %d periods: %s (%.0f%%)", e.Signal, e.Periods, e.Evidence, e.Sure*100)
}

func (e Voice) String() string {
	return fmt.Sprintf("voice far %t near %t speech %t", e.Far, e.Near, e.Speech)
}

func (e Fax) String() string {
	if e.Calling {
		return "fax calling tone"
	}
	return "fax answer tone"
}

func (e Measured) String() string { return "measured " + e.Levels.String() }

// String returns the levels in short.
func (l Levels) String() string {
	return fmt.Sprintf("in %.1f dBm0, out %.1f dBm0, ERL %.1f dB, ERLE %.1f dB, echo %.0f ms, twist %.1f dB", l.In, l.Out, l.ERL, l.ERLE, l.EchoMS, l.Twist)
}
