package rtpleg

import "net/netip"

// Codec is a companding law of G.711.
type Codec uint8

// Codecs, with the static payload types of RFC 3551 table 4.
const (
	PCMU Codec = iota // payload type 0
	PCMA              // payload type 8
)

// String returns the name as SDP has it.
func (c Codec) String() string {
	if c == PCMA {
		return "PCMA"
	}
	return "PCMU"
}

// Session is what offer and answer agreed on.
type Session struct {
	// Remote is where the far end wants its audio; port+1 for RTCP unless RTCP says else.
	Remote netip.AddrPort
	RTCP   netip.AddrPort
	// Signalling is the address the SIP messages came from: a far end behind
	// address translation sends its audio from there, too. May be zero.
	Signalling netip.Addr
	Codec      Codec
	PT         uint8 // payload type of the audio
	EventPT    uint8 // payload type of telephone-event (RFC 4733); 0 is not agreed on
	// RecvPT and RecvEventPT are the numbers that the far end was told to use,
	// where they differ from those it wants (RFC 3264 § 5.1). Some use their own
	// all the same, so both are heard.
	RecvPT, RecvEventPT uint8
	Send, Recv          bool // our direction: both true unless somebody holds
	Mux                 bool // RTCP on the RTP port (RFC 5761)
}

// event reports whether a payload type carries telephone-events, ok whether it
// was agreed on at all.
func (s *Session) event(pt uint8) (event, ok bool) {
	switch {
	case s.RecvEventPT != 0 && pt == s.RecvEventPT:
		return true, true
	case pt == s.PT || s.RecvPT != 0 && pt == s.RecvPT:
		return false, true
	}
	return true, s.EventPT != 0 && pt == s.EventPT
}

// knows reports whether audio may come from an address.
func (s *Session) knows(ip netip.Addr) bool {
	return ip.IsValid() && (ip == s.Remote.Addr().Unmap() || ip == s.Signalling.Unmap())
}

// rtcpTo is where reports go when the audio goes to rtp.
func (s *Session) rtcpTo(rtp netip.AddrPort) netip.AddrPort {
	switch {
	case s.Mux:
		return rtp
	case rtp == s.Remote && s.RTCP.IsValid():
		return s.RTCP
	case rtp.Port() == 65535:
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(rtp.Addr(), rtp.Port()+1)
}
