package atmodem

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"go.bug.st/serial"
)

// line is a serial line whose Close never meets a Write halfway: the library
// would let the write go on to a file number that may be another file by then.
type line struct {
	serial.Port
	lock    *os.File
	writing sync.Mutex
}

// OpenSerial opens the device: eight bits, no parity, no flow control. It is locked
// (flock) as well: the library's exclusive use does not bind the superuser, and two
// programs at one modem take each other's answers.
func OpenSerial(device string, baud int) (io.ReadWriteCloser, error) {
	lock, err := os.OpenFile(device, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", device, err)
	}
	err = flock(lock)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot lock %s: %w", device, err), lock.Close())
	}
	p, err := serial.Open(device, &serial.Mode{BaudRate: baud, DataBits: 8, Parity: serial.NoParity, StopBits: serial.OneStopBit})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot open %s: %w", device, err), lock.Close())
	}
	return &line{Port: p, lock: lock}, nil
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

// Write implements io.Writer.
func (l *line) Write(b []byte) (int, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	return l.Port.Write(b)
}

// closeWait is how long Close waits for a write to end once its bytes are dropped.
const closeWait = time.Second

// Close drops what is not yet written, which ends a write that the modem does not
// take, and closes the line, which drops DTR.
func (l *line) Close() error {
	flushed := l.ResetOutputBuffer()
	for end := time.Now().Add(closeWait); !l.writing.TryLock(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) { // stuck in the kernel: its file stays its own until it returns
			return errors.Join(errors.New("cannot end the write under way"), flushed, l.Port.Close(), l.lock.Close())
		}
	}
	defer l.writing.Unlock()
	return errors.Join(l.Port.Close(), l.lock.Close()) // a device that is gone cannot be flushed either: flushed says nothing new
}

// busy reports whether another program holds the device.
func busy(err error) bool {
	var e *serial.PortError
	return errors.As(err, &e) && e.Code() == serial.PortBusy || errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EWOULDBLOCK)
}

// strange reports whether err is what a folder or a file says that is asked to be a
// serial line.
func strange(err error) bool {
	var e *serial.PortError
	return errors.As(err, &e) && e.Code() == serial.InvalidSerialPort || errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTTY)
}

// unplugged reports whether err is what a device that went away leaves behind: the
// library says "port closed" of a read without end.
func unplugged(err error) bool {
	var e *serial.PortError
	return errors.As(err, &e) && e.Code() == serial.PortClosed || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, syscall.EIO) || errors.Is(err, syscall.ENXIO) || errors.Is(err, syscall.ENODEV)
}
