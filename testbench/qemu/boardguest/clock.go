//go:build linux && rig

package main

import (
	"fmt"
	"os"
	"time"

	"github.com/centralita/centralita/board/buses"
	"golang.org/x/sys/unix"
)

// clock: the machine's clock is there and runs.
func clock() (string, error) {
	const path = "/dev/rtc0"
	if err := buses.There(path); err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	now := func() (time.Time, error) {
		t, err := unix.IoctlGetRTCTime(int(f.Fd()))
		if err != nil {
			return time.Time{}, err
		}
		return time.Date(int(t.Year)+1900, time.Month(t.Mon+1), int(t.Mday), int(t.Hour), int(t.Min), int(t.Sec), 0, time.UTC), nil
	}
	a, err := now()
	if err != nil {
		return "", err
	}
	time.Sleep(3 * time.Second)
	b, err := now()
	if err != nil {
		return "", err
	}
	if d := b.Sub(a); d < 2*time.Second || d > 4*time.Second {
		return "", fmt.Errorf("%s pass on it in 3 s", d)
	}
	return b.Format(time.RFC3339), nil
}
