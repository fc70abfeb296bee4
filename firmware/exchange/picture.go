package exchange

import (
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// From the machines to the picture that everyone reads.

// keepLast is how many ended calls the picture shows.
const keepLast = 20

// picture is what the loop keeps to build the next one.
type picture struct {
	dirty bool
	at    time.Time
	seq   uint64
	last  []view.Call
}

// publish stores a new picture when something changed, not too often.
func (e *Exchange) publish() {
	p := &e.picture
	due := p.dirty && !e.now.Before(p.at.Add(PictureEvery))
	if !due && (e.now.Before(p.at.Add(WaitingEvery)) || !e.someoneWaits()) {
		return
	}
	p.dirty, p.at = false, e.now
	p.seq++
	e.today.turn(e.local())
	s := &view.Snapshot{
		Seq: p.seq, At: e.now, Site: e.set.Site, Version: e.set.Version, Lang: e.set.Lang, TimeZone: e.local().Location().String(),
		Queues: e.seeQueues(), Agents: e.seeAgents(), Calls: e.seeCalls(), Last: p.last, Spent: e.seeSpending(),
		Loop: view.LoopLateness{Steps: e.steps, MaxMS: float64(e.slowest.Microseconds()) / 1000},
	}
	for _, l := range e.order {
		if l.fxo != nil {
			s.Lines = append(s.Lines, e.seeLine(l))
		}
	}
	for _, c := range e.set.Phones {
		s.Phones = append(s.Phones, e.seePhone(e.phones[c.Ext]))
	}
	for _, c := range e.set.Trunks {
		s.Trunks = append(s.Trunks, seeTrunk(e.trunks[c.ID]))
	}
	if e.sh.Complete != nil {
		e.sh.Complete(s)
	}
	e.sh.View.Set(s)
}

// someoneWaits reports whether any queue has a caller.
func (e *Exchange) someoneWaits() bool {
	for _, q := range e.set.Queues {
		if e.acd.Length(q.ID) > 0 {
			return true
		}
	}
	return false
}

func (e *Exchange) seeLine(p *portState) view.Line {
	s, since := p.state()
	v := view.Line{ID: p.id, Number: p.conf.Number, Since: since, Detail: p.fxo.Describe(), Lamp: view.Idle, Exam: Exam(p.report), Test: seeTest(p.exam), Traits: seeLearned(p.fxo.Profile())}
	if l := e.legs[p.call]; l != nil {
		v.Call = l.call
	}
	switch s {
	case line.Ringing, line.ReadingID:
		v.Lamp = view.Ring
	case line.Seizing, line.AwaitDial, line.Dialling, line.AwaitAnswer:
		v.Lamp = view.Out
	case line.Talking, line.Answering, line.Flashing:
		v.Lamp = view.Talk
		if c := e.calls[v.Call]; c != nil {
			v.Lamp, v.Since = callLamp(c)
		}
	}
	if p.out != line.FaultNone && (v.Lamp == view.Idle || p.fxo.Probing()) {
		v.Lamp, v.Fault = view.Dead, string(p.out)
	}
	return v
}

func (e *Exchange) seePhone(f *phoneState) view.Phone {
	v := view.Phone{Ext: f.conf.Ext, Name: f.conf.Name, Port: f.conf.Port, Since: f.since, Lamp: view.Idle}
	v.Agent, _ = e.acd.AgentAt(f.conf.Ext)
	for _, c := range e.live {
		caller, called := c.m.Legs()
		_, second := c.m.Consulting()
		for _, id := range []tel.LegID{caller, called, second} {
			l := e.legs[id]
			if l == nil || l.phone != f {
				continue
			}
			v.Call = c.id
			v.Lamp, v.Since = callLamp(c)
			if id != caller && !l.up {
				v.Lamp = view.Ring
			}
		}
	}
	v.Messages = f.messages
	if what, since := e.offHook(f); v.Call == "" && what != "" {
		v.Detail, v.Since = what, since
	}
	if !f.up {
		v.Lamp = view.Off
	}
	return v
}

func seeTrunk(t *trunkState) view.Trunk {
	v := view.Trunk{ID: t.conf.ID, Since: t.since, Used: t.used, Size: t.conf.Size, Why: t.why, Lamp: view.Idle}
	switch {
	case !t.up:
		v.Lamp = view.Dead
	case t.used > 0:
		v.Lamp = view.Talk
	}
	return v
}

// callLamp is the lamp of a call and since when.
func callLamp(c *callState) (view.Lamp, time.Time) {
	s, since := c.m.State()
	switch {
	case c.m.Held():
		return view.Hold, since
	case s == call.Arriving:
		return view.Ring, since
	case s == call.InFlow, s == call.Serving:
		return view.Menu, since
	case s == call.Waiting:
		return view.Queued, since
	case s == call.Ringing:
		return view.Out, since
	}
	return view.Talk, since
}

func (e *Exchange) seeQueues() []view.Queue {
	agents := e.acd.Agents()
	var out []view.Queue
	for i, q := range e.set.Queues {
		d := e.today.queues[i]
		v := view.Queue{
			ID: q.ID, NameES: q.NameES, NameEN: q.NameEN, MaxWait: int(q.WaitLimit.Seconds()), Threshold: q.Threshold,
			Target: int(q.Target.Seconds()), Goal: q.Goal, Answered: d.answered, InTarget: d.inTarget, Late: d.late, Abandoned: d.abandoned,
			Free: e.acd.Ready(q.ID), Logged: e.acd.LoggedIn(q.ID),
		}
		var longest time.Duration
		for _, w := range e.acd.Waiting(q.ID, 50) {
			v.Waiting = append(v.Waiting, view.Waiting{Call: w.Call, Since: w.Since, Position: w.Position, Offered: w.Agent})
			longest = max(longest, e.now.Sub(w.Since))
		}
		v.Lamp = view.QueueLamp(e.acd.Length(q.ID), q.Threshold, longest, q.WaitLimit)
		v.CanHelp = e.canHelp(q.ID, agents)
		out = append(out, v)
	}
	return out
}

// canHelp names somebody who serves the queue and could become ready now.
func (e *Exchange) canHelp(q tel.QueueID, agents []acd.Agent) string {
	for i, a := range agents {
		if (a.State == acd.NotReady || a.State == acd.ACW) && slices.Contains(a.Queues, q) {
			return view.FirstName(e.set.Agents[i].Name)
		}
	}
	return ""
}

func (e *Exchange) seeAgents() []view.Agent {
	var out []view.Agent
	for i, a := range e.acd.Agents() {
		v := view.Agent{
			ID: a.ID, Name: view.FirstName(e.set.Agents[i].Name), Ext: a.Ext, State: a.State.String(), Reason: a.Reason,
			Since: a.Since, Call: a.Call, Today: e.today.agents[a.ID], Lamp: agentLamp(a.State),
		}
		v.Queues = a.Queues
		if a.State == acd.Unreachable && !e.settled && a.Since.Sub(e.started) < time.Second {
			v.Lamp = view.Unknown // his phone has not had the time to come back
		}
		for _, r := range e.set.Pauses {
			if r.ID == a.Reason {
				v.ReasonES, v.ReasonEN = r.NameES, r.NameEN
			}
		}
		if c := e.calls[a.Call]; c != nil && a.State == acd.Talking {
			v.Lamp, v.Since = callLamp(c)
		}
		out = append(out, v)
	}
	return out
}

func agentLamp(s acd.State) view.Lamp {
	switch s {
	case acd.Ready:
		return view.Idle
	case acd.Reserved:
		return view.Ring
	case acd.Talking, acd.Engaged:
		return view.Talk
	case acd.ACW:
		return view.Wrap
	case acd.NotReady:
		return view.Pause
	case acd.Unreachable:
		return view.Dead
	}
	return view.Off
}

func (e *Exchange) seeCalls() []view.Call {
	var out []view.Call
	for _, c := range e.live {
		out = append(out, e.seeCall(c))
	}
	return out
}

func (e *Exchange) seeCall(c *callState) view.Call {
	s := c.m.Start()
	v := view.Call{
		ID: c.id, Direction: s.Direction, From: s.From, Name: s.Name.String(), To: s.To, Port: portLabel(s), Began: c.m.Began(),
		Emergency: s.Emergency, Way: c.m.Way(),
		Queue: c.m.Queue(), Agent: c.m.Agent(), Node: c.m.Node(), Connected: !c.connected.IsZero(), Wait: int(c.waited.Seconds()),
	}
	v.Lamp, v.Since = callLamp(c)
	caller, called := c.m.Legs()
	_, second := c.m.Consulting()
	for _, id := range []tel.LegID{caller, called, second} {
		if l := e.legs[id]; l != nil {
			m, _ := e.sh.Media.Measured(id)
			m.ID, m.What = id, legLabel(l)
			v.Legs = append(v.Legs, m)
		}
	}
	return v
}

func portLabel(s call.Start) string {
	switch {
	case s.Port != "":
		return string(s.Port)
	case s.Trunk != "":
		return string(s.Trunk)
	}
	return string(s.Ext)
}

func legLabel(l *legState) string {
	switch {
	case l.phone != nil:
		return "phone " + string(l.phone.conf.Ext)
	case l.port != nil:
		return "line " + string(l.port.id)
	case l.trunk != nil:
		return "trunk " + string(l.trunk.conf.ID)
	}
	return "waiting for a line"
}

// remember keeps an ended call for the picture. A service is no call.
func (e *Exchange) remember(c *callState) {
	if c.service != nil {
		return
	}
	v := e.seeCall(c)
	v.Legs, v.Ended, v.By, v.Cause, v.Lamp = nil, e.now, c.by, c.cause, view.Idle
	if v.Connected {
		v.Talk = int(e.now.Sub(c.connected).Seconds())
	}
	p := &e.picture
	p.last = append([]view.Call{v}, p.last...)
	p.last = p.last[:min(len(p.last), keepLast)]
}
