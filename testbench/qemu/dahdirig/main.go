// Command dahdirig holds board/dahdi against the real DAHDI modules in a real kernel:
// it builds them and the guest's program, boots the machine and prints what became of
// each check. It ends with 0 when all passed.
//
//	go run ./testbench/qemu/dahdirig -arch amd64
//
// The first run downloads Debian's kernel and DAHDI's source by apt and builds the
// modules; later ones find them under artefacts/qemu. What the host lacks is installed
// when root runs it, and named in one line otherwise.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/centralita/centralita/testbench/qemu"
	"github.com/centralita/centralita/tools/cpio"
	"github.com/centralita/centralita/tools/debian"
)

// patience is how long a guest may run: an order more than it takes.
const patience = 10 * time.Minute

// source is Debian's package of DAHDI's modules, and those that the rig loads.
const source = "dahdi-dkms"

var modules = map[string]string{"CONFIG_DAHDI": "dahdi", "CONFIG_DAHDI_DYNAMIC": "dahdi_dynamic",
	"CONFIG_DAHDI_DYNAMIC_LOC": "dahdi_dynamic_loc", "CONFIG_DAHDI_ECHOCAN_MG2": "dahdi_echocan_mg2"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	arch := flag.String("arch", "amd64", "the guest's architecture: amd64 or arm64")
	dir := flag.String("dir", "artefacts/qemu", "where what is built is kept")
	all := flag.Bool("v", false, "print the guest's whole console")
	flag.Parse()
	r := rig{arch: *arch, dir: *dir, all: *all, out: os.Stdout, begin: time.Now()}
	good, err := r.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "dahdirig:", err)
	}
	if err != nil || !good {
		os.Exit(1)
	}
}

// rig is one run.
type rig struct {
	arch, dir string
	all       bool
	out       io.Writer
	begin     time.Time
}

func (r *rig) say(format string, args ...any) {
	fmt.Fprintf(r.out, "%6.1f s  "+format+"\n", append([]any{time.Since(r.begin).Seconds()}, args...)...)
}

func (r *rig) run(ctx context.Context) (bool, error) {
	if qemu.Program(r.arch) == "" {
		return false, fmt.Errorf("there is no machine for %q: amd64 and arm64 are known", r.arch)
	}
	if lack := debian.Need(r.arch); lack != nil {
		r.say("installing %s", strings.Join(lack, " "))
		if err := debian.Install(ctx, lack); err != nil {
			return false, err
		}
	}
	dir, err := filepath.Abs(r.dir)
	if err != nil {
		return false, err
	}
	kit, err := debian.Kernel{Dir: dir, Arch: r.arch, Source: source, Modules: modules, Log: r.say}.Kit(ctx)
	if err != nil {
		return false, err
	}
	r.say("building the guest's programs")
	initrd, err := r.initramfs(ctx, dir, kit)
	if err != nil {
		return false, err
	}
	defer os.Remove(initrd)
	r.say("booting %s", kit.Release)
	return r.boot(ctx, kit, initrd)
}

// initramfs puts the modules and our programs together.
func (r *rig) initramfs(ctx context.Context, dir string, kit debian.Kit) (string, error) {
	files := cpio.Archive{}
	var list strings.Builder
	for _, m := range kit.Modules {
		data, err := os.ReadFile(m)
		if err != nil {
			return "", fmt.Errorf("cannot take a module: %w", err)
		}
		files["modules/"+filepath.Base(m)] = cpio.File{Data: data}
		fmt.Fprintln(&list, filepath.Base(m))
	}
	files["modules.list"] = cpio.File{Data: []byte(list.String())}
	for path, pkg := range map[string]string{"init": "./testbench/qemu/dahdiguest", "bin/centralita": "./firmware/cmd/centralita"} {
		data, err := r.build(ctx, dir, pkg)
		if err != nil {
			return "", err
		}
		files[path] = cpio.File{Data: data, Mode: 0o755}
	}
	f, err := os.CreateTemp(dir, "initrd-*")
	if err != nil {
		return "", fmt.Errorf("cannot write the guest's files: %w", err)
	}
	_, err = files.WriteTo(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("cannot write the guest's files: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return f.Name(), nil
}

// build builds one static program for the guest.
func (r *rig) build(ctx context.Context, dir, pkg string) ([]byte, error) {
	out := filepath.Join(dir, filepath.Base(pkg)+"-"+r.arch)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+r.arch)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot build %s: %w\n%s", pkg, err, text)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		return nil, fmt.Errorf("cannot take %s: %w", pkg, err)
	}
	return data, nil
}

// boot runs the machine and prints its verdict; of a bad one, the whole console.
func (r *rig) boot(ctx context.Context, kit debian.Kit, initrd string) (bool, error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	var v qemu.Verdict
	var console []string
	err := qemu.Machine{Arch: r.arch, Kernel: kit.Kernel, Initrd: initrd}.Run(ctx, func(line string) {
		console = append(console, line)
		v.Line(line)
		if r.all {
			r.say("%s", line)
		}
	})
	good := v.Write(r.out, time.Since(r.begin))
	if !good && !r.all {
		fmt.Fprintln(r.out, "the guest's console:")
		for _, line := range console {
			fmt.Fprintln(r.out, "  ", line)
		}
	}
	return good, err
}
