//go:build linux

package chores

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/centralita/centralita/firmware/wipe"
)

// diary is what was done to the machine, in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) say(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}

// playedPower writes down what is done to the machine.
func playedPower(init string, signal error, log *diary) power {
	say := log.say
	return power{
		init:   func() string { return init },
		signal: func(s syscall.Signal) error { say("signal %d", s); return signal },
		sync:   func() { say("sync") },
		kernel: func(cmd int) error { say("kernel %#x", cmd); return nil },
		log:    func(what string, err error) { say("%s", what) },
	}
}

func TestPower(t *testing.T) {
	const restart, off = unix.LINUX_REBOOT_CMD_RESTART, unix.LINUX_REBOOT_CMD_POWER_OFF
	for _, c := range []struct {
		init   string
		off    bool
		signal error
		want   string
	}{
		{"busybox", false, nil, fmt.Sprintf("sync, signal 15, init does not go down; the kernel is asked, sync, kernel %#x", restart)},
		{"busybox", true, nil, fmt.Sprintf("sync, signal 12, init does not go down; the kernel is asked, sync, kernel %#x", off)},
		{"systemd", false, nil, fmt.Sprintf("sync, signal 39, init does not go down; the kernel is asked, sync, kernel %#x", restart)},
		{"rescue", false, nil, fmt.Sprintf("sync, sync, kernel %#x", restart)},
		{"busybox", false, syscall.EPERM, fmt.Sprintf("sync, signal 15, init cannot be asked to go down, sync, kernel %#x", restart)},
	} {
		synctest.Test(t, func(t *testing.T) {
			var log diary
			if _, err := playedPower(c.init, c.signal, &log).handler(c.off)(t.Context(), nil, nil); err != nil || len(log.read()) != 0 {
				t.Errorf("%v, %v before the answer", err, log.read())
			}
			wait(answerFirst)
			if n := len(log.read()); n > 2 && c.signal == nil && c.init != "rescue" {
				t.Errorf("init is given no time: %v", log.read())
			}
			wait(initTime)
			if got := strings.Join(log.read(), ", "); got != c.want {
				t.Errorf("%+v: %s", c, got)
			}
		})
	}
}

func TestPowerTakesNoParams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log diary
		if _, err := playedPower("busybox", nil, &log).handler(false)(t.Context(), json.RawMessage(`{"when":"later"}`), nil); err == nil {
			t.Error("params that it does not know were taken")
		}
		wait(time.Minute)
		if len(log.read()) != 0 {
			t.Errorf("%v", log.read())
		}
	})
}

func TestSetTime(t *testing.T) {
	now := time.Date(2026, time.November, 28, 12, 0, 0, 0, time.UTC)
	var system, battery time.Time
	rtcErr := error(nil)
	var device string
	c := clocks{
		now: func() time.Time { return now },
		set: func(t time.Time) error { system = t; return nil },
		rtc: func(path string, t time.Time) error { device, battery = path, t; return rtcErr },
	}
	ask := func(text string) (TimeSet, error) {
		system, battery = time.Time{}, time.Time{}
		v, err := c.handle(context.Background(), json.RawMessage(text), nil)
		s, _ := v.(TimeSet)
		return s, err
	}
	for _, text := range []string{`{}`, `null`, ``, `{"at":"2026-10-31T23:59:59Z"}`, `{"at":"2038-01-02T00:00:00Z"}`, `{"at":"1970-01-01T00:00:00Z"}`, `{"at":12}`, `{"at":"2027-01-01T00:00:00Z","rtc":true}`} {
		if s, err := ask(text); err == nil || !system.IsZero() || !battery.IsZero() {
			t.Errorf("%s: %+v, %v", text, s, err)
		}
	}
	const good = `{"at":"2026-11-28T15:00:00.5+01:00"}`
	if s, err := ask(good); err != nil || s.Step != 2*time.Hour+time.Second/2 || s.RTC != "" || !system.Equal(now.Add(s.Step)) || !battery.Equal(system) {
		t.Errorf("%+v, %v, system %v, battery %v", s, err, system, battery)
	}
	if device != DefaultRTC {
		t.Errorf("without a board's word it is %s", device)
	}
	if s, err := ask(`{"at":"2026-11-28T14:00:00Z","rtc":"/dev/rtc1"}`); err != nil || s.RTC != "" || device != "/dev/rtc1" || battery.IsZero() {
		t.Errorf("the board's: %+v, %v, %s", s, err, device)
	}
	for _, path := range []string{"/dev/sda", "/dev/rtc1/../sda", "rtc0", "/dev/rtc0 ", "/dev/watchdog"} {
		if s, err := ask(`{"at":"2026-11-28T14:00:00Z","rtc":"` + path + `"}`); err != nil || !strings.Contains(s.RTC, "no clock") || system.IsZero() || !battery.IsZero() {
			t.Errorf("%s: %+v, %v", path, s, err)
		}
	}
	rtcErr = fs.ErrNotExist
	if s, err := ask(good); err != nil || s.RTC != "" {
		t.Errorf("no clock with a battery: %+v, %v", s, err)
	}
	rtcErr = syscall.EIO
	if s, err := ask(good); err != nil || s.RTC != "input/output error" {
		t.Errorf("a broken one: %+v, %v", s, err)
	}
	c.set = func(time.Time) error { return syscall.EPERM }
	if _, err := ask(good); !errors.Is(err, syscall.EPERM) || !battery.IsZero() {
		t.Errorf("without the right: %v", err)
	}
}

func TestWipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log diary
		c := Chores{cfg: Config{Data: t.TempDir()}, power: playedPower("rescue", nil, &log)}
		for _, text := range []string{``, `{}`, `{"word":"yes"}`, `{"word":"erase","now":true}`} {
			if _, err := c.wipe(t.Context(), json.RawMessage(text), nil); err == nil || wipe.Asked(c.cfg.Data) {
				t.Errorf("%s: %v", text, err)
			}
		}
		if _, err := c.wipe(t.Context(), json.RawMessage(`{"word":"erase"}`), nil); err != nil || !wipe.Asked(c.cfg.Data) {
			t.Errorf("%v", err)
		}
		wait(answerFirst)
		if len(log.read()) != 3 {
			t.Errorf("it does not restart: %v", log.read())
		}
		c.cfg.Data = filepath.Join(c.cfg.Data, "no")
		if _, err := c.wipe(t.Context(), json.RawMessage(`{"word":"erase"}`), nil); err == nil {
			t.Error("a mark that could not be made")
		}
		wait(answerFirst)
		if len(log.read()) != 3 { // those of before
			t.Errorf("it restarts without a mark: %v", log.read())
		}
	})
}
