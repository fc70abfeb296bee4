//go:build linux

package chores

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/centralita/centralita/firmware/keeper"
)

// maxSticks are mounted at most; a hub full of card readers shows more.
const maxSticks = 8

// usb shows the sticks of the USB sockets.
type usb struct {
	sys     string // /sys
	dev     string // /dev
	under   string // where they are mounted
	options string // of FAT: who may read
	mountFS func(dev, at, kind string, flags uintptr, data string) error
	umount  func(at string) error
}

func realUSB(cfg Config) usb {
	return usb{
		sys: "/sys", dev: "/dev", under: cfg.USB,
		options: fmt.Sprintf("uid=%d,gid=%d,umask=0337", cfg.UID, cfg.GID),
		mountFS: unix.Mount,
		umount:  func(at string) error { return unix.Unmount(at, unix.MNT_DETACH) },
	}
}

// reading is how a stick is mounted: nobody runs, opens devices or gains rights from it.
const reading = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME

// mount mounts every file system of every stick and lists them.
func (u usb) mount(ctx context.Context, params json.RawMessage, progress func(any)) (any, error) {
	if err := keeper.Decode(params, &struct{}{}); err != nil {
		return nil, fmt.Errorf("cannot mount USB sticks: %w", err)
	}
	if err := u.away(); err != nil {
		return nil, err
	}
	sticks, err := u.list()
	if err != nil {
		return nil, err
	}
	for i := range sticks {
		if ctx.Err() != nil {
			return nil, errors.Join(context.Cause(ctx), u.away())
		}
		progress(sticks[i].Device)
		u.mountOne(&sticks[i])
	}
	return sticks, nil
}

func (u usb) unmount(_ context.Context, params json.RawMessage, _ func(any)) (any, error) {
	if err := keeper.Decode(params, &struct{}{}); err != nil {
		return nil, fmt.Errorf("cannot take USB sticks away: %w", err)
	}
	return nil, u.away()
}

// away unmounts what is mounted of ours.
func (u usb) away() error {
	entries, err := os.ReadDir(u.under)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot take USB sticks away: %w", err)
	}
	for _, e := range entries {
		at := filepath.Join(u.under, e.Name())
		if err := u.umount(at); err != nil && !errors.Is(err, syscall.EINVAL) { // it is not mounted
			return fmt.Errorf("cannot take the USB stick at %s away: %w", at, err)
		}
		if err := os.Remove(at); err != nil {
			return fmt.Errorf("cannot take the USB stick at %s away: %w", at, err)
		}
	}
	return nil
}

// list finds the file systems on disks that hang on USB: partitions, or a whole disk
// without any.
func (u usb) list() ([]Stick, error) {
	disks, err := os.ReadDir(filepath.Join(u.sys, "block"))
	if err != nil {
		return nil, fmt.Errorf("cannot list disks: %w", err)
	}
	var out []Stick
	for _, d := range disks {
		dir := filepath.Join(u.sys, "block", d.Name())
		real, err := filepath.EvalSymlinks(dir)
		if err != nil || !strings.Contains(real, "/usb") {
			continue
		}
		parts, err := filepath.Glob(filepath.Join(dir, d.Name()+"*"))
		if err != nil {
			return nil, fmt.Errorf("cannot list the partitions of %s: %w", d.Name(), err)
		}
		if len(parts) == 0 {
			parts = []string{dir}
		}
		slices.Sort(parts)
		for _, p := range parts {
			if len(out) < maxSticks && readNumber(filepath.Join(p, "size")) > 0 {
				out = append(out, Stick{Device: filepath.Base(p), Bytes: 512 * readNumber(filepath.Join(p, "size")), Model: readText(filepath.Join(dir, "device", "model"))})
			}
		}
	}
	return out, nil
}

func readText(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	text := strings.TrimSpace(string(raw))
	return text[:min(len(text), 64)]
}

func readNumber(path string) int64 {
	n, err := strconv.ParseInt(readText(path), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// mountOne mounts by what the first sectors say.
func (u usb) mountOne(s *Stick) {
	dev := filepath.Join(u.dev, s.Device)
	kind, err := kindOf(dev)
	if err != nil {
		s.Why = err.Error()
		return
	}
	at, options := filepath.Join(u.under, s.Device), ""
	if kind == "vfat" || kind == "exfat" {
		options = u.options
	}
	if err := os.MkdirAll(at, 0o755); err != nil {
		s.Why = fmt.Sprintf("cannot mount it: %v", err)
		return
	}
	if err := u.mountFS(dev, at, kind, reading, options); err != nil {
		s.Why = fmt.Sprintf("cannot mount it as %s: %v", kind, errors.Join(err, os.Remove(at)))
		return
	}
	s.Path, s.Type = at, kind
}

// kindOf tells the file system of a device by its first sectors.
func kindOf(dev string) (string, error) {
	f, err := os.Open(dev)
	if err != nil {
		return "", fmt.Errorf("cannot read it: %w", err)
	}
	defer f.Close() // nothing was written
	head := make([]byte, 2048)
	if n, err := f.ReadAt(head, 0); n < len(head) {
		return "", fmt.Errorf("cannot read it: %w", err)
	}
	if k := kindOfHead(head); k != "" {
		return k, nil
	}
	return "", errors.New("its file system is none of FAT, exFAT and ext4")
}

// kindOfHead recognises exFAT by its name, FAT by its type's name in the boot
// sector, ext4 by the magic number of its superblock.
func kindOfHead(head []byte) string {
	switch {
	case bytes.Equal(head[3:11], []byte("EXFAT   ")):
		return "exfat"
	case head[510] == 0x55 && head[511] == 0xaa && (bytes.HasPrefix(head[54:], []byte("FAT")) || bytes.HasPrefix(head[82:], []byte("FAT32"))):
		return "vfat"
	case head[1024+56] == 0x53 && head[1024+57] == 0xef:
		return "ext4"
	}
	return ""
}
