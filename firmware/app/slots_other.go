//go:build !linux

package app

import "time"

// booted is when the machine started; it is not known here.
func booted(fallback time.Time) time.Time { return fallback }
