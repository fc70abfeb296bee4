package exchange

import (
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/tel"
)

// Between a phone that dials and the numbering plan.

// progress asks the plan what the digits dialled so far can become.
func (e *Exchange) progress(n tel.Number) line.Progress {
	switch e.set.Numbering.Progress(n) {
	case numbering.Complete:
		return line.Complete
	case numbering.Never:
		return line.Never
	}
	return line.More
}

// dialled begins what a phone asked for.
func (e *Exchange) dialled(l *legState, n tel.Number) {
	t := e.set.Numbering.Resolve(n, l.phone.conf.Classes)
	s := call.Start{Direction: tel.Internal, From: l.phone.conf.Ext, To: n, Ext: l.phone.conf.Ext, Name: tel.CleanText(l.phone.conf.Name)}
	switch t.Kind {
	case numbering.Extension:
		s.Aim, s.Target = call.AimExtension, t.Number
	case numbering.Queue:
		s.Aim, s.Queue = call.AimQueue, t.Queue
	case numbering.Feature:
		s.Aim = call.AimService
	case numbering.Emergency, numbering.Outside:
		s.Aim, s.Direction, s.Target, s.Via = call.AimOutside, tel.Outbound, t.Number, t.Via
		if t.Kind == numbering.Emergency {
			s.Emergency, s.Via = true, e.anyWay(t.Via)
		}
	default:
		e.refuse(l, s, t)
		return
	}
	if e.full() && !s.Emergency {
		e.refuse(l, s, numbering.Target{Kind: numbering.Unknown, Why: fullHouse})
		return
	}
	if t.Kind == numbering.Outside {
		var why string
		if s.Via, why = e.spend.Permit(e.wall(), attempt(t, s.Ext), t.Via); why != "" {
			e.refuse(l, s, numbering.Target{Kind: numbering.Forbidden, Number: t.Number, Why: why})
			return
		}
	}
	c := e.begin(l, s, nil)
	if t.Kind == numbering.Outside {
		e.spend.Placed(e.wall(), c.id, attempt(t, s.Ext))
	}
	if t.Kind == numbering.Feature {
		c.service = &service{code: t.Code, arg: t.Arg, ext: l.phone.conf.Ext}
	}
}

// refuse books an attempt that the plan does not permit, and tells the phone.
func (e *Exchange) refuse(l *legState, s call.Start, t numbering.Target) {
	cause := tel.CauseInvalid
	switch {
	case t.Kind == numbering.Forbidden:
		cause, s.Direction = tel.CauseForbidden, tel.Outbound
	case e.full():
		cause = tel.CauseCongestion
	}
	s.Aim, s.Target, s.Via = call.AimOutside, t.Number, nil
	c := e.newCall(l, s, nil)
	e.push(toCall{c, call.Refuse{Cause: cause, Evidence: t.Why}})
}

// anyWay lists every way out, those that a route names first: an emergency call
// may use any line that has battery.
func (e *Exchange) anyWay(named []string) []string {
	out := append([]string(nil), named...)
	seen := map[string]bool{}
	for _, v := range out {
		seen[v] = true
	}
	for _, p := range e.order {
		if p.fxo != nil && !seen[string(p.id)] {
			out = append(out, string(p.id))
		}
	}
	for _, t := range e.set.Trunks {
		if !seen[string(t.ID)] {
			out = append(out, string(t.ID))
		}
	}
	return out
}
