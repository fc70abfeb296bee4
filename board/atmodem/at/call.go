package at

import (
	"strings"
	"time"

	"github.com/centralita/centralita/hal/port"
)

// next sends the command that brings the modem nearer to what is wanted. It is
// asked after every event and does nothing while a command is in flight.
func (m *Machine) next(now time.Time, out []Effect) []Effect {
	if m.quit && !m.hook && (m.phase != up || m.act == idle) {
		m.done = true
		return append(out, Done{})
	}
	if m.phase != up || m.act != idle {
		return out
	}
	m.cmdAt = time.Time{}
	if !m.hook {
		m.reopen = false
		if m.want {
			return m.send(now, seize, "AT+VLS=1", AnswerWait, out)
		}
		if m.checkAt.IsZero() {
			m.checkAt = now.Add(CheckEvery)
		}
		return out
	}
	down := !m.want || m.reopen
	if m.flow != still && (down || m.flashes > 0 || m.flow != m.way()) {
		m.rung = 0
		return m.leave(now, out)
	}
	switch {
	case down:
		return m.send(now, hang, "AT+VLS=0", AnswerWait, out)
	case m.flashes > 0 && m.plain:
		return m.send(now, flashOff, "AT+VLS=0", AnswerWait, out)
	case m.flashes > 0:
		return m.send(now, flash, "AT+VTS=!", AnswerWait, out)
	case m.flow == still:
		return m.send(now, stream, [...]string{duplex: "AT+VTR", listening: "AT+VRX", talking: "AT+VTX"}[m.way()], AnswerWait, out)
	}
	return out
}

// way is which way sound should flow.
func (m *Machine) way() flow {
	switch {
	case m.modem.Duplex && !m.simplex:
		return duplex
	case m.say:
		return talking
	}
	return listening
}

// leave ends the stream by the code of its kind, then by those other makers take.
func (m *Machine) leave(now time.Time, out []Effect) []Effect {
	code := [...][3]string{
		duplex:    {"\x10^", "\x10\x03", "\x10!"},
		listening: {"\x10!", "\x10\x1b", "\x10\x03"},
		talking:   {"\x10\x03", "\x10\x18\x10\x03", "\x10!"},
	}[m.flow][m.rung]
	wait := LeaveWait
	if m.flow == talking && m.rung == 0 {
		if m.want {
			wait = DrainWait
		} else {
			code = "\x10\x18\x10\x03" // what it has not played yet is for nobody
		}
	}
	m.act, m.sent, m.ending, m.cmdAt = leave, code, false, now.Add(wait)
	return append(m.halt(out), Send{Text: code})
}

// got takes what the modem said.
func (m *Machine) got(now time.Time, t Token, out []Effect) []Effect {
	if m.phase < waking {
		return out
	}
	switch t.Kind {
	case Line:
		return m.line(now, t.Text, out)
	case Code:
		return m.code(now, t.Byte, out)
	case End:
		switch {
		case m.act == leave:
			m.ending = true
		case m.flow == duplex || m.flow == listening:
			m.flow, m.act, m.cmdAt = still, ended, now.Add(LeaveWait)
			return append(m.halt(out), Note{"the modem ended the stream"})
		}
	}
	return out
}

func (m *Machine) line(now time.Time, text string, out []Effect) []Effect {
	if strings.TrimSpace(text) == m.sent {
		return out // the echo
	}
	r := Read(text)
	switch {
	case r.Kind == Ring:
		return m.ring(now, out)
	case r.Kind == Field:
		return m.field(now, r, out)
	case r.Kind == Info:
		if m.act != idle && len(m.info) < maxInfo {
			m.info = append(m.info, text)
		}
		return out
	case m.phase == waking:
		if r.Kind == OK {
			m.phase, m.act, m.cmdAt = settled, idle, now.Add(SettleWait)
		}
		return out
	case m.phase == probing && m.act == ask:
		return m.answered(now, r.Kind == OK, out)
	case m.phase != up:
		return out
	case m.act == idle:
		return m.unasked(now, r.Kind, out)
	}
	return m.result(now, r.Kind, out)
}

// unasked is a result code nobody waits for.
func (m *Machine) unasked(now time.Time, k Meaning, out []Effect) []Effect {
	switch {
	case !m.hook:
	case m.flow == talking && k == OK: // it stopped listening to us
		m.flow = still
		return m.next(now, append(m.halt(out), Note{"the modem ended the stream"}))
	case k == NoCarrier:
		return append(out, Report{port.Battery{On: false}}, Report{port.Battery{On: true}})
	case k == Busy:
		return append(out, Report{port.Heard{Sound: port.SoundBusy}})
	}
	return out
}

// result ends the command in flight.
func (m *Machine) result(now time.Time, k Meaning, out []Effect) []Effect {
	a, ok := m.act, k == OK
	m.act, m.cmdAt = idle, time.Time{}
	switch a {
	case check:
		if !ok {
			return m.fail(now, "it answers ERROR to AT", out)
		}
	case seize:
		if !ok {
			return m.fail(now, "it cannot close the loop: it refuses AT+VLS=1", out)
		}
		m.hook, m.hookAt, m.spoiled = true, now, false
		out = m.ringOff(out)
	case hang:
		if !ok {
			return m.send(now, hook, "ATH", AnswerWait, out)
		}
		out = m.opened(out)
	case hook:
		if !ok {
			return m.fail(now, "it cannot open the loop: it refuses AT+VLS=0 and ATH", out)
		}
		return m.revoice(now, m.opened(out))
	case flash, flashOff, flashOn:
		return m.flashed(now, a, ok, out)
	case stream:
		return m.streamed(now, k, out)
	case leave:
		m.flow, m.ending = still, false
		out = append(out, Text{})
	}
	return m.next(now, out)
}

// opened notes that the loop is open.
func (m *Machine) opened(out []Effect) []Effect {
	m.hook, m.reopen, m.reversed, m.keyed = false, false, false, false
	return out
}

// revoice asks for voice again: ATH left it (V.253 +FCLASS).
func (m *Machine) revoice(now time.Time, out []Effect) []Effect {
	m.phase, m.again = probing, false
	for m.at = range m.script {
		if m.script[m.at].cmd == voiceStep {
			break
		}
	}
	return m.question(now, out)
}

// flashed goes on with a flash, by command or by hand.
func (m *Machine) flashed(now time.Time, a act, ok bool, out []Effect) []Effect {
	switch {
	case a == flash && !ok:
		m.plain = true
		return m.next(now, append(out, Note{"it does not know AT+VTS=!: flashes are made by +VLS"}))
	case !ok:
		return m.fail(now, "it refuses "+m.sent+" in a flash", out)
	case a == flashOff:
		m.act, m.cmdAt = flashHold, now.Add(FlashOff)
		return out
	}
	m.flashes--
	return m.next(now, out)
}

// streamed is the answer to a command that begins a stream.
func (m *Machine) streamed(now time.Time, k Meaning, out []Effect) []Effect {
	switch {
	case k == Connect:
		m.flow, m.runs = m.way0(), true
		if m.flow != talking {
			m.flowAt = now.Add(FlowWait)
		}
		out = append(out, Stream{In: m.flow != talking, Out: m.flow != listening})
		return m.next(now, out)
	case m.sent == "AT+VTR":
		m.simplex = true
		return m.next(now, append(out, Text{}, Note{"it refuses AT+VTR although it offers it: one direction at a time"}))
	}
	return m.fail(now, "it refuses "+m.sent, out)
}

// way0 is the way of the command just answered.
func (m *Machine) way0() flow {
	switch m.sent {
	case "AT+VTR":
		return duplex
	case "AT+VTX":
		return talking
	}
	return listening
}

// ring is a burst of ring voltage. The same burst told twice counts once.
func (m *Machine) ring(now time.Time, out []Effect) []Effect {
	if m.phase != up || m.hook {
		return out
	}
	out = m.tellID(out)
	m.ringAt = now.Add(RingBurst)
	if m.ringing {
		return out
	}
	m.ringing = true
	return append(out, Report{port.RingOn{}})
}

func (m *Machine) ringOff(out []Effect) []Effect {
	m.ringAt = time.Time{}
	if !m.ringing {
		return out
	}
	m.ringing = false
	return append(out, Report{port.RingOff{}})
}

// field is a part of caller id.
func (m *Machine) field(now time.Time, r Reading, out []Effect) []Effect {
	if m.phase != up || m.hook {
		return out
	}
	m.id.Take(r)
	if m.id.Whole() {
		return m.tellID(out)
	}
	m.fieldAt = now.Add(FieldWait)
	return out
}

// tellID hands over what has come of caller id.
func (m *Machine) tellID(out []Effect) []Effect {
	m.fieldAt = time.Time{}
	id := m.id
	m.id = ID{}
	if !id.Any() {
		return out
	}
	return append(out, Report{port.CallerID{Number: id.Number, Name: id.Name, Absence: id.Absence, Date: id.Date}})
}

// code is an event behind a DLE (V.253 tables of events).
func (m *Machine) code(now time.Time, c byte, out []Effect) []Effect {
	if m.phase != up {
		return out
	}
	if c == 'R' {
		return m.ring(now, out)
	}
	if !m.hook {
		return out
	}
	if s, ok := sound(c); ok {
		return append(out, Report{port.Heard{Sound: s}})
	}
	switch {
	case c >= '0' && c <= '9', c == '*', c == '#', c >= 'A' && c <= 'D':
		if m.keyed && m.key == c {
			return out // the same press told again
		}
		m.key = c
		if m.flow == talking {
			return append(out, Report{port.Digit{Digit: c}})
		}
	case c == '/', c == '~':
		m.keyed, m.key = c == '/', 0
	case c == 'l':
		if now.Sub(m.hookAt) >= SeizeGuard {
			return append(out, Report{port.Battery{On: false}}, Report{port.Battery{On: true}})
		}
	case c == 'L':
		m.reversed = !m.reversed
		return append(out, Report{port.Polarity{Reversed: m.reversed}})
	case c == 'o' || c == 'u':
		if !m.spoiled {
			m.spoiled = true
			return append(out, Note{map[byte]string{'o': "sound from the line was lost in the modem", 'u': "the modem had nothing to say for a moment"}[c]})
		}
	case c == 'H' || c == 'P':
		return append(out, Note{"a telephone on the same line was picked up"})
	case c == 'h' || c == 'p':
		return append(out, Note{"a telephone on the same line was hung up"})
	}
	return out
}

// sound is the tone a code stands for.
func sound(c byte) (port.Sound, bool) {
	switch c {
	case 'b':
		return port.SoundBusy, true
	case 'd', 'i':
		return port.SoundDial, true
	case 'r':
		return port.SoundRingback, true
	case 'J':
		return port.SoundSpecial, true
	case 'c':
		return port.SoundFax, true
	case 'e':
		return port.SoundData, true
	case 'a', 'f':
		return port.SoundAnswer, true
	case 's':
		return port.SoundSilence, true
	}
	return 0, false
}
