package health

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Notifier tells systemd how the program does, as sd_notify(3) describes: one
// datagram of lines such as READY=1 to the socket that NOTIFY_SOCKET names. A nil
// Notifier tells nobody.
type Notifier struct {
	socket string
	wait   time.Duration
}

// tellWithin is how long a full socket may hold the teller up.
const tellWithin = time.Second

// NewNotifier reads the environment that the process pid was given; it returns
// nil where nobody wants to be told.
func NewNotifier(env func(string) string, pid int) (*Notifier, error) {
	socket := env("NOTIFY_SOCKET")
	if socket == "" {
		return nil, nil
	}
	if socket[0] != '/' && socket[0] != '@' {
		return nil, fmt.Errorf("cannot tell systemd: NOTIFY_SOCKET %q is neither a path nor an abstract socket (@…)", socket)
	}
	n := &Notifier{socket: socket} // package net writes the zero byte for @ itself
	usec := env("WATCHDOG_USEC")
	if who := env("WATCHDOG_PID"); usec == "" || who != "" && who != strconv.Itoa(pid) {
		return n, nil // sd_watchdog_enabled(3): it is meant for another process
	}
	us, err := strconv.ParseInt(usec, 10, 64)
	if err != nil || us <= 0 || us > int64(time.Duration(1<<63-1)/time.Microsecond) {
		return nil, fmt.Errorf("cannot feed systemd's watchdog: WATCHDOG_USEC %q is no time", usec)
	}
	n.wait = time.Duration(us) * time.Microsecond
	return n, nil
}

// Watchdog returns how long systemd waits for WATCHDOG=1 before it restarts the
// program; 0 when it does not.
func (n *Notifier) Watchdog() time.Duration {
	if n == nil {
		return 0
	}
	return n.wait
}

// Tell sends the assignments, each one line.
func (n *Notifier) Tell(state ...string) error {
	if n == nil {
		return nil
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("cannot tell systemd: %w", err)
	}
	defer c.Close() // what was sent is sent
	if err := c.SetWriteDeadline(time.Now().Add(tellWithin)); err != nil {
		return fmt.Errorf("cannot tell systemd: %w", err)
	}
	if _, err := c.Write([]byte(strings.Join(state, "\n"))); err != nil {
		return fmt.Errorf("cannot tell systemd: %w", err)
	}
	return nil
}
