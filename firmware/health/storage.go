package health

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/view"
)

// The device that holds the data folder: what it tells of its wear, and how much is
// written to it. An eMMC tells its life (JEDEC JESD84-B51 § 7.4, EXT_CSD[267..269]);
// an SD card tells nothing of the kind.

// pace is the bytes written, looked at now and then.
type pace struct {
	at    time.Time
	bytes uint64
}

// Of the rate of writing: the first figure after a quarter of an hour, then over the
// last day.
const (
	paceLeast = 15 * time.Minute
	paceEvery = time.Hour
	paceOver  = 24
)

const sector = 512 // bytes of a kernel's sector, whatever the device's

// storage is the device, by its folder in sysfs.
type storage struct {
	dir   string // "sys/devices/…/mmcblk0"; empty: not known
	paces []pace
}

// sealed says whether dm-crypt lies below the file system: the device itself is of it, or
// stands on one that is, as with LVM (Documentation/ABI/testing/sysfs-block-dm).
func (s *storage) sealed(root fs.FS) bool {
	below, err := fs.Glob(root, path.Join(s.dir, "slaves/*/dm/uuid"))
	if err != nil {
		return false // the pattern is a constant but for the kernel's names
	}
	for _, name := range append(below, path.Join(s.dir, "dm/uuid")) {
		if text, err := fs.ReadFile(root, name); err == nil && strings.HasPrefix(string(text), "CRYPT-") {
			return true
		}
	}
	return false
}

// read returns what is known of it; nil when it cannot be found.
func (s *storage) read(root fs.FS, now time.Time) *view.Storage {
	if s.dir == "" {
		return nil
	}
	v := &view.Storage{Device: path.Base(s.dir), Kind: s.kind(root), Sealed: s.sealed(root)}
	if n, ok := number(root, path.Join(s.dir, "size"), 10); ok {
		v.Size = uint64(n) * sector
	}
	if text, err := fs.ReadFile(root, path.Join(s.dir, "stat")); err == nil {
		if f := strings.Fields(string(text)); len(f) >= 7 { // Documentation/block/stat.rst: the seventh is sectors written
			if n, err := strconv.ParseUint(f[6], 10, 54); err == nil {
				v.Written = n * sector
				v.PerDay = s.perDay(now, v.Written)
			}
		}
	}
	v.Often = v.Size > 0 && v.PerDay > v.Size/10
	s.life(root, v)
	return v
}

// kind is "emmc", "sd" or, of others, "other".
func (s *storage) kind(root fs.FS) string {
	text, err := fs.ReadFile(root, path.Join(s.dir, "device/type"))
	switch {
	case err != nil:
		return "other"
	case strings.TrimSpace(string(text)) == "MMC":
		return "emmc"
	case strings.TrimSpace(string(text)) == "SD":
		return "sd"
	}
	return "other"
}

// life reads what an eMMC tells: tenths of its life used, of two kinds of cells, and
// how many spare blocks are left.
func (s *storage) life(root fs.FS, v *view.Storage) {
	if v.Kind != "emmc" {
		return
	}
	if text, err := fs.ReadFile(root, path.Join(s.dir, "device/life_time")); err == nil {
		for _, f := range strings.Fields(string(text)) {
			if n, err := strconv.ParseUint(strings.TrimPrefix(f, "0x"), 16, 8); err == nil && n > 0 && n <= 11 {
				used := int(n) * 10
				if v.Used == nil || used > *v.Used {
					v.Used = &used
				}
			}
		}
	}
	n, ok := number(root, path.Join(s.dir, "device/pre_eol_info"), 16)
	if names := [...]string{"", "normal", "warning", "urgent"}; ok && n > 0 && int(n) < len(names) {
		v.Spares = names[n]
	}
	v.Worn = v.Used != nil && *v.Used > 80 || v.Spares == "warning" || v.Spares == "urgent"
}

// perDay is how many bytes a day are written, by the last day or what there is of it.
func (s *storage) perDay(now time.Time, bytes uint64) uint64 {
	if n := len(s.paces); n == 0 || bytes < s.paces[n-1].bytes { // it was plugged in anew
		s.paces = []pace{{now, bytes}}
		return 0
	}
	first := s.paces[0]
	over := now.Sub(first.at)
	if now.Sub(s.paces[len(s.paces)-1].at) >= paceEvery {
		s.paces = append(s.paces, pace{now, bytes})
		if len(s.paces) > paceOver+1 {
			s.paces = s.paces[1:]
		}
	}
	if over < paceLeast {
		return 0
	}
	return uint64(float64(bytes-first.bytes) / over.Hours() * 24)
}

// number reads a file with one number.
func number(root fs.FS, file string, base int) (int64, bool) {
	text, err := fs.ReadFile(root, file)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(strings.TrimSpace(string(text)), "0x"), base, 64)
	return n, err == nil
}
