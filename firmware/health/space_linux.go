package health

import "golang.org/x/sys/unix"

// space returns the size of the file system that holds dir and what of it we may
// use, in bytes; zeros when it cannot be told.
func space(dir string) (size, free uint64) {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil || s.Bsize <= 0 {
		return 0, 0
	}
	return s.Blocks * uint64(s.Bsize), s.Bavail * uint64(s.Bsize)
}
