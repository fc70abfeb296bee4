package dahdi

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/board/metronome"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// How long what the module is too busy for now is tried again, once a frame.
const patience = 2 * time.Second

// maxEvents is how many events a port keeps for a reader that is late.
const maxEvents = 256

// usual is the module's own cadence of ringing.
var usual = abi.Cadence{2000, 4000}

// Port is a channel. It implements port.Port and is safe for concurrent use.
type Port struct {
	cfg    Config
	n      int
	log    *slog.Logger
	info   port.Info
	found  finding
	events chan port.Event
	audio  audio
	gone   chan struct{}  // closed by Close
	over   sync.WaitGroup // the reader
	inUse  sync.WaitGroup // requests that are slow: the channel stays open for them
	rounds atomic.Uint64  // of the reader
	left   Channel        // of the reader: lost, and not closed yet; nil: none

	mu     sync.Mutex // guards what is below
	ch     Channel    // nil while lost; only the reader changes it
	closed bool
	lost   string // why the channel is not open, as it was last told

	loop     bool // FXO: seized; FXS: the telephone is off hook
	bell     bool // FXS: it rings until it is stopped
	burst    bool // ring voltage is on the wire
	battery  bool // FXO
	reversed bool // FXO
	calm     int  // FXO: frames of a burst without ring voltage
	still    int  // turns of the reader without sound
	later    later
	dialling time.Time // the module dials until then at the latest

	params  [136]byte // of the reader: what GetParams gives
	event   [4]byte
	sound   [2 * pcm.FrameLen]byte
	out     [2 * pcm.FrameLen]byte
	held    bool      // out still has to go
	aloud   time.Time // FXS: until then it may be spoken on hook
	deafOHT bool      // the card does not know of speaking on hook
}

// later is a request for which the wire was busy.
type later struct {
	what  port.Command // nil: none
	hook  int
	until time.Time
}

func newPort(cfg Config, n int, name string, ch Channel, f finding) *Port {
	p := &Port{cfg: cfg, n: n, log: cfg.Log.With("port", name), info: port.Info{Name: name, Kind: f.kind, Caps: f.caps}, found: f,
		events: make(chan port.Event, maxEvents), gone: make(chan struct{}), ch: ch, battery: true}
	p.audio = audio{gone: p.gone, send: p.send}
	p.audio.reader = metronome.New(&p.audio, p.gone, most)
	if f.alarm != "" {
		p.lose("it has a " + f.alarm)
		p.leave()
	} else {
		p.begin()
	}
	p.over.Go(p.run)
	return p
}

// dressed is the port with the interfaces that its card can fulfil.
func (p *Port) dressed() port.Port {
	switch {
	case p.info.Caps.Impedance:
		return tuned{metered{p}}
	case p.found.si:
		return metered{p}
	}
	return p
}

// Breaths implements port.Breather.
func (p *Port) Breaths() uint64 { return p.rounds.Load() }

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
	if err := p.info.Refuse(c); err != nil {
		return err
	}
	if p.ch == nil {
		switch c.(type) {
		case port.Release, port.StopRing: // it is so already
			return nil
		}
		return fmt.Errorf("cannot %s: %s is lost: %s", c, p.info.Name, p.lost)
	}
	if err := p.do(c); err != nil {
		return fmt.Errorf("cannot %s: %s: %w", c, p.info.Name, err)
	}
	return nil
}

// do carries a command out.
func (p *Port) do(c port.Command) error {
	switch c := c.(type) {
	case port.Seize:
		p.later = later{}
		if err := p.hook(abi.OffHook); err != nil {
			return err // still on hook: a bell is told of
		}
		p.loop = true
		return nil
	case port.Release:
		p.later = later{}
		p.loop = false
		return p.hook(abi.OnHook)
	case port.Flash:
		if !p.loop {
			return errors.New("the line is on hook")
		}
		return p.soon(c, abi.Flash)
	case port.Ring:
		return p.ring(c)
	case port.StopRing:
		return p.stopRing()
	case port.Disconnect:
		return p.disconnect(c)
	case port.Reverse:
		return p.set(abi.SetPolarity, c.On)
	case port.Neon:
		return p.set(abi.Lamp, c.On)
	case port.EchoCancel:
		if !c.On {
			return p.ch.Ioctl(abi.EchoCancel, abi.Int(0))
		}
		return p.ch.Ioctl(abi.EchoCancel, abi.Int(taps(p.cfg)))
	case port.Tune:
		return p.tune(c)
	}
	return errors.New("the driver does not know this command")
}

// hook asks for a change of the hook. One that goes on by itself is done.
func (p *Port) hook(what int) error {
	if err := p.ch.Ioctl(abi.Hook, abi.Int(what)); err != nil && !under(err) {
		return err
	}
	return nil
}

// soon asks for a change of the hook now or, while the wire is busy, in a moment.
func (p *Port) soon(c port.Command, what int) error {
	err := p.hook(what)
	if busyNow(err) {
		p.later = later{c, what, time.Now().Add(patience)}
		return nil
	}
	p.later = later{}
	if err == nil && what == abi.Ring {
		p.rings(true)
	}
	return err
}

// retry asks again for what waits.
func (p *Port) retry(now time.Time) {
	if p.later.what == nil {
		return
	}
	l := p.later
	if err := p.soon(l.what, l.hook); err != nil {
		p.log.Warn("the card refuses", "command", l.what.String(), "why", err)
	}
	switch {
	case p.later.what == nil:
	case now.Before(l.until):
		p.later.until = l.until
	default:
		p.later = later{}
		p.log.Warn("the wire stayed busy", "command", l.what.String(), "for", patience)
	}
}

// ring rings, in the cadence that is asked for.
func (p *Port) ring(c port.Ring) error {
	if p.loop {
		return errors.New("the telephone is off hook")
	}
	if p.bell { // it may be another cadence
		if err := p.stopRing(); err != nil {
			return err
		}
	}
	if err := p.ch.Ioctl(abi.SetCadence, abi.Encode(cadence(c.Cadence))); err != nil {
		return err
	}
	p.bell = true
	if err := p.soon(c, abi.Ring); err != nil {
		p.bell = false
		return err
	}
	return nil
}

// cadence is c as the module takes it: pairs of on and off. One burst without a
// silence after it is given the usual one.
func cadence(c port.Cadence) abi.Cadence {
	var out abi.Cadence
	n := 0
	for n < len(c) && c[n] != 0 {
		out[n] = int32(c[n])
		n++
	}
	if n == 0 {
		return usual
	}
	if n%2 != 0 {
		out[n] = usual[1]
	}
	return out
}

// stopRing ends the bell. With the telephone off hook there is none, and the request
// would take the battery off it.
func (p *Port) stopRing() error {
	p.later, p.bell = later{}, false
	if p.loop {
		return nil
	}
	err := p.hook(abi.RingOff)
	p.rings(false)
	return err
}

// disconnect drops the battery; then the telephone, still off hook, has it again.
func (p *Port) disconnect(c port.Disconnect) error {
	if !p.loop {
		return nil // nobody to tell
	}
	if err := p.hook(abi.OnHook); err != nil {
		return err
	}
	return p.soon(c, abi.OffHook)
}

// set makes a request that carries yes or no.
func (p *Port) set(r abi.Request, on bool) error {
	n := 0
	if on {
		n = 1
	}
	return p.ch.Ioctl(r, abi.Int(n))
}

// maxPulse is how long one digit of a dial takes at most, with the pause behind it.
const maxPulse = 2 * time.Second

// Pulse dials digits 0 to 9 by opening the loop, as a rotary dial does, for an
// exchange that knows nothing else. The line must have been seized. What is written
// meanwhile is not heard: a word would end the dialling.
func (p *Port) Pulse(digits string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	why := ""
	switch {
	case p.closed:
		return port.ErrClosed
	case p.info.Kind != port.FXO:
		why = "it is an FXS port"
	case p.ch == nil:
		why = "it is lost: " + p.lost
	case !p.loop:
		why = "the line is on hook"
	case len(digits) == 0 || len(digits) > 60:
		why = "one to 60 digits can be dialled at once"
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			why = "a dial has the digits 0 to 9"
		}
	}
	if why != "" {
		return fmt.Errorf("cannot dial %q by pulses on %s: %s", digits, p.info.Name, why)
	}
	op := abi.DialOp{Op: abi.DialReplace}
	copy(op.Text[:], "P"+digits)
	if err := p.ch.Ioctl(abi.Dial, abi.Encode(op)); err != nil {
		return fmt.Errorf("cannot dial %q by pulses on %s: %w", digits, p.info.Name, err)
	}
	p.dialling = time.Now().Add(time.Duration(len(digits)) * maxPulse)
	return nil
}

// Close implements port.Port.
func (p *Port) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	var err error
	if p.ch != nil {
		err = p.letGo()
	}
	close(p.gone)
	p.mu.Unlock()
	p.over.Wait()
	p.inUse.Wait()
	if p.ch != nil {
		err = errors.Join(err, p.ch.Close())
	}
	close(p.events)
	if err != nil {
		return fmt.Errorf("cannot close %s: %w", p.info.Name, err)
	}
	return nil
}

// letGo leaves the wire as it was found.
func (p *Port) letGo() error {
	switch {
	case p.loop:
		return p.hook(abi.OnHook)
	case p.bell:
		return p.hook(abi.RingOff)
	}
	return nil
}
