// Package debian fetches Debian's packages for an architecture that need not be the
// host's, without root and without what the host's own apt knows, and builds kernel
// modules against Debian's kernel.
package debian

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// Kernel is where a kernel and modules built against it come from and are kept.
type Kernel struct {
	Dir  string // kept between runs
	Arch string // of the guest: "amd64" or "arm64"
	// Source is the package with the modules' source, Modules the configuration
	// variables that choose among them, each giving a .ko.
	Source  string
	Modules map[string]string // CONFIG_DAHDI: "dahdi"
	// Make, where set, builds other modules than DAHDI's from what is unpacked below root,
	// and Own are modules of the kernel's own that are wanted too: "softdog".
	Make func(ctx context.Context, root, release string) ([]string, error)
	Own  []string
	Name string // what is kept is called so, "" for DAHDI's
	Log  func(format string, args ...any)
}

// Kit is a kernel and what it loads.
type Kit struct {
	Release string   // e.g. 6.1.0-50-amd64
	Kernel  string   // path
	Modules []string // paths, in the order in which they load
}

// Need names the packages that the host lacks to build and run for arch.
func Need(arch string) []string {
	var lack []string
	look := func(program, pkg string) {
		if _, err := exec.LookPath(program); err != nil {
			lack = append(lack, pkg)
		}
	}
	look("make", "make")
	look("xz", "xz-utils") // tar's help with the kernel's source
	if arch == "arm64" {
		look("qemu-system-aarch64", "qemu-system-arm")
	} else {
		look("qemu-system-x86_64", "qemu-system-x86")
	}
	look(compiler(arch), map[bool]string{true: "gcc", false: "gcc-" + gnu(arch)}[arch == runtime.GOARCH])
	if found, err := filepath.Glob("/usr/lib/*/libelf.so.1"); err != nil || len(found) == 0 {
		lack = append(lack, "libelf1") // of the kernel's own build tools
	}
	return lack
}

// Install installs packages when root may, or says in one line what a person types.
func Install(ctx context.Context, packages []string) error {
	if len(packages) == 0 {
		return nil
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("the rig needs programs that are not installed: sudo apt-get install -y --no-install-recommends %s", strings.Join(packages, " "))
	}
	for _, args := range [][]string{{"update", "-q"}, append([]string{"install", "-q", "-y", "--no-install-recommends"}, packages...)} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("cannot install %s: %w\n%s", strings.Join(packages, " "), err, out)
		}
	}
	return nil
}

func gnu(arch string) string {
	if arch == "arm64" {
		return "aarch64-linux-gnu"
	}
	return "x86-64-linux-gnu"
}

// compiler is the C compiler for the guest's modules.
func compiler(arch string) string {
	if arch == runtime.GOARCH {
		return "gcc"
	}
	return gnu(arch) + "-gcc"
}

// Kit returns the kernel and the modules, from what is kept or newly downloaded and
// built.
func (d Kernel) Kit(ctx context.Context) (Kit, error) {
	keep := filepath.Join(d.Dir, d.Name+d.Arch)
	if k, err := kept(keep); err == nil {
		return k, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return Kit{}, err
	}
	work := keep + ".new"
	if err := os.RemoveAll(work); err != nil {
		return Kit{}, fmt.Errorf("cannot begin anew: %w", err)
	}
	root := filepath.Join(work, "root")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return Kit{}, fmt.Errorf("cannot make the place to build: %w", err)
	}
	release, err := d.download(ctx, work)
	if err != nil {
		return Kit{}, err
	}
	d.Log("unpacking %s", release)
	if err := Unpack(ctx, filepath.Join(work, "debs"), root); err != nil {
		return Kit{}, err
	}
	d.Log("building modules")
	build := d.Make
	if build == nil {
		build = d.Build
	}
	built, err := build(ctx, root, release)
	if err != nil {
		return Kit{}, err
	}
	tree := filepath.Join(root, "lib", "modules", release)
	own, err := named(tree, d.Own)
	if err != nil {
		return Kit{}, err
	}
	order, err := Order(append(built, own...), tree)
	if err != nil {
		return Kit{}, err
	}
	if err := keepAll(work, root, release, order); err != nil {
		return Kit{}, err
	}
	if err := os.Rename(work, keep); err != nil {
		return Kit{}, fmt.Errorf("cannot keep what was built: %w", err)
	}
	return kept(keep)
}

var dependsOn = regexp.MustCompile(`Depends: linux-image-([0-9][^ :\n]*)`)

// download gets the packages and returns the kernel's release.
func (d Kernel) download(ctx context.Context, work string) (string, error) {
	a := Archive{Dir: work, Arch: d.Arch}
	d.Log("asking Debian for its kernel")
	if err := a.Update(ctx); err != nil {
		return "", err
	}
	release, err := a.Release(ctx)
	if err != nil {
		return "", err
	}
	d.Log("downloading %s", release)
	return release, a.Download(ctx, append([]string{d.Source}, packagesOf(release, d.Arch, runtime.GOARCH)...)...)
}

// releaseOf finds the kernel's release in what apt-cache says that Debian's newest
// kernel depends on.
func releaseOf(text, arch string) (string, error) {
	m := dependsOn.FindStringSubmatch(text)
	if m == nil || !strings.HasSuffix(m[1], "-"+arch) {
		return "", fmt.Errorf("linux-image-%s names no kernel for it: %q", arch, text)
	}
	return m[1], nil
}

// packagesOf are the kernel of a release and what modules for it are built against:
// headers of the guest, build tools of the host.
func packagesOf(release, arch, host string) []string {
	version := strings.TrimSuffix(release, "-"+arch)
	series := strings.Join(strings.SplitN(release, ".", 3)[:2], ".")
	return []string{"linux-image-" + release + ":" + arch, "linux-headers-" + release + ":" + arch,
		"linux-headers-" + version + "-common", "linux-kbuild-" + series + ":" + host}
}

// Compile builds the modules whose source is in dir against the headers unpacked below
// root; args are variables for make.
func (d Kernel) Compile(ctx context.Context, root, release, dir string, args ...string) error {
	headers := filepath.Join(root, "usr", "src", "linux-headers-"+release)
	makefile := filepath.Join(headers, "Makefile") // names its other half by an absolute path
	text, err := os.ReadFile(makefile)
	if err != nil {
		return fmt.Errorf("the headers have no Makefile: %w", err)
	}
	text = bytes.ReplaceAll(text, []byte(" /usr/src/"), []byte(" "+root+"/usr/src/"))
	if err := os.WriteFile(makefile, text, 0o644); err != nil {
		return fmt.Errorf("cannot point the headers at their place: %w", err)
	}
	all := []string{"-j", fmt.Sprint(runtime.NumCPU()), "-C", headers, "KBUILD_EXTMOD=" + dir, "CONFIG_DEBUG_INFO_BTF_MODULES=", "CC=" + compiler(d.Arch)}
	if d.Arch != runtime.GOARCH {
		all = append(all, "ARCH="+d.Arch, "CROSS_COMPILE="+gnu(d.Arch)+"-")
	}
	return Run(ctx, dir, "make", append(append(all, args...), "modules")...)
}

// Build builds DAHDI's modules against the headers and the source unpacked below root and
// returns their paths.
func (d Kernel) Build(ctx context.Context, root, release string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(root, "usr", "src", "dahdi-*", "include", "dahdi"))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("package %s holds %d sources", d.Source, len(found))
	}
	version := "#define DAHDI_VERSION \"" + strings.TrimPrefix(filepath.Base(filepath.Dir(filepath.Dir(found[0]))), "dahdi-") + "\"\n"
	if err := os.WriteFile(filepath.Join(found[0], "version.h"), []byte(version), 0o644); err != nil {
		return nil, fmt.Errorf("cannot write the version: %w", err)
	}
	source := filepath.Dir(filepath.Dir(found[0]))
	drivers := filepath.Join(source, "drivers", "dahdi")
	args := []string{"DAHDI_INCLUDE=" + filepath.Join(source, "include"), "DAHDI_BUILD_ALL=", "DAHDI_MODULES_EXTRA= ", "HOTPLUG_FIRMWARE=yes"}
	for config := range d.Modules {
		args = append(args, config+"=m")
	}
	if err := d.Compile(ctx, root, release, drivers, args...); err != nil {
		return nil, err
	}
	var built []string
	for _, name := range d.Modules {
		path := filepath.Join(drivers, name+".ko")
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("module %s was not built: %w", name, err)
		}
		built = append(built, path)
	}
	return built, nil
}

// Run runs a program whose output matters only when it fails.
func Run(ctx context.Context, dir, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { // of a make that runs us
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "ARCH", "CROSS_COMPILE"}, name)
	})
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", program, err, out[max(0, len(out)-4000):])
	}
	return nil
}
