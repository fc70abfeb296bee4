package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/doctor"
	"github.com/centralita/centralita/firmware/ivr"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/trace"
)

// PictureEvery is the shortest time between two pictures.
const PictureEvery = 100 * time.Millisecond

// WaitingEvery is how often the picture is made anew while callers wait: their
// waits pass limits without any event.
const WaitingEvery = time.Second

// Settle is how long phones have after a start to register again, before one
// that did not is called lost.
const Settle = 3 * time.Minute

// SlowStep is how long the handling of one event may take before it is told.
const SlowStep = 50 * time.Millisecond

// Exchange is the control loop. Only Post and Trace may be used by others while
// Run runs.
type Exchange struct {
	set   Settings
	sh    Shells
	in    *inbox
	trace *trace.Ring

	started time.Time
	settled bool // Settle has passed

	now    time.Time
	todo   []job
	timers timers

	ports  map[tel.PortID]*portState
	order  []*portState // as configured
	phones map[tel.Number]*phoneState
	trunks map[tel.TrunkID]*trunkState
	legs   map[tel.LegID]*legState
	calls  map[tel.CallID]*callState
	live   []*callState // oldest first

	ahead  time.Duration // of the time of day over the origin's clock
	origin time.Time     // an instant with its wall clock

	spend      *numbering.Spend
	spendTimer timer

	acd      *acd.Machine
	acdTimer timer
	flows    map[string]*flow.Flow
	nights   []flow.Schedule // with the switches as they stand

	picture picture
	today   today
	closing *Close
	resting time.Time // until then no call is taken
	answers []func()  // to orders, told once the picture shows what became of them
	steps   uint64
	sends   tel.PlayID // of caller id, so far
	exams   uint64     // of lines, so far
	slowest time.Duration
}

// portState is one analog port with its machine.
type portState struct {
	id    tel.PortID
	fxo   *line.FXO
	fxs   *line.FXS
	conf  Line       // FXO
	ext   tel.Number // FXS
	timer timer
	call  tel.LegID // the leg that belongs to a call, 0 none
	audio tel.LegID // the leg whose audio flows, 0 none
	heir  *heir     // an emergency call that waits for the line
	since time.Time
	out   line.Fault // why the line is out of service, as the book knows it (FXO)
	dead  bool       // as the book knows it (FXS)

	exam   *exam          // a technician's test that goes on (FXO)
	report *doctor.Report // of the last one; nil: none since the start

	sending tel.PlayID // what the telephone's display is being told, 0 nothing (FXS)
}

// heir is an emergency call that waits until the line it cleared is idle.
type heir struct {
	leg    tel.LegID
	number tel.Number
}

// phoneState is one extension.
type phoneState struct {
	conf  Phone
	up    bool
	since time.Time
	told  acd.Phone // what the queues know

	messages int // that wait

	legs    int // of a SIP phone
	offered int // of them rung for an offer of a queue
}

// trunkState is one trunk.
type trunkState struct {
	conf  Trunk
	up    bool
	why   string
	since time.Time
	used  int
}

// legState is one party's connection.
type legState struct {
	id     tel.LegID
	call   tel.CallID // "" once the call let go of it
	port   *portState
	phone  *phoneState
	trunk  *trunkState
	offer  tel.OfferID // rung for a queue's offer
	up     bool
	caller bool // it began the call, else we dialled it
}

// callState is one interaction with the machines that serve it.
type callState struct {
	id      tel.CallID
	m       *call.Machine
	timer   timer
	ivr     *ivr.Machine
	ivrTime timer
	flow    *flow.Flow
	lang    tel.Lang

	accounts []account // of second parties outside
	consults bool      // the last of them is the second party now
	service  *service

	joined    time.Time // the queue he is in
	waited    time.Duration
	connected time.Time
	by        tel.By
	cause     tel.Cause
}

// New returns a house at rest. Nothing is commanded before Run.
func New(set Settings, sh Shells, now time.Time) *Exchange {
	e := &Exchange{
		set: set, sh: sh, in: newInbox(), trace: trace.New(4096), now: now, ahead: set.Ahead, origin: set.Origin,
		ports: map[tel.PortID]*portState{}, phones: map[tel.Number]*phoneState{}, trunks: map[tel.TrunkID]*trunkState{},
		legs: map[tel.LegID]*legState{}, calls: map[tel.CallID]*callState{},
		flows: map[string]*flow.Flow{}, nights: append([]flow.Schedule(nil), set.Schedules...),
	}
	if e.origin.IsZero() {
		e.origin = now
	}
	for _, l := range set.Lines {
		p := &portState{id: l.ID, conf: l, fxo: line.NewFXO(now, l.settings()), since: now}
		p.timer.owner = toLine{p, line.TimedOut{}}
		e.ports[l.ID] = p
		e.order = append(e.order, p)
	}
	for _, c := range set.Phones {
		f := &phoneState{conf: c, up: c.Port != "", since: now}
		e.phones[c.Ext] = f
		if c.Port != "" {
			p := &portState{id: c.Port, ext: c.Ext, since: now,
				fxs: line.NewFXS(now, line.Telephone{Caps: c.Caps, Bells: c.Bells, IDBefore: c.IDBefore})}
			p.timer.owner = toLine{p, line.TimedOut{}}
			e.ports[c.Port] = p
			e.order = append(e.order, p)
		}
	}
	for _, t := range set.Trunks {
		e.trunks[t.ID] = &trunkState{conf: t, since: now, why: "not tried yet"}
	}
	for _, f := range set.Flows {
		e.flows[f.Name] = f
	}
	e.buildQueues()
	e.spend = numbering.NewSpend(set.Spending, set.Location, e.wall())
	e.spendTimer.owner = toSpend{}
	e.recall(set.Today)
	return e
}

// Post tells the loop what happened. It never blocks.
func (e *Exchange) Post(evs ...Event) { e.in.post(evs...) }

// Trace returns the ring of the last events and effects.
func (e *Exchange) Trace() *trace.Ring { return e.trace }

// Run handles events until ctx ends.
func (e *Exchange) Run(ctx context.Context) {
	e.start(time.Now())
	wait := time.NewTimer(0)
	defer wait.Stop()
	for {
		wait.Reset(e.sleep())
		select {
		case <-ctx.Done():
			return
		case <-e.in.wake:
		case <-wait.C:
		}
		e.turn(time.Now())
	}
}

// start opens the house at the instant now.
func (e *Exchange) start(now time.Time) {
	e.now, e.started = now, now
	e.open()
	e.drain()
	e.publish()
}

// turn handles everything that has been posted and every deadline that is due.
func (e *Exchange) turn(now time.Time) {
	e.now = now
	for _, ev := range e.in.take() {
		began := time.Now()
		e.handle(ev)
		e.drain()
		e.measure(began, ev)
	}
	for t := e.timers.due(now); t != nil; t = e.timers.due(now) {
		e.push(t.owner)
		e.drain()
	}
	if !e.settled && !now.Before(e.started.Add(Settle)) {
		e.settled, e.picture.dirty = true, true
	}
	if len(e.answers) > 0 {
		e.picture.at = time.Time{} // whoever ordered looks at the picture next
	}
	e.publish()
	for _, tell := range e.answers {
		tell()
	}
	clear(e.answers)
	e.answers = e.answers[:0]
	if e.closing != nil && len(e.calls) == 0 {
		e.leaveSeats(e.closing.Cause)
		e.closing.Done()
		e.closing = nil
	}
}

// measure keeps how long the handling of an event took and tells a slow one.
func (e *Exchange) measure(began time.Time, ev Event) {
	e.steps++
	took := time.Since(began)
	e.slowest = max(e.slowest, took)
	if took > SlowStep {
		e.sh.Slow(fmt.Sprintf("%T", ev), took)
	}
}

// sleep returns how long nothing is due.
func (e *Exchange) sleep() time.Duration {
	d := time.Hour
	if len(e.timers) > 0 {
		d = min(d, e.timers[0].at.Sub(e.now))
	}
	switch {
	case e.picture.dirty:
		d = min(d, e.picture.at.Add(PictureEvery).Sub(e.now))
	case e.someoneWaits():
		d = min(d, e.picture.at.Add(WaitingEvery).Sub(e.now))
	}
	if !e.settled {
		d = min(d, e.started.Add(Settle).Sub(e.now))
	}
	return max(d, 0)
}

// open sets the hardware as technicians left it, tells the queues which phones
// are there and seats the agents where the configuration puts them.
func (e *Exchange) open() {
	for _, p := range e.order {
		if p.fxo == nil || !p.conf.Caps.Gain && !p.conf.Caps.Impedance {
			continue
		}
		if t, ok := p.fxo.Tuning(); ok {
			e.warn("port "+string(p.id)+": "+t.String(), e.sh.Ports.Command(p.id, t))
		}
	}
	for _, f := range e.set.Phones {
		e.phoneChanged(e.phones[f.Ext])
		if f.Messages > 0 {
			e.tellMessages(e.phones[f.Ext], f.Messages)
		}
	}
	for _, a := range e.set.Agents {
		if a.Ext != "" {
			e.seat(a)
		}
	}
}

// handle carries one event from outside to the machine it is for.
func (e *Exchange) handle(ev Event) {
	if p, ok := ev.(Ping); ok {
		p.Done()
		return
	}
	e.picture.dirty = true
	switch ev := ev.(type) {
	case OnPort:
		if p := e.ports[ev.Port]; p != nil {
			e.onPort(p, ev.Event)
			e.heedLine(p, ev.Event)
		}
	case OnIncoming:
		e.incoming(ev)
	case OnRinging:
		e.toCallOf(ev.Leg, call.LegRinging{Leg: ev.Leg})
	case OnAnswered:
		e.sipAnswered(ev.Leg)
	case OnHeld:
		e.toCallOf(ev.Leg, call.LegHeld{Leg: ev.Leg, On: ev.On})
	case OnGone:
		e.sipGone(ev)
	case OnPhone:
		e.phoneState(ev)
	case OnTrunk:
		e.trunkState(ev)
	case OnDigit:
		e.digit(ev)
	case OnPlayed:
		e.played(ev)
	case OnSentID:
		e.sentID(ev)
	case OnTone:
		e.toFXO(ev.Leg, line.Heard{Tone: ev.Tone, Ended: ev.Ended, Sure: ev.Sure, Evidence: ev.Evidence})
	case OnStrange:
		e.toFXO(ev.Leg, line.Strange{Signal: ev.Signal, Periods: ev.Periods, Sure: ev.Sure, Evidence: ev.Evidence})
	case OnVoice:
		e.toFXO(ev.Leg, line.Voice{Far: ev.Far, Near: ev.Near, Speech: ev.Speech})
	case OnFax:
		e.fax(ev)
	case OnSilent:
		e.silent(ev.Leg)
	case OnExamined:
		if p := e.ports[ev.Port]; p != nil && p.exam != nil && p.exam.id == ev.Exam {
			e.push(toDoctor{p, ev.Event})
		}
	case OnClock:
		e.clockSet(ev.Ahead)
	case OnNews: // the picture is made anew after every event
	case Order:
		err := e.change(ev.What)
		e.answers = append(e.answers, func() { ev.Done(err) })
	case Close:
		e.close(ev)
	}
}

// close ends every call; the loop tells when none is left.
func (e *Exchange) close(c Close) {
	e.closing = &c
	for _, p := range e.order {
		e.examStops(p, "the appliance is being stopped", "la centralita se apaga")
	}
	for _, st := range e.live {
		e.push(toCall{st, call.Kill{By: tel.BySystem, Cause: c.Cause, Evidence: "the appliance is being stopped"}})
	}
}

// warn hands a shell's refusal to the log.
func (e *Exchange) warn(what string, err error) {
	if err != nil {
		e.sh.Warn(what, err)
	}
}
