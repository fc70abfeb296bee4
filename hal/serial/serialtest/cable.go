// Package serialtest is the conformance suite of serial lines, and a line without
// hardware to test against.
package serialtest

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/centralita/centralita/hal/serial"
)

// room is how many bytes a direction holds before the writer has to wait, as in a
// kernel's buffer.
const room = 4096

// Cable is a device in memory and what sits at its far end. Its time is that of the
// clock, so that it works in a bubble of testing/synctest. The zero Cable is
// unplugged.
type Cable struct {
	// Title is the device's name; empty is "fake".
	Title string

	mu      sync.Mutex
	changed chan struct{} // closed when anything changes
	plugged bool
	cut     bool   // nobody is at the far end any more
	line    *end   // nil: not open
	toNear  []byte // from the far end
	toFar   []byte
}

var _ serial.Device = (*Cable)(nil)

// wake tells everyone who waits that something changed; mu is held.
func (c *Cable) wake() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// news returns what is closed at the next change; mu is held.
func (c *Cable) news() <-chan struct{} {
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// Plug plugs the device in.
func (c *Cable) Plug() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plugged = true
	c.wake()
	return nil
}

// Unplug takes the device away: an open line is lost.
func (c *Cable) Unplug() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plugged, c.toNear, c.toFar = false, nil, nil
	if c.line != nil {
		c.line.gone, c.line = true, nil
	}
	c.wake()
	return nil
}

// Name implements serial.Device.
func (c *Cable) Name() string {
	if c.Title == "" {
		return "fake"
	}
	return c.Title
}

// Open implements serial.Device.
func (c *Cable) Open(lim serial.Limits) (serial.Line, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.plugged:
		return nil, fmt.Errorf("cannot open %s: %w", c.Name(), serial.ErrAbsent)
	case c.line != nil:
		return nil, fmt.Errorf("cannot open %s: %w", c.Name(), serial.ErrBusy)
	}
	c.line = &end{c: c, lim: lim}
	return c.line, nil
}

// Far returns the far end. It can be used while the device is unplugged: then it
// waits.
func (c *Cable) Far() *Far { return &Far{c: c} }

// wait waits for a change, with mu held before and after, at most until late fires;
// it returns false then.
func (c *Cable) wait(late <-chan time.Time) bool {
	n := c.news()
	c.mu.Unlock()
	defer c.mu.Lock()
	select {
	case <-n:
		return true
	case <-late:
		return false
	}
}

// after returns what fires after d; zero never does.
func after(d time.Duration) (late <-chan time.Time, stop func() bool) {
	if d == 0 {
		return nil, func() bool { return true }
	}
	t := time.NewTimer(d)
	return t.C, t.Stop
}

// end is the near end of a cable, once open.
type end struct {
	c            *Cable
	lim          serial.Limits
	gone, closed bool
}

// state says why the line is none; c.mu is held.
func (e *end) state() error {
	switch {
	case e.closed:
		return serial.ErrClosed
	case e.gone:
		return serial.ErrGone
	}
	return nil
}

// Read implements serial.Line.
func (e *end) Read(b []byte) (int, error) {
	late, stop := after(e.lim.Read)
	defer stop()
	c := e.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if err := e.state(); err != nil {
			return 0, err
		}
		if len(c.toNear) > 0 {
			n := copy(b, c.toNear)
			c.toNear = c.toNear[n:]
			c.wake()
			return n, nil
		}
		if !c.wait(late) {
			return 0, serial.ErrTimeout
		}
	}
}

// Write implements serial.Line.
func (e *end) Write(b []byte) (int, error) {
	c := e.c
	c.mu.Lock()
	defer c.mu.Unlock()
	done := 0
	for {
		if err := e.state(); err != nil {
			return done, err
		}
		n := min(len(b)-done, room-len(c.toFar))
		if n > 0 {
			c.toFar = append(c.toFar, b[done:done+n]...)
			done += n
			c.wake()
		}
		if done == len(b) {
			return done, nil
		}
		late, stop := after(e.lim.Write)
		more := c.wait(late)
		stop()
		if !more {
			return done, serial.ErrTimeout
		}
	}
}

// Close implements serial.Line.
func (e *end) Close() error {
	c := e.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	if c.line == e {
		c.line = nil
	}
	c.wake()
	return nil
}

// Far is the far end of a cable: the terminal of a technician.
type Far struct {
	c     *Cable
	mu    sync.Mutex
	limit time.Duration
}

// SetTimeout makes Read give up after d with serial.ErrTimeout; zero waits.
func (f *Far) SetTimeout(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit = d
}

// Read takes what was written at the near end.
func (f *Far) Read(b []byte) (int, error) {
	f.mu.Lock()
	late, stop := after(f.limit)
	f.mu.Unlock()
	defer stop()
	c := f.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.toFar) == 0 {
		if c.cut {
			return 0, io.EOF
		}
		if !c.wait(late) {
			return 0, serial.ErrTimeout
		}
	}
	n := copy(b, c.toFar)
	c.toFar = c.toFar[n:]
	c.wake()
	return n, nil
}

// Write sends to the near end, plugged or not; what does not fit is lost, as on a
// wire.
func (f *Far) Write(b []byte) (int, error) {
	c := f.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.plugged {
		c.toNear = append(c.toNear, b[:min(len(b), 16*room-len(c.toNear))]...)
		c.wake()
	}
	return len(b), nil
}

// Close ends Read with io.EOF; the near end is not told, as on a wire.
func (f *Far) Close() error {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	f.c.cut = true
	f.c.wake()
	return nil
}
