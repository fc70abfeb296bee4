package voicemodem

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Cable is a pseudo terminal with a modem at its far end. Link is the device's name,
// as udev makes one, which a replug moves to a new terminal.
type Cable struct {
	Modem *Modem
	Link  string
}

// Plug makes a pseudo terminal, names it, and lets the modem speak over it.
func (c *Cable) Plug() error {
	far, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return fmt.Errorf("cannot make a pseudo terminal: %w", err)
	}
	// The raw descriptor is used within Control, so that reading stays interruptible.
	raw, err := far.SyscallConn()
	if err != nil {
		return err
	}
	var n int
	var failed error
	if err := raw.Control(func(fd uintptr) {
		if n, failed = unix.IoctlGetInt(int(fd), unix.TIOCGPTN); failed == nil {
			failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0)
		}
	}); err != nil {
		return err
	}
	if failed != nil {
		return fmt.Errorf("cannot open a pseudo terminal: %w", failed)
	}
	if err := os.Symlink(fmt.Sprintf("/dev/pts/%d", n), c.Link); err != nil {
		return err
	}
	c.Modem.Plug()
	go c.Modem.Serve(terminal{far})
	return nil
}

// Unplug takes the terminal and its name away.
func (c *Cable) Unplug() error {
	err := os.Remove(c.Link)
	c.Modem.Unplug() // closes the terminal
	return err
}

// terminal is the far end, on which a closed near end reads as an error for a while
// before the driver opens it: the modem waits as one with its supply on does.
type terminal struct{ *os.File }

// Read implements io.Reader.
func (f terminal) Read(b []byte) (int, error) {
	for {
		n, err := f.File.Read(b)
		if err == nil || !strings.Contains(err.Error(), "input/output error") {
			return n, err
		}
		<-time.After(5 * time.Millisecond) // nobody has the near end open
	}
}
