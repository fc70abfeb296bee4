package dahdi

import (
	"errors"
	"io"
	"syscall"
	"time"

	"github.com/centralita/centralita/board/dahdi/abi"
)

// Kernel opens what the modules offer. It is the boundary of the driver: below it
// there are only files and ioctls.
type Kernel interface {
	// Control opens the modules' control device.
	Control() (Device, error)
	// Channel opens channel n, which one program at a time may have.
	Channel(n int) (Channel, error)
}

// Device is an open device of the modules.
type Device interface {
	// Ioctl makes a request; b is what it carries, both ways.
	Ioctl(r abi.Request, b []byte) error
	io.Closer
}

// Channel is an open channel. Reading and writing never wait; a read while an event
// is waiting fails with errEvent.
type Channel interface {
	Device
	io.ReadWriter
	// Wait waits until there is sound to read or an event to fetch, for at most d.
	Wait(d time.Duration) (sound, event bool, err error)
}

// errEvent is how the module says that an event must be fetched first.
const errEvent = syscall.Errno(500)

// busyNow reports that the wire is doing something else and the request may be
// made again.
func busyNow(err error) bool { return errors.Is(err, syscall.EBUSY) }

// under reports that the request was begun and its end comes as an event.
func under(err error) bool { return errors.Is(err, syscall.EINPROGRESS) }

// unplugged reports that the channel is no more.
func unplugged(err error) bool {
	return errors.Is(err, syscall.ENODEV) || errors.Is(err, syscall.ENXIO) || errors.Is(err, syscall.EBADF)
}
