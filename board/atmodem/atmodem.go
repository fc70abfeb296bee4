// Package atmodem is the driver of a voice modem on a serial line, most often a
// USB stick at /dev/ttyACM0: one FXO port by the commands of ITU-T V.253.
//
// The language of modems and every decision is in package at, which is pure; here
// are the device, the clock and the sound. A port runs two goroutines: the reader
// opens the device, reads it and opens it again after a loss; the writer writes
// commands and sound, so that a modem that takes nothing stops nobody. Timers step
// the machine in between, and a device is closed by a short goroutine of its own. All
// of it ends with Close.
//
// What a modem cannot do is in Caps: it never tells battery nor polarity while on
// hook, it does not tell when a burst of ring voltage ends (RingOff follows RingOn
// after a second), and some talk and listen only in turn. Such a port listens
// until something louder than a whisper is written, and listens again when that
// has ended; keys of the far side are then reported as port.Digit.
package atmodem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/centralita/centralita/board/atmodem/at"
	"github.com/centralita/centralita/board/metronome"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// Config says where the modem is and how it is used.
type Config struct {
	Name   string // the port's name, e.g. "fxo1"
	Device string // e.g. /dev/serial/by-id/usb-…, which a replug does not change, or /dev/ttyACM0
	Baud   int    // 0: 460800 for ttyACM (where it means nothing) and by-id, 115200 otherwise
	Duplex at.Duplex
	Log    *slog.Logger // may be nil
	// Stay keeps the port of a modem that is not there or cannot be used yet: it is
	// lost from the start and found when the modem answers. Its Caps are then those
	// that every voice modem has, and full duplex when Duplex says so.
	Stay bool
	// Dial opens the device; nil opens Device by Serial. The value may also
	// implement Breaker.
	Dial func() (io.ReadWriteCloser, error)
	// Serial opens a serial line; nil is OpenSerial.
	Serial func(device string, baud int) (io.ReadWriteCloser, error)
}

// Breaker is a device that can be held in the break state.
type Breaker interface{ Break(time.Duration) error }

// Outcome is what became of a device at the start.
type Outcome uint8

// Outcomes.
const (
	Loaded  Outcome = iota
	Skipped         // there is no such device: absent is not broken
	Failed
)

// String returns the outcome in a word.
func (o Outcome) String() string { return [...]string{"loaded", "skipped", "failed"}[min(o, Failed)] }

// Report is what Open found, for people.
type Report struct {
	Name, Device string
	Outcome      Outcome
	Why          string   // of Skipped and Failed, with a hint
	Modem        at.Modem // of Loaded
}

// String returns it in one line: "fxo1 at /dev/ttyACM0: loaded: …".
func (r Report) String() string {
	switch r.Outcome {
	case Loaded:
		return fmt.Sprintf("%s at %s: loaded: %s", r.Name, r.Device, r.Modem)
	default:
		return fmt.Sprintf("%s at %s: %s because %s", r.Name, r.Device, r.Outcome, r.Why)
	}
}

// slowest is the speed that carries sound of 8 bits: ten bits on the line for each
// sample, and a tenth more for codes and shielding.
const slowest = pcm.Rate * 10 * 11 / 10

// breakTime is how long the line is held in the break state.
const breakTime = 250 * time.Millisecond

// maxEvents is how many events a port keeps for a reader that is late.
const maxEvents = 256

// Port is the port of one modem. It implements port.Port and is safe for
// concurrent use.
type Port struct {
	cfg    Config
	log    *slog.Logger
	info   port.Info
	events chan port.Event
	audio  audio
	open   chan struct{}  // the reader is to open the device
	gone   chan struct{}  // closed by Close: readers of sound end at once
	over   chan struct{}  // closed by Done: the goroutines end
	found  chan Report    // the first outcome
	all    sync.WaitGroup // all goroutines

	mu      sync.Mutex // guards what is below; not held while reading or writing
	m       *at.Machine
	dec     at.Decoder
	effects []at.Effect
	timer   *time.Timer
	device  io.ReadWriteCloser // nil while shut
	absent  bool               // the device is not there at all
	modem   at.Modem
	refused string // why it was last not usable
	closed  bool
	ended   bool
	late    bool // it was not ready at the start, and has not been since
	out     writer
}

// Open opens the modem and asks it what it can, which takes a second or two and,
// with a device that does not answer, about six. The port is nil unless the report
// says Loaded or it stays. ctx ends the waiting only.
func Open(ctx context.Context, cfg Config) (*Port, Report) {
	p := &Port{cfg: cfg, log: cfg.Log, events: make(chan port.Event, maxEvents), open: make(chan struct{}, 1),
		gone: make(chan struct{}), over: make(chan struct{}), found: make(chan Report, 1)}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.log = p.log.With("port", cfg.Name)
	if p.cfg.Baud == 0 {
		p.cfg.Baud = 115200
		if strings.Contains(cfg.Device, "ttyACM") || strings.Contains(cfg.Device, "/by-id/") {
			p.cfg.Baud = 460800
		}
	}
	if p.cfg.Baud < slowest {
		return nil, Report{Name: cfg.Name, Device: cfg.Device, Outcome: Failed,
			Why: fmt.Sprintf("%d baud carry no sound; set 115200 or more", p.cfg.Baud)}
	}
	if p.cfg.Serial == nil {
		p.cfg.Serial = OpenSerial
	}
	if p.cfg.Dial == nil {
		p.cfg.Dial = func() (io.ReadWriteCloser, error) { return p.cfg.Serial(p.cfg.Device, p.cfg.Baud) }
	}
	p.out.wake = make(chan struct{}, 1)
	p.audio = audio{p: p}
	p.audio.reader = metronome.New(&p.audio, p.gone, maxHeard)
	p.m = at.NewMachine(time.Now(), at.Options{Duplex: cfg.Duplex, Wide: p.cfg.Baud >= 2*slowest})
	p.all.Go(p.read)
	p.all.Go(p.write)
	p.mu.Lock()
	p.timer = time.AfterFunc(0, func() { p.step(at.TimedOut{}) })
	p.mu.Unlock()
	r := Report{Outcome: Failed, Why: "it has not answered yet"}
	select {
	case r = <-p.found:
	case <-ctx.Done():
	}
	r.Name, r.Device = cfg.Name, cfg.Device
	if r.Outcome != Loaded && !cfg.Stay {
		p.Close()
		return nil, r
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.info = port.Info{Name: cfg.Name, Kind: port.FXO, Caps: port.Caps{
		FullDuplex: r.Modem.Duplex, CallerID: r.Modem.CallerID, OwnClock: true, Progress: true,
	}}
	if r.Outcome != Loaded {
		p.info.Caps.FullDuplex, p.info.Caps.CallerID = cfg.Duplex == at.Full, true
		p.event(port.Lost{Why: r.Why})
		if p.late = p.m.Lost(); !p.late { // it came this moment
			p.event(port.Found{})
		}
	}
	return p, r
}

// Info implements port.Port.
func (p *Port) Info() port.Info { return p.info }

// Events implements port.Port.
func (p *Port) Events() <-chan port.Event { return p.events }

// Audio implements port.Port.
func (p *Port) Audio() port.Audio { return &p.audio }

// Command implements port.Port.
func (p *Port) Command(c port.Command) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return port.ErrClosed
	}
	if err := p.Info().Refuse(c); err != nil {
		return err
	}
	var ev at.Event
	switch c.(type) {
	case port.Seize:
		if p.m.Lost() {
			return fmt.Errorf("cannot %s: the modem of %s is lost; look at its plug", c, p.cfg.Name)
		}
		ev = at.Seize{}
	case port.Release:
		ev = at.Release{}
	case port.Flash:
		if !p.m.Wanted() {
			return fmt.Errorf("cannot %s: %s is on hook", c, p.cfg.Name)
		}
		ev = at.Flash{}
	}
	p.stepLocked(ev)
	return nil
}

// Close implements port.Port. It waits until the modem is on hook, at most a
// second and a half.
func (p *Port) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	close(p.events)
	close(p.gone)
	p.stepLocked(at.Quit{})
	p.mu.Unlock()
	p.all.Wait()
	return nil
}

// Modem is what the modem said of itself when it was last asked.
func (p *Port) Modem() at.Modem {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.modem
}

// Describe says in words what the modem does, for a technician.
func (p *Port) Describe() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.m.Describe()
}

// step steps the machine.
func (p *Port) step(ev at.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stepLocked(ev)
}

// stepLocked steps the machine, does what it says and sets its next deadline.
func (p *Port) stepLocked(ev at.Event) {
	if p.ended {
		return
	}
	p.effects = p.m.Step(time.Now(), ev, p.effects[:0])
	for _, e := range p.effects {
		p.do(e)
	}
	if p.m.Wanted() {
		p.audio.begin()
	} else {
		p.audio.rest()
	}
	if when, ok := p.m.Deadline(); ok && !p.ended {
		p.timer.Reset(max(time.Until(when), 0))
	} else {
		p.timer.Stop()
	}
}

// do carries one effect out.
func (p *Port) do(e at.Effect) {
	switch e := e.(type) {
	case at.Open:
		select {
		case p.open <- struct{}{}:
		default:
		}
	case at.Shut:
		p.shut()
	case at.Send:
		if e.Arm {
			p.dec.Arm()
		}
		p.out.command(e.Text)
	case at.Break:
		p.out.hold()
	case at.Stream:
		p.audio.stream(e.In, e.Out, p.modem.Format.Coding)
		p.out.nudge()
	case at.Text:
		p.dec.ToText()
	case at.Report:
		p.event(e.Event)
	case at.Ready:
		p.modem, p.refused = e.Modem, ""
		p.audio.half.Store(!e.Modem.Duplex)
		if p.late {
			p.late = false
			p.event(port.Found{})
		}
		p.log.Info("modem ready", "modem", e.Modem.String())
		p.tell(Report{Outcome: Loaded, Modem: e.Modem})
	case at.Refused:
		level := slog.LevelWarn
		if e.Why == p.refused { // it is tried again and again; once is enough for a person
			level = slog.LevelDebug
		}
		p.refused = e.Why
		p.log.Log(context.Background(), level, "modem not usable", "why", e.Why)
		r := Report{Outcome: Failed, Why: e.Why}
		if p.absent {
			r.Outcome = Skipped
		}
		p.tell(r)
	case at.Note:
		p.log.Info("modem", "note", e.Text)
	case at.Done:
		p.ended = true
		p.shut()
		close(p.over)
	}
}

// tell says how the start went, once.
func (p *Port) tell(r Report) {
	select {
	case p.found <- r:
	default:
	}
}

// event hands an event to the reader.
func (p *Port) event(e port.Event) {
	if p.closed {
		return
	}
	select {
	case p.events <- e:
	default:
		p.log.Error("an event is lost: nobody reads the port", "event", e.String())
	}
}

// shut closes the device; the reader then waits to open it again.
func (p *Port) shut() {
	if p.device == nil {
		return
	}
	p.out.clear()
	p.dec.ToText()
	d := p.device
	p.device = nil
	p.all.Go(func() { // it may take a second with a write under way
		if err := d.Close(); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			p.log.Info("the device does not close properly", "why", err)
		}
	})
}

// read is the reader: it opens the device when asked and reads it until it breaks.
func (p *Port) read() {
	buf := make([]byte, 4096)
	for {
		select {
		case <-p.over:
			return
		case <-p.open:
		}
		d, err := p.cfg.Dial()
		p.mu.Lock()
		p.absent = err != nil && errors.Is(err, fs.ErrNotExist)
		switch {
		case err != nil:
			p.stepLocked(at.Broken{Why: p.plain(err)})
		case p.ended:
			p.mu.Unlock()
			if err := d.Close(); err != nil {
				p.log.Warn("the device does not close properly", "why", err)
			}
			return
		default:
			p.device = d
			p.out.use(d)
			p.dec.ToText()
			p.stepLocked(at.Opened{})
		}
		p.mu.Unlock()
		if err == nil {
			p.listen(d, buf)
		}
	}
}

// listen reads d until it breaks or is shut.
func (p *Port) listen(d io.ReadWriteCloser, buf []byte) {
	var tokens []at.Token
	for {
		n, err := d.Read(buf)
		p.mu.Lock()
		if p.device != d { // it was shut: the error is our own doing
			p.mu.Unlock()
			return
		}
		tokens = p.dec.Feed(buf[:n], tokens[:0])
		p.take(tokens)
		if err != nil && p.device == d {
			p.stepLocked(at.Broken{Why: p.plain(err)})
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
	}
}

// take gives tokens to the ear and the machine.
func (p *Port) take(tokens []at.Token) {
	for _, t := range tokens {
		if t.Kind == at.Sound {
			if p.audio.hear(t.Data) {
				p.stepLocked(at.Flowed{})
			}
			continue
		}
		p.stepLocked(at.Got{Token: t})
	}
}
