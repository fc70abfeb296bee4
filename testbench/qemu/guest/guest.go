//go:build linux

// Package guest is what the first process of a rig's machine does besides its checks:
// file systems, modules, the loop device, saying what became of each check, and
// switching off.
package guest

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/centralita/centralita/testbench/qemu"
	"golang.org/x/sys/unix"
)

// Check is one thing that must hold. What it returns is what it measured.
type Check struct {
	Name string
	Run  func() (string, error)
}

// Boot is how a guest begins.
type Boot struct {
	Params map[string]string // of modules, by file name
	Later  []string          // modules that a check loads
}

// Main is the whole of a guest's first process: it boots, prepares, runs the checks and
// switches the machine off.
func Main(b Boot, prepare func() error, checks func() ([]Check, error)) {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "this program is the first process of a machine; see make help for the rigs")
		os.Exit(2)
	}
	defer func() {
		if p := recover(); p != nil { // said before the machine is off
			fmt.Printf("panic: %v\n%s\n", p, debug.Stack())
		}
		Off()
	}()
	if err := b.boot(); err != nil {
		fmt.Println(qemu.Fail("boot", err.Error()))
		return
	}
	if err := prepare(); err != nil {
		fmt.Println(qemu.Fail("prepare", err.Error()))
		return
	}
	list, err := checks()
	if err != nil {
		fmt.Println(qemu.Fail("checks", err.Error()))
		return
	}
	Run(list)
	fmt.Println(qemu.End())
}

// Run says which checks are owed, then what became of each.
func Run(checks []Check) {
	for _, c := range checks {
		fmt.Println(qemu.Owe(c.Name))
	}
	for _, c := range checks {
		begin := time.Now()
		detail, err := c.Run()
		if err != nil {
			fmt.Println(qemu.Fail(c.Name, strings.ReplaceAll(err.Error(), "\n", " | ")))
			continue
		}
		fmt.Println(qemu.Pass(c.Name, fmt.Sprintf("%s [%.1f s]", detail, time.Since(begin).Seconds())))
	}
}

// mounts are the file systems of the guest beside its first.
var mounts = [][3]string{{"devtmpfs", "/dev", "devtmpfs"}, {"proc", "/proc", "proc"}, {"sysfs", "/sys", "sysfs"},
	{"tmpfs", "/tmp", "tmpfs"}, {"tmpfs", "/data", "tmpfs"}}

// boot mounts the file systems, switches the loop device on and loads the modules in the
// order of /modules.list.
func (b Boot) boot() error {
	for _, m := range mounts {
		if err := Mount(m[0], m[1], m[2]); err != nil {
			return err
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
		if slices.Contains(b.Later, name) {
			continue
		}
		if err := Load(name, b.Params[name]); err != nil {
			return err
		}
	}
	return nil
}

// Mount mounts a file system that needs no device.
func Mount(source, at, kind string) error {
	if err := os.MkdirAll(at, 0o755); err != nil {
		return fmt.Errorf("cannot make %s: %w", at, err)
	}
	if err := unix.Mount(source, at, kind, 0, ""); err != nil {
		return fmt.Errorf("cannot mount %s: %w", at, err)
	}
	return nil
}

// Load loads one module of /modules with its parameters.
func Load(name, params string) error {
	f, err := os.Open("/modules/" + name)
	if err != nil {
		return fmt.Errorf("cannot load module %s: %w", name, err)
	}
	defer f.Close()
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

// Off switches the guest off. With panic=-1 a first process that ends does it too, but
// not in order.
func Off() {
	unix.Sync()
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
		fmt.Println("cannot switch off:", err)
	}
}
