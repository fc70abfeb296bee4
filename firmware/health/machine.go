package health

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/view"
)

// When a machine is hot: the Raspberry Pi slows itself down from 80 °C on, and a
// box that breathes between two values must not blink.
const (
	hotFrom  = 80.0 // °C
	hotUntil = 75.0
)

// lowStays is how long a dip of the voltage is told.
const lowStays = 10 * time.Minute

// Files of the kernel. The second of the voltage is of Raspberry Pi's own kernel,
// the first of the common one.
const (
	memory    = "proc/meminfo"
	pressure  = "proc/pressure/memory"
	zones     = "sys/class/thermal/thermal_zone*/temp"
	sensors   = "sys/class/hwmon/hwmon*/name"
	throttled = "sys/devices/platform/soc/soc:firmware/get_throttled"
)

// Machine reads what the kernel shows of the machine. What it does not show is
// left out.
type Machine struct {
	root  fs.FS
	space func() (size, free uint64)
	hot   bool
	dip   time.Time // the voltage was low last
	dips  bool      // the bit that tells so since the start
	disk  storage
	tight bool // memory
}

// NewMachine reads this machine, and the file system that holds the data folder.
func NewMachine(data string) *Machine {
	return &Machine{root: os.DirFS("/"), space: func() (uint64, uint64) { return space(data) }, disk: storage{dir: device(data)}}
}

// Read reads all of it. It is called by one goroutine.
func (m *Machine) Read(now time.Time) view.Machine {
	var v view.Machine
	v.DiskSize, v.DiskFree = m.space()
	v.DiskLow = v.DiskSize > 0 && v.DiskFree < enough(v.DiskSize)
	v.MemorySize, v.MemoryFree = m.meminfo("MemTotal:"), m.meminfo("MemAvailable:")
	stall, told := m.stall()
	if told {
		v.MemoryStall = &stall
	}
	m.tight = v.MemorySize > 0 && v.MemoryFree < scarce(v.MemorySize, m.tight) || told && stall >= stallBad
	v.MemoryLow = m.tight
	v.Storage = m.disk.read(m.root, now)
	if c, ok := m.hottest(); ok {
		if c >= hotFrom {
			m.hot = true
		} else if c < hotUntil {
			m.hot = false
		}
		v.Celsius, v.Hot = &c, m.hot
	}
	if low, shown := m.low(); shown {
		v.Power = "ok"
		if low {
			m.dip = now
		}
		if !m.dip.IsZero() && now.Sub(m.dip) < lowStays {
			v.Power = "low"
		}
	}
	return v
}

// enough is what should be free: a twentieth, between 64 and 512 MiB. A day of the
// book takes a few.
func enough(size uint64) uint64 { return min(max(size/20, 64<<20), 512<<20) }

// stallBad is the share of the last minute, in per cent, in which everybody waited for
// memory: then sound stutters.
const stallBad = 10.0

// scarce is below what memory is low: a sixteenth, 32 MiB at least; it is no more at a
// quarter above that.
func scarce(size uint64, low bool) uint64 {
	n := max(size/16, 32<<20)
	if low {
		n += n / 4
	}
	return n
}

// stall reads how long everybody waited for memory (Documentation/accounting/psi.rst:
// "full", the average of a minute).
func (m *Machine) stall() (percent float64, shown bool) {
	text, err := fs.ReadFile(m.root, pressure)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] != "full" {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimPrefix(f[2], "avg60="), 64)
		return n, err == nil && n >= 0 && n <= 100
	}
	return 0, false
}

// meminfo returns a line of proc/meminfo in bytes.
func (m *Machine) meminfo(key string) uint64 {
	text, err := fs.ReadFile(m.root, memory)
	if err != nil {
		return 0 // not shown
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) == 3 && f[0] == key && f[2] == "kB" {
			kB, err := strconv.ParseUint(f[1], 10, 48)
			if err != nil {
				return 0
			}
			return kB << 10
		}
	}
	return 0
}

// hottest returns the temperature of the hottest zone in °C.
func (m *Machine) hottest() (c float64, ok bool) {
	files, _ := fs.Glob(m.root, zones) // fails for a bad pattern alone
	for _, f := range files {
		if n, err := m.number(f, 10); err == nil && (!ok || float64(n)/1000 > c) {
			c, ok = float64(n)/1000, true
		}
	}
	return c, ok
}

// low reports whether the voltage is too low, or was since the last look.
func (m *Machine) low() (low, shown bool) {
	names, _ := fs.Glob(m.root, sensors) // fails for a bad pattern alone
	for _, f := range names {
		if name, err := fs.ReadFile(m.root, f); err != nil || strings.TrimSpace(string(name)) != "rpi_volt" {
			continue
		}
		if n, err := m.number(path.Join(path.Dir(f), "in0_lcrit_alarm"), 10); err == nil {
			low, shown = low || n != 0, true
		}
	}
	if bits, err := m.number(throttled, 16); err == nil {
		const now, since = 1 << 0, 1 << 16
		again := bits&since != 0 && !m.dips
		m.dips = bits&since != 0
		low, shown = low || bits&now != 0 || again, true
	}
	return low, shown
}

// number reads a file with one number.
func (m *Machine) number(file string, base int) (int64, error) {
	text, err := fs.ReadFile(m.root, filepath.ToSlash(file))
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimPrefix(strings.TrimSpace(string(text)), "0x"), base, 64)
}
