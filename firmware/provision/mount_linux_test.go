package provision

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// mount puts an empty file system of so many pages over a folder.
func mount(t *testing.T, dir string, pages int) {
	t.Helper()
	if err := unix.Mount("boot", dir, "tmpfs", 0, fmt.Sprintf("size=%d", pages*os.Getpagesize())); err != nil {
		t.Skipf("a file system cannot be mounted here (%v); run it as root outside of a container", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

func readOnly(t *testing.T, dir string, on bool) {
	t.Helper()
	flags := uintptr(unix.MS_REMOUNT)
	if on {
		flags |= unix.MS_RDONLY
	}
	if err := unix.Mount("", dir, "", flags, ""); err != nil {
		t.Fatal(err)
	}
}
