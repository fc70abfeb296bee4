package offer

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Codec is an audio format of G.711, by its name in SDP.
type Codec string

// The codecs, both 8 kHz mono.
const (
	PCMU Codec = "PCMU" // µ-law, static payload type 0
	PCMA Codec = "PCMA" // A-law, static payload type 8
)

// static is the payload type of RFC 3551 table 4.
func (c Codec) static() uint8 {
	if c == PCMU {
		return 0
	}
	return 8
}

// Codecs reads names of a configuration ("pcmu", "PCMA") and drops what is not a
// codec of ours; nothing left means both, A-law first.
func Codecs(names ...string) []Codec {
	var out []Codec
	for _, n := range names {
		c := Codec(strings.ToUpper(n))
		if (c == PCMU || c == PCMA) && !holds(out, c) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return []Codec{PCMA, PCMU}
	}
	return out
}

func holds(cs []Codec, c Codec) bool {
	for _, x := range cs {
		if x == c {
			return true
		}
	}
	return false
}

// Direction says who may send, always seen from our side.
type Direction uint8

// Directions (RFC 3264 section 5.1).
const (
	SendRecv Direction = iota // both
	SendOnly                  // only we: we hold the other side
	RecvOnly                  // only the other side: it holds us and plays something
	Inactive                  // nobody
)

// String returns the SDP attribute.
func (d Direction) String() string {
	return [...]string{"sendrecv", "sendonly", "recvonly", "inactive"}[d&3]
}

// Sends reports whether we send.
func (d Direction) Sends() bool { return d == SendRecv || d == SendOnly }

// Receives reports whether the other side sends to us.
func (d Direction) Receives() bool { return d == SendRecv || d == RecvOnly }

// reverse is the same direction seen from the other side.
func (d Direction) reverse() Direction {
	switch d {
	case SendOnly:
		return RecvOnly
	case RecvOnly:
		return SendOnly
	}
	return d
}

// both is the direction in which d and e agree.
func (d Direction) both(e Direction) Direction {
	return direction(d.Sends() && e.Sends(), d.Receives() && e.Receives())
}

func direction(send, recv bool) Direction {
	switch {
	case send && recv:
		return SendRecv
	case send:
		return SendOnly
	case recv:
		return RecvOnly
	}
	return Inactive
}

// Session is what offer and answer agreed on.
type Session struct {
	Remote    netip.AddrPort // where our RTP goes; not valid while the other side holds by c=0.0.0.0
	RTCP      netip.AddrPort // where our RTCP goes (RFC 3605, else port+1); not valid with Remote
	Codec     Codec
	PT        uint8         // payload type we send the codec with
	RecvPT    uint8         // payload type the other side sends it with
	Event     bool          // telephone-event was agreed
	EventPT   uint8         // payload type we send events with, if Event
	RecvEvent uint8         // payload type the other side sends events with, if Event
	Ptime     time.Duration // packet time the other side wants to receive
	Direction Direction     // seen from us
}

// HeldByPeer reports whether the other side put us on hold: it does not want to
// hear us, by either form of RFC 3264 section 8.4.
func (s Session) HeldByPeer() bool { return !s.Direction.Sends() }

// String returns a short form for logs.
func (s Session) String() string {
	return fmt.Sprintf("%s/%d events %t/%d %s to %s", s.Codec, s.PT, s.Event, s.EventPT, s.Direction, s.Remote)
}

// Unacceptable is a description that cannot be used, with the status it deserves:
// 488 for one that is understood and does not fit, 400 for one that is not
// understood (an answer of that kind ends the call with BYE).
type Unacceptable struct {
	Code int
	Why  string
}

// Error implements error.
func (e *Unacceptable) Error() string { return "cannot accept SDP: " + e.Why }

func bad(format string, args ...any) error {
	return &Unacceptable{Code: 400, Why: fmt.Sprintf(format, args...)}
}

func misfit(format string, args ...any) error {
	return &Unacceptable{Code: 488, Why: fmt.Sprintf(format, args...)}
}
