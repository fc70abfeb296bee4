// Package pty makes pseudo terminals: serial lines whose far end is the test. The
// device has a name that a replug moves to a new terminal, as udev does it.
package pty

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Cable is a pseudo terminal, plugged in or not. Link is the device's name. The
// Cable itself is the far end.
type Cable struct {
	Link string

	mu  sync.Mutex
	far *os.File // nil: unplugged
}

// Open makes a pseudo terminal and returns its far end and the name of the near one.
func Open() (far *os.File, near string, err error) {
	if far, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, "", fmt.Errorf("cannot make a pseudo terminal: %w", err)
	}
	// The raw descriptor is used within Control, so that reading stays interruptible.
	raw, err := far.SyscallConn()
	if err != nil {
		return nil, "", err
	}
	var n int
	var failed error
	if err := raw.Control(func(fd uintptr) {
		if n, failed = unix.IoctlGetInt(int(fd), unix.TIOCGPTN); failed == nil {
			failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0)
		}
	}); err != nil {
		return nil, "", err
	}
	if failed != nil {
		return nil, "", fmt.Errorf("cannot open a pseudo terminal: %w", failed)
	}
	return far, fmt.Sprintf("/dev/pts/%d", n), nil
}

// SetSize says how large the terminal at the far end is.
func SetSize(far *os.File, rows, cols uint16) error {
	raw, err := far.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) {
		failed = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: cols})
	}); err != nil {
		return err
	}
	return failed
}

// Plug makes a pseudo terminal and names it.
func (c *Cable) Plug() error {
	far, near, err := Open()
	if err != nil {
		return err
	}
	if err := os.Symlink(near, c.Link); err != nil {
		return fmt.Errorf("cannot name the pseudo terminal: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.far = far
	return nil
}

// Unplug takes the terminal and its name away.
func (c *Cable) Unplug() error {
	if err := os.Remove(c.Link); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	far := c.far
	c.far = nil
	return far.Close()
}

// Far returns the far end as it is now; nil: unplugged.
func (c *Cable) Far() *os.File {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.far
}

// Patient is a far end whose Read waits where the near end is not open yet: the
// kernel calls that an error.
type Patient struct{ *os.File }

// Read implements io.Reader.
func (f Patient) Read(b []byte) (int, error) {
	for {
		n, err := f.File.Read(b)
		if err == nil || !strings.Contains(err.Error(), "input/output error") {
			return n, err
		}
		<-time.After(5 * time.Millisecond) // nobody has the near end open
	}
}
