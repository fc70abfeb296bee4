// Package linuxdog drives the watchdog of the Linux kernel, /dev/watchdog, as
// Documentation/watchdog/watchdog-api.rst of the kernel describes it.
//
// Opening the device starts its time. Closing it ends that only when the letter
// 'V' was written before (magic close), so that a program that dies leaves it
// running. One program at a time may have it.
package linuxdog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"syscall"
	"time"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/hal/watchdog"
)

// Name is the driver's name in reports.
const Name = "watchdog"

// Request is the number of an ioctl of the device, on every board with the
// kernel's common layout of them (ARM, x86, RISC-V).
type Request uint32

// Requests of linux/watchdog.h.
const (
	GetSupport    Request = 0x80285700 // WDIOC_GETSUPPORT: options, firmware version, identity[32]
	GetBootStatus Request = 0x80045702 // WDIOC_GETBOOTSTATUS: why the machine started
	KeepAlive     Request = 0x80045705 // WDIOC_KEEPALIVE
	SetTimeout    Request = 0xc0045706 // WDIOC_SETTIMEOUT: seconds in, the granted ones out
	GetTimeout    Request = 0x80045707 // WDIOC_GETTIMEOUT
)

// Options and states of linux/watchdog.h.
const (
	CardReset    = 0x20  // WDIOF_CARDRESET: the last start was the watchdog's doing
	SetsTimeout  = 0x80  // WDIOF_SETTIMEOUT
	ClosesByMark = 0x100 // WDIOF_MAGICCLOSE
)

// supportSize is the length of struct watchdog_info.
const supportSize = 40

// Device is the opened device: the boundary of the driver.
type Device interface {
	// Ioctl makes a request; b is what it carries, both ways.
	Ioctl(r Request, b []byte) error
	io.WriteCloser
}

// Config says which watchdog is opened and how long it waits.
type Config struct {
	Path    string // /dev/watchdog
	Timeout time.Duration
	Open    func(path string) (Device, error) // nil: System
}

// Open opens the watchdog, which is awake from then on. The dog is nil unless
// the report says Loaded.
func Open(c Config) (watchdog.Dog, board.Report) {
	if c.Open == nil {
		c.Open = System
	}
	dev, err := c.Open(c.Path)
	if err != nil {
		return nil, refused(c.Path, err)
	}
	d := &dog{dev: dev, path: c.Path}
	if err := d.begin(c.Timeout); err != nil {
		return nil, board.Report{Driver: Name, State: board.Failed, Why: errors.Join(err, d.Close()).Error()}
	}
	what := fmt.Sprintf("%s at %s, restarts the machine after %s", d.info.Identity, c.Path, d.info.Timeout)
	if d.info.Bit {
		what += "; it did so before this start"
	}
	return d, board.Report{Driver: Name, State: board.Loaded, What: what}
}

// refused says in a person's words why the device could not be opened.
func refused(path string, err error) board.Report {
	r := board.Report{Driver: Name, State: board.Failed, Why: err.Error()}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		r.State, r.Why, r.Hint = board.Skipped, "there is no "+path, "load the module of the watchdog; softdog works on every machine"
	case errors.Is(err, syscall.EBUSY):
		r.Why, r.Hint = "another program feeds "+path, "one at a time may; set RuntimeWatchdogSec=off where systemd has it, or stop the watchdog service"
	case errors.Is(err, fs.ErrPermission):
		r.Why, r.Hint = "we may not open "+path, "give its group to the user of the program"
	}
	return r
}

// dog is an open watchdog.
type dog struct {
	dev     Device
	path    string
	info    watchdog.Info
	options uint32
	closed  bool
}

// begin reads what the device is, sets its time and feeds it once.
func (d *dog) begin(want time.Duration) error {
	var about [supportSize]byte
	if err := d.dev.Ioctl(GetSupport, about[:]); err != nil {
		return fmt.Errorf("cannot use %s: it is no watchdog: %w", d.path, err)
	}
	d.options = binary.NativeEndian.Uint32(about[:])
	name, _, _ := bytes.Cut(about[8:], []byte{0})
	if d.info.Identity = string(bytes.ToValidUTF8(name, nil)); d.info.Identity == "" {
		d.info.Identity = "a watchdog without name"
	}
	if why, err := d.number(GetBootStatus, 0); err == nil { // many cannot tell
		d.info.Bit = why&CardReset != 0
	}
	seconds, err := d.timeout(want)
	if err != nil {
		return err
	}
	d.info.Timeout = time.Duration(seconds) * time.Second
	return d.Feed()
}

// timeout asks for a time and returns what the device grants, in seconds. The
// granted one is read apart: some drivers answer SetTimeout with what was asked.
func (d *dog) timeout(want time.Duration) (uint32, error) {
	seconds := uint32(min(math.Ceil(want.Seconds()), math.MaxInt32))
	var refusal error
	if d.options&SetsTimeout != 0 {
		_, refusal = d.number(SetTimeout, seconds)
	}
	granted, err := d.number(GetTimeout, 0)
	switch {
	case err != nil:
		return 0, fmt.Errorf("cannot tell how long %s (%s) waits: %w", d.path, d.info.Identity, errors.Join(refusal, err))
	case refusal != nil:
		return 0, fmt.Errorf("cannot make %s (%s) wait %d s: %w; it waits %d s", d.path, d.info.Identity, seconds, refusal, granted)
	case granted == 0:
		return 0, fmt.Errorf("cannot use %s (%s): it says that it waits 0 s", d.path, d.info.Identity)
	}
	return granted, nil
}

// number makes a request that carries one int.
func (d *dog) number(r Request, in uint32) (uint32, error) {
	var b [4]byte
	binary.NativeEndian.PutUint32(b[:], in)
	err := d.dev.Ioctl(r, b[:])
	return binary.NativeEndian.Uint32(b[:]), err
}

// Info implements watchdog.Dog.
func (d *dog) Info() watchdog.Info { return d.info }

// Feed implements watchdog.Dog.
func (d *dog) Feed() error {
	if d.closed {
		return fmt.Errorf("cannot feed %s: it is closed", d.path)
	}
	if _, err := d.number(KeepAlive, 0); err != nil {
		return fmt.Errorf("cannot feed %s: %w", d.path, err)
	}
	return nil
}

// Close implements watchdog.Dog. A kernel that was told never to stop it keeps
// it running; that cannot be seen from here, its log tells.
func (d *dog) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	var mark error
	if d.options&ClosesByMark != 0 { // else the device sleeps once it is closed, or never
		if _, err := d.dev.Write([]byte{'V'}); err != nil {
			mark = fmt.Errorf("cannot put %s to sleep, it will restart the machine: %w", d.path, err)
		}
	}
	return errors.Join(mark, d.dev.Close())
}
