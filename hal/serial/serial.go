// Package serial is the contract of a serial line at which a person or a machine
// sits: a line that can be opened, read, written, lost and found again.
//
// Three words explain it: Device (a place where a line may be), Line (an open one),
// Keep (a line that is opened again whenever it comes back).
package serial

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// Errors of a Device and a Line. Drivers wrap them with what the system said.
var (
	ErrAbsent  = errors.New("there is no such device")
	ErrBusy    = errors.New("another program holds the device")
	ErrDenied  = errors.New("the device may not be opened")
	ErrStrange = errors.New("it is no serial line")
	ErrGone    = errors.New("the device is gone: it was unplugged or lost its supply")
	ErrClosed  = errors.New("the line is closed")
	ErrTimeout = fmt.Errorf("it took too long: %w", os.ErrDeadlineExceeded)
)

// Limits are how long Read waits for a byte and Write for the far end to take one;
// zero waits without end.
type Limits struct{ Read, Write time.Duration }

// Device is a place where a serial line may be.
type Device interface {
	// Name is what people call it: "/dev/ttyS1".
	Name() string
	// Open opens the line for this caller alone. It does not wait for what is not
	// there. The error wraps ErrAbsent, ErrBusy, ErrDenied, ErrStrange, or is the
	// system's own. A device that was gone can be opened again once it is back; a
	// line that was lost stays lost.
	Open(Limits) (Line, error)
}

// Line is an open line of eight bits without parity. One goroutine may read while
// another writes and a third closes.
type Line interface {
	// Read waits for at least one byte. After Limits.Read without one it returns
	// ErrTimeout, and can be called again. A line whose device went away returns
	// ErrGone, a closed one ErrClosed, also when Close comes during the wait.
	Read([]byte) (int, error)
	// Write returns when the line has taken everything, which is before the far end
	// has it. A far end that takes nothing for Limits.Write makes it return
	// ErrTimeout with what was taken; the line stays usable. ErrGone and ErrClosed
	// are as for Read.
	Write([]byte) (int, error)
	// Close drops what the far end has not taken and gives the device back, at once.
	// A second Close does nothing.
	Close() error
}
