package wipe

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// fitrim is FITRIM of linux/fs.h, _IOWR('X', 121, struct fstrim_range).
const fitrim = 0xc0185879

// trim tells the disk under dir that free sectors may be forgotten. It needs root and
// a disk that knows how; it is a help and no promise, so nothing is said otherwise.
func trim(dir string) {
	f, err := os.Open(dir)
	if err != nil {
		return
	}
	defer f.Close() // nothing was written
	whole := struct{ start, len, minLen uint64 }{len: ^uint64(0)}
	unix.Syscall(unix.SYS_IOCTL, f.Fd(), fitrim, uintptr(unsafe.Pointer(&whole)))
}
