package main

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// reread has the kernel read the partition table anew.
func reread(disk *os.File) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, disk.Fd(), unix.BLKRRPART, 0); errno != 0 && errno != unix.ENOTTY { // ENOTTY: a file
		return fmt.Errorf("cannot have the kernel read the partition table: %w", errno)
	}
	return nil
}

// blkDiscard is BLKDISCARD of linux/fs.h: _IO(0x12, 119).
const blkDiscard = 0x1277

// forget tells a card that a range is not needed. Many cards cannot; what was
// overwritten stays so.
func forget(disk *os.File, at, size int64) {
	area := [2]uint64{uint64(at), uint64(size)}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, disk.Fd(), blkDiscard, uintptr(unsafe.Pointer(&area)))
	if errno != 0 && errno != unix.EOPNOTSUPP && errno != unix.ENOTTY {
		fmt.Fprintln(os.Stderr, "rescue: the card was not told to forget:", errno)
	}
}

// stopDog stops the watchdog that the start had begun: a person types slowly.
func stopDog() {
	f, err := os.OpenFile("/dev/watchdog", os.O_WRONLY, 0)
	if err != nil {
		return // there is none
	}
	if _, err := f.WriteString("V"); err != nil { // the letter before closing means: stop
		fmt.Fprintln(os.Stderr, "rescue: the watchdog was not stopped:", err)
	}
	if err := f.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "rescue: the watchdog was not stopped:", err)
	}
}

// reboot restarts the machine.
func reboot() error {
	unix.Sync()
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART); err != nil {
		return fmt.Errorf("cannot restart: %w", err)
	}
	select {} // until it is done
}
