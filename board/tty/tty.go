// Package tty opens the serial lines of the kernel: UARTs, USB modems and the gadget
// line of a board that is itself a USB device. It is a driver of hal/serial on
// go.bug.st/serial; voice modems use its lines too.
//
// Three words explain it: Device (a path and a speed), Line (it is locked, raw, and
// each write can be given up), Classify (what an error of the system means).
package tty

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	bug "go.bug.st/serial"

	"github.com/centralita/centralita/hal/serial"
)

// Baud is the speed of a technician's line: 115200, with eight bits, no parity and
// one stop bit.
const Baud = 115200

// Device is a serial line of the kernel. It implements serial.Device.
type Device struct {
	Path string
	Baud int // zero: Baud
}

// Name implements serial.Device.
func (d Device) Name() string { return d.Path }

// Open implements serial.Device.
func (d Device) Open(lim serial.Limits) (serial.Line, error) {
	baud := d.Baud
	if baud == 0 {
		baud = Baud
	}
	l, err := Open(d.Path, baud)
	if err != nil {
		return nil, err
	}
	if err := l.limit(lim); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot limit the times of %s: %w", d.Path, err), l.Close())
	}
	return l, nil
}

// Line is an open serial line. It is read through the library and written through a
// file of its own, which the run-time can wait for: so a write that the far end does
// not take can be given up, and Close never meets one halfway.
type Line struct {
	port   bug.Port
	file   *os.File
	write  time.Duration // zero: a write waits
	closed atomic.Bool
}

// Open opens the device path: eight bits, no parity, no flow control, waiting without
// end. It is locked (flock) as well: the library's exclusive use does not bind the
// superuser, and two programs at one line take each other's bytes.
func Open(path string, baud int) (*Line, error) {
	file, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", path, Classify(err))
	}
	if err = flock(file); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot lock %s: %w", path, Classify(err)), file.Close())
	}
	p, err := bug.Open(path, &bug.Mode{BaudRate: baud, DataBits: 8, Parity: bug.NoParity, StopBits: bug.OneStopBit})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot open %s: %w", path, Classify(err)), file.Close())
	}
	return &Line{port: p, file: file}, nil
}

// flock locks f for this opening of it, without waiting.
func flock(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) }); err != nil {
		return err
	}
	return failed
}

func (l *Line) limit(lim serial.Limits) error {
	l.write = lim.Write
	if lim.Read == 0 {
		return nil
	}
	return l.port.SetReadTimeout(lim.Read)
}

// Read implements serial.Line.
func (l *Line) Read(b []byte) (int, error) {
	n, err := l.port.Read(b)
	switch {
	case err != nil && l.closed.Load():
		return n, serial.ErrClosed
	case err != nil:
		return n, Classify(err)
	case n == 0 && len(b) > 0:
		return 0, serial.ErrTimeout // the library's way of saying it
	}
	return n, nil
}

// Write implements serial.Line.
func (l *Line) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		if l.write > 0 {
			if err = l.file.SetWriteDeadline(time.Now().Add(l.write)); err != nil {
				break
			}
		}
		var k int
		k, err = l.file.Write(b[n:min(len(b), n+256)]) // the limit is for progress, not for the whole
		n += k
	}
	switch {
	case err == nil:
		return n, nil
	case l.closed.Load() || errors.Is(err, os.ErrClosed):
		return n, serial.ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, serial.ErrTimeout
	}
	return n, Classify(err)
}

// Break holds the line in the break state; a pty and most USB lines cannot.
func (l *Line) Break(d time.Duration) error { return l.port.Break(d) }

// Close implements serial.Line. It drops DTR.
func (l *Line) Close() error {
	if !l.closed.CompareAndSwap(false, true) {
		return nil
	}
	// Unwritten bytes would make the kernel wait up to half a minute for the far end.
	// A device that is gone cannot be flushed; that says nothing new.
	_ = l.port.ResetOutputBuffer()
	return errors.Join(l.file.Close(), l.port.Close())
}

// Classify puts an error of hal/serial before what the system or the library says,
// where it knows one.
func Classify(err error) error {
	for _, c := range []struct {
		kind error
		is   bool
	}{
		{serial.ErrBusy, code(err, bug.PortBusy) || errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EWOULDBLOCK)},
		{serial.ErrAbsent, code(err, bug.PortNotFound) || errors.Is(err, fs.ErrNotExist)},
		{serial.ErrDenied, code(err, bug.PermissionDenied) || errors.Is(err, fs.ErrPermission)},
		{serial.ErrStrange, code(err, bug.InvalidSerialPort) || errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTTY)},
		{serial.ErrGone, Unplugged(err)},
	} {
		if c.is {
			return fmt.Errorf("%w (%w)", c.kind, err)
		}
	}
	return err
}

// Unplugged reports whether err is what a device that went away leaves behind: the
// library says "port closed" of a read without end.
func Unplugged(err error) bool {
	return errors.Is(err, serial.ErrGone) || code(err, bug.PortClosed) || errors.Is(err, syscall.EIO) || errors.Is(err, syscall.ENXIO) || errors.Is(err, syscall.ENODEV)
}

func code(err error, c bug.PortErrorCode) bool {
	e, ok := errors.AsType[*bug.PortError](err)
	return ok && e.Code() == c
}
