//go:build amd64 || arm64

package confine

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Seal leaves the program, with all its threads, only the system calls of its work. What
// is refused shows in the kernel's log (type=1326) where the kernel has audit.
func Seal() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot give up new privileges: %w", err)
	}
	steps := filter(native, calls(), parts)
	program := unix.SockFprog{Len: uint16(len(steps)), Filter: &steps[0]}
	other, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC|unix.SECCOMP_FILTER_FLAG_LOG,
		uintptr(unsafe.Pointer(&program)))
	switch {
	case errno != 0:
		return fmt.Errorf("cannot filter system calls: %w; the kernel needs CONFIG_SECCOMP_FILTER", errno)
	case other != 0:
		return fmt.Errorf("cannot filter system calls: thread %d has a filter of its own", other)
	}
	return nil
}
