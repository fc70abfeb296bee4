// Command boardrig holds the drivers of the box's front, watchdog and serial line against
// the kernel's own interfaces: it builds gpio-sim and the modules of kmod for Debian's
// kernel, boots machines with them and prints what became of each check. It ends with 0
// when all passed.
//
//	go run ./testbench/qemu/boardrig -arch amd64 [-stage house]
//
// The first run downloads Debian's kernel and its source by apt; later ones find what was
// built under artefacts/qemu.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/centralita/centralita/testbench/qemu"
	"github.com/centralita/centralita/testbench/qemu/kmod"
	"github.com/centralita/centralita/tools/debian"
)

// source is Debian's package of the kernel's source, from which gpio-sim comes.
const source = "linux-source-6.1"

// borrowed are the files of the kernel's source that the build needs.
var borrowed = []string{"drivers/gpio/gpio-sim.c", "drivers/gpio/gpiolib.h", "kernel/irq/irq_sim.c"}

// built are the modules that the rig builds.
var built = []string{"gpiosim", "playi2c", "playspi", "playtm1637"}

// own are modules of Debian's kernel that the guest loads.
var own = []string{"configfs", "i2c-dev", "softdog", "dummy_hcd", "usb_f_acm", "g_serial", "cdc-acm"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	only := flag.String("stage", "", "boot this machine alone: drivers, house, stopped, killed or hung")
	good, err := run(ctx, qemu.NewRig(), *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "boardrig:", err)
	}
	if err != nil || !good {
		os.Exit(1)
	}
}

// run boots the machines, or only one of them.
func run(ctx context.Context, r *qemu.Rig, only string) (good bool, err error) {
	mark, err := mark()
	if err != nil {
		return false, err
	}
	kernel := debian.Kernel{Name: "board-" + mark + "-", Arch: r.Arch, Source: source, Own: own}
	kernel.Make = func(ctx context.Context, root, release string) ([]string, error) {
		return build(ctx, kernel, root, release)
	}
	kit, err := r.Kit(ctx, kernel)
	if err != nil {
		return false, err
	}
	initrd, err := r.Initramfs(ctx, kit, map[string]qemu.GuestProgram{
		"init":           {Package: "./testbench/qemu/boardguest", Tags: "rig"},
		"bin/centralita": {Package: "./firmware/cmd/centralita"},
	})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.Remove(initrd)) }()
	var v qemu.Verdict
	for _, s := range stages {
		if only != "" && s.name != only {
			continue
		}
		if err := s.run(ctx, r, qemu.Machine{Arch: r.Arch, Kernel: kit.Kernel, Initrd: initrd}, &v); err != nil {
			r.Report(&v)
			return false, fmt.Errorf("stage %s: %w", s.name, err)
		}
	}
	return r.Report(&v), nil
}

// stage is one machine: what its guest does, and whether the watchdog is to end it.
type stage struct {
	name  string
	bites string // what must have been done to the house for the watchdog to restart the machine; "": it must not
}

// stages in their order.
var stages = []stage{
	{name: "drivers"},
	{name: "house"},
	{"stopped", "the program is stopped"},
	{"killed", "the program is killed"},
	{"hung", "the control loop hangs"},
}

// bitten is what softdog says before it restarts the machine.
const bitten = "Initiating system reboot"

// run boots the machine of a stage. A machine that restarts ends here, for QEMU is told
// not to let it.
func (s stage) run(ctx context.Context, r *qemu.Rig, m qemu.Machine, v *qemu.Verdict) error {
	r.Say("booting: %s", s.name)
	m.Append = "rig.stage=" + s.name
	v.Ended = false
	done, bit := false, false
	begin := time.Now()
	err := r.Boot(ctx, m, v, func(line string) {
		done = done || strings.Contains(line, qemu.Done)
		bit = bit || strings.Contains(line, bitten)
	})
	if err != nil || s.bites == "" {
		return err
	}
	check := "watchdog, when " + s.bites
	switch {
	case !done:
		v.Line(qemu.Fail(check, "it did not come so far"))
	case v.Ended || !bit:
		v.Line(qemu.Fail(check, "the machine was not restarted"))
	default:
		v.Line(qemu.Pass(check, fmt.Sprintf("the machine was restarted [%.1f s]", time.Since(begin).Seconds())))
	}
	v.Ended = true
	return nil
}

// mark changes with the sources of our modules.
func mark() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(kmod.Sources, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := kmod.Sources.ReadFile(path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(data), data)
		return err
	})
	fmt.Fprint(h, borrowed, own)
	return fmt.Sprintf("%x", h.Sum(nil)[:4]), err
}

// build builds gpio-sim and our modules.
func build(ctx context.Context, k debian.Kernel, root, release string) ([]string, error) {
	dir := filepath.Join(root, "board")
	if err := os.CopyFS(dir, kmod.Sources); err != nil {
		return nil, fmt.Errorf("cannot lay out the modules' sources: %w", err)
	}
	dir = filepath.Join(dir, "src")
	archive, err := filepath.Glob(filepath.Join(root, "usr", "src", source+".tar.*"))
	if err != nil || len(archive) != 1 {
		return nil, fmt.Errorf("package %s holds %d archives", source, len(archive))
	}
	args := []string{"--extract", "--file", archive[0], "--directory", dir, "--strip-components", "3", "--occurrence=1"}
	for _, f := range borrowed {
		args = append(args, source+"/"+f)
	}
	if out, err := exec.CommandContext(ctx, "tar", args...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot take %v from %s: %w: %s", borrowed, source, err, out)
	}
	if err := k.Compile(ctx, root, release, dir); err != nil {
		return nil, err
	}
	var list []string
	for _, m := range built {
		list = append(list, filepath.Join(dir, m+".ko"))
	}
	return list, nil
}
