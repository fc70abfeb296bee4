package acd

import "github.com/centralita/centralita/firmware/tel"

// reload takes over a configuration, at the start and later. What is the same
// before and after is not touched.
func (m *Machine) reload(s Settings) {
	m.cfg = s.filled()
	m.cfg.Queues, m.cfg.Agents = nil, nil
	old := m.queues
	m.queues = make([]*queue, 0, len(s.Queues))
	for _, q := range old {
		q.gone = true
	}
	for _, qs := range s.Queues {
		q := m.queueOf[qs.ID]
		switch {
		case q == nil:
			q = &queue{}
			q.all.seed, q.open.seed, q.ready.seed = m.cfg.Seed, m.cfg.Seed+1, m.cfg.Seed+2
			m.queueOf[qs.ID] = q
		case !q.gone:
			continue // named twice: the first counts
		}
		q.QueueSettings, q.gone = qs.filled(), false
		m.queues = append(m.queues, q)
	}
	m.reloadAgents(s.Agents)
	for _, q := range old {
		if !q.gone {
			continue
		}
		for c := q.all.at(0); c != nil; c = q.all.at(0) {
			m.exit(c, tel.CauseClosed)
		}
		delete(m.queueOf, q.ID)
	}
}

// reloadAgents gives everybody his queues; whoever is gone is logged out.
func (m *Machine) reloadAgents(list []AgentSettings) {
	old := m.agents
	m.agents = make([]*agent, 0, len(list))
	for _, a := range old {
		a.gone = true
	}
	for _, as := range list {
		a := m.agentOf[as.ID]
		switch {
		case a == nil:
			a = &agent{id: as.ID, state: LoggedOut}
			a.acw = timer{kind: dueACW, agent: a}
			m.agentOf[as.ID] = a
		case !a.gone:
			continue
		}
		a.gone = false
		m.agents = append(m.agents, a)
		m.serve(a, as.Queues)
	}
	for _, a := range old {
		if !a.gone {
			continue
		}
		m.serve(a, nil)
		m.leaveSeat(a, "configuration", tel.BySystem)
		delete(m.agentOf, a.id)
	}
}

// serve sets the queues of a. A phone that rings for a queue he no longer
// serves is let ring.
func (m *Machine) serve(a *agent, ids []tel.QueueID) {
	listed := a.listed
	m.unready(a)
	a.queues = a.queues[:0:0]
	for _, id := range ids {
		if q := m.queueOf[id]; q != nil && !q.gone && !a.serves(id) {
			a.queues = append(a.queues, q)
		}
	}
	if listed {
		m.settle(a, "", tel.BySystem)
	}
}
