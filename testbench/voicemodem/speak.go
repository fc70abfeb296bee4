package voicemodem

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
)

// Control characters of V.253 clause 9.
const (
	dle = 0x10
	etx = 0x03
	can = 0x18
	esc = 0x1B
)

// buffer is how much sound the modem holds before it takes no more bytes.
const buffer = 2 * time.Second

// take reads one byte of the driver.
func (m *Modem) take(c byte) {
	if m.mode == commands {
		m.command(c)
		return
	}
	if m.shield {
		m.shield = false
		m.action(c)
		return
	}
	if c == dle {
		m.shield = true
		return
	}
	m.sound(c)
}

// sound takes one byte to say.
func (m *Modem) sound(c byte) {
	if m.mode == recording || m.deaf {
		return // V.253: what is sent while it records means nothing
	}
	m.said = append(m.said, c)
	if len(m.said) < pcm.FrameLen*m.coding.Bytes() {
		return
	}
	var f pcm.Frame
	m.coding.Decode(&f, m.said)
	m.said = m.said[:0]
	now := time.Now()
	switch {
	case m.played.IsZero():
		m.played = now
	case now.After(m.played):
		m.early++
		m.played = now
	}
	m.played = m.played.Add(frameTime)
	m.line.Hear(&f)
}

// action is a code behind a DLE from the driver (V.253 table of simple actions).
func (m *Modem) action(c byte) {
	if m.deaf {
		return
	}
	switch {
	case c == dle:
		m.sound(dle)
	case c == can:
		m.played, m.said = time.Time{}, m.said[:0]
	case c == etx && m.mode == playing:
		m.mode = commands
		left := time.Until(m.played)
		if m.played.IsZero() || left <= 0 {
			m.result("OK", true)
			return
		}
		time.AfterFunc(left, func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.result("OK", true)
		})
	case c == '!' && m.mode == recording, c == '^' && m.mode == duplex, c == esc && m.mode == recording && m.p.VCon:
		m.later(m.finish)
	}
}

// finish ends a stream to the driver.
func (m *Modem) finish() {
	if m.mode == commands {
		return
	}
	tell := m.mode != playing
	m.stop()
	m.mode = commands
	if tell {
		m.write([]byte{dle, etx})
	}
	if !m.p.Mute {
		m.result("OK", true)
	}
}

// command takes one byte of a command line.
func (m *Modem) command(c byte) {
	switch {
	case c == '\r':
		l := string(m.cmd)
		m.cmd = m.cmd[:0]
		if m.deaf {
			return
		}
		if m.echo {
			m.write([]byte(l + "\r"))
		}
		if len(l) >= 2 && strings.EqualFold(l[:2], "AT") {
			m.sent = append(m.sent, l)
			m.sent = m.sent[max(0, len(m.sent)-100):]
			m.later(func() { m.execute(strings.ToUpper(l[2:])) })
		}
	case c < ' ' || c > '~':
	case len(m.cmd) < 80:
		m.cmd = append(m.cmd, c)
	}
}

// result sends a result code; voice says that older modems say VCON there.
func (m *Modem) result(r string, voice bool) {
	if voice && m.p.VCon && r == "OK" {
		r = "VCON"
	}
	m.write([]byte("\r\n" + r + "\r\n"))
}

// say answers with information and OK, or ERROR when there is none.
func (m *Modem) say(text ...string) {
	if len(text) == 0 || text[0] == "" {
		m.result("ERROR", false)
		return
	}
	m.write([]byte("\r\n" + strings.Join(text, "\r\n") + "\r\n"))
	m.result("OK", false)
}

// execute runs one command, what stands behind AT.
func (m *Modem) execute(c string) {
	switch c {
	case "", "M0", "&D2", "+IFC=0,0":
		m.result("OK", false)
	case "Z":
		m.stop()
		m.hangUp()
		m.echo, m.voice = true, false
		m.result("OK", false)
	case "E0Q0V1":
		m.echo = false
		m.result("OK", false)
	case "H":
		m.hangUp()
		m.voice = false
		m.result("OK", false)
	case "I":
		m.say(m.p.Info)
	case "+GMI":
		m.say(m.p.Maker)
	case "+GMM":
		m.say(m.p.Model)
	case "+GMR":
		m.say(m.p.Revision)
	case "+FCLASS=?":
		m.say(m.p.Classes)
	case "+FCLASS=8":
		m.voice = strings.Contains(m.p.Classes, "8")
		m.ok(m.voice)
	default:
		if !m.voice {
			m.result("ERROR", false)
			return
		}
		m.speak(c)
	}
}

func (m *Modem) ok(yes bool) {
	if yes {
		m.result("OK", false)
		return
	}
	m.result("ERROR", false)
}

// speak runs a command of voice.
func (m *Modem) speak(c string) {
	switch c {
	case "+VSM=?":
		m.say(m.p.Formats...)
	case "+VSD=128,0", "+VIT=0", "+VCID=1":
		m.result("OK", false)
	case "+VTR=?":
		m.ok(m.p.Duplex && !m.p.HidesVTR)
	case "+VLS=1":
		if !m.off {
			m.off = true
			m.line.Hook(true)
		}
		m.result("OK", true)
	case "+VLS=0":
		if m.p.NoVLS0 && m.off {
			m.result("ERROR", false)
			return
		}
		m.hangUp()
		m.result("OK", false)
	case "+VTS=!":
		if m.p.NoVTS || !m.off {
			m.result("ERROR", false)
			return
		}
		m.line.Flash()
		m.result("OK", true)
	case "+VTR", "+VRX", "+VTX":
		m.begins(c)
	default:
		if v, ok := strings.CutPrefix(c, "+VSM="); ok {
			m.format(v)
			return
		}
		m.result("ERROR", false)
	}
}

// format takes a choice of +VSM: number,rate.
func (m *Modem) format(v string) {
	id, rate, _ := strings.Cut(v, ",")
	n, err := strconv.Atoi(id)
	coding, known := m.p.Codings[n]
	if err != nil || !known || rate != "8000" {
		m.result("ERROR", false)
		return
	}
	m.coding = coding
	m.result("OK", false)
}

// begins starts a stream.
func (m *Modem) begins(c string) {
	to := map[string]mode{"+VTR": duplex, "+VRX": recording, "+VTX": playing}[c]
	if !m.off || to == duplex && !m.p.Duplex {
		m.result("ERROR", false)
		return
	}
	m.mode, m.said, m.shield, m.played = to, m.said[:0], false, time.Time{}
	m.result("CONNECT", false)
	if to != playing {
		m.due = time.Now().Add(frameTime)
		m.tick = time.AfterFunc(frameTime, m.beat)
	}
}

// stop ends the crystal.
func (m *Modem) stop() {
	if m.tick != nil {
		m.tick.Stop()
		m.tick = nil
	}
}

// beat sends 20 ms of what the line says.
func (m *Modem) beat() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tick == nil || m.plug == nil {
		return
	}
	var f pcm.Frame
	m.line.Say(&f)
	if !m.numb {
		var out []byte
		for _, b := range m.coding.Encode(nil, &f) {
			if b == dle {
				out = append(out, dle)
			}
			out = append(out, b)
		}
		m.write(out)
	}
	if m.tick == nil { // it stopped while the driver read
		return
	}
	m.due = m.due.Add(frameTime)
	m.tick.Reset(max(time.Until(m.due), 0))
}

// String tells the modem's state for a failing test.
func (m *Modem) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return fmt.Sprintf("off hook %t, mode %d, voice %t, last commands %q", m.off, m.mode, m.voice, m.sent[max(0, len(m.sent)-5):])
}
