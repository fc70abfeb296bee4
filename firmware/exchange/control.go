package exchange

import (
	"fmt"
	"strings"

	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/tel"
)

// Refusal is why an order was not carried out, in both languages.
type Refusal struct{ EN, ES string }

// Error returns the English sentence, for logs.
func (r *Refusal) Error() string { return r.EN }

// In returns the sentence for the person who ordered.
func (r *Refusal) In(lang tel.Lang) string {
	if lang == tel.Spanish {
		return r.ES
	}
	return r.EN
}

func refuse(en, es string, values ...any) error {
	return &Refusal{fmt.Sprintf(en, values...), fmt.Sprintf(es, values...)}
}

// change does what a person ordered.
func (e *Exchange) change(c Change) error {
	switch c := c.(type) {
	case Login:
		return e.login(c)
	case Logout:
		return e.agentOrder(c.Agent, acd.Logout{Agent: c.Agent, By: tel.BySystem})
	case Pause:
		return e.pause(c)
	case Unpause:
		return e.agentOrder(c.Agent, acd.Unpause{Agent: c.Agent, By: tel.BySystem})
	case Night:
		return e.night(c)
	case TestLine:
		return e.testLine(c)
	case TuneLine:
		return e.tuneLine(c)
	case FreeLine:
		return e.freeLine(c)
	case ReadProfile:
		return e.readProfile(c)
	case UseProfile:
		return e.useProfile(c)
	case FreezeProfile:
		return e.freezeProfile(c)
	case Reconfigure:
		return e.reconfigure(c.Settings)
	case Rest:
		return e.rest(c)
	case MessageWaiting:
		return e.messages(c)
	}
	return fmt.Errorf("cannot do %T: the exchange does not know it", c)
}

func (e *Exchange) login(c Login) error {
	for _, a := range e.set.Agents {
		if a.ID != c.Agent {
			continue
		}
		ext := c.Ext
		if ext == "" {
			ext = a.Home
		}
		if ext == "" {
			return refuse("cannot log in %s: no phone is named and the configuration gives none",
				"no se puede sentar a %s: falta el interno y la configuración no le da ninguno", c.Agent)
		}
		if e.phones[ext] == nil {
			return refuse("cannot log in %s at %s: there is no such extension", "no se puede sentar a %s en el %s: no existe ese interno", c.Agent, ext)
		}
		e.push(toACD{acd.Login{Agent: a.ID, Ext: ext, Ready: true, By: tel.BySystem}})
		return nil
	}
	return e.noAgent(c.Agent)
}

func (e *Exchange) noAgent(id tel.AgentID) error {
	var ids []string
	for _, a := range e.set.Agents {
		ids = append(ids, string(a.ID))
	}
	return refuse("cannot find agent %q: the agents are %s", "no existe el agente %q: son %s", id, strings.Join(ids, ", "))
}

// agentOrder passes ev on when the agent exists and is logged in.
func (e *Exchange) agentOrder(id tel.AgentID, ev acd.Event) error {
	a, ok := e.acd.Agent(id)
	if !ok {
		return e.noAgent(id)
	}
	if a.State == acd.LoggedOut {
		return refuse("cannot do that for %s: not logged in at any phone", "no se puede hacer eso con %s: no está en ningún puesto", id)
	}
	e.push(toACD{ev})
	return nil
}

func (e *Exchange) pause(c Pause) error {
	var ids []string
	for _, r := range e.set.Pauses {
		if r.ID == c.Reason {
			return e.agentOrder(c.Agent, acd.Pause{Agent: c.Agent, Reason: c.Reason, By: tel.BySystem})
		}
		ids = append(ids, r.ID)
	}
	return refuse("cannot pause %s for %q: the reasons are %s", "no se puede pausar a %s por %q: los motivos son %s", c.Agent, c.Reason, strings.Join(ids, ", "))
}

// night sets the switch of a schedule. Calls in progress keep what they were
// led by when they began.
func (e *Exchange) night(c Night) error {
	var ids []string
	next := append([]flow.Schedule(nil), e.nights...)
	for i := range next {
		if next[i].ID == c.Schedule {
			next[i].Override = c.Override
			e.nights = next
			state := string(c.Override)
			if c.Override == flow.Auto {
				state = "auto"
			}
			e.sh.Book.Append(call.Fact{Kind: call.ScheduleSet, At: e.now, Node: c.Schedule, State: state, By: tel.BySystem})
			return nil
		}
		ids = append(ids, next[i].ID)
	}
	return refuse("cannot find schedule %q: the schedules are %s", "no existe el horario %q: son %s", c.Schedule, strings.Join(ids, ", "))
}
