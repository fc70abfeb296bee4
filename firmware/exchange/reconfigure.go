package exchange

import (
	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
)

// Reconfigure: the house works by other settings from now on. Calls that go on keep
// the flow and the limits they began with; callers keep their places, those of a
// queue that is gone go on as their flow says; agents keep their state. It is
// refused when a port of the board comes, goes or changes hands: that takes a
// restart.
type Reconfigure struct{ Settings Settings }

func (Reconfigure) isChange() {}

func (e *Exchange) reconfigure(s Settings) error {
	if err := e.samePorts(s); err != nil {
		return err
	}
	s.Version, s.Today = e.set.Version, e.set.Today
	old := e.set
	e.set = s
	e.reline(s.Lines)
	lost := e.rephone(old.Phones, s.Phones)
	e.retrunk(s.Trunks)
	e.flows = map[string]*flow.Flow{}
	for _, f := range s.Flows {
		e.flows[f.Name] = f
	}
	e.renight(s.Schedules)
	e.requeue(old)
	e.reseat(old, lost)
	e.spend.Relimit(e.wall(), s.Spending)
	e.watchSpending()
	return nil
}

// samePorts reports whether s has the ports of the board where they are now.
func (e *Exchange) samePorts(s Settings) error {
	ports := map[tel.PortID]tel.Number{}
	for _, l := range s.Lines {
		ports[l.ID] = ""
	}
	for _, f := range s.Phones {
		if f.Port != "" {
			ports[f.Port] = f.Ext
		}
	}
	same := len(ports) == len(e.ports)
	for id, p := range e.ports {
		ext, ok := ports[id]
		same = same && ok && ext == p.ext
	}
	if !same {
		return refuse("cannot take other lines or telephones while the house runs: that takes a restart", "no se pueden cambiar líneas ni teléfonos en marcha: hace falta reiniciar")
	}
	return nil
}

// reline gives each line its settings and its place in the order.
func (e *Exchange) reline(lines []Line) {
	order := make([]*portState, 0, len(e.order))
	for _, l := range lines {
		p := e.ports[l.ID]
		l.Caps, l.Profile = p.conf.Caps, p.conf.Profile
		p.conf = l
		order = append(order, p)
		e.push(toLine{p, line.Configure{Timing: l.Timing, BlockCollect: l.BlockCollect, Longest: l.Longest}})
	}
	for _, f := range e.set.Phones {
		if f.Port != "" {
			order = append(order, e.ports[f.Port])
		}
	}
	e.order = order
}

// rephone takes over the phones. It returns those that are gone; their calls go on.
func (e *Exchange) rephone(old, phones []Phone) (lost map[tel.Number]bool) {
	lost = map[tel.Number]bool{}
	for _, c := range old {
		lost[c.Ext] = true
	}
	for _, c := range phones {
		f := e.phones[c.Ext]
		if f == nil || (f.conf.Port == "") != (c.Port == "") {
			f = &phoneState{up: c.Port != "", since: e.now}
			e.phones[c.Ext] = f
		}
		delete(lost, c.Ext)
		fresh := f.conf.Ext == ""
		f.conf = c
		if fresh {
			e.phoneChanged(f)
			if c.Messages > 0 {
				e.tellMessages(f, c.Messages)
			}
		}
	}
	for _, c := range old {
		f := e.phones[c.Ext]
		if !lost[c.Ext] {
			continue
		}
		if f.told.Up {
			f.up = false
			e.phoneChanged(f)
		}
		delete(e.phones, c.Ext)
	}
	return lost
}

func (e *Exchange) retrunk(trunks []Trunk) {
	gone := map[tel.TrunkID]bool{}
	for id := range e.trunks {
		gone[id] = true
	}
	for _, c := range trunks {
		delete(gone, c.ID)
		if t := e.trunks[c.ID]; t != nil {
			t.conf = c
			continue
		}
		e.trunks[c.ID] = &trunkState{conf: c, since: e.now, why: "not tried yet"}
	}
	for id := range gone {
		delete(e.trunks, id)
	}
}

// renight takes over the schedules; night switches stay as they are.
func (e *Exchange) renight(list []flow.Schedule) {
	next := append([]flow.Schedule(nil), list...)
	for i := range next {
		for _, was := range e.nights {
			if was.ID == next[i].ID {
				next[i].Override = was.Override
			}
		}
	}
	e.nights = next
}

// requeue gives queues and agents their rules, and each queue its count of the day.
func (e *Exchange) requeue(old Settings) {
	counts := make([]queueDay, len(e.set.Queues))
	for i, q := range e.set.Queues {
		for j, was := range old.Queues {
			if was.ID == q.ID {
				counts[i] = e.today.queues[j]
			}
		}
	}
	e.today.queues = counts
	e.push(toACD{acd.Reload{Settings: e.queueSettings()}})
}

// queueSettings are the queues and agents as their machine needs them.
func (e *Exchange) queueSettings() acd.Settings {
	s := acd.Settings{Misses: e.set.Misses}
	for _, q := range e.set.Queues {
		s.Queues = append(s.Queues, q.QueueSettings)
	}
	for _, a := range e.set.Agents {
		s.Agents = append(s.Agents, a.AgentSettings)
	}
	return s
}

// reseat seats the agents who are new, and those whose phone is gone where the
// configuration puts them.
func (e *Exchange) reseat(old Settings, lost map[tel.Number]bool) {
	known := map[tel.AgentID]bool{}
	for _, a := range old.Agents {
		known[a.ID] = true
	}
	for _, a := range e.set.Agents {
		at, ok := e.acd.Agent(a.ID)
		moved := ok && at.Ext != "" && lost[at.Ext]
		if moved {
			e.push(toACD{acd.Logout{Agent: a.ID, By: tel.BySystem}})
			a.Ext, a.Paused = a.Home, ""
			if at.State == acd.NotReady {
				a.Paused = at.Reason
			}
		}
		if (moved || !known[a.ID]) && e.phones[a.Ext] != nil {
			e.push(toSeat{a})
		}
	}
}

// toSeat seats an agent unless somebody sits there.
type toSeat struct{ a Agent }

func (j toSeat) run(e *Exchange) {
	if _, taken := e.acd.AgentAt(j.a.Ext); taken {
		return
	}
	e.seat(j.a)
}

// seat logs an agent in as he was left.
func (e *Exchange) seat(a Agent) {
	e.push(toACD{acd.Login{Agent: a.ID, Ext: a.Ext, Ready: a.Paused == "", By: tel.BySystem}})
	if a.Paused != "" {
		e.push(toACD{acd.Pause{Agent: a.ID, Reason: a.Paused, By: tel.BySystem}})
	}
}
