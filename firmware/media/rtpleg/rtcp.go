package rtpleg

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
)

// Numbers of RTCP (RFC 3550 § 6, § 12.1).
const (
	reportTicks = 250 // 5 s
	maxPackets  = 16  // in one compound
	maxCNAME    = 64
	perReporter = 20 // compounds a second that are looked at
	typeSR      = 200
	typeRR      = 201
	typeSDES    = 202
	typeBYE     = 203
	itemCNAME   = 1
	// ntpEpoch is 1900 before 1970, in seconds.
	ntpEpoch = 2_208_988_800
)

// reports is what the reader of RTCP learned; others read it.
type reports struct {
	alive     atomic.Bool   // something came since the last tick
	srMiddle  atomic.Uint32 // middle of the NTP time of the last sender report
	srAt      atomic.Int64  // when it came, nanoseconds since the leg began
	roundTrip atomic.Int64
	farLost   atomic.Uint32 // in 1/256

	window time.Time // of the reader: the second that is counted
	n      int
}

// isControl reports whether a datagram on the RTP port is RTCP (RFC 5761 § 4).
func isControl(b []byte) bool { return len(b) >= 2 && b[1] >= 192 && b[1] <= 223 }

// control takes one RTCP datagram. Nothing in it changes the state of a call.
func (l *Leg) control(s *Session, from netip.AddrPort, b []byte) {
	if !s.knows(from.Addr()) {
		l.gate.refuse(Stranger)
		return
	}
	now := time.Now()
	r := &l.reports
	if now.Sub(r.window) >= time.Second {
		r.window, r.n = now, 0
	}
	if r.n++; r.n > perReporter || !sound(b) {
		l.gate.refuse(BadReport)
		return
	}
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		l.gate.refuse(BadReport)
		return
	}
	r.alive.Store(true)
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			if p.NTPTime != 0 {
				r.srMiddle.Store(uint32(p.NTPTime >> 16))
				r.srAt.Store(int64(now.Sub(l.began)))
			}
			l.reception(p.Reports, now)
		case *rtcp.ReceiverReport:
			l.reception(p.Reports, now)
		}
	}
}

// sound checks a compound before anything parses it (RFC 3550 A.2): version 2
// throughout, first a report, padding only in the last, lengths that add up,
// and not more packets than anybody needs.
func sound(b []byte) bool {
	for n := 0; ; n++ {
		if len(b) < 8 && !(n > 0 && len(b) >= 4) || n == maxPackets || b[0]>>6 != 2 {
			return false
		}
		kind, length := b[1], 4*(int(binary.BigEndian.Uint16(b[2:]))+1)
		if n == 0 && kind != typeSR && kind != typeRR || kind < 192 || kind > 223 || length > len(b) {
			return false
		}
		if length == len(b) {
			return true
		}
		if b[0]&0x20 != 0 {
			return false
		}
		b = b[length:]
	}
}

// reception reads what the far end says about our stream (RFC 3550 § 6.4.1).
func (l *Leg) reception(blocks []rtcp.ReceptionReport, now time.Time) {
	for _, b := range blocks {
		if b.SSRC != l.header.SSRC {
			continue
		}
		l.reports.farLost.Store(uint32(b.FractionLost))
		if b.LastSenderReport == 0 {
			continue
		}
		trip := uint32(ntp(now)>>16) - b.LastSenderReport - b.Delay
		if d := time.Duration(trip) * time.Second >> 16; d < 10*time.Second { // else nonsense
			l.reports.roundTrip.Store(int64(d))
		}
	}
}

// ntp returns an instant as NTP writes it (RFC 3550 § 4).
func ntp(t time.Time) uint64 {
	return uint64(t.Unix()+ntpEpoch)<<32 | uint64(t.Nanosecond())<<32/1_000_000_000
}

// sendReport sends SR or RR, our CNAME, and BYE when we leave. It writes into
// a buffer of the leg, because a tick allocates nothing.
func (l *Leg) sendReport(to netip.AddrPort, ts uint32, bye bool) {
	s := l.rtcp
	if l.cur.Mux {
		s = l.rtp
	}
	to = l.cur.rtcpTo(to)
	if s == nil || !to.IsValid() || to.Port() == 0 {
		return
	}
	now := time.Now()
	b := l.report[:0]
	kind, length := byte(typeRR), uint16(1)
	if l.sent.fresh {
		kind, length = typeSR, 6
	}
	count := byte(0)
	if l.arrivals.any {
		count = 1
		length += 6
	}
	b = append(b, 2<<6|count, kind)
	b = binary.BigEndian.AppendUint16(b, length)
	b = binary.BigEndian.AppendUint32(b, l.header.SSRC)
	if l.sent.fresh {
		b = binary.BigEndian.AppendUint64(b, ntp(now))
		b = binary.BigEndian.AppendUint32(b, ts)
		b = binary.BigEndian.AppendUint32(b, l.sent.packets)
		b = binary.BigEndian.AppendUint32(b, l.sent.octets)
		l.sent.fresh = false
	}
	if count == 1 {
		b = l.appendBlock(b, now)
	}
	b = appendCNAME(b, l.header.SSRC, l.cname)
	if bye {
		b = append(b, 2<<6|1, typeBYE, 0, 1)
		b = binary.BigEndian.AppendUint32(b, l.header.SSRC)
	}
	if err := s.send(b, to); err != nil {
		l.shown.unsent.Add(1)
	}
}

// appendBlock appends the reception report about the far end's stream.
func (l *Leg) appendBlock(b []byte, now time.Time) []byte {
	a := &l.arrivals
	lost := max(-1<<23, min(1<<23-1, int64(a.expected())-int64(a.received)))
	b = binary.BigEndian.AppendUint32(b, a.ssrc)
	b = binary.BigEndian.AppendUint32(b, uint32(a.fraction())<<24|uint32(lost)&0xFFFFFF)
	b = binary.BigEndian.AppendUint32(b, a.high-1<<16)
	b = binary.BigEndian.AppendUint32(b, a.jitter>>4)
	middle := l.reports.srMiddle.Load()
	var delay uint32
	if middle != 0 {
		d := now.Sub(l.began) - time.Duration(l.reports.srAt.Load())
		delay = uint32(min(d, 15*time.Hour) << 16 / time.Second)
	}
	b = binary.BigEndian.AppendUint32(b, middle)
	return binary.BigEndian.AppendUint32(b, delay)
}

// appendCNAME appends the source description every compound must have (§ 6.5.1).
func appendCNAME(b []byte, ssrc uint32, name string) []byte {
	items := 2 + len(name) + 1
	pad := (4 - items%4) % 4
	b = append(b, 2<<6|1, typeSDES)
	b = binary.BigEndian.AppendUint16(b, uint16(1+(items+pad)/4))
	b = binary.BigEndian.AppendUint32(b, ssrc)
	b = append(b, itemCNAME, byte(len(name)))
	b = append(b, name...)
	for range pad + 1 {
		b = append(b, 0)
	}
	return b
}
