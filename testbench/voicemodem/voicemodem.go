// Package voicemodem is a voice modem to try drivers on, with a line of an exchange
// behind it: it answers AT commands as makers' modems do, each Personality in its
// own way, plays and records by V.253 over any stream, and can be made to fail in
// the ways real ones do.
//
// It is written from the Recommendations and makers' manuals, apart from the driver:
// only the codings of samples are shared. One goroutine per connection reads; a
// ticker of 20 ms is the modem's own crystal while sound flows.
package voicemodem

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"sync"
	"time"

	"github.com/centralita/centralita/board/atmodem/at"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// Personality is how a modem answers.
type Personality struct {
	Info, Maker, Model, Revision string // "" answers ERROR
	Classes                      string // to +FCLASS=?
	Formats                      []string
	Codings                      map[int]at.Coding // by number of +VSM
	Duplex                       bool              // knows +VTR
	HidesVTR                     bool              // knows +VTR and answers ERROR to +VTR=?
	VCon                         bool              // says VCON where the Recommendation has OK
	NoVTS                        bool              // does not know +VTS=!
	NoVLS0                       bool              // goes on hook by ATH only, which leaves voice
	Mute                         bool              // forgets the result code behind a stream
	KeepsHook                    bool              // stays off hook when the device is closed
	Marks                        bool              // keys between <DLE>/ and <DLE>~
	Slow                         time.Duration     // before it obeys a command, or a code that ends a stream
}

// Full is a modem of today: both directions at once, 16 bits.
func Full() Personality {
	return Personality{
		Info: "56000", Maker: "EXAMPLE", Model: "V.92 Voice USB", Revision: "1.2.23",
		Classes: "0,1,1.0,2,8",
		Formats: []string{`0,"SIGNED PCM",8,0,8000,0,0`, `1,"UNSIGNED PCM",8,0,8000,0,0`, `129,"IMA ADPCM",4,0,8000,0,0`,
			`131,"ULAW",8,0,8000,0,0`, `132,"ALAW",8,0,8000,0,0`, `140,"2 Bit ADPCM",2,0,8000,0,0`, `16,"SIGNED PCM",16,0,(7200,8000,11025),0,0`},
		Codings: map[int]at.Coding{0: at.Signed8, 1: at.Unsigned8, 131: at.ULaw, 132: at.ALaw, 16: at.Linear16},
		Duplex:  true, Marks: true,
	}
}

// Half is a modem of the older set: one direction at a time, VCON for OK.
func Half() Personality {
	return Personality{
		Info: "Voice Modem 33.6", Classes: "0,1,2,8",
		Formats: []string{`128,"8-BIT LINEAR",(7200,8000,11025)`, `129,"16-BIT LINEAR",(7200,8000,11025)`, `130,"8-BIT ALAW",(8000)`},
		Codings: map[int]at.Coding{128: at.Unsigned8, 129: at.Linear16, 130: at.ALaw},
		VCon:    true, NoVTS: true,
	}
}

// Line is what is behind the modem's socket. Its methods are called one at a time.
type Line interface {
	Hook(closed bool)
	Flash()
	// Hear takes 20 ms that the modem says.
	Hear(f *pcm.Frame)
	// Say fills the next 20 ms of what the modem hears.
	Say(f *pcm.Frame)
}

const frameTime = pcm.FrameTime * time.Millisecond

// mode is what the serial line carries.
type mode uint8

const (
	commands mode = iota
	duplex
	recording // the modem sends what it hears
	playing   // the modem says what it gets
)

// Modem is one modem. It is safe for concurrent use.
type Modem struct {
	p    Personality
	line Line

	mu     sync.Mutex
	plug   io.ReadWriteCloser // the modem's end of the serial line, nil unplugged or not opened
	absent bool
	deaf   bool // it reads and answers nothing
	numb   bool // it sends no sound
	echo   bool
	voice  bool // +FCLASS=8
	off    bool // off hook
	mode   mode
	coding at.Coding
	cmd    []byte
	shield bool
	said   []byte    // sound of a frame not yet whole
	played time.Time // until when the sound got so far lasts
	early  int       // frames that had to wait when the buffer was empty: underruns
	tick   *time.Timer
	due    time.Time
	sent   []string // commands as they came, of late

	day, hour string // of caller id
}

// New returns a modem with a line, plugged in and not opened.
func New(p Personality, line Line) *Modem { return &Modem{p: p, line: line} }

// Dial opens the modem as a driver opens the device.
func (m *Modem) Dial() (io.ReadWriteCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.absent {
		return nil, fmt.Errorf("cannot open the voice modem: %w", fs.ErrNotExist)
	}
	if m.plug != nil {
		return nil, errors.New("cannot open the voice modem: it is open already")
	}
	here, there := net.Pipe()
	m.begin(here)
	go m.serve(here)
	return there, nil
}

// Serve speaks over rw, for instance a pty, until it ends. It closes rw.
func (m *Modem) Serve(rw io.ReadWriteCloser) {
	m.mu.Lock()
	m.begin(rw)
	m.mu.Unlock()
	m.serve(rw)
}

// begin is the modem with its supply switched on.
func (m *Modem) begin(rw io.ReadWriteCloser) {
	m.plug = rw
	m.echo, m.voice, m.mode, m.coding = true, false, commands, at.Unsigned8
	m.cmd, m.shield, m.said = nil, false, nil
}

// serve reads the commands and the sound of one connection.
func (m *Modem) serve(rw io.ReadWriteCloser) {
	buf := make([]byte, 4096)
	for {
		n, err := rw.Read(buf)
		m.mu.Lock()
		if m.plug != rw {
			m.mu.Unlock()
			return
		}
		for _, c := range buf[:n] {
			m.take(c)
		}
		if err != nil {
			if !m.p.KeepsHook {
				m.hangUp() // DTR fell
			}
			m.stop()
			m.plug = nil
			rw.Close()
			m.mu.Unlock()
			return
		}
		room := m.played.Add(-buffer) // when the buffer has room again
		m.mu.Unlock()
		time.Sleep(time.Until(room))
	}
}

// Unplug pulls the modem out; Plug puts it back, as good as new.
func (m *Modem) Unplug() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.absent = true
	m.stop()
	m.hangUp()
	if m.plug != nil {
		m.plug.Close()
		m.plug = nil
	}
}

// Plug puts an unplugged modem back.
func (m *Modem) Plug() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.absent, m.deaf, m.numb = false, false, false
}

// Deaf makes the modem answer nothing, or answer again.
func (m *Modem) Deaf(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deaf = on
}

// Numb stops the sound of a stream without a word, or lets it flow again.
func (m *Modem) Numb(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.numb = on
}

// Become changes the personality, as another modem in the same socket does.
func (m *Modem) Become(p Personality) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.p = p
}

// Send sends bytes as they are: garbage, or what a maker invented.
func (m *Modem) Send(b string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.write([]byte(b))
}

// Ring is a burst of ring voltage, told by RING.
func (m *Modem) Ring() { m.Send("\r\nRING\r\n") }

// Today is the exchange's date and time, MMDD and HHMM, which come with the next
// caller ids; none at first.
func (m *Modem) Today(day, hour string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.day, m.hour = day, hour
}

// CallerID tells who calls (V.253 +VCID=1); absence is "P" or "O".
func (m *Modem) CallerID(number, name, absence string) {
	if absence != "" {
		number, name = absence, absence
	}
	m.mu.Lock()
	date := ""
	if m.day != "" {
		date = "\r\nDATE = " + m.day + "\r\nTIME = " + m.hour + "\r\n"
	}
	m.mu.Unlock()
	m.Send(date + "\r\nNMBR = " + number + "\r\nNAME = " + name + "\r\n")
}

// Code tells an event behind a DLE; keys are marked if the modem does.
func (m *Modem) Code(c byte) {
	key := c >= '0' && c <= '9' || c == '*' || c == '#' || c >= 'A' && c <= 'D'
	if m.p.Marks && key {
		m.Send("\x10/\x10" + string(c) + "\x10" + string(c) + "\x10~")
		return
	}
	m.Send("\x10" + string(c))
}

// EndStream ends the stream from the modem's side.
func (m *Modem) EndStream() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.finish()
}

// OffHook reports whether the modem has closed the loop.
func (m *Modem) OffHook() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.off
}

// Underruns is how often the modem had nothing to say while it was to.
func (m *Modem) Underruns() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.early
}

// Waits is how much sound waits in the modem to be said.
func (m *Modem) Waits() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return max(time.Until(m.played), 0)
}

// Commands returns the last commands that came, at most 100.
func (m *Modem) Commands() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.sent...)
}

// write sends bytes to the driver; a driver that went away is no error here.
func (m *Modem) write(b []byte) {
	if m.plug != nil {
		_, _ = m.plug.Write(b) // serve sees the same end
	}
}

// later does f once the modem has come to it.
func (m *Modem) later(f func()) {
	if m.p.Slow == 0 {
		f()
		return
	}
	plug := m.plug
	time.AfterFunc(m.p.Slow, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.plug == plug {
			f()
		}
	})
}

// hangUp opens the loop.
func (m *Modem) hangUp() {
	if m.off {
		m.off = false
		m.line.Hook(false)
	}
}

// Wire is a line for the conformance suite of ports: it does what it is told and
// keeps what it gets. Its zero value is ready.
type Wire struct {
	mu        sync.Mutex
	commanded []port.Command
	in, out   []pcm.Frame
	closed    bool
}

// Hook implements Line.
func (w *Wire) Hook(closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed, w.in = closed, nil
	if closed {
		w.commanded = append(w.commanded, port.Seize{})
	} else {
		w.commanded = append(w.commanded, port.Release{})
	}
}

// Flash implements Line.
func (w *Wire) Flash() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.commanded = append(w.commanded, port.Flash{})
}

// Hear implements Line.
func (w *Wire) Hear(f *pcm.Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out = append(w.out, *f)
}

// Say implements Line.
func (w *Wire) Say(f *pcm.Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.in) == 0 {
		f.Silence()
		return
	}
	*f = w.in[0]
	w.in = w.in[1:]
}

// Commanded returns what arrived since the last call.
func (w *Wire) Commanded() []port.Command {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.commanded
	w.commanded = nil
	return c
}

// Put is 20 ms for the modem to hear; on hook it is lost.
func (w *Wire) Put(f *pcm.Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		w.in = append(w.in, *f)
	}
}

// Heard returns what the modem said since the last call.
func (w *Wire) Heard() []pcm.Frame {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.out
	w.out = nil
	return out
}
