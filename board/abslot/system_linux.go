package abslot

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// system opens a disk without the system's cache. A file system that cannot do
// that (as some in memory) gets its cache dropped before each read instead.
func system(path string) (Medium, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_DIRECT|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.EINVAL) {
		if f, err = os.OpenFile(path, os.O_RDWR|unix.O_CLOEXEC, 0); err == nil {
			return cached{f}, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open the disk with the slots: %w", err)
	}
	return f, nil
}

// cached is a disk behind the system's cache.
type cached struct{ *os.File }

// ReadAt implements Medium.
func (c cached) ReadAt(b []byte, at int64) (int, error) {
	if err := unix.Fadvise(int(c.Fd()), at, int64(len(b)), unix.FADV_DONTNEED); err != nil {
		return 0, fmt.Errorf("cannot leave the cache of the disk aside: %w", err)
	}
	return c.File.ReadAt(b, at)
}

// aligned returns memory for size bytes on a boundary that disks want.
func aligned(size int) []byte {
	b := make([]byte, size+unit)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (unit - 1)
	return b[skip : skip+size : skip+size]
}
