package at

import (
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/hal/port"
)

// phase is how far the machine has come with the modem.
type phase uint8

const (
	shut    phase = iota // the device is closed; openAt says when to try
	opening              // Open was asked for
	waking               // AT is sent until OK comes
	settled              // late answers are let pass before the first question
	probing              // the questions of the script
	up                   // ready for calls
)

// act is what the command in flight is for.
type act uint8

const (
	idle      act = iota
	ask           // a question of the script, or the AT of waking
	check         // is it alive?
	seize         // AT+VLS=1
	hang          // AT+VLS=0
	hook          // ATH, where +VLS=0 is refused
	flash         // AT+VTS=!
	flashOff      // AT+VLS=0 of a flash by hand
	flashHold     // the time of that flash
	flashOn       // AT+VLS=1 behind it
	stream        // AT+VTR, AT+VRX or AT+VTX
	leave         // the code that ends a stream
	ended         // the modem ended the stream itself: its result code follows
)

// flow is which way sound flows.
type flow uint8

const (
	still flow = iota
	duplex
	listening
	talking
)

// Machine keeps one modem. Its zero value is not ready: NewMachine.
type Machine struct {
	opt    Options
	phase  phase
	act    act
	sent   string // the command in flight, to know its echo
	again  bool   // it was sent a second time
	info   []string
	script []step
	at     int // place in the script
	wakes  int // AT sent while waking
	fails  int // failures since the modem was last ready
	retry  time.Duration

	modem Modem
	first Modem // as it was when the port was opened
	known bool  // it was ready once: from now on Lost and Found tell
	lost  bool
	quit  bool
	done  bool

	hook    bool // our loop is closed
	hookAt  time.Time
	want    bool // it should be
	reopen  bool // it was asked to open since it was closed
	flashes int
	plain   bool // +VTS=! is unknown
	simplex bool // +VTR was refused although offered
	say     bool // there is sound to say
	flow    flow
	runs    bool // the driver was told that sound flows
	rung    int  // of the ladder of codes that end a stream
	ending  bool

	ringing  bool
	id       ID
	keyed    bool // between the marks of a long key
	key      byte
	reversed bool
	spoiled  bool // an overrun was noted in this call

	openAt, cmdAt, ringAt, fieldAt, checkAt, flowAt, quitAt time.Time
}

// NewMachine returns the machine of a modem not yet opened; it asks for Open at
// its first deadline, which is now.
func NewMachine(now time.Time, opt Options) *Machine {
	return &Machine{opt: opt, openAt: now, retry: FirstRetry}
}

// Wanted reports whether the loop is or is to be closed, which it never is while
// the modem is lost.
func (m *Machine) Wanted() bool { return m.want }

// Lost reports whether the modem is gone or does not answer.
func (m *Machine) Lost() bool { return m.lost || !m.known }

// Describe says in words what the machine does.
func (m *Machine) Describe() string {
	if m.phase != up {
		return [...]string{"closed", "opening", "waking", "settling", "asking"}[m.phase]
	}
	if !m.hook {
		return "on hook"
	}
	return "off hook, " + [...]string{"silent", "full duplex", "listening", "talking"}[m.flow]
}

// Deadline is the instant at which the driver must step TimedOut.
func (m *Machine) Deadline() (time.Time, bool) {
	var first time.Time
	if m.done {
		return first, false
	}
	for _, t := range [...]time.Time{m.openAt, m.cmdAt, m.ringAt, m.fieldAt, m.checkAt, m.flowAt, m.quitAt} {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first, !first.IsZero()
}

// Step takes one event at the instant now and appends to out what must be done.
func (m *Machine) Step(now time.Time, ev Event, out []Effect) []Effect {
	if m.done {
		return out
	}
	switch ev := ev.(type) {
	case Opened:
		if m.phase == opening {
			return m.wake(now, false, out)
		}
	case Broken:
		if m.phase != shut {
			return m.close(now, ev.Why, out)
		}
	case Got:
		return m.got(now, ev.Token, out)
	case Flowed:
		if m.runs && m.flow != talking {
			m.flowAt = now.Add(FlowWait)
		}
	case Seize:
		m.want = !m.Lost()
		return m.next(now, out)
	case Release:
		m.want, m.flashes, m.say = false, 0, false
		m.reopen = m.reopen || m.hook || m.act == seize
		return m.next(now, out)
	case Flash:
		if m.want && m.flashes < 8 {
			m.flashes++
		}
		return m.next(now, out)
	case Talk:
		m.say = ev.On && m.want
		return m.next(now, out)
	case Quit:
		m.quit, m.want, m.quitAt = true, false, now.Add(QuitWait)
		return m.next(now, out)
	case TimedOut:
		return m.timedOut(now, out)
	}
	return out
}

// due takes the deadline at t away when it has come.
func due(now time.Time, t *time.Time) bool {
	if t.IsZero() || now.Before(*t) {
		return false
	}
	*t = time.Time{}
	return true
}

func (m *Machine) timedOut(now time.Time, out []Effect) []Effect {
	if due(now, &m.quitAt) {
		m.done = true
		return append(out, Done{})
	}
	if due(now, &m.fieldAt) {
		out = m.tellID(out)
	}
	if due(now, &m.ringAt) {
		out = m.ringOff(out)
	}
	if due(now, &m.openAt) && m.phase == shut {
		m.phase = opening
		out = append(out, Open{})
	}
	if due(now, &m.flowAt) {
		return m.fail(now, "it sent no sound for "+FlowWait.String(), out)
	}
	if due(now, &m.checkAt) && m.phase == up && m.act == idle && !m.hook {
		out = m.send(now, check, "AT", AnswerWait, out)
	}
	if due(now, &m.cmdAt) {
		return m.overdue(now, out)
	}
	return out
}

// overdue judges a command whose answer did not come.
func (m *Machine) overdue(now time.Time, out []Effect) []Effect {
	switch {
	case m.phase == waking && m.wakes < 3:
		return m.callOut(now, out)
	case m.phase == settled:
		m.phase, m.at, m.again, m.act = probing, 0, false, idle
		return m.question(now, out)
	case m.act == flashHold:
		return m.send(now, flashOn, "AT+VLS=1", AnswerWait, out)
	case m.act == ended, m.act == leave && m.ending: // it forgot the result code
		m.act = idle
		return m.next(now, out)
	case m.act == leave && m.rung < 2:
		m.rung++
		return m.leave(now, append(out, Text{}))
	case m.phase == probing && !m.again:
		m.again = true
		return m.send(now, ask, m.sent, AnswerWait, out)
	}
	return m.fail(now, "it does not answer "+show(m.sent), out)
}

// show is a command as a person writes it.
func show(cmd string) string {
	if strings.HasPrefix(cmd, "AT") {
		return cmd
	}
	return fmt.Sprintf("%q", cmd)
}

// send puts a command on its way.
func (m *Machine) send(now time.Time, a act, cmd string, wait time.Duration, out []Effect) []Effect {
	m.act, m.sent, m.info, m.cmdAt, m.checkAt = a, cmd, m.info[:0], now.Add(wait), time.Time{}
	return append(out, Send{Text: cmd + "\r", Arm: a == stream && cmd != "AT+VTX"})
}

// wake begins to talk to a modem in an unknown state; hard breaks the line first.
func (m *Machine) wake(now time.Time, hard bool, out []Effect) []Effect {
	m.phase, m.wakes, m.act, m.again = waking, 0, idle, false
	m.hook, m.checkAt, m.ending = false, time.Time{}, false
	out = append(out, Text{})
	if hard {
		out = append(out, Break{})
	}
	return m.callOut(now, out)
}

// callOut sends AT; from the second time on behind every code that ends a stream.
func (m *Machine) callOut(now time.Time, out []Effect) []Effect {
	if m.wakes > 0 || m.fails > 0 {
		out = append(out, Send{Text: "\x10\x18\x10\x03\x10!\x10^\r"})
	}
	m.wakes++
	return m.send(now, ask, "AT", WakeWait, out)
}

// fail is what the machine does about a modem that misbehaves: call it, break the
// line, and at last open the device again.
func (m *Machine) fail(now time.Time, why string, out []Effect) []Effect {
	if m.quit {
		return m.close(now, why, out) // closing the device puts it on hook: AT&D2
	}
	out = m.lose(why, out)
	m.fails++
	switch m.fails {
	case 1:
		return m.wake(now, false, out)
	case 2:
		return m.wake(now, true, out)
	}
	return m.close(now, why, out)
}

// halt tells the driver that sound no longer flows.
func (m *Machine) halt(out []Effect) []Effect {
	m.flowAt = time.Time{}
	if !m.runs {
		return out
	}
	m.runs = false
	return append(out, Stream{})
}

// lose tells the port's reader, once, that the modem is not there.
func (m *Machine) lose(why string, out []Effect) []Effect {
	out = m.halt(out)
	m.flow = still
	m.want, m.hook, m.reopen, m.say, m.flashes = false, false, false, false, 0
	m.keyed, m.reversed = false, false
	if m.known && !m.lost {
		out = m.ringOff(out)
		m.id, m.fieldAt, m.lost = ID{}, time.Time{}, true
		out = append(out, Report{port.Lost{Why: why}})
	}
	return out
}

// close gives the device up for a while.
func (m *Machine) close(now time.Time, why string, out []Effect) []Effect {
	out = m.lose(why, out)
	m.phase, m.act = shut, idle
	m.cmdAt, m.checkAt, m.flowAt, m.ringAt, m.fieldAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}, time.Time{}
	m.openAt = now.Add(m.retry)
	m.retry = min(2*m.retry, LastRetry)
	m.fails = max(m.fails, 2) // a device just opened gets one chance
	out = append(out, Shut{}, Refused{why})
	if m.quit {
		m.done = true
		out = append(out, Done{})
	}
	return out
}
