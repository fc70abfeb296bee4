//go:build !linux

package sources

import (
	"errors"
	"time"
)

// system is known on Linux alone.
type system struct{}

var errLinux = errors.New("this is no Linux")

func (system) synced() (bool, time.Duration, error)         { return false, 0, errLinux }
func (system) clocks() (up, awake time.Duration, err error) { return 0, 0, errLinux }
func (system) set(time.Time) error                          { return errLinux }
func (system) readRTC(string) (time.Time, error)            { return time.Time{}, errLinux }
func (system) setRTC(string, time.Time) error               { return errLinux }
