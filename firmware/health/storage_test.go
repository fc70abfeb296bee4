package health

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/centralita/centralita/firmware/view"
)

const card = "sys/devices/platform/emmc2bus/fe340000.mmc/mmc_host/mmc0/mmc0:0001/block/mmcblk0"

// stat is a line of the kernel's block/stat with so many sectors written.
func stat(sectors uint64) string {
	return fmt.Sprintf("    2113      641   125682     1324     8842     5120   %d     9121        0     4120    10446        0        0        0        0\n", sectors)
}

func disk(files map[string]string) (*Machine, fstest.MapFS) {
	full := map[string]string{card + "/size": "62333952\n", card + "/stat": stat(1000)}
	for name, text := range files {
		full[card+"/"+name] = text
	}
	m, root := board(full)
	m.disk.dir = card
	return m, root
}

// JESD84-B51: both kinds of cells in tenths, the worse counts; spare blocks by words.
func TestWearOfEMMC(t *testing.T) {
	for _, c := range []struct {
		life, spares string
		used         int // 0: not told
		said         string
		worn         bool
	}{
		{"0x01 0x01\n", "0x01\n", 10, "normal", false},
		{"0x02 0x08\n", "0x01\n", 80, "normal", false},
		{"0x09 0x01\n", "0x01\n", 90, "normal", true},
		{"0x0b 0x0b\n", "0x03\n", 110, "urgent", true},
		{"0x00 0x00\n", "0x00\n", 0, "", false},
		{"0x01 0x01\n", "0x02\n", 10, "warning", true},
		{"0xff soon\n", "9\n", 0, "", false},
	} {
		m, _ := disk(map[string]string{"device/type": "MMC\n", "device/life_time": c.life, "device/pre_eol_info": c.spares})
		d := m.Read(noon).Storage
		if d == nil || d.Kind != "emmc" || d.Device != "mmcblk0" || d.Size != 62333952*512 || d.Spares != c.said || d.Worn != c.worn ||
			c.used == 0 != (d.Used == nil) || d.Used != nil && *d.Used != c.used {
			t.Errorf("%q %q: %+v", c.life, c.spares, d)
		}
	}
}

// An SD card tells nothing of its wear, and nothing is made up.
func TestWearOfSD(t *testing.T) {
	m, _ := disk(map[string]string{"device/type": "SD\n", "device/life_time": "0x01 0x01\n"})
	if d := m.Read(noon).Storage; d == nil || d.Kind != "sd" || d.Used != nil || d.Spares != "" || d.Worn || d.Written != 1000*512 {
		t.Errorf("%+v", d)
	}
	m, _ = board(nil)
	if d := m.Read(noon).Storage; d != nil {
		t.Errorf("nothing became %+v", d)
	}
}

// What is written a day: nothing is said at first, then by the last day; a busy hour is
// forgotten after a day; a counter that begins anew begins anew.
func TestWrittenPerDay(t *testing.T) {
	m, root := disk(nil)
	now, sectors := noon, uint64(1000)
	pass := func(d time.Duration, bytes uint64) *view.Storage {
		now, sectors = now.Add(d), sectors+bytes/512
		root[card+"/stat"].Data = []byte(stat(sectors))
		return m.Read(now).Storage
	}
	if d := pass(0, 0); d.PerDay != 0 {
		t.Errorf("at once: %+v", d)
	}
	if d := pass(10*time.Minute, 1<<20); d.PerDay != 0 {
		t.Errorf("too early: %+v", d)
	}
	near := func(what string, d *view.Storage, want uint64) {
		t.Helper()
		if diff := int64(d.PerDay) - int64(want); diff > int64(want/20) || diff < -int64(want/20) {
			t.Errorf("%s: %d a day, want about %d", what, d.PerDay, want)
		}
	}
	near("20 minutes", pass(10*time.Minute, 1<<20), 72*2<<20)
	pass(time.Hour, 4<<30) // an update
	if d := pass(time.Hour, 1<<20); !d.Often {
		t.Errorf("40 GB a day on 30 GB is not often: %+v", d)
	}
	var d *view.Storage
	for range 30 {
		d = pass(time.Hour, 1<<20)
	}
	near("a day later", d, 24<<20)
	if d.Often {
		t.Errorf("%+v", d)
	}
	sectors = 0
	if d := pass(time.Hour, 1<<20); d.PerDay != 0 || d.Written != 1<<20 {
		t.Errorf("plugged in anew: %+v", d)
	}
}

// Nonsense in sysfs is nothing known.
func TestStorageNonsense(t *testing.T) {
	m, root := disk(map[string]string{"device/type": "?\n"})
	root[card+"/stat"].Data, root[card+"/size"].Data = []byte("1 2 3\n"), []byte("many\n")
	if d := m.Read(noon).Storage; d == nil || *d != (view.Storage{Device: "mmcblk0", Kind: "other"}) {
		t.Errorf("%+v", d)
	}
}

// Low below a sixteenth, over again at a quarter above it; or when everybody waits.
func TestMemoryLow(t *testing.T) {
	m, root := board(map[string]string{memory: "", pressure: ""})
	for _, c := range []struct {
		kB    int
		stall string
		low   bool
	}{{65536, "0.00", false}, {65535, "0.00", true}, {70000, "0.00", true}, {81920, "0.00", false}, {500000, "9.99", false}, {500000, "10.00", true}, {500000, "x", false}} {
		root[memory].Data = fmt.Appendf(nil, "MemTotal: 1048576 kB\nMemAvailable: %d kB\n", c.kB)
		root[pressure].Data = fmt.Appendf(nil, "some avg10=99.00 avg60=99.00 avg300=0.00 total=1\nfull avg10=99.00 avg60=%s avg300=0.00 total=1\n", c.stall)
		if v := m.Read(noon); v.MemoryLow != c.low || (v.MemoryStall == nil) != (c.stall == "x") {
			t.Errorf("%d kB, %s: %+v", c.kB, c.stall, v)
		}
	}
}

// Of the last whole minute; few ticks say nothing.
func TestTicks(t *testing.T) {
	var k Ticks
	now := noon
	for i, c := range []struct {
		ticks, late uint64
		share       int
		bad         bool
	}{{0, 0, 0, false}, {3000, 29, 9, false}, {6000, 59, 10, true}, {6100, 159, 0, false}, {9100, 159, 0, false}, {12100, 3159, 1000, true}, {50, 0, 1000, true}, {3050, 0, 0, false}} {
		if share, bad := k.Look(now, c.ticks, c.late); share != c.share || bad != c.bad {
			t.Errorf("minute %d: %d %t", i, share, bad)
		}
		if share, _ := k.Look(now.Add(30*time.Second), c.ticks, c.late); share != c.share {
			t.Errorf("minute %d: %d in the middle of the next", i, share)
		}
		now = now.Add(time.Minute)
	}
}

// This machine's device can be found, or there is none.
func TestDevice(t *testing.T) {
	if d := device("/proc"); d != "" {
		t.Errorf("/proc stands on %s", d)
	}
	if d := device("/nowhere"); d != "" {
		t.Errorf("nowhere stands on %s", d)
	}
}

// Encrypted is a device of dm-crypt, and one that stands on it; nothing else is taken for it.
func TestEncryptedStorage(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  bool
	}{
		"a card":         {nil, false},
		"LUKS":           {map[string]string{"dm/uuid": "CRYPT-LUKS2-9d2c-data\n"}, true},
		"LVM":            {map[string]string{"dm/uuid": "LVM-abc\n"}, false},
		"LVM on LUKS":    {map[string]string{"dm/uuid": "LVM-abc\n", "slaves/dm-0/dm/uuid": "CRYPT-LUKS2-9d2c-data\n"}, true},
		"LVM on a disk":  {map[string]string{"dm/uuid": "LVM-abc\n", "slaves/sda2/size": "1\n"}, false},
		"only by a name": {map[string]string{"dm/name": "CRYPT-data\n"}, false},
	} {
		m, _ := disk(c.files)
		if d := m.Read(noon).Storage; d == nil || d.Sealed != c.want {
			t.Errorf("%s: %+v", name, d)
		}
	}
}
