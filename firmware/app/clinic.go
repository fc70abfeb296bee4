package app

import (
	"context"
	"time"

	"github.com/centralita/centralita/dsp/linecheck"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/doctor"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/media/player"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// Of a measurement for the doctor.
const (
	probeLevel = -13.0 // dBm0: as loud as speech may be
	captureLag = 2 * time.Second
	quieterKey = "1" // ends dial tone; no number of the plans is whole with it
)

// clinic measures lines for the doctor (exchange.Clinic). Each measurement has a
// goroutine of its own, which ends with the recording it waits for.
type clinic struct{ h *House }

// Setup implements exchange.Clinic.
func (c clinic) Setup(id tel.PortID) doctor.Settings {
	p := c.h.wires[id]
	s := doctor.Settings{Name: string(id), Info: p.Info(), Quieter: quieterKey, Tail: c.tail(id)}
	_, s.Meter = p.(port.Meter)
	dial := c.h.audio.plan.Signal(plan.Dial)
	s.DialHz, s.DialLevel = dial.Hz, dial.DBm0
	if n := len(dial.Hz); n > 1 {
		s.DialLevel += 3 // two frequencies of that level each
	}
	if t, ok := p.(port.Tuner); ok {
		s.Impedances = t.Impedances()
	}
	return s
}

// tail is how far the echo canceller of a line reaches, in ms.
func (c clinic) tail(id tel.PortID) int {
	for _, l := range c.h.conf().Lines {
		if l.ID == id {
			return l.Echo
		}
	}
	return 0
}

// Examine implements exchange.Clinic.
func (c clinic) Examine(id tel.PortID, exam uint64, leg tel.LegID, what doctor.Effect) {
	go func() {
		if ev := c.examine(id, leg, what); ev != nil {
			c.h.exchange.Post(exchange.OnExamined{Port: id, Exam: exam, Event: ev})
		}
	}()
}

func (c clinic) examine(id tel.PortID, leg tel.LegID, what doctor.Effect) doctor.Event {
	switch what := what.(type) {
	case doctor.Measure:
		m, ok := c.h.wires[id].(port.Meter)
		if !ok {
			return doctor.Read{Err: "the card has no meter"}
		}
		r, err := m.Measure()
		if err != nil {
			return doctor.Read{Err: err.Error()}
		}
		return doctor.Read{Reading: r}
	case doctor.RecordQuiet:
		in, _ := c.record(id, what.For)
		q, ok := linecheck.ListenQuiet(in)
		return doctor.HeardQuiet{Quiet: q, OK: ok}
	case doctor.RecordTone:
		in, _ := c.record(id, what.For)
		t, ok := linecheck.ListenTone(in, what.Hz)
		return doctor.HeardTone{Tone: t, OK: ok}
	case doctor.RecordEcho:
		c.h.engine.Play(leg, media.Play{Parts: []player.Part{{PCM: probe(what.For)}}})
		in, out := c.record(id, what.For)
		e, ok, err := linecheck.ListenEcho(out, in, c.tail(id))
		if err != nil {
			c.h.log.Error("a line's echo could not be measured", "line", id, "why", err)
		}
		return doctor.HeardEcho{Echo: e, OK: ok}
	}
	return nil
}

// record hears a line for so long; what could not be recorded is missing at the
// end, which the doctor takes for what it is.
func (c clinic) record(id tel.PortID, d time.Duration) (in, out []int16) {
	ctx, stop := context.WithTimeout(context.Background(), d+captureLag)
	defer stop()
	in, out, err := c.h.recorder.capture(ctx, id, d)
	if err != nil {
		c.h.log.Warn("a line could not be recorded for its test", "line", id, "why", err)
	}
	return in, out
}

// probe is the noise that the echo of a line is measured with.
func probe(d time.Duration) (pcm []int16) {
	for _, f := range linecheck.Probe(int(d/(20*time.Millisecond)), probeLevel) {
		pcm = append(pcm, f[:]...)
	}
	return pcm
}
