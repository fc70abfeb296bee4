// Package watchdog is the contract of a hardware watchdog: once open it restarts
// the machine unless it is fed in time.
package watchdog

import "time"

// Info is what a watchdog says of itself.
type Info struct {
	Identity string        // the hardware's name: "Broadcom BCM2835 Watchdog timer"
	Timeout  time.Duration // granted: so long after the last feeding it restarts the machine
	Bit      bool          // the machine's last start was its doing, where it can tell
}

// Dog is an open watchdog; its time runs from Open on. It is used by one
// goroutine.
type Dog interface {
	Info() Info
	// Feed begins the time anew. It does not block. It fails when the hardware
	// refuses, and after Close.
	Feed() error
	// Close puts the watchdog to sleep, so that the machine stays up without it,
	// and gives it back. Hardware that cannot sleep is told as an error. A second
	// Close does nothing.
	Close() error
}
