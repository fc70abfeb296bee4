// Package sources is the shell of the clock: the system's clock with what the kernel
// knows of its daemon, the clock with the battery, the servers of the network, and
// the file of the last minute.
package sources

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/clock"
)

// DefaultRTC is the clock with the battery where the board names no other.
const DefaultRTC = "/dev/rtc0"

// Machine is the clocks of this machine.
type Machine struct {
	root fs.FS
	rtc  string // path of the device
	sys  kernel
}

// kernel is what only the kernel can be asked.
type kernel interface {
	// synced reports whether a daemon disciplines the clock, and to what error at most.
	synced() (bool, time.Duration, error)
	// clocks returns the time since the kernel began with and without sleep.
	clocks() (up, awake time.Duration, err error)
	set(time.Time) error
	readRTC(path string) (time.Time, error)
	setRTC(path string, t time.Time) error
}

// NewMachine returns this machine's clocks; rtc is the path of the one with the
// battery.
func NewMachine(rtc string) *Machine {
	if rtc == "" {
		rtc = DefaultRTC
	}
	return &Machine{root: os.DirFS("/"), rtc: rtc, sys: system{}}
}

// mostError is how far a clock may be off that counts as disciplined (adjtimex(2): a
// daemon lets it grow while it hears nothing).
const mostError = 10 * time.Second

// Reading looks at the system's clock.
func (m *Machine) Reading() clock.Reading {
	r := clock.Reading{Wall: time.Now().Round(0)}
	if ok, off, err := m.sys.synced(); err == nil {
		r.Synced = ok && off <= mostError
	}
	r.Synced = r.Synced || m.told(r.Wall)
	if up, awake, err := m.sys.clocks(); err == nil {
		r.Slept = max(0, up-awake)
	}
	return r
}

// Told is a file in which a daemon's script says how it does: "ACTION STRATUM OFFSET", as
// busybox ntpd calls the script of its option -S. That daemon does not tell the kernel
// how exact it is, and the kernel's flag is lost a second after each of its steps.
const Told = "run/centralita/ntp"

// toldFor is how long the word of a script counts: it is called every eleven minutes.
const toldFor = 25 * time.Minute

// told reports whether a daemon's script said not long ago that it has the time.
func (m *Machine) told(now time.Time) bool {
	info, err := fs.Stat(m.root, Told)
	if err != nil {
		return false
	}
	if age := now.Sub(info.ModTime()); age < -time.Minute || age > toldFor {
		return false
	}
	text, err := fs.ReadFile(m.root, Told)
	if err != nil {
		return false
	}
	f := strings.Fields(string(text))
	if len(f) < 2 || f[0] != "step" && f[0] != "stratum" && f[0] != "periodic" {
		return false
	}
	stratum, err := strconv.Atoi(f[1])
	return err == nil && stratum > 0 && stratum < 16 // 16: not synchronised (RFC 5905 § 7.3)
}

// Boot returns the kernel's number of this boot, and how long it has run; zeros when
// that cannot be told.
func (m *Machine) Boot() (id string, up time.Duration) {
	if b, err := fs.ReadFile(m.root, "proc/sys/kernel/random/boot_id"); err == nil {
		id = strings.TrimSpace(string(b))
	}
	if d, _, err := m.sys.clocks(); err == nil {
		up = d
	}
	return id, up
}

// errNoRTC is no clock with a battery.
var errNoRTC = errors.New("there is no clock with a battery")

// RTC reads the clock with the battery. has is false where there is none; an error
// of one that is there says that its battery was empty, or that it may not be read.
func (m *Machine) RTC() (t time.Time, has bool, err error) {
	name := "sys/class/rtc/" + path.Base(m.rtc) + "/since_epoch" // may be read by everybody
	text, err := fs.ReadFile(m.root, name)
	if errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, false, fmt.Errorf("%w at %s", errNoRTC, m.rtc)
	}
	if err != nil { // EINVAL: the oscillator has stood still (rtc-ds1307's OSF)
		if t, direct := m.sys.readRTC(m.rtc); direct == nil {
			return t, true, nil
		}
		return time.Time{}, true, fmt.Errorf("cannot read %s: %w; hint: its battery may be empty", m.rtc, err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return time.Time{}, true, fmt.Errorf("cannot read %s: %q is no time", m.rtc, strings.TrimSpace(string(text)))
	}
	return time.Unix(n, 0).UTC(), true, nil
}

// SetSystem sets the system's clock.
func (m *Machine) SetSystem(t time.Time) error {
	if err := m.sys.set(t); err != nil {
		return fmt.Errorf("cannot set the system's clock: %w", err)
	}
	return nil
}

// SetRTC sets the clock with the battery, which counts whole seconds.
func (m *Machine) SetRTC(t time.Time) error {
	if err := m.sys.setRTC(m.rtc, t.Add(500*time.Millisecond).UTC().Truncate(time.Second)); err != nil {
		return fmt.Errorf("cannot set %s: %w", m.rtc, err)
	}
	return nil
}
