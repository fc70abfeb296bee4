package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/media/portleg"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/testbench/linesim/central"
	"github.com/centralita/centralita/testbench/linesim/pair"
)

// epoch is when every rig begins.
var epoch = time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)

// buffered is how much later than the wire the ear hears: the frames that wait
// between a card's crystal and the engine's.
const buffered = 3

// caps are those of a good card, as board/sim has them.
var caps = port.Caps{FullDuplex: true, Battery: true, Polarity: true, OnHookAudio: true, Gain: true, Impedance: true, OwnClock: true}

// toneNames are the line's names by the plan's.
var toneNames = [plan.NumKinds]tel.Tone{
	plan.Dial: tel.ToneDial, plan.Ringback: tel.ToneRingback, plan.Busy: tel.ToneBusy, plan.Congestion: tel.ToneCongestion,
	plan.Howler: tel.ToneHowler, plan.Confirm: tel.ToneConfirm, plan.Info: tel.ToneInfo, plan.Unobtainable: tel.ToneUnobtainable,
	plan.Disconnect: tel.ToneDisconnect,
}

// rig is one line of the appliance against one line of an office, in virtual time:
// the office, the copper, the echo canceller, the ear of a leg and the machine that
// decides. Everything but sockets and clocks is what the appliance runs.
type rig struct {
	now     time.Time
	office  *central.Line
	copper  *pair.Pair
	echo    *portleg.Cleaner
	ear     *media.Ear
	machine *line.FXO

	near    central.Subscriber // who speaks on our side
	talking bool               // a person, not a prompt
	late    [buffered]pcm.Frame
	said    pcm.Frame // by the office, on the copper next
	at      int
	closed  bool

	wires []central.Event
	heard []media.Event
	todo  []line.Effect
	log   []string
	gone  *line.Gone
	goneA time.Time
	first time.Time // first sign of the end that the machine was told
}

// newRig returns a line at rest.
func newRig(office central.Config, copper pair.Config, machine *line.FXO) (*rig, error) {
	p, err := pair.New(copper)
	if err != nil {
		return nil, err
	}
	e, err := portleg.NewCleaner()
	if err != nil {
		return nil, err
	}
	return &rig{now: epoch, office: central.New(office), copper: p, echo: e, machine: machine}, nil
}

// listen makes the ear of a call, by the country's plan and what the line taught.
func (r *rig) listen(known []string) error {
	p := r.office.Plan
	for i, text := range known {
		s, err := plan.ParseSignal(text)
		if err != nil {
			return fmt.Errorf("cannot hear by what was learned: %w", err)
		}
		if i == 0 {
			p.Signals[plan.Disconnect] = s
			continue
		}
		p.Others = append(p.Others, plan.Other{Kind: plan.Disconnect, Signal: s})
	}
	r.ear = media.NewEar(&p, false)
	r.echo.Reset()
	return nil
}

// step tells the machine something and does what it asks for.
func (r *rig) step(at time.Time, ev line.Event) {
	for {
		due, ok := r.machine.Deadline()
		if !ok || due.After(at) {
			break
		}
		r.do(due, line.TimedOut{})
	}
	if ev != nil {
		r.do(at, ev)
	}
}

func (r *rig) do(at time.Time, ev line.Event) {
	if r.office.Ended() && r.first.IsZero() && sign(ev) {
		r.first = at
	}
	r.note(at, ev.String())
	r.todo = r.machine.Step(at, ev, r.todo[:0])
	for _, e := range r.todo {
		r.note(at, "  "+e.String())
		switch e := e.(type) {
		case line.Do:
			switch e.Command.(type) {
			case port.Seize:
				r.loop(true)
			case port.Release:
				r.loop(false)
			}
		case line.Gone:
			r.gone, r.goneA = &e, at
		}
	}
}

// note keeps the last of what happened.
func (r *rig) note(at time.Time, what string) {
	if len(r.log) > 200 {
		r.log = append(r.log[:0], r.log[100:]...)
	}
	r.log = append(r.log, fmt.Sprintf("%8.3f %s", at.Sub(epoch).Seconds(), what))
}

// trace returns the last lines of the log.
func (r *rig) trace(n int) string { return strings.Join(r.log[max(0, len(r.log)-n):], "\n") }

func (r *rig) loop(on bool) {
	r.closed = on
	r.copper.Hook(on)
	r.office.Loop(on)
}

// sign reports whether an event of the wire or the ear tells that the far end left.
func sign(ev line.Event) bool {
	switch ev := ev.(type) {
	case line.Wire:
		switch w := ev.Event.(type) {
		case port.Battery:
			return !w.On
		case port.Polarity:
			return true
		}
	case line.Heard:
		return !ev.Ended && ev.Tone != tel.ToneRingback && ev.Tone != tel.ToneInfo
	case line.Strange:
		return true
	}
	return false
}

// pass lets 20 ms pass.
func (r *rig) pass() {
	var near, toPort, toOffice, clean pcm.Frame
	if r.near != nil && r.closed {
		r.near.Speak(&near)
	}
	said := r.said
	r.copper.Frame(&said, &near, &toPort, &toOffice, nil)
	r.wires = r.office.Frame(&toOffice, &r.said, r.wires[:0])
	for _, w := range r.wires {
		if e := wired(w); e != nil {
			r.step(r.now.Add(time.Duration(w.At)*time.Millisecond), line.Wire{Event: e})
		}
	}
	r.now = r.now.Add(pcm.FrameTime * time.Millisecond)
	if !r.closed || r.ear == nil {
		r.step(r.now, nil)
		return
	}
	if !r.office.Fed() {
		toPort.Silence()
	}
	r.echo.Process(&near, &toPort, &clean)
	now := r.late[r.at]
	r.late[r.at] = clean
	r.at = (r.at + 1) % buffered
	r.heard = r.ear.Process(&now, &near, r.talking, r.heard[:0])
	for _, h := range r.heard {
		if e := told(h); e != nil {
			r.step(r.now, e)
		}
	}
	r.step(r.now, nil)
}

// wired turns what the office did into what a card reports.
func wired(w central.Event) port.Event {
	switch w.Kind {
	case central.RingOn:
		return port.RingOn{}
	case central.RingOff:
		return port.RingOff{}
	case central.Battery:
		return port.Battery{On: w.On}
	case central.Polarity:
		return port.Polarity{Reversed: w.On}
	}
	return nil
}

// told turns what the ear heard into what the line is told, as the appliance does.
func told(h media.Event) line.Event {
	switch h.Kind {
	case media.Tone:
		return line.Heard{Tone: toneNames[h.Tone], Ended: h.Ended, Sure: h.Sure, Evidence: h.Evidence}
	case media.Strange:
		return line.Strange{Signal: h.Signal, Periods: h.Periods, Sure: h.Sure, Evidence: h.Evidence}
	case media.Voice:
		return line.Voice{Far: h.Far, Near: h.Near, Speech: h.Speech}
	case media.Fax:
		return line.Fax{Calling: h.Calling}
	}
	return nil
}

// run lets so much pass, or less when the call ends; it reports whether it ended.
func (r *rig) run(d time.Duration) bool {
	for end := r.now.Add(d); r.now.Before(end) && r.gone == nil; {
		r.pass()
	}
	return r.gone != nil
}

// answer rings the line for a caller and answers at once.
func (r *rig) answer(far central.Subscriber, known []string) error {
	r.gone, r.first, r.goneA = nil, time.Time{}, time.Time{}
	if !r.office.Call(central.Caller{}, far) {
		return fmt.Errorf("cannot ring: the office's line is in use\n%s", r.trace(20))
	}
	if err := r.listen(known); err != nil {
		return err
	}
	r.run(200 * time.Millisecond)
	r.step(r.now, line.Wire{Event: port.CallerID{Number: "600123456"}}) // what would be waited for
	r.step(r.now, line.Answer{})
	if !r.closed {
		return fmt.Errorf("cannot answer: the machine is %s\n%s", r.machine.Describe(), r.trace(20))
	}
	return nil
}
