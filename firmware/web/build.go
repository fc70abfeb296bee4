package web

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// builder makes the parts of one Wall.
type builder struct {
	s    *view.Snapshot
	zone *time.Location
	t    words
	lang tel.Lang
}

func (b *builder) clock(t time.Time) string { return view.TimeOfDay(t.In(b.zone)) }

func (b *builder) calm() *WallCalm {
	if len(b.s.Alarms) > 0 {
		return nil
	}
	sound := 0
	for _, l := range b.s.Lines {
		if l.Lamp != view.Dead && l.Lamp != view.Unknown && l.Lamp != view.Off {
			sound++
		}
	}
	text := ""
	if !b.s.Calm.IsZero() {
		text = b.t.calmSince(b.clock(b.s.Calm))
	}
	if len(b.s.Lines) > 0 {
		text = join(text, b.t.sound(sound))
	}
	if len(b.s.Uplinks) > 0 {
		pending := uint64(0)
		for _, u := range b.s.Uplinks {
			pending += u.Pending
		}
		text = join(text, b.t.uplink(pending))
	}
	return &WallCalm{b.t.allIsWell, text}
}

func (b *builder) alarms() []WallAlarm {
	out := []WallAlarm{}
	for _, a := range b.s.Alarms[:min(len(b.s.Alarms), maxAlarms)] {
		what, hint := a.Text(b.lang)
		w := WallAlarm{ID: a.ID, Lamp: view.Dead.String(), Label: b.t.urgent, Title: what, Text: hint}
		if a.Rank < view.Urgent {
			w.Lamp, w.Label = view.Warn.String(), view.Warn.In(b.lang)
		}
		if since, ok := b.longestOf(a.ID); ok {
			w.Count = since.UnixMilli() // the caller's wait says since when
		} else if !a.Since.IsZero() {
			w.Text = b.t.since(b.clock(a.Since)) + " " + hint
		}
		out = append(out, w)
	}
	return out
}

// longestOf returns the longest wait of the queue that an alarm is about.
func (b *builder) longestOf(alarm string) (time.Time, bool) {
	for _, q := range b.s.Queues {
		if alarm == "queue."+string(q.ID) {
			return q.Longest()
		}
	}
	return time.Time{}, false
}

// levelHead is the head of the column: the target and goal that all queues
// share, or the bare name when they differ.
func (b *builder) levelHead() string {
	for i, q := range b.s.Queues {
		if i > 0 && (q.Target != b.s.Queues[0].Target || q.Goal != b.s.Queues[0].Goal) {
			return b.t.serviceLevel
		}
	}
	if len(b.s.Queues) == 0 {
		return b.t.serviceLevel
	}
	return b.t.level(b.s.Queues[0].Target, b.s.Queues[0].Goal)
}

func (b *builder) queues() []WallQueue {
	out := []WallQueue{}
	for _, q := range b.s.Queues {
		w := WallQueue{ID: string(q.ID), Name: q.NameIn(b.lang), Note: b.note(q), Lamp: "idle", Waiting: []WallCaller{},
			Limit: q.MaxWait, Goal: q.Goal, Level: b.t.level(q.Target, q.Goal), Pct: -1, PctText: "—", Summary: b.t.waiting(len(q.Waiting))}
		if q.Lamp == view.Warn || q.Lamp == view.Dead {
			w.Lamp, w.Label = q.Lamp.String(), b.t.flag(q.Lamp)
		}
		if q.MaxWait > 0 {
			w.Max = b.t.max(view.Duration(time.Duration(q.MaxWait) * time.Second))
		}
		if pct, ok := q.ServiceLevel(); ok {
			w.Pct, w.PctText, w.Short = pct, b.t.percent(pct), pct < q.Goal
		}
		for _, c := range q.Waiting {
			w.Waiting = append(w.Waiting, WallCaller{c.Since.UnixMilli(), c.VIP})
		}
		if since, ok := q.Longest(); ok {
			w.Longest = since.UnixMilli()
		}
		out = append(out, w)
	}
	return out
}

// note is the small line under a queue's name.
func (b *builder) note(q view.Queue) string {
	free := b.t.free(q.Free)
	if q.Logged == 0 {
		free = b.t.nobodyHere
	}
	switch q.Lamp {
	case view.Dead:
		if q.Threshold > 0 && len(q.Waiting) >= q.Threshold {
			return join(b.t.threshold(q.Threshold), free)
		}
		return join(b.t.limit(view.Duration(time.Duration(q.MaxWait)*time.Second)), free)
	case view.Warn:
		return b.t.nearThreshold
	}
	for _, c := range q.Waiting {
		if c.Offered != "" {
			return b.t.ringing(b.agentName(c.Offered))
		}
	}
	return free
}

func (b *builder) agentName(id tel.AgentID) string {
	for _, a := range b.s.Agents {
		if a.ID == id {
			return view.FirstName(a.Name)
		}
	}
	return string(id)
}

func (b *builder) agents() []WallAgent {
	out := []WallAgent{}
	for _, a := range b.s.Agents {
		w := WallAgent{ID: string(a.ID), Name: view.FirstName(a.Name), Lamp: a.Lamp.String(), Text: b.doing(a)}
		if a.Lamp != view.Off && !a.Since.IsZero() {
			w.Since = a.Since.UnixMilli()
		}
		if a.Lamp == view.Hold {
			w.Soon, w.Flag = a.Since.Add(holdSoon).UnixMilli(), b.t.longHold
		}
		out = append(out, w)
	}
	return out
}

// doing says an agent's state as a person would.
func (b *builder) doing(a view.Agent) string {
	if a.State == "engaged" {
		return b.t.engaged
	}
	switch a.Lamp {
	case view.Wrap:
		return b.t.wrapUp
	case view.Dead, view.Warn:
		return b.t.noPhone
	case view.Off:
		return b.t.loggedOut
	case view.Pause:
		if reason := a.ReasonIn(b.lang); reason != "" {
			return reason
		}
	}
	return a.Lamp.In(b.lang)
}

func (b *builder) last() []WallCall {
	out := []WallCall{}
	for _, c := range b.s.Last[:min(len(b.s.Last), maxCalls)] {
		w := WallCall{ID: string(c.ID), Time: b.clock(c.Ended), Icon: "in", Said: b.t.callIn, Who: view.Mask(c.From), Text: b.ending(c)}
		switch {
		case c.Direction == tel.Outbound:
			w.Icon, w.Said, w.Who = "out", b.t.callOut, view.Mask(c.To)
		case c.Cause == tel.CauseAbandoned, c.Cause == tel.CauseNoAnswer:
			w.Icon, w.Said = "missed", b.t.callMissed
		}
		out = append(out, w)
	}
	return out
}

// ending says how a call went: where it was answered and for how long, or why
// it was not.
func (b *builder) ending(c view.Call) string {
	talk := view.Duration(time.Duration(c.Talk) * time.Second)
	where := ""
	for _, q := range b.s.Queues {
		if q.ID == c.Queue {
			where = q.NameIn(b.lang)
		}
	}
	switch {
	case c.Connected && where == "" && c.Agent != "":
		return join(b.agentName(c.Agent), talk)
	case c.Connected && where == "":
		return join(b.t.talked, talk)
	case c.Connected:
		return join(where, talk)
	case c.Cause == tel.CauseAbandoned:
		return join(b.t.leftQueue, view.Duration(time.Duration(c.Wait)*time.Second))
	case (c.Cause == tel.CauseFlow || c.Cause == tel.CauseNormal) && c.Node != "":
		return join(b.t.menu, tel.CleanText(c.Node).String())
	}
	return b.t.cause(c.Cause)
}

// ports is the strip: the lines, and the analog phones as far as the box has
// lamps for them.
func (b *builder) ports() []WallPort {
	out := []WallPort{}
	add := func(id string, lamp view.Lamp, since time.Time) {
		p := WallPort{ID: id, Lamp: lamp.String(), Label: lower(lamp.In(b.lang))}
		if lamp != view.Idle && lamp != view.Off && lamp != view.Unknown && !since.IsZero() {
			p.Since = since.UnixMilli()
		}
		out = append(out, p)
	}
	for _, l := range b.s.Lines {
		add(string(l.ID), l.Lamp, l.Since)
	}
	for _, p := range b.s.Phones {
		if p.Port != "" && len(out) < boxLamps {
			add(string(p.Ext), p.Lamp, p.Since)
		}
	}
	return out
}

// sip is the cell of the trunks: one pip a channel, lit as its call; without
// trunks one pip a SIP phone.
func (b *builder) sip() *WallSIP {
	c := &WallSIP{Lamp: "idle", Pips: []string{}}
	used, size, down := 0, 0, 0
	for _, t := range b.s.Trunks {
		used, size = used+t.Used, size+t.Size
		if t.Lamp == view.Dead || t.Lamp == view.Unknown {
			down++
		}
		lamps := b.s.TrunkLamps(t)
		for _, l := range lamps {
			c.Pips = append(c.Pips, l.String())
		}
	}
	switch {
	case len(b.s.Trunks) == 0:
		return b.phones(c)
	case down == len(b.s.Trunks):
		c.Lamp, c.Text = "dead", b.t.outOfService
	case down > 0:
		c.Lamp, c.Text = "warn", b.t.trunksDown(down)
	case used == 0:
		c.Text = b.t.channelsFree(size)
	default:
		c.Text = b.t.channelsUsed(used, size)
	}
	c.Pips = c.Pips[:min(len(c.Pips), maxPips)]
	return c
}

func (b *builder) phones(c *WallSIP) *WallSIP {
	up := 0
	for _, p := range b.s.Phones {
		if p.Port != "" {
			continue
		}
		c.Pips = append(c.Pips, p.Lamp.String())
		if p.Lamp != view.Off && p.Lamp != view.Dead && p.Lamp != view.Unknown {
			up++
		}
	}
	if len(c.Pips) == 0 {
		return nil
	}
	c.Text = b.t.phonesUp(up, len(c.Pips))
	c.Pips = c.Pips[:min(len(c.Pips), maxPips)]
	return c
}
