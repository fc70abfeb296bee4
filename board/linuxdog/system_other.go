//go:build !linux

package linuxdog

import (
	"fmt"
	"io/fs"
)

// System finds no device: this watchdog is of Linux.
func System(path string) (Device, error) {
	return nil, fmt.Errorf("cannot open %s: %w", path, fs.ErrNotExist)
}
