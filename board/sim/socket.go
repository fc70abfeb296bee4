package sim

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/centralita/centralita/board/sim/wire"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// maxEvents is how many events a port keeps for a reader that is late.
const maxEvents = 256

// socket is one port of the board.
type socket struct {
	at     wire.Socket
	info   port.Info
	log    *slog.Logger
	events chan port.Event
	audio  audio
	bell   []int // cadence of an FXS

	mu       sync.Mutex
	bench    *peer // nil without a test bench
	closed   bool
	loop     bool // closed: the line is seized, the telephone is off hook
	noFeed   bool // FXO: the exchange took the battery away
	pulled   bool // FXO: the battery is away because the cord was pulled
	reversed bool // FXO
	voltage  bool // FXO: ring voltage now
	dropped  time.Time
	ring     *ringing // FXS: the bell is to ring
	turned   bool     // FXS: the wires are reversed
	lamp     bool     // FXS
	tuned    port.Tune
	rx, tx   pcm.Gain
	reading  *port.Reading // nil: no test bench has told one
}

func newSocket(at wire.Socket, bell []int, log *slog.Logger) *socket {
	s := &socket{at: at, bell: bell, log: log.With("port", at.String()), rx: pcm.Unity, tx: pcm.Unity, events: make(chan port.Event, maxEvents)}
	s.info = port.Info{Name: at.String(), Kind: port.FXO, Caps: port.Caps{
		FullDuplex: true, Battery: true, Polarity: true, OwnClock: true,
		OnHookAudio: true, Gain: true, Impedance: true,
	}}
	if at.IsFXS() {
		s.info.Kind = port.FXS
		s.info.Caps = port.Caps{FullDuplex: true, Polarity: true, RingSignal: true, Bursts: true, Disconnect: true,
			Neon: true, OwnClock: true, OnHookAudio: true, Gain: true, Impedance: true}
	}
	s.audio = audio{s: s, wake: make(chan struct{}, 1), closed: make(chan struct{})}
	return s
}

// Info implements port.Port.
func (s *socket) Info() port.Info { return s.info }

// Events implements port.Port.
func (s *socket) Events() <-chan port.Event { return s.events }

// Audio implements port.Port.
func (s *socket) Audio() port.Audio { return &s.audio }

// Close implements port.Port.
func (s *socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.stopBell()
	if s.loop && s.info.Kind == port.FXO {
		s.tell(wire.Message{Kind: wire.Release})
	}
	s.closed, s.loop = true, false
	close(s.events)
	close(s.audio.closed)
	return nil
}

// Command implements port.Port.
func (s *socket) Command(c port.Command) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return port.ErrClosed
	}
	if err := s.info.Refuse(c); err != nil {
		return err
	}
	switch c := c.(type) {
	case port.Seize:
		s.seize()
	case port.Release:
		if s.loop {
			s.loop = false
			s.audio.flush()
			s.tell(wire.Message{Kind: wire.Release})
		}
	case port.Flash:
		if !s.loop {
			return fmt.Errorf("cannot %s: %s is on hook", c, s.info.Name)
		}
		s.tell(wire.Message{Kind: wire.Flash})
	case port.Ring:
		if s.loop {
			return fmt.Errorf("cannot %s: the telephone at %s is off hook", c, s.info.Name)
		}
		s.startBell(c)
	case port.StopRing:
		s.stopBell()
	case port.Disconnect:
		if c.Millis < 1 || c.Millis > 5000 {
			return fmt.Errorf("cannot %s: 1 to 5000 ms are possible", c)
		}
		if s.loop {
			s.dropped = time.Now().Add(time.Duration(c.Millis) * time.Millisecond)
			s.tell(wire.Message{Kind: wire.Drop, Millis: c.Millis})
		}
	case port.Reverse:
		s.turned = c.On
		s.tell(wire.Message{Kind: wire.Reverse, On: c.On})
	case port.Neon:
		s.lamp = c.On
		s.tell(wire.Message{Kind: wire.Neon, On: c.On})
	case port.Tune:
		return s.tune(c)
	default:
		return fmt.Errorf("cannot %s: this board does not know it", c)
	}
	return nil
}

// seize closes the loop of a line; ring voltage ends with it.
func (s *socket) seize() {
	if s.loop {
		return
	}
	s.loop = true
	s.audio.flush()
	s.tell(wire.Message{Kind: wire.Seize})
	if s.voltage {
		s.voltage = false
		s.event(port.RingOff{})
	}
}

// tell sends to the test bench, if there is one.
func (s *socket) tell(m wire.Message) {
	if s.bench != nil {
		m.Socket = s.at
		s.bench.send(m)
	}
}

// event hands an event to the reader.
func (s *socket) event(e port.Event) {
	if s.closed {
		return
	}
	select {
	case s.events <- e:
	default:
		s.log.Error("an event is lost: nobody reads the port", "event", e.String())
	}
}

// plug connects the socket to a test bench.
func (s *socket) plug(p *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bench = p
	if s.turned {
		s.tell(wire.Message{Kind: wire.Reverse, On: true})
	}
	if s.lamp {
		s.tell(wire.Message{Kind: wire.Neon, On: true})
	}
	if s.tuned != (port.Tune{}) {
		s.tell(tuning(s.tuned))
	}
	switch {
	case s.loop && s.info.Kind == port.FXO:
		s.tell(wire.Message{Kind: wire.Seize})
	case s.ring != nil && s.ring.step%2 == 0:
		s.tell(wire.Message{Kind: wire.RingOn})
	}
}

// unplug is the pulled cord.
func (s *socket) unplug() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bench, s.reading = nil, nil
	s.audio.flush()
	if s.info.Kind == port.FXS {
		if s.loop {
			s.loop = false
			s.event(port.OnHook{})
		}
		return
	}
	if s.voltage {
		s.voltage = false
		s.event(port.RingOff{})
	}
	if s.reversed {
		s.reversed = false
		s.event(port.Polarity{Reversed: false})
	}
	if s.loop && !s.noFeed {
		s.noFeed = true
		s.event(port.Battery{On: false})
	}
	if s.noFeed {
		s.pulled = true
		time.AfterFunc(cordDrop, s.feed)
	}
}

// feed gives a line its battery back after the cord was pulled.
func (s *socket) feed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noFeed && s.pulled {
		s.noFeed, s.pulled = false, false
		s.event(port.Battery{On: true})
	}
}

// receive takes one message of the test bench.
func (s *socket) receive(m wire.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch m.Kind {
	case wire.Audio:
		if s.hears() {
			m.Frame.Scale(s.rx)
			s.audio.put(m.Frame)
		}
		return nil
	case wire.Meter:
		s.reading = &port.Reading{Volts: float32(m.DeciVolts) / 10, MilliAmps: float32(m.DeciMilliAmps) / 10}
		return nil
	}
	if s.info.Kind == port.FXO {
		return s.fromExchange(m)
	}
	return s.fromTelephone(m)
}

// hears reports whether audio of the wire reaches the port: of a line always but
// without battery, of a telephone while its loop is closed and not dropped.
func (s *socket) hears() bool {
	if s.info.Kind == port.FXO {
		return !s.noFeed
	}
	return s.loop && !time.Now().Before(s.dropped)
}

// speaks reports whether the port's audio reaches the wire: a line on hook takes
// nothing, a telephone on hook can be sent caller id.
func (s *socket) speaks() bool {
	if s.info.Kind == port.FXO {
		return s.loop && !s.noFeed
	}
	return !time.Now().Before(s.dropped)
}

func (s *socket) fromExchange(m wire.Message) error {
	switch m.Kind {
	case wire.RingOn:
		if !s.loop && !s.noFeed && !s.voltage {
			s.voltage = true
			s.event(port.RingOn{})
		}
	case wire.RingOff:
		if s.voltage {
			s.voltage = false
			s.event(port.RingOff{})
		}
	case wire.Battery:
		s.pulled = false
		if s.noFeed == m.On {
			s.noFeed = !m.On
			s.audio.flush()
			s.event(port.Battery{On: m.On})
		}
	case wire.Polarity:
		if s.reversed != m.On {
			s.reversed = m.On
			s.event(port.Polarity{Reversed: m.On})
		}
	default:
		return fmt.Errorf("cannot take %s from the test bench: %s is a line", m.Kind, s.at)
	}
	return nil
}

func (s *socket) fromTelephone(m wire.Message) error {
	switch m.Kind {
	case wire.OffHook:
		if !s.loop {
			s.stopBell() // the loop current trips the ringing
			s.loop = true
			s.audio.flush()
			s.event(port.OffHook{})
		}
	case wire.OnHook:
		if s.loop {
			s.loop = false
			s.audio.flush()
			s.event(port.OnHook{})
		}
	case wire.HookFlash:
		if s.loop {
			s.event(port.HookFlash{})
		}
	case wire.Pulses:
		if s.loop {
			s.event(port.PulseDigit{Digit: m.Digit})
		}
	default:
		return fmt.Errorf("cannot take %s from the test bench: %s is a telephone", m.Kind, s.at)
	}
	return nil
}
