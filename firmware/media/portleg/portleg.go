// Package portleg is the audio of an analog port: a Pump moves frames at the
// pace of the port's own crystal for the life of the house, and a Leg carries
// them to and from the media engine, with a buffer each way (dsp/drift) that
// makes the two clocks agree.
//
// While a line is on hook its Pump listens for caller id; while a telephone is
// on hook it sends it. While a line is in use it takes out the echo of what is
// sent to it. The last half minute of both directions is kept.
package portleg

import (
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/plc"
	"github.com/centralita/centralita/firmware/media"
)

// Leg is an endpoint for the media engine over the port of a Pump, from
// Pump.Leg until Close or until the pump gives out another one.
type Leg struct {
	pump     *Pump
	dial     dialler
	up, down way // from the port to the tick, and from the tick to the port

	// Of the tick.
	plc plc.Concealer

	shown shown
}

var _ media.DialEndpoint = (*Leg)(nil)

// shown is what others may read.
type shown struct {
	sent, concealed atomic.Uint64
	left            atomic.Uint64 // frames that the buffer left out of pauses
	depth, ppm      atomic.Int64
}

// Read implements media.Endpoint.
func (l *Leg) Read(f *pcm.Frame) bool {
	there := l.up.pull(f)
	if there {
		l.plc.Good(f[:])
	} else {
		l.plc.Lost(f[:])
		l.shown.concealed.Add(1)
	}
	s := l.up.buf.Stats()
	l.shown.depth.Store(int64(s.Depth))
	l.shown.ppm.Store(int64(s.PPM))
	l.shown.left.Store(s.Dropped / pcm.FrameLen)
	return there
}

// Write implements media.Endpoint.
func (l *Leg) Write(f *pcm.Frame) {
	if l.down.push(f) {
		l.shown.sent.Add(1)
	}
}

// Stats implements media.Endpoint. Late counts frames that one of the two
// clocks had no time for.
func (l *Leg) Stats() media.Stats {
	s := media.Stats{
		Received:  l.up.came.Load(),
		Sent:      l.shown.sent.Load(),
		Concealed: l.shown.concealed.Load(),
		Late:      l.up.lost.Load() + l.down.lost.Load() + l.shown.left.Load(),
		Depth:     samples(l.shown.depth.Load()),
		DriftPPM:  int(l.shown.ppm.Load()),
	}
	if r := l.pump.Echo(); r.Known {
		s.ERL, s.ERLE, s.Echo = r.ERL, r.ERLE, time.Duration(r.Delay*float64(time.Millisecond))
	}
	return s
}

// Close gives the port back to the pump. It does not wait for the frame that is
// being moved.
func (l *Leg) Close() error {
	l.pump.leg.CompareAndSwap(l, nil)
	return nil
}
