package line

import (
	"time"

	"github.com/centralita/centralita/hal/port"
)

// Settings are what a line is told once.
type Settings struct {
	Caps    port.Caps
	Timing  Timing // the zero Timing is TimingFor("", nil)
	Profile Profile
	// BlockCollect answers twice: the loop is opened for a moment and closed again,
	// which ends a call that we were to pay for (Brazil).
	BlockCollect bool
	Longest      time.Duration // a call; 0 stands for LongestCall
	Silence      time.Duration // both ways, then the call is over; 0 stands for LongSilence
}

// Timing is how the exchanges of a country behave in time.
type Timing struct {
	RingGap  time.Duration // a caller who has not rung for so long has given up
	IDWait   time.Duration // caller id comes so soon after the first burst, or not at all
	IDFirst  time.Duration // the bell follows caller id, or the reversal before it, so soon
	DialTone time.Duration // an exchange that gives no dial tone for so long will not
	Guard    time.Duration // so long a released line is left alone
}

// Times of every line.
const (
	LongestCall = 24 * time.Hour
	LongSilence = 5 * time.Minute

	ringGrace     = 2 * time.Second        // over the longest pause of the cadence
	ringDebounce  = 100 * time.Millisecond // a shorter burst is noise (a bell of 17 Hz needs 60 ms a turn)
	ringCycle     = time.Second            // a shorter pause is within the cadence (the United Kingdom's 200 ms)
	quietBefore   = 300 * time.Millisecond // a line that rang or reversed so shortly ago is not seized
	noBattery     = 1500 * time.Millisecond
	steady        = 500 * time.Millisecond // battery must be, before a line is idle
	steadyAlarm   = time.Second            // after it was dead
	restless      = 15 * time.Second       // of battery that is never steady
	loopSettles   = 100 * time.Millisecond // after it was closed to dial
	answerSettles = 200 * time.Millisecond // after it was closed to answer
	glareAnswer   = 3 * time.Second        // for the call to take a caller whom we met
	emergencyWait = 3 * time.Second        // for dial tone; then the number is sent all the same
	digitTime     = 300 * time.Millisecond // each, for the sender; a sender that takes longer is broken
	senderGrace   = 10 * time.Second
	answerBlind   = 15 * time.Second        // without any sign the number is taken for answered
	answerRings   = 3 * time.Minute         // ringback may last
	answerAfter   = 6 * time.Second         // of nothing once ringback stopped
	answerVoice   = 2500 * time.Millisecond // of something that may be a busy tone yet
	announcement  = 20 * time.Second        // behind the special information tone
	dialLingers   = 2 * time.Second         // behind the digits
	probeGrace    = 15 * time.Minute        // between probes of a line that stays dead

	collectAnswer = time.Second             // then a collect call is refused
	collectOpen   = 1500 * time.Millisecond // by so much of open loop
)

// probeAfter are the pauses before the probes of a line out of service.
var probeAfter = [...]time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, probeGrace}

// TimingFor returns the times of a country (ISO 3166 alpha-2) whose bell has the
// cadence ring in milliseconds, which may be empty.
func TimingFor(country string, ring []int) Timing {
	t := Timing{
		RingGap: 6500 * time.Millisecond, // the longest pause of the country tables is 4.5 s
		IDWait:  4 * time.Second, IDFirst: 5 * time.Second, DialTone: 5 * time.Second, Guard: time.Second,
	}
	if len(ring) > 1 {
		pause := 0
		for i := 1; i < len(ring); i += 2 {
			pause = max(pause, ring[i])
		}
		t.RingGap = max(time.Duration(pause)*time.Millisecond+ringGrace, 4*time.Second)
	}
	switch country {
	case "GB", "UK": // SIN 227: reversal, alert, data, and only then the bell
		t.IDWait = 500 * time.Millisecond
	}
	return t
}
