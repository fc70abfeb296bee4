package exchange

import (
	"fmt"

	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/ivr"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/trace"
)

// job is one event for one machine. Jobs wait on a list, so that a machine's
// effects never step another machine from within.
type job interface{ run(*Exchange) }

type (
	toLine struct {
		p  *portState
		ev line.Event
	}
	toCall struct {
		c  *callState
		ev call.Event
	}
	toIVR struct {
		c  *callState
		ev ivr.Event
	}
	toACD struct{ ev acd.Event }
)

func (e *Exchange) push(j job) { e.todo = append(e.todo, j) }

// drain steps machines until nobody has anything left to say.
func (e *Exchange) drain() {
	for i := 0; i < len(e.todo); i++ {
		e.todo[i].run(e)
	}
	e.picture.dirty = e.picture.dirty || len(e.todo) > 0
	clear(e.todo)
	e.todo = e.todo[:0]
}

func (e *Exchange) traced(who string, what fmt.Stringer, out bool) {
	e.trace.Add(trace.Entry{At: e.now, Who: who, What: what, Out: out})
}

func (j toLine) run(e *Exchange) {
	who := "line " + string(j.p.id)
	e.traced(who, j.ev, false)
	var out []line.Effect
	if j.p.fxo != nil {
		out = j.p.fxo.Step(e.now, j.ev, nil)
	} else {
		out = j.p.fxs.Step(e.now, j.ev, nil)
	}
	for _, ef := range out {
		e.traced(who, ef, true)
		e.lineEffect(j.p, ef)
	}
	at, ok := j.p.deadline()
	e.timers.set(&j.p.timer, at, ok)
}

func (j toCall) run(e *Exchange) {
	if e.calls[j.c.id] != j.c {
		return // it ended while the event was on its way
	}
	e.traced("call "+string(j.c.id), j.ev, false)
	for _, ef := range j.c.m.Step(e.now, j.ev, nil) {
		e.traced("call "+string(j.c.id), ef, true)
		e.callEffect(j.c, ef)
	}
	at, ok := j.c.m.Deadline()
	e.timers.set(&j.c.timer, at, ok && e.calls[j.c.id] == j.c)
}

func (j toIVR) run(e *Exchange) {
	if j.c.ivr == nil {
		return // the caller left the flow while the event was on its way
	}
	m := j.c.ivr
	e.traced("ivr "+string(j.c.id), j.ev, false)
	for _, ef := range m.Step(e.now, j.ev, nil) {
		e.traced("ivr "+string(j.c.id), ef, true)
		e.ivrEffect(j.c, ef)
	}
	at, ok := m.Deadline()
	e.timers.set(&j.c.ivrTime, at, ok && j.c.ivr == m)
}

func (j toACD) run(e *Exchange) {
	e.traced("acd", j.ev, false)
	for _, ef := range e.acd.Step(e.now, j.ev, nil) {
		e.traced("acd", ef, true)
		e.acdEffect(ef)
	}
	at, ok := e.acd.Deadline()
	e.timers.set(&e.acdTimer, at, ok)
}

// toCallOf carries ev to the call that a leg belongs to, if any.
func (e *Exchange) toCallOf(id tel.LegID, ev call.Event) {
	if l := e.legs[id]; l != nil && l.call != "" {
		e.push(toCall{e.calls[l.call], ev})
	}
}
