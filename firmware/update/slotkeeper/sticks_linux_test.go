package slotkeeper_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/centralita/centralita/firmware/stick"
	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/slotwire"
)

// rack is a machine's /sys with disks, and folders that are "mounted" by renaming.
type rack struct {
	dir     string
	kinds   map[string]string // of a device: its file system
	mounted string
	log     []string
}

// newRack has a card that is soldered in, an empty stick sda, and a stick sdb with
// two partitions.
func newRack(t *testing.T) (*rack, *stick.Sticks) {
	t.Helper()
	r := &rack{dir: t.TempDir(), kinds: map[string]string{"sda": "vfat", "sdb1": "ext4", "sdb2": "exfat"}}
	for _, d := range []string{
		"sys/devices/soc/mmc0/block/mmcblk0/mmcblk0p1", "sys/devices/soc/usb1/1-1/block/sda",
		"sys/devices/soc/usb1/1-2/block/sdb/sdb1", "sys/devices/soc/usb1/1-2/block/sdb/sdb2", "sys/block", "place",
		"disk/sda", "disk/sdb1", "disk/sdb2",
	} {
		if err := os.MkdirAll(filepath.Join(r.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"mmcblk0": "soc/mmc0/block/mmcblk0", "sda": "soc/usb1/1-1/block/sda", "sdb": "soc/usb1/1-2/block/sdb"} {
		if err := os.Symlink("../devices/"+to, filepath.Join(r.dir, "sys/block", link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []string{"mmc0/block/mmcblk0/mmcblk0p1", "usb1/1-2/block/sdb/sdb1", "usb1/1-2/block/sdb/sdb2"} {
		if err := os.WriteFile(filepath.Join(r.dir, "sys/devices/soc", p, "partition"), []byte("1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return r, &stick.Sticks{Sys: filepath.Join(r.dir, "sys"), Dev: "/dev", Place: filepath.Join(r.dir, "place"), Mount: r.mount, Leave: r.leave}
}

func (r *rack) mount(source, target, kind string, flags uintptr, _ string) error {
	name := filepath.Base(source)
	if flags != syscall.MS_RDONLY|syscall.MS_NOSUID|syscall.MS_NOEXEC|syscall.MS_NODEV {
		return fmt.Errorf("flags %x", flags)
	}
	if r.kinds[name] != kind {
		return syscall.EINVAL
	}
	r.mounted = name
	r.log = append(r.log, "+"+name)
	return errors.Join(os.Remove(target), os.Rename(filepath.Join(r.dir, "disk", name), target))
}

func (r *rack) leave(target string, _ int) error {
	r.log = append(r.log, "-"+r.mounted)
	return errors.Join(os.Rename(target, filepath.Join(r.dir, "disk", r.mounted)), os.Mkdir(target, 0o700))
}

func (r *rack) put(t *testing.T, at string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, "disk", at), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBundlesOnSticks(t *testing.T) {
	m := newMachine(t, v4)
	m.live()
	r, sticks := newRack(t)
	m.keeper.Sticks = sticks
	r.put(t, "sda/notes.txt", []byte("hello"))
	r.put(t, "sdb2/Box.CTL", v5.bundle(t, "1"))
	r.put(t, "sdb2/._Box.ctl", []byte("of a computer"))
	r.put(t, "sdb2/strange.ctl", v5.bundle(t, "2"))
	if err := os.Symlink("/etc/passwd", filepath.Join(r.dir, "disk/sdb2/link.ctl")); err != nil {
		t.Fatal(err)
	}
	b, err := m.do(slotwire.USB, nil)
	if err != nil {
		t.Fatal(err)
	}
	var found []slotwire.Found
	if err := json.Unmarshal(b, &found); err != nil {
		t.Fatal(err)
	}
	if len(found) != 3 || found[0].File != "Box.CTL" || found[0].News == nil || found[0].News.Version != "0.9.5" ||
		found[1].Refused == nil || found[1].Refused.Code != "unreadable" || found[2].Refused == nil || found[2].Refused.Code != ctl.UnknownKey {
		t.Errorf("found %s", b)
	}
	if got := strings.Join(r.log, " "); got != "+sda -sda +sdb2 -sdb2" {
		t.Errorf("mounted %s", got)
	}
	if _, err := m.do(slotwire.Stage, slotwire.StageAsk{File: "Box.CTL", USB: true}); err != nil {
		t.Fatal(err)
	}
	if s := m.state(); s.B.Version != "0.9.5" {
		t.Errorf("%+v", s)
	}
	_, err = m.do(slotwire.Stage, slotwire.StageAsk{File: "other.ctl", USB: true})
	wants(t, "one that is on no stick", err, "sdb1") // whose file system is not looked at
	_, err = m.do(slotwire.Stage, slotwire.StageAsk{File: "../sda/notes.txt", USB: true})
	wants(t, "a way out of the stick", err, "cannot open the bundle")
	if mounts := strings.Count(strings.Join(r.log, " "), "+"); mounts != strings.Count(strings.Join(r.log, " "), "-") {
		t.Errorf("a stick stays mounted: %v", r.log)
	}
}

func TestNoStickIsSaid(t *testing.T) {
	m := newMachine(t, v4)
	m.live()
	_, err := m.do(slotwire.USB, nil)
	wants(t, "a machine without USB", err, "no place for any")
	r, sticks := newRack(t)
	for _, d := range []string{"sda", "sdb"} {
		if err := os.Remove(filepath.Join(r.dir, "sys/block", d)); err != nil {
			t.Fatal(err)
		}
	}
	m.keeper.Sticks = sticks
	_, err = m.do(slotwire.USB, nil)
	wants(t, "no stick", err, "plug one in")
	if slices.Contains(r.log, "+mmcblk0p1") {
		t.Error("the card that is soldered in was mounted")
	}
}
