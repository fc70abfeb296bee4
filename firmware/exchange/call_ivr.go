package exchange

import (
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/ivr"
	"github.com/centralita/centralita/firmware/tel"
)

// Between a call and its flow.

func (e *Exchange) flowEffect(c *callState, ef call.Effect) {
	switch ef := ef.(type) {
	case call.StartFlow:
		if c.flow == nil {
			e.push(toCall{c, call.FlowEnd{Cause: tel.CauseError}})
			return
		}
		c.ivr = ivr.New(c.flow, ivr.Env{
			Schedules: e.nights, Lang: c.lang, Extensions: e.set.Numbering.Extensions, Operator: e.set.Operator, Location: e.set.Location, Ahead: e.aheadNow(),
		})
		e.push(toIVR{c, ivr.Start{}})
	case call.ReturnFlow:
		e.push(toIVR{c, ivr.Returned{Cause: ef.Cause}})
	case call.StopFlow:
		e.stopFlow(c)
	}
}

func (e *Exchange) stopFlow(c *callState) {
	c.ivr = nil
	e.timers.set(&c.ivrTime, time.Time{}, false)
}

// ivrEffect carries what the flow wants.
func (e *Exchange) ivrEffect(c *callState, ef ivr.Effect) {
	caller, _ := c.m.Legs()
	switch ef := ef.(type) {
	case ivr.Entered:
		e.push(toCall{c, call.FlowNode{Node: ef.Node}})
	case ivr.Play:
		if err := e.sh.Media.Say(caller, ef.ID, ef.Lang, ef.Say, ""); err != nil {
			// A prompt that cannot be said must not leave the caller in silence
			// for ever: the flow goes on as if it had been heard.
			e.warn("prompt for "+string(c.id), err)
			e.push(toIVR{c, ivr.Played{ID: ef.ID}})
		}
	case ivr.Stop:
		e.sh.Media.Stop(caller)
	case ivr.Language:
		c.lang = ef.Lang
	case ivr.ToQueue:
		e.push(toCall{c, call.ToQueue{Queue: ef.Queue}})
	case ivr.ToExtension:
		e.push(toCall{c, call.ToExtension{Ext: ef.Ext, Leg: e.sh.NewLeg()}})
	case ivr.HangUp:
		e.push(toCall{c, call.FlowEnd{Cause: ef.Cause}})
	}
}
