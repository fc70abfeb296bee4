//go:build linux

package chores

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/centralita/centralita/firmware/wipe"
)

// playedPower writes down what is done to the machine.
func playedPower(init string, signal error, log *[]string) power {
	say := func(format string, args ...any) { *log = append(*log, fmt.Sprintf(format, args...)) }
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
			var log []string
			if _, err := playedPower(c.init, c.signal, &log).handler(c.off)(t.Context(), nil, nil); err != nil || len(log) != 0 {
				t.Errorf("%v, %v before the answer", err, log)
			}
			wait(answerFirst)
			if n := len(log); n > 2 && c.signal == nil && c.init != "rescue" {
				t.Errorf("init is given no time: %v", log)
			}
			wait(initTime)
			if got := strings.Join(log, ", "); got != c.want {
				t.Errorf("%+v: %s", c, got)
			}
		})
	}
}

func TestPowerTakesNoParams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log []string
		if _, err := playedPower("busybox", nil, &log).handler(false)(t.Context(), json.RawMessage(`{"when":"later"}`), nil); err == nil {
			t.Error("params that it does not know were taken")
		}
		wait(time.Minute)
		if len(log) != 0 {
			t.Errorf("%v", log)
		}
	})
}

func TestSetTime(t *testing.T) {
	now := time.Date(2026, time.November, 28, 12, 0, 0, 0, time.UTC)
	var system, battery time.Time
	rtcErr := error(nil)
	c := clocks{
		now: func() time.Time { return now },
		set: func(t time.Time) error { system = t; return nil },
		rtc: func(t time.Time) error { battery = t; return rtcErr },
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
		var log []string
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
		if len(log) != 3 {
			t.Errorf("it does not restart: %v", log)
		}
		c.cfg.Data = filepath.Join(c.cfg.Data, "no")
		log = nil
		if _, err := c.wipe(t.Context(), json.RawMessage(`{"word":"erase"}`), nil); err == nil {
			t.Error("a mark that could not be made")
		}
		wait(answerFirst)
		if len(log) != 0 {
			t.Errorf("it restarts without a mark: %v", log)
		}
	})
}

// sticks plays /sys/block with a stick of two partitions, a stick of none, an SD card.
func sticks(t *testing.T) (usb, *[]string) {
	t.Helper()
	root := t.TempDir()
	write := func(name string, text []byte) {
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, text, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	fat, ext := make([]byte, 4096), make([]byte, 4096)
	copy(fat[82:], "FAT32   ")
	fat[510], fat[511] = 0x55, 0xaa
	ext[1024+56], ext[1024+57] = 0x53, 0xef
	for name, text := range map[string][]byte{
		"sys/devices/usb1/1-1/sda/size": []byte("4096\n"), "sys/devices/usb1/1-1/sda/device/model": []byte("Ultra\n"),
		"sys/devices/usb1/1-1/sda/sda1/size": []byte("2048\n"), "sys/devices/usb1/1-1/sda/sda2/size": []byte("1024\n"),
		"sys/devices/usb1/1-2/sdb/size": []byte("8\n"), "sys/devices/usb1/1-3/sdc/size": []byte("0\n"),
		"sys/devices/mmc0/mmcblk0/size": []byte("99\n"), "sys/devices/mmc0/mmcblk0/mmcblk0p1/size": []byte("9\n"),
		"dev/sda1": fat, "dev/sda2": ext, "dev/sdb": make([]byte, 4096), "dev/mmcblk0p1": fat,
	} {
		write(name, text)
	}
	if err := os.MkdirAll(filepath.Join(root, "sys/block"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"sda": "usb1/1-1/sda", "sdb": "usb1/1-2/sdb", "sdc": "usb1/1-3/sdc", "mmcblk0": "mmc0/mmcblk0"} {
		if err := os.Symlink(filepath.Join(root, "sys/devices", to), filepath.Join(root, "sys/block", name)); err != nil {
			t.Fatal(err)
		}
	}
	var log []string
	return usb{
		sys: filepath.Join(root, "sys"), dev: filepath.Join(root, "dev"), under: filepath.Join(root, "usb"), options: "uid=7",
		mountFS: func(dev, at, kind string, flags uintptr, data string) error {
			log = append(log, fmt.Sprintf("%s %s %#x %s", filepath.Base(dev), kind, flags, data))
			if kind == "ext4" {
				return syscall.EUCLEAN
			}
			return nil
		},
		umount: func(at string) error { log = append(log, "away "+filepath.Base(at)); return nil },
	}, &log
}

func TestUSB(t *testing.T) {
	u, log := sticks(t)
	v, err := u.mount(t.Context(), nil, func(any) {})
	if err != nil {
		t.Fatal(err)
	}
	got := v.([]Stick)
	if len(got) != 3 || got[0].Device != "sda1" || got[0].Type != "vfat" || got[0].Path != filepath.Join(u.under, "sda1") || got[0].Bytes != 1<<20 || got[0].Model != "Ultra" {
		t.Errorf("%+v", got)
	}
	if got[1].Path != "" || !strings.Contains(got[1].Why, "cannot mount it as ext4") || !strings.Contains(got[2].Why, "none of FAT") {
		t.Errorf("%+v", got)
	}
	want := fmt.Sprintf("sda1 vfat %#x uid=7, sda2 ext4 %#x ", reading, reading)
	if s := strings.Join(*log, ", "); s != want {
		t.Errorf("%s; want %s", s, want)
	}
	for _, flag := range []uintptr{unix.MS_RDONLY, unix.MS_NOSUID, unix.MS_NODEV, unix.MS_NOEXEC} {
		if reading&flag == 0 {
			t.Errorf("flag %#x is missing", flag)
		}
	}
	*log = nil
	if _, err := u.unmount(t.Context(), nil, nil); err != nil || strings.Join(*log, ", ") != "away sda1" {
		t.Errorf("%v, %v", err, *log)
	}
	if entries, err := os.ReadDir(u.under); err != nil || len(entries) != 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

func FuzzKindOfHead(f *testing.F) {
	f.Add(make([]byte, 2048))
	f.Fuzz(func(t *testing.T, head []byte) {
		if len(head) == 2048 {
			kindOfHead(head)
		}
	})
}
