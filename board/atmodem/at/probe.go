package at

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/centralita/centralita/hal/port"
)

// SettleWait is how long late answers are let pass before the first question.
const SettleWait = 150 * time.Millisecond

// maxInfo is how many lines of an answer are kept.
const maxInfo = 40

// step is one question of the script.
type step struct {
	cmd  string
	alt  string // asked instead when cmd is refused
	must bool   // without OK the modem cannot be used
	// then reads the answer; a text refuses the modem.
	then func(m *Machine, ok bool) string
}

// questions are what a modem is asked before it is used. The order matters: a
// reset, a known way of answering, who it is, what it can, how it shall be.
func questions() []step {
	return []step{
		{cmd: "ATZ", must: true},
		{cmd: "ATE0Q0V1", must: true},
		{cmd: "AT&D2"},      // on hook when we let go of the device
		{cmd: "ATM0"},       // its loudspeaker is silent
		{cmd: "AT+IFC=0,0"}, // no byte of the sound means a pause
		{cmd: "ATI", then: func(m *Machine, ok bool) string { m.modem.Model = first(m.info, ""); return "" }},
		{cmd: "AT+GMI", then: func(m *Machine, ok bool) string { m.modem.Maker = first(m.info, ""); return "" }},
		{cmd: "AT+GMM", then: func(m *Machine, ok bool) string { m.modem.Model = first(m.info, m.modem.Model); return "" }},
		{cmd: "AT+GMR", then: func(m *Machine, ok bool) string { m.modem.Revision = first(m.info, ""); return "" }},
		{cmd: "AT+FCLASS=?", alt: "AT#CLS=?", then: classes},
		{cmd: "AT+FCLASS=8", must: true},
		{cmd: "AT+VSM=?", must: true, then: formats},
		{cmd: "", must: true}, // formats fills it
		{cmd: "AT+VSD=128,0"}, // silence does not end a stream
		{cmd: "AT+VIT=0"},     // nor do we, by not writing
		{cmd: "AT+VCID=1", then: func(m *Machine, ok bool) string { m.modem.CallerID = ok; return "" }},
		{cmd: "AT+VTR=?", then: ways},
		{cmd: "AT+VLS=0"}, // refused where ATH is the only way on hook
	}
}

// voiceStep is where the script begins for a modem that fell out of voice.
const voiceStep = "AT+FCLASS=8"

// first returns the first line of an answer without its prefix, or or.
func first(info []string, or string) string {
	for _, l := range info {
		if strings.HasPrefix(l, "+") {
			if _, v, ok := strings.Cut(l, ":"); ok {
				l = v
			}
		}
		if l = strings.Trim(l, `" `); l != "" {
			return l
		}
	}
	return or
}

// classes refuses a modem without voice.
func classes(m *Machine, ok bool) string {
	answer := strings.Join(m.info, " ")
	switch {
	case strings.HasPrefix(m.sent, "AT#CLS") && ok:
		return "it speaks only the voice commands before V.253 (AT#CLS=8); use a modem with AT+FCLASS=8"
	case !ok:
		return "it is no voice modem: it does not know AT+FCLASS=?"
	case !slices.ContainsFunc(strings.FieldsFunc(answer, func(r rune) bool { return r < '0' || r > '9' && r != '.' }),
		func(s string) bool { return s == "8" }):
		return "it is no voice modem: of AT+FCLASS=8 it knows only " + answer
	}
	return ""
}

// formats chooses how sound is written and puts the choice into the script.
func formats(m *Machine, _ bool) string {
	f, err := Choose(m.info, m.opt.Wide)
	if err != nil {
		return err.Error()
	}
	m.modem.Format = f
	m.script[m.at+1].cmd = fmt.Sprintf("AT+VSM=%d,8000", f.ID)
	m.script[m.at+1].alt = fmt.Sprintf("AT+VSM=%d,8000,0,0", f.ID)
	return ""
}

// ways settles whether both directions flow at once.
func ways(m *Machine, ok bool) string {
	m.modem.Duplex = m.opt.Duplex == Full || m.opt.Duplex == Auto && ok
	return ""
}

// question asks the next one, or is ready behind the last.
func (m *Machine) question(now time.Time, out []Effect) []Effect {
	if m.at == 0 {
		m.script = questions()
	}
	if m.at == len(m.script) {
		return m.ready(now, out)
	}
	return m.send(now, ask, m.script[m.at].cmd, AnswerWait, out)
}

// answered judges the answer to the question asked.
func (m *Machine) answered(now time.Time, ok bool, out []Effect) []Effect {
	s := &m.script[m.at]
	if !ok && s.alt != "" && m.sent != s.alt {
		return m.send(now, ask, s.alt, AnswerWait, out)
	}
	why := ""
	if s.must && !ok {
		why = "it refuses " + m.sent
	} else if s.then != nil {
		why = s.then(m, ok)
	}
	if why != "" {
		m.retry = LastRetry
		return m.close(now, why, out)
	}
	m.at, m.again = m.at+1, false
	return m.question(now, out)
}

// ready begins the life on the line.
func (m *Machine) ready(now time.Time, out []Effect) []Effect {
	if d := m.modem.Duplex; m.known && d != m.first.Duplex {
		m.retry = LastRetry
		return m.close(now, "another modem is in its place, with other abilities: "+m.modem.String()+"; start the program again to use it", out)
	}
	m.phase, m.act, m.fails, m.retry = up, idle, 0, FirstRetry
	m.plain, m.simplex, m.hook, m.flow = false, false, false, still
	if !m.known {
		m.known, m.first = true, m.modem
		out = append(out, Ready{m.modem})
	} else if m.lost {
		m.lost = false
		out = append(out, Ready{m.modem}, Report{port.Found{}})
	}
	return m.next(now, out)
}
