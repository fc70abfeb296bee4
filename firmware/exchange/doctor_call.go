package exchange

import (
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/doctor"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// Between a line and the doctor who examines it.

// Clinic measures lines for the doctor.
type Clinic interface {
	// Setup is what the doctor must know of a port, as it is now.
	Setup(tel.PortID) doctor.Settings
	// Examine begins a measurement: Measure, RecordQuiet, RecordTone or
	// RecordEcho; leg is the port's audio, 0 on hook. The answer is OnExamined of
	// the same exam.
	Examine(p tel.PortID, exam uint64, leg tel.LegID, what doctor.Effect)
}

type (
	// OnExamined: a measurement for the doctor has ended.
	OnExamined struct {
		Port  tel.PortID
		Exam  uint64
		Event doctor.Event
	}
	// TestLine examines a line that is idle. Told gets the report, from the loop: it
	// must not block.
	TestLine struct {
		Line tel.PortID
		Told func(doctor.Report)
	}
	// TuneLine sets gain and impedance; with Advised what the last test advised.
	TuneLine struct {
		Line    tel.PortID
		Tune    port.Tune
		Advised bool
	}
	// FreeLine ends whatever call or test is on a line.
	FreeLine struct{ Line tel.PortID }
)

func (OnExamined) isEvent() {}
func (TestLine) isChange()  {}
func (TuneLine) isChange()  {}
func (FreeLine) isChange()  {}

// exam is an examination that goes on.
type exam struct {
	id    uint64 // what was recorded for an earlier one is none of its business
	m     *doctor.Machine
	timer timer
	told  func(doctor.Report)
}

type toDoctor struct {
	p  *portState
	ev doctor.Event
}

func (j toDoctor) run(e *Exchange) {
	x := j.p.exam
	if x == nil {
		return // it ended while the event was on its way
	}
	who := "doctor " + string(j.p.id)
	e.traced(who, j.ev, false)
	for _, ef := range x.m.Step(e.now, j.ev, nil) {
		e.traced(who, ef, true)
		e.doctorEffect(j.p, ef)
	}
	at, ok := x.m.Deadline()
	e.timers.set(&x.timer, at, ok && j.p.exam == x)
}

// doctorEffect carries what the doctor wants.
func (e *Exchange) doctorEffect(p *portState, ef doctor.Effect) {
	switch ef := ef.(type) {
	case doctor.Do:
		e.warn("port "+string(p.id)+": "+ef.Command.String(), e.sh.Ports.Command(p.id, ef.Command))
	case doctor.Audio:
		e.doctorAudio(p, ef.On)
	case doctor.SendDigits:
		e.sh.Media.SendDigits(p.audio, outpulse, ef.Digits)
	case doctor.Done:
		e.examEnds(p, ef.Report)
	default:
		e.sh.Clinic.Examine(p.id, p.exam.id, p.audio, ef)
	}
}

func (e *Exchange) doctorAudio(p *portState, on bool) {
	if !on {
		e.sh.Media.Detach(p.audio)
		delete(e.legs, p.audio)
		p.audio = 0
		return
	}
	l := &legState{id: e.sh.NewLeg(), port: p}
	e.addLeg(l)
	p.audio = l.id
	if err := e.sh.Media.AttachPort(tel.CallID("port "+string(p.id)), l.id, p.id, e.hear(p, true)); err != nil {
		e.warn("port "+string(p.id)+": audio", err)
		e.examStops(p, "the line cannot be heard: "+err.Error(), "no se puede oír la línea: "+err.Error())
	}
}

// testLine begins an examination.
func (e *Exchange) testLine(c TestLine) error {
	p, err := e.lineOf(c.Line)
	if err != nil {
		return err
	}
	switch s, _ := p.state(); {
	case e.sh.Clinic == nil:
		return refuse("cannot test %s: nobody here can measure it", "no se puede probar %s: aquí nadie puede medirla", c.Line)
	case p.exam != nil:
		return refuse("cannot test %s: it is being tested", "no se puede probar %s: ya se está probando", c.Line)
	case s == line.Alarm && !p.fxo.Lendable():
		return refuse("cannot test %s: its hardware is gone", "no se puede probar %s: no tiene su puerto", c.Line)
	case e.inherited(p) || p.call != 0 || !p.fxo.Lendable():
		return refuse("cannot test %s: it is in use", "no se puede probar %s: está en uso", c.Line)
	}
	set := e.sh.Clinic.Setup(p.id)
	set.Now, _ = p.fxo.Tuning()
	if g := p.fxo.Profile().Twist; g.Seen > 0 {
		set.Twist = g.Mean
	}
	e.exams++
	x := &exam{id: e.exams, m: doctor.New(e.now, set), told: c.Told}
	x.timer.owner = toDoctor{p, doctor.TimedOut{}}
	p.exam = x
	e.push(toLine{p, line.Lend{On: true}})
	e.push(toDoctor{p, doctor.Begin{}})
	return nil
}

// examEnds ends an examination and books what it found.
func (e *Exchange) examEnds(p *portState, r doctor.Report) {
	x := p.exam
	p.exam = nil
	e.timers.set(&x.timer, e.now, false)
	p.report = &r
	e.sh.Book.Append(call.Fact{
		Kind: call.LineTest, At: e.now, Port: p.id, State: r.Rank().String(), Evidence: r.Verdict(tel.English), Millis: r.Took.Milliseconds(),
	})
	e.push(toLine{p, line.Lend{}})
	if x.told != nil {
		x.told(r)
	}
}

// tuneLine sets gain and impedance, now and for the time to come.
func (e *Exchange) tuneLine(c TuneLine) error {
	p, err := e.lineOf(c.Line)
	if err != nil {
		return err
	}
	if err := examined(p); err != nil {
		return err
	}
	if c.Advised {
		if p.report == nil || p.report.Advice == nil {
			return refuse("cannot tune %s: no test has advised anything; test it first", "no se puede ajustar %s: ninguna prueba ha aconsejado nada; pruébela antes", c.Line)
		}
		c.Tune = p.report.Advice.Tune
	}
	if err := e.sh.Ports.Command(p.id, c.Tune); err != nil {
		return err
	}
	if p.report != nil {
		p.report.Advice = nil
	}
	e.push(toLine{p, line.Tuned{Tune: c.Tune}})
	e.sh.Book.Append(call.Fact{Kind: call.LineTuned, At: e.now, Port: p.id, Reason: c.Tune.String(), By: tel.BySystem})
	return nil
}

// examined refuses to set what the end of a test that goes on would set back.
func examined(p *portState) error {
	if p.exam == nil {
		return nil
	}
	return refuse("cannot set anything of %s: it is being tested", "no se puede ajustar %s: se está probando", p.id)
}

// freeLine ends whatever is on a line.
func (e *Exchange) freeLine(c FreeLine) error {
	p, err := e.lineOf(c.Line)
	if err != nil {
		return err
	}
	if e.examStops(p, "stopped by hand", "se ha parado a mano") {
		return nil
	}
	l := e.legs[p.call]
	if l == nil || l.call == "" {
		return refuse("cannot release %s: no call is on it", "no se puede soltar %s: no hay llamada en ella", c.Line)
	}
	st := e.calls[l.call]
	if st.m.Start().Emergency {
		return refuse("cannot release %s: an emergency call is on it", "no se puede soltar %s: hay una llamada de emergencia", c.Line)
	}
	e.push(toCall{st, call.Kill{By: tel.BySystem, Cause: tel.CauseCancelled, Evidence: "released by hand"}})
	return nil
}

// heedLine tells the doctor what the wire did, when he examines it.
func (e *Exchange) heedLine(p *portState, ev port.Event) {
	if p.exam != nil {
		e.push(toDoctor{p, doctor.Wire{Event: ev}})
	}
}

// examStops ends an examination because somebody needs the line.
func (e *Exchange) examStops(p *portState, en, es string) bool {
	if p.exam == nil {
		return false
	}
	e.push(toDoctor{p, doctor.Stop{EN: en, ES: es}})
	return true
}

// lineOf finds a line of the exchange.
func (e *Exchange) lineOf(id tel.PortID) (*portState, error) {
	if p := e.ports[id]; p != nil && p.fxo != nil {
		return p, nil
	}
	ids := ""
	for _, p := range e.order {
		if p.fxo != nil {
			ids += " " + string(p.id)
		}
	}
	return nil, refuse("cannot find line %q: the lines are%s", "no existe la línea %q: son%s", id, ids)
}
