package acd

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// referee watches events and effects only, keeps its own slow and obvious
// picture, and finds every breach of the invariants (numbers as in the research
// notes, part C). It shares no code with the machine.
type referee struct {
	cfg     Settings
	now     time.Time
	seq     int
	callers []*seenCaller // waiting, in the one strict order
	agents  map[tel.AgentID]*seenAgent
	offers  map[tel.OfferID]*seenOffer
	last    tel.OfferID

	joined, left, timedOut, full, answered int // I14
	made, again                            int
	wrong                                  []string
}

type seenCaller struct {
	id           tel.CallID
	queue        tel.QueueID
	since        time.Time
	seq          int
	joined       time.Time
	offer        tel.OfferID
	tried        map[tel.AgentID]time.Time
	told         time.Time // last announcement or the instant it was left out
	announced    bool
	openSince    time.Time // no phone rings for him since
	lastPosition int
}

type seenAgent struct {
	state    State
	ext      tel.Number
	idle     time.Time
	idleSeq  int
	acwEnds  time.Time
	acwQueue tel.QueueID
	offer    tel.OfferID
}

type seenOffer struct {
	call      tel.CallID
	queue     tel.QueueID
	agent     tel.AgentID
	ext       tel.Number
	expires   time.Time
	accepted  bool
	connected bool
}

func (r *referee) bad(rule, format string, args ...any) {
	r.wrong = append(r.wrong, rule+": "+fmt.Sprintf(format, args...))
}

func (r *referee) queue(id tel.QueueID) QueueSettings {
	for _, q := range r.cfg.Queues {
		if q.ID == id {
			return q.filled()
		}
	}
	return QueueSettings{}
}

func (r *referee) caller(id tel.CallID) *seenCaller {
	for _, c := range r.callers {
		if c.id == id {
			return c
		}
	}
	return nil
}

func (r *referee) serves(a tel.AgentID, q tel.QueueID) bool {
	for _, s := range r.cfg.Agents {
		if s.ID == a {
			for _, x := range s.Queues {
				if x == q {
					return true
				}
			}
		}
	}
	return false
}

// step judges one event and its effects.
func (r *referee) step(now time.Time, ev Event, effects []Effect) {
	r.now = now
	before := len(r.callers)
	r.event(ev)
	for i, e := range effects {
		switch e := e.(type) {
		case Changed:
			r.changed(e)
		case Offer:
			r.offer(e)
		case Cancel:
			r.cancel(e)
		case Announce:
			r.announce(e)
		case Exit:
			r.exit(e)
		default:
			r.bad("I0", "effect %d is a %T", i, e)
		}
	}
	r.rest(ev, before)
}

func (r *referee) event(ev Event) {
	switch e := ev.(type) {
	case Joined:
		if r.caller(e.Call) != nil {
			return
		}
		r.seq++
		r.joined++
		since := e.Since
		if since.IsZero() || since.After(r.now) {
			since = r.now
		}
		c := &seenCaller{id: e.Call, queue: e.Queue, since: since, seq: r.seq, joined: r.now,
			told: r.now, openSince: r.now, tried: map[tel.AgentID]time.Time{}}
		at := len(r.callers)
		for at > 0 && since.Before(r.callers[at-1].since) {
			at--
		}
		r.callers = append(r.callers[:at], append([]*seenCaller{c}, r.callers[at:]...)...)
	case Left:
		if r.caller(e.Call) != nil {
			r.left++
			r.remove(e.Call)
		}
	case Accepted:
		if o := r.offers[e.Offer]; o != nil && !o.accepted {
			o.accepted = true
			o.expires = r.now.Add(r.cfg.filled().Connect)
		}
	case Connected:
		if o := r.offers[e.Offer]; o != nil && !o.connected {
			o.accepted, o.connected = true, true
			r.answered++
			r.remove(o.call)
		}
	case Declined:
		if o := r.offers[e.Offer]; o != nil {
			r.tried(o)
			r.end(e.Offer)
		}
	case Released:
		if o := r.offers[e.Offer]; o != nil {
			r.tried(o)
			r.end(e.Offer)
		}
	}
}

func (r *referee) remove(id tel.CallID) {
	for i, c := range r.callers {
		if c.id == id {
			r.callers = append(r.callers[:i], r.callers[i+1:]...)
			return
		}
	}
}

func (r *referee) tried(o *seenOffer) {
	if c := r.caller(o.call); c != nil {
		c.tried[o.agent] = r.now
	}
}

func (r *referee) end(id tel.OfferID) {
	o := r.offers[id]
	delete(r.offers, id)
	if a := r.agents[o.agent]; a.offer == id {
		a.offer = 0
	}
	if c := r.caller(o.call); c != nil && c.offer == id {
		c.offer, c.openSince = 0, r.now
	}
}

func (r *referee) changed(e Changed) {
	a := r.agents[e.Agent]
	if a.state != e.From {
		r.bad("I0", "%s was %s, the change says %s", e.Agent, a.state, e.From)
	}
	if e.From == LoggedOut && e.To != NotReady && a.offer == 0 {
		r.bad("I24", "%s logs in as %s", e.Agent, e.To)
	}
	if e.To == Talking && (a.offer == 0 || !r.offers[a.offer].connected) {
		r.bad("I12", "%s talks without a bridge", e.Agent)
	}
	worked := e.From == ACW || e.From == Talking && e.To != ACW
	if worked || e.From == LoggedOut {
		r.seq++
		a.idle, a.idleSeq = r.now, r.seq
	}
	if e.From == ACW && e.Reason == "limit" && !r.now.Equal(a.acwEnds) {
		r.bad("I13", "%s's after-call work ends at %s, not %s", e.Agent, r.now, a.acwEnds)
	}
	if e.To == ACW {
		a.acwEnds = r.now.Add(r.queue(a.acwQueue).ACW)
	}
	if (e.To == Talking || e.To == Reserved || e.To == ACW) != (e.Call != "") {
		r.bad("I0", "%s carries call %q", e, e.Call)
	}
	a.state, a.ext = e.To, e.Ext
	if e.To == LoggedOut {
		a.ext = ""
	}
}

// best is the slow and obvious matcher: the first caller in order for whom any
// ready agent may be rung; for him an agent not tried before, the longest idle;
// else the one tried longest ago. but is left out of the states: he is already
// booked as reserved when his offer is judged.
func (r *referee) best(but tel.AgentID) (*seenCaller, tel.AgentID) {
	for _, c := range r.callers {
		if c.offer != 0 {
			continue
		}
		var fresh, old tel.AgentID
		for _, s := range r.cfg.Agents {
			a := r.agents[s.ID]
			if a.state != Ready && s.ID != but || !r.serves(s.ID, c.queue) {
				continue
			}
			at, was := c.tried[s.ID]
			switch {
			case !was:
				if f := r.agents[fresh]; f == nil || a.idle.Before(f.idle) || a.idle.Equal(f.idle) && a.idleSeq < f.idleSeq {
					fresh = s.ID
				}
			case r.now.Sub(at) >= r.queue(c.queue).Backoff:
				if old == "" || at.Before(c.tried[old]) {
					old = s.ID
				}
			}
		}
		if fresh != "" {
			return c, fresh
		}
		if old != "" {
			return c, old
		}
	}
	return nil, ""
}

func (r *referee) offer(e Offer) {
	a, c := r.agents[e.Agent], r.caller(e.Call)
	if e.Offer <= r.last {
		r.bad("I10", "offer %d after %d", e.Offer, r.last)
	}
	r.last = e.Offer
	if a.offer != 0 || a.state != Reserved {
		r.bad("I1", "%s is offered %s while %s with offer %d", e.Agent, e.Call, a.state, a.offer)
	}
	for id, o := range r.offers {
		if o.ext == e.Ext {
			r.bad("I1", "phone %s rings for %d and %d", e.Ext, id, e.Offer)
		}
	}
	if c == nil {
		r.bad("I11", "%s is offered but does not wait", e.Call)
		return
	}
	if c.offer != 0 {
		r.bad("I10", "%s is offered twice", e.Call)
	}
	if at, was := c.tried[e.Agent]; was {
		r.again++
		if r.now.Sub(at) < r.queue(c.queue).Backoff {
			r.bad("I8", "%s again to %s after %s", e.Call, e.Agent, r.now.Sub(at))
		}
	}
	if wc, wa := r.best(e.Agent); wc != c || wa != e.Agent && len(c.tried) == 0 {
		r.bad("I5 I6 I7", "offer of %s to %s; the obvious matcher says %v to %s", e.Call, e.Agent, wc, wa)
	} else if wa != e.Agent && !c.tried[wa].Equal(c.tried[e.Agent]) {
		r.bad("I8", "offer of %s to %s; the obvious matcher says %s", e.Call, e.Agent, wa)
	}
	if e.Why == "" || e.Expires != r.now.Add(r.queue(e.Queue).Ring) {
		r.bad("I0", "offer without reason or limit: %+v", e)
	}
	r.made++
	c.offer, a.offer, a.acwQueue = e.Offer, e.Offer, e.Queue
	r.offers[e.Offer] = &seenOffer{call: e.Call, queue: e.Queue, agent: e.Agent, ext: e.Ext, expires: e.Expires}
}

func (r *referee) cancel(e Cancel) {
	o := r.offers[e.Offer]
	if o == nil || o.connected {
		r.bad("I10", "cancel of offer %d, which does not ring", e.Offer)
		return
	}
	r.tried(o)
	r.end(e.Offer)
}

func (r *referee) announce(e Announce) {
	c := r.caller(e.Call)
	if c == nil || c.offer != 0 {
		r.bad("I17", "announcement to %s, who does not wait", e.Call)
		return
	}
	place := 0
	for _, x := range r.callers {
		if x.queue == c.queue {
			place++
		}
		if x == c {
			break
		}
	}
	if place != e.Position {
		r.bad("I16", "%s is told %d, stands at %d", e.Call, e.Position, place)
	}
	if c.announced && r.now.Sub(c.told) < r.queue(c.queue).Announce {
		r.bad("I16", "%s is told again after %s", e.Call, r.now.Sub(c.told))
	}
	c.told, c.announced, c.lastPosition = r.now, true, place
}

func (r *referee) exit(e Exit) {
	c := r.caller(e.Call)
	if c == nil {
		r.bad("I14", "exit of %s, who does not wait", e.Call)
		return
	}
	switch e.Cause {
	case tel.CauseTimeout:
		r.timedOut++
		if r.now.Sub(c.joined) < r.queue(c.queue).MaxWait {
			r.bad("I9", "%s is sent away after %s", e.Call, r.now.Sub(c.joined))
		}
	case tel.CauseCongestion:
		r.full++
	default:
		r.bad("I9", "exit for %s", e.Cause)
	}
	r.remove(e.Call)
}

// rest judges the state in which the step leaves the house.
func (r *referee) rest(ev Event, before int) {
	if c, a := r.best(""); c != nil {
		r.bad("I3", "%s waits beside %s after %s", c.id, a, ev)
	}
	if r.joined != r.answered+r.left+r.timedOut+r.full+len(r.callers) {
		r.bad("I14", "%d joined, %d answered, %d left, %d timed out, %d refused, %d wait",
			r.joined, r.answered, r.left, r.timedOut, r.full, len(r.callers))
	}
	for id, o := range r.offers {
		if !o.connected && r.now.After(o.expires) {
			r.bad("I2 I19", "offer %d lives past %s", id, o.expires)
		}
		if !o.connected && r.caller(o.call) == nil {
			r.bad("I11", "offer %d of %s outlives him", id, o.call)
		}
	}
	for _, c := range r.callers {
		if o := r.offers[c.offer]; r.now.Sub(c.joined) > r.queue(c.queue).MaxWait && (o == nil || !o.accepted) {
			r.bad("I19", "%s waits %s", c.id, r.now.Sub(c.joined))
		}
		q := r.queue(c.queue)
		if q.Announce > 0 && c.offer == 0 && r.now.After(c.openSince) && r.now.Sub(c.told) > q.Announce {
			r.bad("I17", "%s was told nothing for %s", c.id, r.now.Sub(c.told))
		}
	}
	for id, a := range r.agents {
		if a.state == ACW && r.now.After(a.acwEnds) {
			r.bad("I13", "%s is in after-call work past %s", id, a.acwEnds)
		}
		if (a.state == Reserved) != (a.offer != 0 && !r.offers[a.offer].connected) && a.state != LoggedOut {
			r.bad("I2", "%s is %s with offer %d", id, a.state, a.offer)
		}
		if a.state == Talking && a.offer == 0 {
			r.bad("I2", "%s talks to nobody", id)
		}
	}
	if _, ok := ev.(Reload); ok && before != len(r.callers) {
		r.bad("I21", "reload of the same configuration changed the callers")
	}
}
