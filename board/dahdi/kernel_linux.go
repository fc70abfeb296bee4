package dahdi

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/centralita/centralita/board/dahdi/abi"
)

// system is the Linux kernel, with its devices below a folder.
type system struct{ root string }

// System returns the kernel's own devices below root, which is /dev/dahdi.
func System(root string) Kernel { return system{root} }

func (s system) Control() (Device, error) { return s.open("ctl") }

func (s system) Channel(n int) (Channel, error) {
	f, err := s.open("channel") // any channel; no need for a name of each by udev
	if err != nil {
		return nil, err
	}
	if err := f.Ioctl(abi.Specify, abi.Int(n)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (s system) open(name string) (*file, error) {
	path := filepath.Join(s.root, name)
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", path, err)
	}
	return &file{fd: fd}, nil
}

// file is an open device. Its poll set is its own: only one goroutine waits.
type file struct {
	fd   int
	poll [1]unix.PollFd
}

// Ioctl implements Device. A request that a signal broke is made again; those of this
// driver that have an effect do not wait and are never broken.
func (f *file) Ioctl(r abi.Request, b []byte) error {
	if len(b) < r.Size() {
		return fmt.Errorf("%s: %d bytes for %d", r, len(b), r.Size())
	}
	for {
		_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(f.fd), uintptr(r), uintptr(unsafe.Pointer(unsafe.SliceData(b))))
		switch e {
		case 0:
			return nil
		case unix.EINTR:
			continue
		}
		return fmt.Errorf("%s: %w", r, e)
	}
}

// Wait implements Channel. The module answers a poll of a channel that is gone with
// every bit set; the read that follows tells why.
func (f *file) Wait(d time.Duration) (sound, event bool, err error) {
	f.poll[0] = unix.PollFd{Fd: int32(f.fd), Events: unix.POLLIN | unix.POLLPRI}
	_, err = unix.Poll(f.poll[:], int(d/time.Millisecond))
	switch {
	case errors.Is(err, unix.EINTR):
		return false, false, nil
	case err != nil:
		return false, false, fmt.Errorf("cannot wait for the channel: %w", err)
	}
	r := f.poll[0].Revents
	if r&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0 {
		return true, true, nil
	}
	return r&unix.POLLIN != 0, r&unix.POLLPRI != 0, nil
}

// Read implements io.Reader.
func (f *file) Read(b []byte) (int, error) {
	n, err := unix.Read(f.fd, b)
	return max(n, 0), err
}

// Write implements io.Writer.
func (f *file) Write(b []byte) (int, error) {
	n, err := unix.Write(f.fd, b)
	return max(n, 0), err
}

// Close implements io.Closer.
func (f *file) Close() error {
	if err := unix.Close(f.fd); err != nil {
		return fmt.Errorf("cannot close the device: %w", err)
	}
	return nil
}
