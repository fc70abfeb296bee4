package linuxdog

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// System opens the device of the kernel.
func System(path string) (Device, error) {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", path, err)
	}
	return file(fd), nil
}

// file is the open device.
type file int

// Ioctl implements Device.
func (f file) Ioctl(r Request, b []byte) error {
	for {
		_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(f), uintptr(r), uintptr(unsafe.Pointer(unsafe.SliceData(b))))
		switch e {
		case 0:
			return nil
		case unix.EINTR:
			continue
		}
		return e
	}
}

// Write implements io.Writer.
func (f file) Write(b []byte) (int, error) {
	n, err := unix.Write(int(f), b)
	return max(n, 0), err
}

// Close implements io.Closer.
func (f file) Close() error {
	if err := unix.Close(int(f)); err != nil {
		return fmt.Errorf("cannot close the watchdog: %w", err)
	}
	return nil
}
