package dahdi

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// modules are DAHDI's modules as the driver sees them, without a kernel: one span of
// channels that keep the hook, ring, and block rules of the real ones (which
// make rig-dahdi holds against the same driver).
type modules struct {
	mu       sync.Mutex
	channels map[int]*channel
	absent   error // of /dev/dahdi
	spanType string
	alarms   int32 // of the span
	zones    []abi.Zone
	open     int // devices that are open
}

// newModules returns modules whose channels 1 to n have those signallings, as on a
// card with a zone loaded.
func newModules(sigs ...uint32) *modules {
	m := &modules{channels: map[int]*channel{}, spanType: "FXS", zones: []abi.Zone{{Cadence: usual}}}
	for i, sig := range sigs {
		m.channels[i+1] = &channel{m: m, n: i + 1, wake: make(chan struct{}, 1), rxHook: abi.RxOffHook, card: true, refuse: map[abi.Request]error{},
			params: abi.Params{Channel: int32(i + 1), Span: 1, Sig: sig, Law: abi.LawMu, PreFlash: 50, Flash: 750, Debounce: 600}}
		if abi.IsStation(sig) {
			m.channels[i+1].rxHook = abi.RxOnHook
		}
	}
	return m
}

func (m *modules) Control() (Device, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.absent != nil {
		return nil, m.absent
	}
	m.open++
	return control{m}, nil
}

func (m *modules) Channel(n int) (Channel, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.channels[n]
	switch {
	case m.absent != nil:
		return nil, m.absent
	case c == nil:
		return nil, syscall.EINVAL
	case c.openErr != nil:
		return nil, c.openErr
	case c.params.Sig == abi.SigNone:
		return nil, syscall.ENXIO
	case c.over != nil:
		return nil, syscall.EBUSY
	}
	m.open++
	c.over = make(chan struct{})
	c.events, c.in, c.readable, c.written, c.gone = nil, nil, nil, nil, false
	c.hasZone = len(m.zones) > 0
	c.tx, c.cadence = txOnHook, usual
	go c.run(c.over)
	return c, nil
}

// control is the control device.
type control struct{ m *modules }

func (d control) Ioctl(r abi.Request, b []byte) error {
	d.m.mu.Lock()
	defer d.m.mu.Unlock()
	switch r {
	case abi.SpanStat:
		return d.m.span(b)
	case abi.GetParams:
		c := d.m.channels[abi.IntOf(b)]
		if c == nil {
			return syscall.EINVAL
		}
		copy(b, abi.Encode(c.params))
		return nil
	case abi.LoadZone:
		var z abi.Zone
		if err := abi.Decode(b, &z); err != nil {
			return err
		}
		if slices.ContainsFunc(d.m.zones, func(o abi.Zone) bool { return o.Number == z.Number }) {
			return syscall.EINVAL
		}
		d.m.zones = append(d.m.zones, z)
		return nil
	}
	return syscall.ENOTTY
}

func (d control) Close() error {
	d.m.mu.Lock()
	defer d.m.mu.Unlock()
	d.m.open--
	return nil
}

func (m *modules) span(b []byte) error {
	var s abi.Span
	if err := abi.Decode(b, &s); err != nil {
		return err
	}
	if s.Number > 1 {
		return syscall.EINVAL
	}
	s = abi.Span{Number: 1, AllSpans: 1, AllChannels: int32(len(m.channels)), Channels: int32(len(m.channels)), Alarms: m.alarms}
	copy(s.Device[:], "Wildcard TDM410P")
	copy(s.Type[:], m.spanType)
	copy(b, abi.Encode(s))
	return nil
}

// What a channel's transmitter does.
type txState uint8

const (
	txOnHook txState = iota
	txOffHook
	txFlash
	txRing
	txKewl
	txAfterKewl
)

// channel is one channel of the modules and the wire behind it.
type channel struct {
	stuck   chan struct{} // a wait hangs in the kernel until it is closed
	m       *modules
	n       int
	wake    chan struct{}
	over    chan struct{} // nil while shut
	openErr error
	refuse  map[abi.Request]error
	card    bool // it has a module that tells of itself
	echo    bool // a canceller is there
	still   bool // its clock stands still

	params   abi.Params
	rxHook   int32
	events   []abi.Event
	in       []pcm.Frame
	readable []pcm.Frame
	written  []pcm.Frame
	heard    []pcm.Frame
	ends     time.Time // of the block being sent
	gaps     int       // times at which there was nothing to send
	linear   bool
	gone     bool // taken away while open
	hasZone  bool
	dialling int // frames it still dials

	tx      txState
	until   time.Time // of the transmitter's state
	since   time.Time
	cadence abi.Cadence
	step    int

	commands []port.Command
	asked    []abi.Request
	pulses   string
	gains    abi.Gains
	stats    abi.Stats
	regs     abi.Regs
	ecOn     bool
}

// run is the channel's clock.
func (c *channel) run(over chan struct{}) {
	t := time.NewTicker(frameTime)
	defer t.Stop()
	for {
		select {
		case <-over:
			return
		case <-t.C:
			c.m.mu.Lock()
			if !c.still {
				c.tick(time.Now())
			}
			c.m.mu.Unlock()
		}
	}
}

func (c *channel) tick(now time.Time) {
	var f pcm.Frame
	if len(c.in) > 0 {
		f, c.in = c.in[0], c.in[1:]
	}
	if len(c.readable) < numBufs {
		c.readable = append(c.readable, f)
	}
	c.play(now)
	if c.dialling > 0 {
		if c.dialling--; c.dialling == 0 {
			c.queue(abi.EvDialDone)
		}
	}
	if !c.until.IsZero() && !now.Before(c.until) {
		c.expire(now)
	}
	c.poke()
}

// play sends what was written: a block begins when the one before it has ended, or, when
// nothing was being sent, at once.
func (c *channel) play(now time.Time) {
	for len(c.written) > 0 && !c.ends.After(now) {
		c.heard, c.written = append(c.heard, c.written[0]), c.written[1:]
		c.ends = c.ends.Add(frameTime)
	}
}

// expire ends a state of the transmitter.
func (c *channel) expire(now time.Time) {
	c.until = time.Time{}
	switch c.tx {
	case txFlash:
		c.tx = txOffHook
		c.queue(abi.EvHookDone)
	case txRing:
		c.step = (c.step + 1) % abi.MaxCadence
		if c.cadence[c.step] == 0 {
			c.step = 0
		}
		c.until = now.Add(time.Duration(c.cadence[c.step]) * time.Millisecond)
		if c.step%2 == 0 {
			c.queue(abi.EvRingerOn)
		} else {
			c.queue(abi.EvRingerOff)
		}
	case txKewl:
		c.tx, c.until = txAfterKewl, now.Add(300*time.Millisecond)
		c.queue(abi.EvHookDone)
	case txAfterKewl:
		c.tx = txOnHook
	}
}

func (c *channel) queue(e abi.Event) {
	c.events = append(c.events, e)
	c.poke()
}

func (c *channel) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Wait implements Channel.
func (c *channel) Wait(d time.Duration) (sound, event bool, err error) {
	c.m.mu.Lock()
	stuck := c.stuck
	c.m.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		c.m.mu.Lock()
		sound, event = len(c.readable) > 0 || c.gone, len(c.events) > 0 || c.gone
		c.m.mu.Unlock()
		if sound || event {
			return sound, event, nil
		}
		select {
		case <-c.wake:
		case <-t.C:
			return false, false, nil
		}
	}
}

// Read implements io.Reader.
func (c *channel) Read(b []byte) (int, error) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	switch {
	case c.gone:
		return 0, syscall.ENODEV
	case len(c.events) > 0:
		return 0, errEvent
	case len(c.readable) == 0:
		return 0, syscall.EAGAIN
	case !c.linear || len(b) != 2*pcm.FrameLen:
		return 0, fmt.Errorf("a read of %d bytes, linear %t", len(b), c.linear)
	}
	for i, s := range c.readable[0] {
		binary.NativeEndian.PutUint16(b[2*i:], uint16(s))
	}
	c.readable = append(c.readable[:0], c.readable[1:]...)
	return len(b), nil
}

// Write implements io.Writer.
func (c *channel) Write(b []byte) (int, error) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.dialling = 0 // as in the module: a word ends a dialling
	switch {
	case c.gone:
		return 0, syscall.ENODEV
	case len(c.events) > 0:
		return 0, errEvent
	case len(c.written) >= numBufs:
		return 0, syscall.EAGAIN
	case !c.linear || len(b) != 2*pcm.FrameLen:
		return 0, fmt.Errorf("a write of %d bytes, linear %t", len(b), c.linear)
	}
	var f pcm.Frame
	for i := range f {
		f[i] = int16(binary.NativeEndian.Uint16(b[2*i:]))
	}
	now := time.Now()
	c.play(now)
	if len(c.written) == 0 && c.ends.Before(now) {
		if !c.ends.IsZero() {
			c.gaps++
		}
		c.ends = now
	}
	c.written = append(c.written, f)
	c.play(now)
	return len(b), nil
}

// Close implements io.Closer.
func (c *channel) Close() error {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	if c.over == nil {
		return fs.ErrClosed
	}
	close(c.over)
	c.over = nil
	c.m.open--
	return nil
}

// errGone is what opening a channel that is not there gives.
var errGone = syscall.EINVAL

// unplug takes the channel away as a card that is pulled out; plug brings it back.
func (c *channel) unplug() {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.openErr, c.gone = errGone, true
	c.poke()
}

func (c *channel) plug() {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.openErr = nil
}
