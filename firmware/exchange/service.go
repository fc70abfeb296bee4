package exchange

import (
	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/tel"
)

// service is a feature code that a phone dialled.
type service struct {
	code numbering.Code
	arg  tel.Number
	ext  tel.Number
}

// serve performs a feature code and says what became of it.
func (e *Exchange) serve(c *callState) {
	prompt := e.perform(c.service)
	caller, _ := c.m.Legs()
	say := []tel.Say{{Kind: tel.SayPause, N: 300}, {Kind: tel.SayPrompt, ID: prompt}}
	if err := e.sh.Media.Say(caller, 1, c.lang, say, ""); err != nil {
		e.warn("confirmation", err)
		e.served(c)
	}
}

// served ends the call of a service that has been told.
func (e *Exchange) served(c *callState) {
	e.push(toCall{c, call.Kill{By: tel.BySystem, Cause: tel.CauseNormal, Evidence: "the service was told"}})
}

// perform does what the code asks for and returns the prompt that confirms it.
func (e *Exchange) perform(s *service) (prompt string) {
	if s.code == numbering.Login {
		for _, a := range e.set.Agents {
			if a.Number == s.arg {
				e.push(toACD{acd.Login{Agent: a.ID, Ext: s.ext, Ready: true, By: tel.ByAgent}})
				return "logged-in"
			}
		}
		return "unknown-agent"
	}
	id, ok := e.acd.AgentAt(s.ext)
	if !ok {
		return "not-logged-in"
	}
	switch s.code {
	case numbering.Logout:
		e.push(toACD{acd.Logout{Agent: id, By: tel.ByAgent}})
		return "logged-out"
	case numbering.Pause:
		for _, r := range e.set.Pauses {
			if r.Key == s.arg {
				e.push(toACD{acd.Pause{Agent: id, Reason: r.ID, By: tel.ByAgent}})
				return "paused"
			}
		}
		return "unknown-reason"
	case numbering.Unpause:
		e.push(toACD{acd.Unpause{Agent: id, By: tel.ByAgent}})
		return "ready"
	}
	return "wrong-code"
}
