package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// reread has the kernel read the partition table anew.
func reread(disk *os.File) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, disk.Fd(), unix.BLKRRPART, 0); errno != 0 && errno != unix.ENOTTY { // ENOTTY: a file
		return fmt.Errorf("cannot have the kernel read the partition table: %w", errno)
	}
	return nil
}
