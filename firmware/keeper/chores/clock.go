//go:build linux

package chores

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"time"

	"golang.org/x/sys/unix"

	"github.com/centralita/centralita/firmware/keeper"
)

// Bounds of a time that can be set, whoever asks: before the first, this program did
// not exist; after the last, 32-bit file systems end.
var (
	firstTime = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(2038, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// rtcPath are the names that the kernel gives (Documentation/admin-guide/rtc.rst).
var rtcPath = regexp.MustCompile(`^/dev/rtc[0-9]{0,3}$`)

// clocks are the two of a machine.
type clocks struct {
	now func() time.Time
	set func(time.Time) error
	rtc func(path string, t time.Time) error // fs.ErrNotExist: there is none
}

func realClocks() clocks {
	return clocks{time.Now, func(t time.Time) error {
		ts, err := unix.TimeToTimespec(t)
		if err != nil {
			return err
		}
		return unix.ClockSettime(unix.CLOCK_REALTIME, &ts)
	}, setRTC}
}

// setRTC sets the clock with the battery, which runs in UTC (rtc(4)).
func setRTC(path string, t time.Time) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	t = t.UTC()
	err = unix.IoctlSetRTCTime(int(f.Fd()), &unix.RTCTime{Sec: int32(t.Second()), Min: int32(t.Minute()), Hour: int32(t.Hour()),
		Mday: int32(t.Day()), Mon: int32(t.Month()) - 1, Year: int32(t.Year()) - 1900})
	return errors.Join(err, f.Close())
}

// handle sets both clocks.
func (c clocks) handle(_ context.Context, params json.RawMessage, _ func(any)) (any, error) {
	var p TimeAsked
	if err := keeper.Decode(params, &p); err != nil {
		return nil, fmt.Errorf("cannot set the time: %w", err)
	}
	if p.At.Before(firstTime) || p.At.After(lastTime) {
		return nil, fmt.Errorf("cannot set the time to %s: it is from %s to %s", p.At.UTC().Format(time.RFC3339), firstTime.Format(time.DateOnly), lastTime.Format(time.DateOnly))
	}
	before := c.now()
	if err := c.set(p.At); err != nil {
		return nil, fmt.Errorf("cannot set the time: %w", err)
	}
	out := TimeSet{Step: p.At.Sub(before.Round(0))}
	device := cmp.Or(p.RTC, DefaultRTC)
	if !rtcPath.MatchString(device) { // root opens no file that somebody else names
		out.RTC = fmt.Sprintf("%q is no clock with a battery; hint: `rtc:` of the board is such as %s", p.RTC, DefaultRTC)
		return out, nil
	}
	if err := c.rtc(device, p.At); err != nil && !errors.Is(err, fs.ErrNotExist) {
		out.RTC = err.Error()
	}
	return out, nil
}
