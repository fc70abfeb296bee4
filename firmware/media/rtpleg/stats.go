package rtpleg

import (
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/media"
)

// arrivals is the statistics of what is received (RFC 3550 A.3 and A.8). It
// belongs to the tick.
type arrivals struct {
	ssrc          uint32
	any           bool
	base          uint32 // extended sequence number of the first packet
	high          uint32 // and of the newest
	received      uint32
	expectedPrior uint32
	receivedPrior uint32

	timed   bool
	transit int32
	jitter  uint32 // scaled by 16 as in A.8

	total     uint64 // over all streams
	lostPrior int64  // of earlier streams
	concealed uint64
}

// reset begins the statistics of a new stream.
func (a *arrivals) reset(ssrc uint32) {
	*a = arrivals{ssrc: ssrc, total: a.total, lostPrior: a.lost(), concealed: a.concealed}
}

// count takes a sequence number. One that jumps far begins anew.
func (a *arrivals) count(seq uint16) {
	a.total++
	if a.any {
		d := int16(seq - uint16(a.high))
		if d > 3000 || d < -100 {
			a.reset(a.ssrc)
		} else if d > 0 {
			a.high += uint32(d)
		}
	}
	if !a.any {
		a.any = true
		a.base, a.high = uint32(seq)+1<<16, uint32(seq)+1<<16
	}
	a.received++
}

// expected is how many packets should have come (A.3).
func (a *arrivals) expected() uint32 {
	if !a.any {
		return 0
	}
	return a.high - a.base + 1
}

// lost is how many never came, over all streams; duplicates count against it.
func (a *arrivals) lost() int64 {
	return a.lostPrior + int64(a.expected()) - int64(a.received)
}

// fraction returns the share of packets lost since the last call, in 1/256 (A.3).
func (a *arrivals) fraction() byte {
	expected, received := a.expected()-a.expectedPrior, a.received-a.receivedPrior
	a.expectedPrior, a.receivedPrior = a.expected(), a.received
	if expected == 0 || received >= expected {
		return 0
	}
	return byte(min(255, (expected-received)<<8/expected))
}

// time takes the arrival and the timestamp of an audio packet (A.8).
func (a *arrivals) time(arrival, ts uint32) {
	transit := int32(arrival - ts)
	d := transit - a.transit
	a.transit = transit
	if !a.timed {
		a.timed = true
		return
	}
	if d < 0 {
		d = -d
	}
	if d > pcm.Rate { // the timestamps jumped; this says nothing about the network
		return
	}
	a.jitter += uint32(d) - (a.jitter+8)>>4
}

// sentCount counts what was sent, for the sender report.
type sentCount struct {
	packets, octets uint32
	fresh           bool // since the last report
}

// shown is what the tick lets others see.
type shown struct {
	received, sent, late, duplicate, concealed atomic.Uint64
	lost, depth                                atomic.Int64
	jitter                                     atomic.Uint32
	unsent                                     atomic.Uint64
}

// show copies the counts of the tick to where others may read them.
func (l *Leg) show() {
	j := l.jitter.Stats()
	l.shown.received.Store(l.arrivals.total)
	l.shown.sent.Store(uint64(l.sent.packets))
	l.shown.late.Store(j.Late)
	l.shown.duplicate.Store(j.Duplicate)
	l.shown.concealed.Store(l.arrivals.concealed)
	l.shown.lost.Store(l.arrivals.lost())
	l.shown.depth.Store(int64(j.DepthMilli))
	l.shown.jitter.Store(l.arrivals.jitter >> 4)
}

// Stats implements media.Endpoint.
func (l *Leg) Stats() media.Stats {
	refused := l.Refused()
	return media.Stats{
		Received:  l.shown.received.Load(),
		Sent:      l.shown.sent.Load(),
		Lost:      l.shown.lost.Load(),
		Late:      l.shown.late.Load(),
		Duplicate: l.shown.duplicate.Load(),
		Concealed: l.shown.concealed.Load(),
		Refused:   refused.Total(),
		Depth:     time.Duration(l.shown.depth.Load()) * time.Millisecond,
		Jitter:    time.Duration(l.shown.jitter.Load()) * time.Second / pcm.Rate,
		RoundTrip: time.Duration(l.reports.roundTrip.Load()),
		FarLost:   float64(l.reports.farLost.Load()) / 256,
	}
}

// Refused returns how many packets were refused, by reason.
func (l *Leg) Refused() (r Refused) {
	for i := range r {
		r[i] = l.gate.refused[i].Load()
	}
	return r
}
