package exchange

import (
	"time"

	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// From every machine to the book, and the few sums of the day that the picture
// needs.

// queueDay is what one queue did since midnight.
type queueDay struct{ answered, inTarget, late, abandoned int }

// dayForm names a day.
const dayForm = "2006-01-02"

// today are the sums since local midnight.
type today struct {
	day    string
	queues []queueDay
	agents map[tel.AgentID]int
}

// turn begins a new day when it has come.
func (t *today) turn(now time.Time) {
	if day := now.Format(dayForm); day != t.day {
		t.day = day
		clear(t.queues)
		t.agents = map[tel.AgentID]int{}
	}
}

func (e *Exchange) local() time.Time {
	if e.set.Location == nil {
		return e.wall()
	}
	return e.wall().In(e.set.Location)
}

// bookCall writes a fact of an interaction and counts what it means.
func (e *Exchange) bookCall(c *callState, f call.Fact) {
	e.sh.Book.Append(f)
	e.today.turn(e.local())
	e.countSecond(c, f)
	switch f.Kind {
	case call.QueueLeft:
		e.countLeft(c, f)
	case call.Connected:
		if f.Agent != "" {
			e.today.agents[f.Agent]++
		}
		if c.connected.IsZero() {
			c.connected = f.At
		}
		e.spend.Up(e.wall(), c.id, c.m.Way())
		e.watchSpending()
	case call.Ended:
		c.by, c.cause = f.By, f.Cause
	}
}

func (e *Exchange) countLeft(c *callState, f call.Fact) {
	for i, q := range e.set.Queues {
		if q.ID != f.Queue {
			continue
		}
		waited := f.At.Sub(c.joined)
		c.waited += waited
		e.today.queues[i].count(f.Cause == tel.CauseAnswered, f.Cause == tel.CauseAbandoned, waited <= q.Target)
	}
}

// recall counts what happened today before the start.
func (e *Exchange) recall(records []call.Record) {
	e.today.turn(e.local())
	for _, r := range records {
		if r.Ended.IsZero() {
			continue
		}
		e.recallSpending(r)
		if r.Began.In(e.local().Location()).Format(dayForm) != e.today.day {
			continue // it only reached into today
		}
		connected := !r.Connected.IsZero()
		for i, q := range e.set.Queues {
			if q.ID == r.Queue {
				e.today.queues[i].count(connected, r.Cause == tel.CauseAbandoned, r.Wait <= q.Target)
			}
		}
		if connected && r.Agent != "" {
			e.today.agents[r.Agent]++
		}
		v := view.Call{
			ID: r.ID, Direction: r.Direction, From: r.From, Name: r.Name, To: r.To, Port: r.Port, Began: r.Began, Since: r.Ended, Ended: r.Ended,
			Talk: int(r.Talk.Seconds()), Wait: int(r.Wait.Seconds()), Queue: r.Queue, Agent: r.Agent, Connected: connected,
			By: r.EndedBy, Cause: r.Cause, Lamp: view.Idle,
		}
		e.picture.last = append([]view.Call{v}, e.picture.last[:min(len(e.picture.last), keepLast-1)]...)
	}
}

// count adds one visit of a queue.
func (d *queueDay) count(answered, abandoned, inTarget bool) {
	switch {
	case answered:
		d.answered++
		if inTarget {
			d.inTarget++
		}
	case abandoned:
		d.abandoned++
		if !inTarget {
			d.late++
		}
	}
}

// leaveSeats books that nobody serves any more; the next start seats them again.
func (e *Exchange) leaveSeats(cause tel.Cause) {
	for _, a := range e.acd.Agents() {
		if a.State != acd.LoggedOut {
			e.sh.Book.Append(call.Fact{
				Kind: call.AgentState, At: e.now, Agent: a.ID, Ext: a.Ext, State: acd.LoggedOut.String(), Reason: string(cause), By: tel.BySystem,
			})
		}
	}
}

func (e *Exchange) bookAgent(ef acd.Changed) {
	e.sh.Book.Append(call.Fact{
		Kind: call.AgentState, At: e.now, Agent: ef.Agent, Ext: ef.Ext, State: ef.To.String(), Reason: ef.Reason, By: ef.By, Call: ef.Call,
	})
}

// bookLine writes a line's health, not each of its calls: those have their own facts.
func (e *Exchange) bookLine(p *portState, ef line.Changed) {
	if p.fxo == nil {
		if dead := ef.State == line.Dead; dead != p.dead {
			p.dead = dead
			e.bookPort(p, upDead(!dead), ef.Reason)
		}
		return
	}
	fault, reason := p.fxo.Fault(), ef.Reason
	switch ef.State {
	case line.Blocked, line.Alarm:
		if fault == p.out {
			return
		}
	case line.Idle:
		if p.out == line.FaultNone {
			return
		}
		reason = "it was out of service: " + string(p.out)
	default:
		return
	}
	p.out = fault
	e.bookPort(p, upDead(fault == line.FaultNone), reason)
}

func (e *Exchange) bookPort(p *portState, state, reason string) {
	e.sh.Book.Append(call.Fact{Kind: call.LineState, At: e.now, Port: p.id, State: state, Reason: reason})
}

func upDead(up bool) string {
	if up {
		return "up"
	}
	return "dead"
}

func (e *Exchange) bookPhone(f *phoneState, why string) {
	e.sh.Book.Append(call.Fact{Kind: call.PhoneState, At: e.now, Ext: f.conf.Ext, State: upDown(f.up), Reason: why})
}

func (e *Exchange) bookTrunk(t *trunkState) {
	e.sh.Book.Append(call.Fact{Kind: call.TrunkState, At: e.now, Trunk: t.conf.ID, State: upDown(t.up), Reason: t.why})
}

func upDown(up bool) string {
	if up {
		return "up"
	}
	return "down"
}
