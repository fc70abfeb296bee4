package slotkeeper

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// nonblock keeps the opening of a pipe, should one stand where a file stood, from
// waiting for a writer.
const nonblock = syscall.O_NONBLOCK

// formats are the file systems that sticks have; no others of the kernel are shown
// to a stranger's stick.
var formats = []string{"vfat", "exfat"}

// LinuxSticks are the sticks of a Linux machine.
type LinuxSticks struct {
	Sys   string // /sys
	Dev   string // /dev
	Place string // a folder to mount on, made when missing
	Mount func(source, target, kind string, flags uintptr, data string) error
	Leave func(target string, flags int) error
}

// SystemSticks mounts sticks at place.
func SystemSticks(place string) LinuxSticks {
	return LinuxSticks{Sys: "/sys", Dev: "/dev", Place: place, Mount: syscall.Mount, Leave: syscall.Unmount}
}

// devices returns the partitions of USB disks, and those disks without any.
func (s LinuxSticks) devices() ([]string, error) {
	disks, err := filepath.Glob(filepath.Join(s.Sys, "block", "*"))
	if err != nil {
		return nil, fmt.Errorf("cannot look for USB sticks: %w", err)
	}
	var out []string
	for _, d := range disks {
		real, err := filepath.EvalSymlinks(d)
		if err != nil || !strings.Contains(real, "/usb") {
			continue // it is gone, or soldered in
		}
		name := filepath.Base(d)
		parts, err := filepath.Glob(filepath.Join(real, name+"*", "partition"))
		if err != nil {
			return nil, fmt.Errorf("cannot look for USB sticks: %w", err)
		}
		for _, p := range parts {
			out = append(out, filepath.Base(filepath.Dir(p)))
		}
		if len(parts) == 0 {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// Each implements Sticks.
func (s LinuxSticks) Each(ctx context.Context, f func(device, dir string) (bool, error)) error {
	names, err := s.devices()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return errors.New("cannot find a USB stick; hint: plug one in, formatted as FAT or exFAT")
	}
	if err := os.MkdirAll(s.Place, 0o700); err != nil {
		return fmt.Errorf("cannot mount a USB stick: %w", err)
	}
	var wrong []error
	for _, name := range names {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		done, err := s.visit(name, f)
		if done {
			return err
		}
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// visit mounts one stick for f.
func (s LinuxSticks) visit(name string, f func(device, dir string) (bool, error)) (done bool, err error) {
	const flags = syscall.MS_RDONLY | syscall.MS_NOSUID | syscall.MS_NOEXEC | syscall.MS_NODEV
	for _, kind := range formats {
		if err = s.Mount(filepath.Join(s.Dev, name), s.Place, kind, flags, ""); err == nil {
			break
		}
	}
	if err != nil {
		return false, fmt.Errorf("cannot mount the USB stick %s: %w; hint: format it as FAT or exFAT", name, err)
	}
	defer func() {
		if lerr := s.Leave(s.Place, syscall.MNT_DETACH); lerr != nil {
			err = errors.Join(err, fmt.Errorf("cannot let go of the USB stick %s: %w", name, lerr))
		}
	}()
	return f(name, s.Place)
}
