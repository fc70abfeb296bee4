package media

import (
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/tel"
)

// Endpoint is the wire of one leg. Read and Write are called by one shard,
// once each per tick, Read first; they never block and allocate nothing.
type Endpoint interface {
	// Read fills f with the next 20 ms from the far end, silence when there is
	// nothing, and reports whether anything in it was really sent by the far end.
	Read(f *pcm.Frame) bool
	// Write sends 20 ms to the far end.
	Write(f *pcm.Frame)
	// Stats may be called by anybody at any time.
	Stats() Stats
	// Close lets go of the wire. It is called once, after the last tick that
	// used the endpoint, and does not block.
	Close() error
}

// KeyEndpoint is an Endpoint that carries telephone keys beside the audio, as
// RFC 4733 events. Its methods are called like Read and Write.
type KeyEndpoint interface {
	Endpoint
	// TakesKeys reports whether the far end agreed to send keys as events.
	TakesKeys() bool
	// NextKey returns the keys that the last Read found, one by one, each once
	// when it is first pressed.
	NextKey() (tel.Digit, bool)
	// SendKey begins to send a key for so many ticks instead of audio. It
	// returns false when the far end did not agree to receive events.
	SendKey(d tel.Digit, ticks int) bool
}

// DialEndpoint is an Endpoint that sends keys as tones in the clock of its wire, so
// that no stall of ours breaks one in two. Its method is called like Write.
type DialEndpoint interface {
	Endpoint
	// Dial sends a key for so many ticks instead of audio, and a pause of so many,
	// after the keys before it.
	Dial(d tel.Digit, on, off int)
}

// QuietEndpoint is an Endpoint that knows when its far end has gone silent for
// good, because a living one sends packets even while nobody talks.
type QuietEndpoint interface {
	Endpoint
	// Quiet returns for how many ticks nothing arrived, 0 while nothing is expected.
	Quiet() int
}

// Stats is the health of one leg since it was attached.
type Stats struct {
	Received  uint64 // packets or frames that were accepted
	Sent      uint64 // packets or frames
	Lost      int64  // packets that never came
	Late      uint64 // packets that came after their time
	Duplicate uint64 // packets that came twice
	Concealed uint64 // frames that had to be made up, in whole or in part
	Refused   uint64 // packets that were thrown away as garbage or from strangers
	Depth     time.Duration
	Jitter    time.Duration // interarrival jitter (RFC 3550 § 6.4.1)
	RoundTrip time.Duration // from RTCP (RFC 3550 § 6.4.1); 0 while unknown
	FarLost   float64       // share of our packets the far end misses, from its reports
	DriftPPM  int           // how much faster the far clock runs (ports with their own clock)

	// Of lines, 0 while unknown.
	LevelIn, LevelOut float64       // dBm0 of voices, from and to the line
	Twist             float64       // dB by which the high tone of the far end's keys is louder than the low one
	ERL, ERLE         float64       // dB: echo return loss of the hybrid, and what is cancelled besides (ITU-T G.168)
	Echo              time.Duration // after which the strongest part of the echo comes
}
