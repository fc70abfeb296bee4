package doctor

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/hal/port"
)

// Times of the examination; all together it takes about 15 s, and with an
// impedance sweep 2 s more for each choice. Longest ends it whatever hangs.
const (
	listenOnHook = 2 * time.Second
	listenTone   = 1500 * time.Millisecond
	listenQuiet  = 2 * time.Second
	probeTime    = 1200 * time.Millisecond
	toneWait     = 5 * time.Second // as a line waits before it gives up
	settle       = 300 * time.Millisecond
	openAgain    = 1500 * time.Millisecond // on hook between two seizures
	answerWait   = 3 * time.Second         // a recording or reading is late beyond what it takes
	Longest      = time.Minute
)

// sweepAtOnce is how many impedances are tried in one seizure: an exchange that
// got a first digit waits 10 s and more for the next.
const sweepAtOnce = 3

// Settings say what is examined.
type Settings struct {
	Name  string // of the line, as people call it: "L2"
	Info  port.Info
	Meter bool // the port can measure its line
	// DialHz are the country's dial tone, DialLevel its level at a healthy line.
	DialHz    []float64
	DialLevel float64
	// Quieter is the key that ends dial tone and begins no number of the plan.
	Quieter string
	// Impedances that the port offers, its own choice first; fewer than two: no sweep.
	Impedances []string
	Now        port.Tune // what is set; no impedance stands for the port's own
	Tail       int       // of the echo canceller, ms
	Twist      float64   // learned from keys of callers, dB; 0 when none were heard
}

// step is a part of the examination.
type step uint8

const (
	waiting step = iota
	readOnHook
	hearOnHook
	waitDialTone
	readOffHook
	hearDialTone
	sendQuieter
	settling
	hearQuiet
	probing
	tuning
	reopening
	over
)

// Machine is one examination. Make it with New.
type Machine struct {
	set      Settings
	step     step
	began    time.Time
	deadline time.Time
	tries    []string // impedances still to probe
	probes   int      // in this seizure
	again    bool     // this is a seizure for the sweep
	tuned    string   // impedance set at the moment
	closed   bool
	report   Report
}

// New returns an examination that waits for Begin.
func New(now time.Time, s Settings) *Machine {
	var tries []string
	if len(s.Impedances) > 1 && s.Info.Caps.Impedance {
		if s.Now.Impedance == "" {
			s.Now.Impedance = s.Impedances[0]
		}
		for _, z := range s.Impedances {
			if z != s.Now.Impedance {
				tries = append(tries, z)
			}
		}
	}
	m := &Machine{set: s, began: now, deadline: now.Add(answerWait), tuned: s.Now.Impedance, tries: tries}
	m.report = Report{Line: s.Name, At: now, TwistDB: s.Twist}
	return m
}

// Deadline is the instant at which the loop must step TimedOut.
func (m *Machine) Deadline() (time.Time, bool) { return m.deadline, m.step != over }

// Describe says what is being done.
func (m *Machine) Describe() string {
	return [...]string{"waiting for the line", "reading the battery", "listening on hook", "waiting for dial tone", "reading the loop",
		"measuring dial tone", "ending dial tone", "settling", "listening", "measuring the echo", "changing the impedance",
		"on hook for a moment", "done"}[m.step]
}

// Now says what is being done, in both languages.
func (m *Machine) Now() (es, en string) { return m.describe(), m.Describe() }

// SoFar is what has been found, judged as far as it goes, and since when.
func (m *Machine) SoFar() (r Report, since time.Time) {
	r = m.report
	r.Findings, r.Advice = nil, nil // a report of the end has its own
	r.judge(m.set)
	return r, m.began
}

// describe says it in Spanish.
func (m *Machine) describe() string {
	return [...]string{"esperando la línea", "midiendo la batería", "escuchando con la línea colgada", "esperando el tono de marcar", "midiendo el bucle",
		"midiendo el tono de marcar", "quitando el tono de marcar", "dejando que se calme", "escuchando", "midiendo el eco", "cambiando la impedancia",
		"colgada un momento", "terminada"}[m.step]
}

// Step takes one event at the instant now and appends to out what must be done.
func (m *Machine) Step(now time.Time, ev Event, out []Effect) []Effect {
	if m.step == over {
		return out
	}
	switch ev := ev.(type) {
	case Wire:
		return m.wire(now, ev.Event, out)
	case TimedOut:
		return m.timedOut(now, out)
	case Stop:
		return m.abort(now, ev.EN, ev.ES, out)
	case Begin:
		if m.step == waiting {
			return m.onHook(now, out)
		}
	case Read:
		return m.read(now, ev, out)
	case HeardQuiet:
		return m.heardQuiet(now, ev, out)
	case DialTone:
		if m.step == waitDialTone {
			m.report.DialTone = true
			return m.offHook(now, out)
		}
	case HeardTone:
		if m.step == hearDialTone {
			if ev.OK {
				t := ev.Tone
				m.report.Tone = &t
			}
			return m.quieten(now, out)
		}
	case Sent:
		if m.step == sendQuieter {
			m.become(now, settling, settle)
		}
	case HeardEcho:
		if m.step == probing {
			m.keepEcho(ev)
			return m.nextProbe(now, out)
		}
	}
	return out
}

// become is the one place where the step changes.
func (m *Machine) become(now time.Time, s step, wait time.Duration) {
	m.step, m.deadline = s, now.Add(wait)
	if last := m.began.Add(Longest); m.deadline.After(last) {
		m.deadline = last
	}
}

func (m *Machine) onHook(now time.Time, out []Effect) []Effect {
	if m.set.Meter {
		m.become(now, readOnHook, answerWait)
		return append(out, Measure{})
	}
	return m.listenOnHook(now, out)
}

func (m *Machine) listenOnHook(now time.Time, out []Effect) []Effect {
	if m.set.Info.Caps.OnHookAudio {
		m.become(now, hearOnHook, listenOnHook+answerWait)
		return append(out, RecordQuiet{listenOnHook})
	}
	return m.seize(now, out)
}

func (m *Machine) seize(now time.Time, out []Effect) []Effect {
	m.closed, m.probes = true, 0
	m.become(now, waitDialTone, toneWait)
	return append(out, Do{port.Seize{}}, Audio{true})
}

func (m *Machine) offHook(now time.Time, out []Effect) []Effect {
	if m.again {
		return m.quieten(now, out)
	}
	if m.set.Meter {
		m.become(now, readOffHook, answerWait)
		return append(out, Measure{})
	}
	return m.listenTone(now, out)
}

func (m *Machine) listenTone(now time.Time, out []Effect) []Effect {
	m.become(now, hearDialTone, listenTone+answerWait)
	return append(out, RecordTone{listenTone, m.set.DialHz})
}

// quieten ends dial tone by a key, so that the line itself can be heard.
func (m *Machine) quieten(now time.Time, out []Effect) []Effect {
	m.become(now, sendQuieter, answerWait)
	return append(out, SendDigits{m.set.Quieter})
}

func (m *Machine) read(now time.Time, ev Read, out []Effect) []Effect {
	if ev.Err != "" {
		m.report.MeterError = ev.Err
	}
	switch m.step {
	case readOnHook:
		if ev.Err == "" {
			m.report.OnHook = &ev.Reading
		}
		return m.listenOnHook(now, out)
	case readOffHook:
		if ev.Err == "" {
			m.report.OffHook = &ev.Reading
		}
		return m.listenTone(now, out)
	}
	return out
}

func (m *Machine) heardQuiet(now time.Time, ev HeardQuiet, out []Effect) []Effect {
	q := &ev.Quiet
	if !ev.OK {
		q = nil
	}
	switch m.step {
	case hearOnHook:
		m.report.QuietOnHook = q
		return m.seize(now, out)
	case hearQuiet:
		m.report.Quiet = q
		return m.probe(now, out)
	}
	return out
}

func (m *Machine) probe(now time.Time, out []Effect) []Effect {
	if !m.set.Info.Caps.FullDuplex {
		return m.end(now, out)
	}
	m.probes++
	m.become(now, probing, probeTime+answerWait)
	return append(out, RecordEcho{probeTime})
}

func (m *Machine) keepEcho(ev HeardEcho) {
	r := Match{Impedance: m.tuned, Known: ev.OK, ERL: ev.Echo.ERL, Delay: ev.Echo.Delay, End: ev.Echo.End}
	if !m.again && len(m.report.Echo) == 0 {
		m.report.First = r
	}
	m.report.Echo = append(m.report.Echo, r)
}

// nextProbe tries the next impedance, in this seizure or in another one.
func (m *Machine) nextProbe(now time.Time, out []Effect) []Effect {
	if len(m.tries) == 0 {
		return m.end(now, out)
	}
	m.tuned, m.tries = m.tries[0], m.tries[1:]
	t := m.set.Now
	t.Impedance = m.tuned
	out = append(out, Do{t})
	if m.probes < sweepAtOnce {
		m.become(now, tuning, settle)
		return out
	}
	m.again, m.closed = true, false
	m.become(now, reopening, openAgain)
	return append(out, Audio{false}, Do{port.Release{}})
}

func (m *Machine) timedOut(now time.Time, out []Effect) []Effect {
	if !now.Before(m.began.Add(Longest)) {
		return m.abort(now, "it took more than a minute", "ha durado más de un minuto", out)
	}
	switch m.step {
	case waiting:
		return m.abort(now, "the line did not become free", "la línea no quedó libre", out)
	case readOnHook:
		m.report.MeterError = "the meter did not answer"
		return m.listenOnHook(now, out)
	case readOffHook:
		m.report.MeterError = "the meter did not answer"
		return m.listenTone(now, out)
	case waitDialTone:
		if m.again {
			return m.end(now, out)
		}
		m.report.NoDialTone = true
		m.become(now, hearQuiet, listenQuiet+answerWait) // what is there instead
		return append(out, RecordQuiet{listenQuiet})
	case settling:
		if m.again {
			return m.probe(now, out)
		}
		m.become(now, hearQuiet, listenQuiet+answerWait)
		return append(out, RecordQuiet{listenQuiet})
	case tuning:
		return m.probe(now, out)
	case reopening:
		return m.seize(now, out)
	}
	return m.abort(now, "no answer while "+m.Describe(), "sin respuesta: "+m.describe(), out)
}

func (m *Machine) wire(now time.Time, ev port.Event, out []Effect) []Effect {
	switch ev := ev.(type) {
	case port.RingOn:
		return m.abort(now, "the line rang", "la línea sonó", out)
	case port.Lost:
		return m.abort(now, "the port's hardware is gone: "+ev.Why, "el puerto ha desaparecido: "+ev.Why, out)
	case port.Battery:
		if !ev.On {
			m.report.Drops++
			if !m.closed {
				m.report.NoBattery = true
			}
		} else if !m.closed {
			m.report.NoBattery = false
		}
	case port.Polarity:
		m.report.Reversals++
		return m.announced(now, out)
	case port.CallerID:
		return m.announced(now, out)
	}
	return out
}

// announced: what comes before a bell came before the line was ever seized; behind a
// seizure the wires turn for other reasons.
func (m *Machine) announced(now time.Time, out []Effect) []Effect {
	if m.step != readOnHook && m.step != hearOnHook {
		return out
	}
	return m.abort(now, "somebody calls", "alguien llama", out)
}

func (m *Machine) abort(now time.Time, en, es string, out []Effect) []Effect {
	m.report.Aborted, m.report.AbortedES = en, es
	return m.end(now, out)
}

// end leaves the line as it was found and judges.
func (m *Machine) end(now time.Time, out []Effect) []Effect {
	if m.closed {
		m.closed = false
		out = append(out, Audio{false}, Do{port.Release{}})
	}
	if m.tuned != m.set.Now.Impedance {
		out = append(out, Do{m.set.Now})
	}
	m.step, m.deadline = over, time.Time{}
	m.report.Took = now.Sub(m.began)
	m.report.judge(m.set)
	return append(out, Done{m.report})
}

// String returns the impedance and what it gives.
func (e Match) String() string {
	if !e.Known {
		return fmt.Sprintf("%s: no echo", e.Impedance)
	}
	return fmt.Sprintf("%s: ERL %.1f dB", e.Impedance, e.ERL)
}
