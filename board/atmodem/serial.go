package atmodem

import (
	"errors"
	"io"
	"syscall"

	"github.com/centralita/centralita/board/tty"
	"github.com/centralita/centralita/hal/serial"
)

// OpenSerial opens the device as a modem's line, for this program alone.
func OpenSerial(device string, baud int) (io.ReadWriteCloser, error) { return tty.Open(device, baud) }

// plain is an error of the device in words with a hint.
func (p *Port) plain(err error) string {
	c := tty.Classify(err)
	is := func(kind error) bool { return errors.Is(c, kind) }
	switch {
	case is(serial.ErrAbsent):
		return "there is no device " + p.cfg.Device + "; plug the modem in"
	case is(serial.ErrDenied):
		return "the device may not be opened (" + cause(err) + "); add the user to the group dialout"
	case is(serial.ErrBusy):
		return "another program holds the device; end it"
	case is(serial.ErrGone), errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe):
		return "the device is gone: it was unplugged or lost its supply"
	case is(serial.ErrStrange):
		return p.cfg.Device + " is no serial line; correct the device of the modem"
	}
	return "the device fails: " + err.Error()
}

// cause is what the system said, without what was said around it.
func cause(err error) string {
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		return e.Error()
	}
	return err.Error()
}
