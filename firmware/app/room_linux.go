package app

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// spareRoom is what of the disk is left to the book, in bytes.
const spareRoom = 64 << 20

// roomFor refuses what would leave the book too little of the disk of dir.
func roomFor(dir string, bytes int64) error {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return fmt.Errorf("cannot tell how much room there is: %w", err)
	}
	free := int64(s.Bavail) * int64(s.Bsize)
	if bytes > free-spareRoom {
		return refused("%d MB do not fit on the box beside what it must keep free; %d MB are free", "en la caja no caben %d MB además de lo que debe quedar libre; quedan %d MB", (bytes+999_999)/1_000_000, free/1_000_000)
	}
	return nil
}
