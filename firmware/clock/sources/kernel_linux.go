package sources

import (
	"time"

	"golang.org/x/sys/unix"
)

// system asks the kernel.
type system struct{}

// timeError is TIME_ERROR of adjtimex(2): the clock is not synchronised.
const timeError = 5

func (system) synced() (bool, time.Duration, error) {
	var x unix.Timex
	state, err := unix.Adjtimex(&x)
	if err != nil {
		return false, 0, err
	}
	return state != timeError && x.Status&unix.STA_UNSYNC == 0, time.Duration(x.Maxerror) * time.Microsecond, nil
}

func (system) clocks() (up, awake time.Duration, err error) {
	var a, b unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &a); err != nil {
		return 0, 0, err
	}
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &b); err != nil {
		return 0, 0, err
	}
	up, awake = time.Duration(b.Nano()), time.Duration(a.Nano())
	if up-awake < time.Millisecond { // they are read one after the other
		awake = up
	}
	return up, awake, nil
}

func (system) set(t time.Time) error {
	ts := unix.NsecToTimespec(t.UnixNano())
	return unix.ClockSettime(unix.CLOCK_REALTIME, &ts)
}

func (system) readRTC(path string) (time.Time, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return time.Time{}, err
	}
	defer unix.Close(fd)
	r, err := unix.IoctlGetRTCTime(fd)
	if err != nil {
		return time.Time{}, err
	}
	return time.Date(int(r.Year)+1900, time.Month(r.Mon+1), int(r.Mday), int(r.Hour), int(r.Min), int(r.Sec), 0, time.UTC), nil
}

func (system) setRTC(path string, t time.Time) error {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.IoctlSetRTCTime(fd, &unix.RTCTime{
		Year: int32(t.Year() - 1900), Mon: int32(t.Month() - 1), Mday: int32(t.Day()), Hour: int32(t.Hour()), Min: int32(t.Minute()), Sec: int32(t.Second()),
	})
}
