// Package rtpleg is a leg over RTP: it receives, checks, orders, conceals and
// decodes what a phone or a trunk sends, and sends it what it shall hear
// (RFC 3550, RFC 3551 G.711, RFC 4733 keys, RTCP reports).
//
// One goroutine reads each socket and lets nothing through that is not RTP of
// the agreed kind from the learned source; a ring without locks leads from it
// to the tick.
package rtpleg

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/dsp/g711"
	"github.com/centralita/centralita/dsp/jitter"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/plc"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/pion/rtp"
)

// Config of a leg. The sequence number, timestamp and SSRC it begins with are
// to be random (RFC 3550 § 5.1).
type Config struct {
	Sockets   Pair // owned by the leg from now on
	SSRC      uint32
	Seq       uint16
	Timestamp uint32
	CNAME     string // of RTCP (RFC 3550 § 6.5.1); it should not tell who we are
	Log       *slog.Logger
}

// Leg is an endpoint for the media engine. Set, Stats, Refused and Close may be
// called by anybody, the rest by the engine.
type Leg struct {
	pair    Pair
	rtp     *socket
	rtcp    *socket // nil when there is none
	log     *slog.Logger
	began   time.Time
	session atomic.Pointer[Session]

	gate    gate // of the reader
	fresh   bool // of the reader: the next packet it hands over begins a stream
	ring    ring
	reports reports

	// Of the tick.
	cur      *Session
	jitter   jitter.Buffer
	plc      plc.Concealer
	arrivals arrivals
	linear   [jitter.MaxPayload]int16
	in       eventIn
	out      eventOut
	header   rtp.Header
	ts       uint32
	talking  bool // the last tick sent
	quiet    int
	sent     sentCount
	buf      [headerSize + pcm.FrameLen]byte
	report   [256]byte
	nextRTCP int // ticks
	cname    string

	shown shown
}

var (
	_ media.KeyEndpoint   = (*Leg)(nil)
	_ media.QuietEndpoint = (*Leg)(nil)
)

// New returns a leg that reads from its sockets until Close and sends nothing
// before Set.
func New(cfg Config) *Leg {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	l := &Leg{
		pair: cfg.Sockets, rtp: newSocket(cfg.Sockets.RTP), log: cfg.Log, began: time.Now(),
		ts: cfg.Timestamp, cname: cfg.CNAME[:min(len(cfg.CNAME), maxCNAME)],
		header: rtp.Header{Version: 2, SSRC: cfg.SSRC, SequenceNumber: cfg.Seq},
		// The first report after one to five seconds, another for each leg.
		nextRTCP: 50 + int(cfg.SSRC%200),
	}
	go l.read(l.rtp, false)
	if cfg.Sockets.RTCP != nil {
		l.rtcp = newSocket(cfg.Sockets.RTCP)
		go l.read(l.rtcp, true)
	}
	return l
}

// Port returns the local port of RTP.
func (l *Leg) Port() int { return l.pair.Port }

// Set changes what was agreed on; it takes effect at the next tick.
func (l *Leg) Set(s Session) {
	s.Remote, s.RTCP, s.Signalling = unmap(s.Remote), unmap(s.RTCP), s.Signalling.Unmap()
	l.session.Store(&s)
}

// Read implements media.Endpoint.
func (l *Leg) Read(f *pcm.Frame) bool {
	l.adopt()
	l.in.next()
	l.quiet++
	if l.reports.alive.Swap(false) {
		l.quiet = 0
	}
	for range ringSize { // a flood may not hold the tick up
		p := l.ring.front()
		if p == nil {
			break
		}
		l.receive(p)
		l.ring.drop()
	}
	if l.cur == nil || !l.cur.Recv {
		l.quiet = 0
	}
	heard := l.pop(f)
	l.show()
	return heard
}

// adopt takes over what Set left.
func (l *Leg) adopt() {
	if s := l.session.Load(); s != l.cur {
		if l.cur == nil || !l.cur.Recv && s.Recv {
			l.quiet = 0
		}
		l.cur = s
		l.header.PayloadType = s.PT
	}
}

// receive takes one checked packet.
func (l *Leg) receive(p *packet) {
	l.quiet = 0
	if p.fresh {
		l.jitter.Reset()
		l.arrivals.reset(p.ssrc)
		l.in.seen = false
	}
	l.arrivals.count(p.seq)
	if p.event {
		l.jitter.Skip(p.seq)
		if !l.in.take(p.ts, p.payload[:p.n]) {
			l.gate.refuse(BadEvent)
		}
		return
	}
	l.arrivals.time(p.arrival, p.ts)
	if l.cur.Codec == PCMA {
		g711.ExpandALaw(l.linear[:p.n], p.payload[:p.n])
	} else {
		g711.ExpandULaw(l.linear[:p.n], p.payload[:p.n])
	}
	l.jitter.Put(p.seq, p.ts, l.linear[:p.n])
}

// pop fills f with the next 20 ms and conceals what is missing.
func (l *Leg) pop(f *pcm.Frame) bool {
	const half = jitter.Half
	state := l.jitter.Pop(f)
	switch state {
	case jitter.Whole:
		l.plc.Good(f[:])
		return true
	case jitter.First:
		l.plc.Good(f[:half])
		l.plc.Lost(f[half:])
	case jitter.Second:
		l.plc.Lost(f[:half])
		l.plc.Good(f[half:])
	case jitter.Gone:
		l.plc.Lost(f[:])
	case jitter.Idle:
		return false
	}
	l.arrivals.concealed++
	return state != jitter.Gone
}

// TakesKeys implements media.KeyEndpoint.
func (l *Leg) TakesKeys() bool { return l.cur != nil && l.cur.EventPT != 0 }

// NextKey implements media.KeyEndpoint.
func (l *Leg) NextKey() (tel.Digit, bool) { return l.in.pop() }

// SendKey implements media.KeyEndpoint.
func (l *Leg) SendKey(d tel.Digit, ticks int) bool {
	return l.cur != nil && l.cur.EventPT != 0 && l.cur.Send && l.out.begin(d, ticks)
}

// Quiet implements media.QuietEndpoint.
func (l *Leg) Quiet() int { return l.quiet }

// Write implements media.Endpoint. Timestamps count samples, sent or not.
func (l *Leg) Write(f *pcm.Frame) {
	now := l.ts
	l.ts += pcm.FrameLen
	l.nextRTCP--
	to := l.destination()
	if !to.IsValid() || to.Port() == 0 || to.Addr().IsUnspecified() {
		l.talking = false
		return
	}
	if l.nextRTCP <= 0 {
		l.nextRTCP = reportTicks
		l.sendReport(to, now, false)
	}
	if !l.cur.Send {
		l.talking = false
		return
	}
	if l.out.busy() {
		l.header.PayloadType = l.cur.EventPT
		l.header.Timestamp, l.header.Marker = l.out.packet(l.buf[headerSize:], now)
		l.send(to, 4)
		l.talking = false
		return
	}
	l.header.PayloadType = l.cur.PT
	l.header.Timestamp, l.header.Marker = now, !l.talking
	l.talking = true
	if l.cur.Codec == PCMA {
		g711.EncodeALaw(l.buf[headerSize:], f)
	} else {
		g711.EncodeULaw(l.buf[headerSize:], f)
	}
	l.send(to, pcm.FrameLen)
}

// destination is the learned source, else what the far end named.
func (l *Leg) destination() netip.AddrPort {
	if l.cur == nil {
		return netip.AddrPort{}
	}
	if src := l.gate.source.Load(); src != nil && src.remote == l.cur.Remote {
		return src.from
	}
	return l.cur.Remote
}

// send sends the payload that stands in the buffer.
func (l *Leg) send(to netip.AddrPort, payload int) {
	n, err := l.header.MarshalTo(l.buf[:])
	l.header.SequenceNumber++
	if err == nil {
		err = l.rtp.send(l.buf[:n+payload], to)
	}
	if err != nil {
		l.shown.unsent.Add(1)
		return
	}
	l.sent.packets++
	l.sent.octets += uint32(payload)
	l.sent.fresh = true
}

// Close says goodbye (RFC 3550 § 6.6) and closes the sockets; the readers end.
func (l *Leg) Close() error {
	if to := l.destination(); to.IsValid() && to.Port() != 0 {
		l.sendReport(to, l.ts, true)
	}
	return l.pair.Close()
}

// read takes datagrams from a socket until it is closed.
func (l *Leg) read(s *socket, control bool) {
	buf := make([]byte, 2048)
	for failed := 0; failed < 100; {
		n, from, err := s.receive(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			failed++
			if failed == 100 {
				l.log.Error("cannot go on receiving audio of a leg", "port", l.pair.Port, "rtcp", control, "why", err)
			}
			continue
		}
		failed = 0
		session := l.session.Load()
		if session == nil {
			continue
		}
		if control || session.Mux && isControl(buf[:n]) {
			l.control(session, from, buf[:n])
			continue
		}
		l.arrive(session, from, buf[:n])
	}
}

// arrive checks one datagram and hands it to the tick.
func (l *Leg) arrive(s *Session, from netip.AddrPort, b []byte) {
	now := time.Now()
	fresh, why := l.gate.check(s, from, b, now)
	l.fresh = l.fresh || fresh
	if why != accepted {
		l.gate.refuse(why)
		return
	}
	p := l.ring.slot()
	if p == nil {
		l.gate.refuse(Overrun)
		return
	}
	h := &l.gate.parsed.Header
	p.fresh, l.fresh = l.fresh, false
	p.event, _ = s.event(h.PayloadType)
	p.seq, p.ts, p.ssrc = h.SequenceNumber, h.Timestamp, h.SSRC
	p.arrival = uint32(now.Sub(l.began) / (time.Second / pcm.Rate))
	p.n = copy(p.payload[:], l.gate.parsed.Payload)
	l.ring.publish()
}
