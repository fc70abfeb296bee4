package main

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// copyData copies what is data in a file and leaves its holes.
func copyData(in, out *os.File) error {
	size, err := in.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	return copyRange(in, out, 0, size)
}

// copyRange copies a range to the beginning of a file and leaves its holes.
func copyRange(in, out *os.File, start, size int64) error {
	if err := out.Truncate(size); err != nil {
		return err
	}
	for at := start; at < start+size; {
		from, err := unix.Seek(int(in.Fd()), at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) || err == nil && from >= start+size {
			return nil // holes up to the end
		} else if err != nil {
			return err
		}
		to, err := unix.Seek(int(in.Fd()), from, unix.SEEK_HOLE)
		if err != nil {
			return err
		}
		to = min(to, start+size)
		if _, err := io.Copy(io.NewOffsetWriter(out, from-start), io.NewSectionReader(in, from, to-from)); err != nil {
			return err
		}
		at = to
	}
	return nil
}
