package rtpleg

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/dsp/jitter"
	"github.com/pion/rtp"
)

// Reason says why a packet was refused.
type Reason uint8

// Reasons, in the order of the checks.
const (
	BadLength  Reason        = iota // shorter than a header
	BadVersion                      // not RTP version 2: STUN, ZRTP, DTLS, noise
	BadType                         // payload type of RTCP (72–76), or not agreed on
	Stranger                        // from an address that is not the far end's
	WrongPort                       // right address, but not the source that was learned
	Malformed                       // lengths inside do not fit, bad padding
	BadPayload                      // empty, one octet, or more than three packet times
	WrongSSRC                       // another stream from the right source
	NotWanted                       // we receive nothing at present (hold)
	Overrun                         // more packets than ticks could take
	BadReport                       // RTCP that breaks its rules
	BadEvent                        // telephone event over 15, too short, or too many
	numReasons                      // how many there are
	accepted   = Reason(255)        // not refused
)

// String returns the reason in a word.
func (r Reason) String() string {
	if r >= numReasons {
		return "accepted"
	}
	return [numReasons]string{"length", "version", "payload type", "stranger", "port", "malformed",
		"payload", "ssrc", "not wanted", "overrun", "rtcp", "event"}[r]
}

// Refused counts refused packets by reason.
type Refused [numReasons]uint64

// Total returns the sum of all reasons.
func (r *Refused) Total() (n uint64) {
	for _, v := range r {
		n += v
	}
	return n
}

// Times of the source lock.
const (
	learnTime  = 2 * time.Second // in which the source that SDP named displaces another
	deadTime   = 2 * time.Second // after which a silent source may be displaced
	ssrcTime   = time.Second     // between two changes of the SSRC
	probation  = 3               // packets in sequence that a new stream has to show
	headerSize = 12
)

// learned is where the far end really sends from, for the session that named remote.
type learned struct {
	remote, from netip.AddrPort
}

// gate decides about each packet before anything else sees it. It belongs to
// the reader; only refused and source are read by others.
type gate struct {
	refused [numReasons]atomic.Uint64
	source  atomic.Pointer[learned]

	parsed  rtp.Packet
	session *Session
	locked  bool
	src     netip.AddrPort
	ssrc    uint32
	since   time.Time // locked
	last    time.Time // last packet accepted
	changed time.Time // last change of the SSRC
	rival   rival
}

// rival is a stream that wants to take the place of the present one.
type rival struct {
	src  netip.AddrPort
	ssrc uint32
	seq  uint16
	n    int
}

// follows counts packets in sequence and reports whether they are enough.
func (r *rival) follows(src netip.AddrPort, ssrc uint32, seq uint16) bool {
	if r.n == 0 || r.src != src || r.ssrc != ssrc || seq != r.seq+1 {
		r.n = 0
	}
	r.src, r.ssrc, r.seq = src, ssrc, seq
	r.n++
	return r.n >= probation
}

// check decides about one datagram. fresh tells that it begins a new stream.
func (g *gate) check(s *Session, from netip.AddrPort, b []byte, now time.Time) (fresh bool, why Reason) {
	switch {
	case len(b) < headerSize:
		return false, BadLength
	case b[0]>>6 != 2:
		return false, BadVersion
	}
	pt := b[1] & 0x7F
	if _, agreed := s.event(pt); !agreed || pt >= 72 && pt <= 76 {
		return false, BadType
	}
	if !s.knows(from.Addr()) {
		return false, Stranger
	}
	if err := g.parsed.Unmarshal(b); err != nil {
		return false, Malformed
	}
	n := len(g.parsed.Payload)
	if n < 2 || n > jitter.MaxPayload {
		return false, BadPayload
	}
	if !s.Recv {
		return false, NotWanted
	}
	return g.lock(s, from, now)
}

// lock holds on to one source: address, port and SSRC.
func (g *gate) lock(s *Session, from netip.AddrPort, now time.Time) (fresh bool, why Reason) {
	h := &g.parsed.Header
	if g.session == nil || g.session.Remote != s.Remote || g.session.Signalling != s.Signalling {
		g.locked = false
	}
	g.session = s
	switch {
	case !g.locked:
		g.take(s, from, h.SSRC, now)
		g.since = now
		return true, accepted
	case from != g.src:
		named := from == s.Remote && now.Sub(g.since) < learnTime
		if !named && (now.Sub(g.last) < deadTime || !g.rival.follows(from, h.SSRC, h.SequenceNumber)) {
			return false, WrongPort
		}
		g.take(s, from, h.SSRC, now)
		return true, accepted
	case h.SSRC != g.ssrc:
		if !g.rival.follows(from, h.SSRC, h.SequenceNumber) || now.Sub(g.changed) < ssrcTime {
			return false, WrongSSRC
		}
		g.take(s, from, h.SSRC, now)
		g.changed = now
		return true, accepted
	}
	g.last = now
	return false, accepted
}

// take makes a stream the one.
func (g *gate) take(s *Session, from netip.AddrPort, ssrc uint32, now time.Time) {
	g.locked, g.src, g.ssrc, g.last = true, from, ssrc, now
	g.rival = rival{}
	if old := g.source.Load(); old == nil || old.remote != s.Remote || old.from != from {
		g.source.Store(&learned{remote: s.Remote, from: from})
	}
}

// refuse counts.
func (g *gate) refuse(why Reason) { g.refused[why].Add(1) }
