//go:build !linux

package main

import (
	"errors"
	"os"
)

// reread has the kernel read the partition table anew.
func reread(*os.File) error { return errors.ErrUnsupported }

// forget tells a card that a range is not needed.
func forget(*os.File, int64, int64) {}

func stopDog() {}

func reboot() error { return errors.ErrUnsupported }
