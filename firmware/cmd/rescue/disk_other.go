//go:build !linux

package main

import (
	"errors"
	"os"
)

// reread has the kernel read the partition table anew.
func reread(*os.File) error { return errors.ErrUnsupported }
