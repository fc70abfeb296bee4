//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// mounts are the file systems of the guest beside its first.
var mounts = [][3]string{{"devtmpfs", "/dev", "devtmpfs"}, {"proc", "/proc", "proc"}, {"sysfs", "/sys", "sysfs"},
	{"tmpfs", "/tmp", "tmpfs"}, {"tmpfs", "/data", "tmpfs"}}

// boot does what a first process must: file systems, the loop device, modules in the
// order of /modules.list.
func boot() error {
	for _, m := range mounts {
		if err := os.MkdirAll(m[1], 0o755); err != nil {
			return fmt.Errorf("cannot make %s: %w", m[1], err)
		}
		if err := unix.Mount(m[0], m[1], m[2], 0, ""); err != nil {
			return fmt.Errorf("cannot mount %s: %w", m[1], err)
		}
	}
	if err := up("lo"); err != nil {
		return err
	}
	text, err := os.ReadFile("/modules.list")
	if err != nil {
		return fmt.Errorf("cannot read what to load: %w", err)
	}
	for name := range strings.FieldsSeq(string(text)) {
		if err := load(name); err != nil {
			return err
		}
	}
	return nil
}

// load loads one module; DAHDI is to number spans as they come.
func load(name string) error {
	f, err := os.Open("/modules/" + name)
	if err != nil {
		return fmt.Errorf("cannot load module %s: %w", name, err)
	}
	defer f.Close()
	params := ""
	if name == "dahdi.ko" {
		params = "auto_assign_spans=1"
	}
	if err := unix.FinitModule(int(f.Fd()), params, 0); err != nil {
		return fmt.Errorf("cannot load module %s: %w", name, err)
	}
	return nil
}

// up switches a network device on.
func up(name string) error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("cannot speak of %s: %w", name, err)
	}
	defer unix.Close(s)
	r, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, r); err != nil {
		return fmt.Errorf("cannot switch %s on: %w", name, err)
	}
	return nil
}

// off switches the guest off. With panic=-1 a first process that ends does it too, but
// not in order.
func off() {
	unix.Sync()
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
		fmt.Println("cannot switch off:", err)
	}
}
