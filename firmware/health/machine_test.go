package health

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/centralita/centralita/firmware/view"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// board is a machine of files.
func board(files map[string]string) (*Machine, fstest.MapFS) {
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return &Machine{root: root, space: func() (uint64, uint64) { return 0, 0 }}, root
}

// What the kernel does not show is left out.
func TestBareMachine(t *testing.T) {
	m, _ := board(nil)
	if v := m.Read(noon); v != (view.Machine{}) {
		t.Errorf("%+v", v)
	}
	m, _ = board(map[string]string{
		memory: "MemTotal: many kB\nMemAvailable: 5 MB\n", "sys/class/thermal/thermal_zone0/temp": "warm\n", throttled: "?",
	})
	if v := m.Read(noon); v != (view.Machine{}) {
		t.Errorf("nonsense was read as %+v", v)
	}
}

func TestMemory(t *testing.T) {
	m, _ := board(map[string]string{memory: "MemTotal:         945372 kB\nMemFree:           51234 kB\nMemAvailable:     604120 kB\n"})
	if v := m.Read(noon); v.MemorySize != 945372<<10 || v.MemoryFree != 604120<<10 {
		t.Errorf("%+v", v)
	}
}

// The hottest zone counts; hot from 80 °C on until below 75.
func TestTemperature(t *testing.T) {
	m, root := board(map[string]string{"sys/class/thermal/thermal_zone0/temp": "0\n", "sys/class/thermal/thermal_zone1/temp": "41000\n"})
	for _, x := range []struct {
		milli string
		c     float64
		hot   bool
	}{{"79999", 79.999, false}, {"80000", 80, true}, {"75000", 75, true}, {"74900", 74.9, false}, {"79000", 79, false}, {"-5000", 41, false}} {
		root["sys/class/thermal/thermal_zone0/temp"].Data = []byte(x.milli + "\n")
		if v := m.Read(noon); v.Celsius == nil || *v.Celsius != x.c || v.Hot != x.hot {
			t.Errorf("%s: %v, hot %t", x.milli, *v.Celsius, v.Hot)
		}
	}
}

// A dip is told for ten minutes, by either kernel's file; a bit that stands since
// the start is one dip.
func TestVoltage(t *testing.T) {
	const alarm = "sys/class/hwmon/hwmon1/in0_lcrit_alarm"
	for name, x := range map[string]struct{ file, good, bad, after string }{
		"common kernel":      {alarm, "0\n", "1\n", "0\n"},
		"Raspberry Pi's own": {throttled, "0\n", "50005\n", "50000\n"},
		"seen afterwards":    {throttled, "0", "0x50000", "0x50000"},
	} {
		m, root := board(map[string]string{"sys/class/hwmon/hwmon0/name": "cpu_thermal\n", "sys/class/hwmon/hwmon1/name": "rpi_volt\n", x.file: x.good})
		if v := m.Read(noon); v.Power != "ok" {
			t.Errorf("%s: good is %q", name, v.Power)
		}
		root[x.file].Data = []byte(x.bad)
		if v := m.Read(noon.Add(time.Minute)); v.Power != "low" {
			t.Errorf("%s: bad is %q", name, v.Power)
		}
		root[x.file].Data = []byte(x.after)
		if v := m.Read(noon.Add(10 * time.Minute)); v.Power != "low" {
			t.Errorf("%s: nine minutes later %q", name, v.Power)
		}
		if v := m.Read(noon.Add(11 * time.Minute)); v.Power != "ok" {
			t.Errorf("%s: ten minutes later %q", name, v.Power)
		}
	}
}

func TestDisk(t *testing.T) {
	const M = 1 << 20
	for _, x := range []struct {
		size, free uint64
		low        bool
	}{{0, 0, false}, {500 * M, 65 * M, false}, {500 * M, 63 * M, true}, {4000 * M, 210 * M, false}, {4000 * M, 190 * M, true},
		{1e6 * M, 513 * M, false}, {1e6 * M, 511 * M, true}} {
		m, _ := board(nil)
		m.space = func() (uint64, uint64) { return x.size, x.free }
		if v := m.Read(noon); v.DiskLow != x.low || v.DiskFree != x.free {
			t.Errorf("%d of %d MiB: low %t", x.free/M, x.size/M, v.DiskLow)
		}
	}
	if size, free := space(t.TempDir()); size == 0 || free > size {
		t.Errorf("this machine: %d of %d", free, size)
	}
}

// Each is a condition in both languages that stands while it holds.
func TestMachineConditions(t *testing.T) {
	c := 81.4
	for id, m := range map[string]view.Machine{
		"disk":  {DiskSize: 4 << 30, DiskFree: 48 << 20, DiskLow: true},
		"heat":  {Celsius: &c, Hot: true},
		"power": {Power: "low"},
	} {
		var r Register
		r.Begin(noon)
		r.House(noon, &view.Snapshot{Machine: &m})
		a := r.Alarms()
		if len(a) != 1 || a[0].ID != id || a[0].ES == "" || a[0].EN == "" || a[0].HintES == "" || a[0].HintEN == "" || a[0].ES == a[0].EN {
			t.Errorf("%s: %+v", id, a)
		}
		r.House(noon, &view.Snapshot{Machine: &view.Machine{Power: "ok"}})
		if a := r.Alarms(); len(a) != 0 {
			t.Errorf("%s: it stays: %+v", id, a)
		}
	}
}
