// Package portleg is a leg over an analog port: the port's audio runs on its
// own crystal, so a pump goroutine moves frames at the port's pace, and a
// buffer each way (dsp/drift) makes the two clocks agree.
package portleg

import (
	"errors"
	"log/slog"
	"sync/atomic"

	"github.com/centralita/centralita/dsp/drift"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/plc"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/hal/port"
)

// Leg is an endpoint for the media engine. It owns the port's audio from New
// until Close, not the port.
type Leg struct {
	audio  port.Audio
	log    *slog.Logger
	closed atomic.Bool

	up, down queue // from the port to the tick, and from the tick to the port

	// Of the tick.
	in  drift.Buffer
	plc plc.Concealer

	shown shown
}

var _ media.Endpoint = (*Leg)(nil)

// shown is what others may read.
type shown struct {
	received, sent, concealed, overrun atomic.Uint64
	depth, ppm                         atomic.Int64
}

// maxErrors is how many errors in a row end the pump: the port is dead, which
// its own events tell.
const maxErrors = 50

// New begins to pump a port's audio. log may be nil.
func New(audio port.Audio, log *slog.Logger) *Leg {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	l := &Leg{audio: audio, log: log}
	go l.pump()
	return l
}

// pump moves one frame each way for every frame the port gives.
func (l *Leg) pump() {
	var out drift.Buffer
	var f pcm.Frame
	for failed := 0; failed < maxErrors && !l.closed.Load(); {
		err := l.audio.Read(&f)
		if err == nil {
			if !l.up.put(&f) {
				l.shown.overrun.Add(1)
			}
			for l.down.get(&f) {
				out.Push(&f)
			}
			out.Pull(&f)
			err = l.audio.Write(&f)
		}
		switch {
		case errors.Is(err, port.ErrClosed):
			return
		case err != nil:
			failed++
			if failed == maxErrors {
				l.log.Error("cannot go on moving the audio of a port", "why", err)
			}
		default:
			failed = 0
		}
	}
}

// Read implements media.Endpoint.
func (l *Leg) Read(f *pcm.Frame) bool {
	for l.up.get(f) {
		l.in.Push(f)
		l.shown.received.Add(1)
	}
	there := l.in.Pull(f)
	if there {
		l.plc.Good(f[:])
	} else {
		l.plc.Lost(f[:])
		l.shown.concealed.Add(1)
	}
	s := l.in.Stats()
	l.shown.depth.Store(int64(s.Depth))
	l.shown.ppm.Store(int64(s.PPM))
	return there
}

// Write implements media.Endpoint.
func (l *Leg) Write(f *pcm.Frame) {
	if l.down.put(f) {
		l.shown.sent.Add(1)
	} else {
		l.shown.overrun.Add(1)
	}
}

// Stats implements media.Endpoint. Late counts frames that one of the two
// clocks had no time for.
func (l *Leg) Stats() media.Stats {
	return media.Stats{
		Received:  l.shown.received.Load(),
		Sent:      l.shown.sent.Load(),
		Concealed: l.shown.concealed.Load(),
		Late:      l.shown.overrun.Load(),
		Depth:     samples(l.shown.depth.Load()),
		DriftPPM:  int(l.shown.ppm.Load()),
	}
}

// Close ends the pump with the frame it is reading, two frames later at most.
func (l *Leg) Close() error {
	l.closed.Store(true)
	return nil
}
