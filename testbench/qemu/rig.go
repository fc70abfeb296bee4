package qemu

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/centralita/centralita/tools/cpio"
	"github.com/centralita/centralita/tools/debian"
)

// patience is how long a guest may run: an order more than it takes.
const patience = 10 * time.Minute

// Rig is one run: a kernel, the programs of its guest, and what became of the checks.
type Rig struct {
	Arch, Dir string
	All       bool // print the guest's whole console
	Out       io.Writer

	begin   time.Time
	console []string
}

// NewRig reads the command line of a rig.
func NewRig() *Rig {
	r := &Rig{Out: os.Stdout, begin: time.Now()}
	flag.StringVar(&r.Arch, "arch", "amd64", "the guest's architecture: amd64 or arm64")
	flag.StringVar(&r.Dir, "dir", "artefacts/qemu", "where what is built is kept")
	flag.BoolVar(&r.All, "v", false, "print the guest's whole console")
	flag.Parse()
	return r
}

// Say prints a line with the time since the start.
func (r *Rig) Say(format string, args ...any) {
	fmt.Fprintf(r.Out, "%6.1f s  "+format+"\n", append([]any{time.Since(r.begin).Seconds()}, args...)...)
}

// Kit installs what the host lacks and returns the kernel and its modules.
func (r *Rig) Kit(ctx context.Context, d debian.Kernel) (debian.Kit, error) {
	if Program(r.Arch) == "" {
		return debian.Kit{}, fmt.Errorf("there is no machine for %q: amd64 and arm64 are known", r.Arch)
	}
	if lack := debian.Need(r.Arch); lack != nil {
		r.Say("installing %s", strings.Join(lack, " "))
		if err := debian.Install(ctx, lack); err != nil {
			return debian.Kit{}, err
		}
	}
	dir, err := filepath.Abs(r.Dir)
	if err != nil {
		return debian.Kit{}, err
	}
	r.Dir, d.Dir, d.Arch, d.Log = dir, dir, r.Arch, r.Say
	return d.Kit(ctx)
}

// GuestProgram is a program of the guest: a package and the tags it is built with.
type GuestProgram struct{ Package, Tags string }

// Initramfs puts the modules and our programs, by their paths in the guest, together;
// the caller removes the file.
func (r *Rig) Initramfs(ctx context.Context, kit debian.Kit, programs map[string]GuestProgram) (string, error) {
	r.Say("building the guest's programs")
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
	for path, p := range programs {
		data, err := r.build(ctx, p)
		if err != nil {
			return "", err
		}
		files[path] = cpio.File{Data: data, Mode: 0o755}
	}
	f, err := os.CreateTemp(r.Dir, "initrd-*")
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
func (r *Rig) build(ctx context.Context, p GuestProgram) ([]byte, error) {
	out := filepath.Join(r.Dir, filepath.Base(p.Package)+"-"+r.Arch)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags="+p.Tags, "-ldflags=-s -w", "-o", out, p.Package)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+r.Arch)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot build %s: %w\n%s", p.Package, err, text)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		return nil, fmt.Errorf("cannot take %s: %w", p.Package, err)
	}
	return data, nil
}

// Boot runs the machine until it ends and gives the verdict and line, which may be nil,
// what it says.
func (r *Rig) Boot(ctx context.Context, m Machine, v *Verdict, line func(string)) error {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	return m.Run(ctx, func(s string) {
		r.console = append(r.console, s)
		v.Line(s)
		if line != nil {
			line(s)
		}
		if r.All {
			r.Say("%s", s)
		}
	})
}

// Report prints the verdict; of a bad one, the whole console.
func (r *Rig) Report(v *Verdict) bool {
	good := v.Write(r.Out, time.Since(r.begin))
	if !good && !r.All {
		fmt.Fprintln(r.Out, "the guest's console:")
		for _, line := range r.console {
			fmt.Fprintln(r.Out, "  ", line)
		}
	}
	return good
}
