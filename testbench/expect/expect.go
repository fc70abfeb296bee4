package expect

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// Usual limits of a Driver.
const (
	Wait  = 30 * time.Second      // for what is expected
	Quiet = 50 * time.Millisecond // without a byte: the other end has said what it had to say
)

// T is what a Driver needs of a *testing.T; a rig that is no test has one of its own.
// Fatalf does not return.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Driver is a technician who never tires: he types and waits for what appears. His
// screen has everything since the beginning, as paper would.
type Driver struct {
	T     T
	Wait  time.Duration // the longest that Expect waits
	Quiet time.Duration // without a byte, before Do types

	rw   io.ReadWriter
	over chan struct{} // closed when reading has ended

	mu     sync.Mutex
	more   chan struct{} // closed when something changed
	raw    []byte
	seen   int // of raw, by Expect
	asked  int // of raw, when Do typed its line
	err    error
	screen *Screen
	paused bool
}

// New begins to read rw and goes on until that ends. Where rw can be closed the end
// of the test closes it.
func New(t T, rw io.ReadWriter) *Driver {
	d := &Driver{T: t, Wait: Wait, Quiet: Quiet, rw: rw, over: make(chan struct{}), more: make(chan struct{}), screen: NewScreen(80)}
	go d.read()
	if c, ok := rw.(io.Closer); ok {
		t.Cleanup(func() {
			c.Close() // the test is over
			<-d.over
		})
	}
	return d
}

func (d *Driver) read() {
	defer close(d.over)
	buf := make([]byte, 1<<10)
	for {
		n, err := d.rw.Read(buf)
		d.mu.Lock()
		d.raw = append(d.raw, buf[:n]...)
		d.screen.Write(buf[:n])
		d.err = err
		d.wake()
		for d.paused && err == nil {
			d.wait(nil)
		}
		d.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// wake tells those who wait; mu is held.
func (d *Driver) wake() {
	close(d.more)
	d.more = make(chan struct{})
}

// wait waits for a change, with mu held before and after; false when late came first.
func (d *Driver) wait(late <-chan time.Time) bool {
	more := d.more
	d.mu.Unlock()
	defer d.mu.Lock()
	select {
	case <-more:
		return true
	case <-late:
		return false
	}
}

// Pause makes the terminal take nothing any more, once it has taken what comes next.
func (d *Driver) Pause() { d.pause(true) }

// Resume ends Pause.
func (d *Driver) Resume() { d.pause(false) }

func (d *Driver) pause(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.paused = on
	d.wake()
}

// Send types keys.
func (d *Driver) Send(keys string) {
	d.T.Helper()
	if _, err := io.WriteString(d.rw, keys); err != nil {
		d.T.Fatalf("cannot type %q: %v\n%s", keys, err, d)
	}
}

// Expect waits until want appears after what was expected before.
func (d *Driver) Expect(want string) {
	d.T.Helper()
	late := time.NewTimer(d.Wait)
	defer late.Stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		if at := bytes.Index(d.raw[d.seen:], []byte(want)); at >= 0 {
			d.seen += at + len(want)
			return
		}
		if d.err != nil || !d.wait(late.C) {
			d.T.Fatalf("%q was expected (%v); the screen has\n%s\nand last came %q", want, d.err, d.screen, d.raw[max(0, len(d.raw)-200):])
		}
	}
}

// Settle waits until nothing has come for so long.
func (d *Driver) Settle(quiet time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.err == nil {
		late := time.NewTimer(quiet)
		more := d.wait(late.C)
		late.Stop()
		if !more {
			return
		}
	}
}

// Do lets what is under way come to its end, types a line, and waits until want
// appears.
func (d *Driver) Do(line, want string) {
	d.T.Helper()
	d.Settle(d.Quiet)
	d.Skip()
	d.mu.Lock()
	d.asked = d.seen
	d.mu.Unlock()
	d.Send(line + "\r")
	d.Expect(want)
}

// Answer is what came since the last line that Do typed.
func (d *Driver) Answer() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return string(d.raw[d.asked:])
}

// Skip makes Expect look only at what comes from now on.
func (d *Driver) Skip() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen = len(d.raw)
}

// String is the screen since the beginning.
func (d *Driver) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.screen.String()
}

// Raw is every byte that came.
func (d *Driver) Raw() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.Clone(d.raw)
}

// Err is the first byte that a terminal without ANSI does not know.
func (d *Driver) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.screen.Err()
}
