package stick

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// formats are the file systems that sticks have; no others of the kernel are shown
// to a stranger's stick.
var formats = []string{"vfat", "exfat"}

// Sticks are the sticks of a Linux machine. One at a time is mounted.
type Sticks struct {
	Sys   string // /sys
	Dev   string // /dev
	Place string // a folder to mount on, made when missing
	Mount func(source, target, kind string, flags uintptr, data string) error
	Leave func(target string, flags int) error

	mu sync.Mutex // of Place
}

// Of mounts the machine's sticks at place.
func Of(place string) *Sticks {
	return &Sticks{Sys: "/sys", Dev: "/dev", Place: place, Mount: syscall.Mount, Leave: syscall.Unmount}
}

// guarded are the flags of every stick: nothing on it runs, opens a device or gives
// anybody rights.
const guarded = syscall.MS_NOSUID | syscall.MS_NOEXEC | syscall.MS_NODEV

// devices returns the partitions of USB disks, and those disks without any.
func (s *Sticks) devices() ([]string, error) {
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

// begin takes the place to mount on and returns the sticks there are.
func (s *Sticks) begin() (names []string, err error) {
	if !s.mu.TryLock() {
		return nil, notice("otra orden está usando la memoria USB; espere a que acabe", "another command is at the USB stick; wait for its end")
	}
	defer func() {
		if err != nil {
			s.mu.Unlock()
		}
	}()
	if names, err = s.devices(); err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, notice("no hay ninguna memoria USB; pista: enchufe una con formato FAT o exFAT", "cannot find a USB stick; hint: plug one in, formatted as FAT or exFAT")
	}
	if err := os.MkdirAll(s.Place, 0o700); err != nil {
		return nil, fmt.Errorf("cannot mount a USB stick: %w", err)
	}
	return names, nil
}

// Each mounts each stick in turn, read-only, without devices, set-user-id or programs
// on it, calls f with the folder, and unmounts it. It ends when f says so. A stick that
// cannot be mounted is told in the error, and the next is tried.
func (s *Sticks) Each(ctx context.Context, f func(device, dir string) (done bool, err error)) error {
	names, err := s.begin()
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	var wrong []error
	for _, name := range names {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		done, err := s.visit(name, syscall.MS_RDONLY, f)
		if done {
			return err
		}
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// Write mounts the only stick, calls write with its folder, lets go of it so that all
// is on it, and calls check with the folder mounted anew, read-only. Of two sticks
// neither is touched.
func (s *Sticks) Write(ctx context.Context, write, check func(device, dir string) error) error {
	names, err := s.begin()
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	var wrong []error
	var fit []string
	for _, name := range names {
		if _, err := s.visit(name, syscall.MS_RDONLY, func(string, string) (bool, error) { return true, nil }); err != nil {
			wrong = append(wrong, err)
			continue
		}
		fit = append(fit, name)
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case len(fit) == 0:
		return errors.Join(wrong...)
	case len(fit) > 1:
		return notice("hay varias memorias o particiones USB (%[1]s); deje una sola", "there are several USB sticks or partitions (%[1]s); leave one", strings.Join(fit, ", "))
	}
	for _, step := range []struct {
		flags uintptr
		do    func(device, dir string) error
	}{{0, write}, {syscall.MS_RDONLY, check}} {
		if _, err := s.visit(fit[0], step.flags, func(device, dir string) (bool, error) { return true, step.do(device, dir) }); err != nil {
			return err
		}
	}
	return nil
}

// visit mounts one stick for f.
func (s *Sticks) visit(name string, flags uintptr, f func(device, dir string) (bool, error)) (done bool, err error) {
	for _, kind := range formats {
		if err = s.Mount(filepath.Join(s.Dev, name), s.Place, kind, guarded|flags, ""); err == nil || protected(err) {
			break
		}
	}
	switch {
	case err != nil && protected(err) && flags&syscall.MS_RDONLY == 0:
		return false, notice("la memoria USB %[1]s está protegida contra escritura; pista: mueva su interruptor o use otra", "the USB stick %[1]s is write-protected; hint: move its switch, or take another", name)
	case err != nil:
		return false, notice("no se puede montar la memoria USB %[1]s: %[2]v; pista: dele formato FAT o exFAT", "cannot mount the USB stick %[1]s: %[2]v; hint: format it as FAT or exFAT", name, err)
	}
	defer func() {
		lerr := s.Leave(s.Place, 0)
		if errors.Is(lerr, syscall.EBUSY) {
			lerr = s.Leave(s.Place, syscall.MNT_DETACH)
		}
		if lerr != nil {
			err = errors.Join(err, fmt.Errorf("cannot let go of the USB stick %s: %w", name, lerr))
		}
	}()
	return f(name, s.Place)
}

// protected reports whether a stick may only be read.
func protected(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EACCES)
}
