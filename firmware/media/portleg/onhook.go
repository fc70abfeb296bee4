package portleg

import (
	"time"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// onHook hears caller id on a line that is on hook: Bell 202, V.23 and keys, all
// at once. The dual tone that the exchanges of the United Kingdom send before (SIN
// 227 § 5.2) is part of what may come before a message.
type onHook struct {
	rx     *cid.Receiver
	found  [4]cid.Message
	ms     int64 // of audio since the last reset
	closed bool  // the loop was, at the last frame
}

func newOnHook(category bool) *onHook {
	e := &onHook{rx: cid.NewReceiver()}
	e.rx.Category = category
	return e
}

// listen hears the frame in p.in; closed tells that the loop is closed.
func (p *Pump) listen(closed bool) {
	e := p.ear
	if closed != e.closed {
		e.closed, e.ms = closed, 0
		e.rx.Reset()
	}
	if closed {
		return
	}
	e.ms += pcm.FrameTime
	for _, m := range e.rx.Process(&p.in, e.found[:0]) {
		id, ok := callerID(&m)
		if !ok {
			continue
		}
		id.Level = p.level(e.ms-m.At, e.ms-m.End)
		if p.cfg.Heard != nil {
			p.cfg.Heard(id)
		}
	}
}

// level returns the level of what came from so many to so many milliseconds ago,
// 0 when that is too long ago.
func (p *Pump) level(from, to int64) float32 {
	in, _ := p.box.last(time.Duration(from) * time.Millisecond)
	// The present frame is not in the box yet.
	first, end := 0, len(in)-int(to-pcm.FrameTime)*pcm.Rate/1000
	if end = min(end, len(in)); end <= first {
		return 0
	}
	return float32(pcm.Level(in[first:end]))
}

// standards are the names of hal/port.
var standards = [...]string{cid.Bell202: "bell202", cid.V23: "v23", cid.DTMF: "dtmf"}

// callerID turns a message into what the line's machine understands; ok is false
// when it says nothing of a caller or of messages.
func callerID(m *cid.Message) (id port.CallerID, ok bool) {
	id = port.CallerID{Number: m.Number, Name: m.Name, Standard: standards[m.Standard],
		Date: port.Date{Month: int8(m.Date.Month), Day: int8(m.Date.Day), Hour: int8(m.Date.Hour), Minute: int8(m.Date.Minute)}}
	switch {
	case m.Lamp == cid.LampOn || m.Messages > 0:
		id.Messages = 1
	case m.Lamp == cid.LampOff || m.Type == cid.Waiting || m.Type == cid.SingleWaiting:
		id.Messages = -1
	}
	switch m.Type {
	case cid.Waiting, cid.SingleWaiting:
		return id, true
	case cid.Charge, cid.ShortText:
		return id, false
	}
	id.Absence = m.Absence()
	return id, true
}
