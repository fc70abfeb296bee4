package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/centralita/centralita/tools/debian"
)

// arch is that of every board.
const arch = "arm64"

// wanted are Debian's packages in every image, of the boards' architecture.
var wanted = []string{"busybox-static", "e2fsck-static", "e2fsprogs", "libext2fs2", "libcom-err2", "libblkid1", "libuuid1",
	"libc6", "dahdi", "libtonezone2.0"}

// wantedAll are those of no architecture.
var wantedAll = []string{"ca-certificates"}

// loaders bring U-Boot and what a Pi's first stage reads; raspi-firmware is in
// non-free-firmware.
var loaders = []string{"u-boot-rpi:arm64", "u-boot-qemu", "raspi-firmware"}

// modulesSource is built against the kernel; its modules are for cards on PCI and for
// trying the driver out.
const modulesSource = "dahdi-dkms"

var cardModules = map[string]string{"CONFIG_DAHDI": "dahdi", "CONFIG_DAHDI_DYNAMIC": "dahdi_dynamic",
	"CONFIG_DAHDI_DYNAMIC_LOC": "dahdi_dynamic_loc", "CONFIG_DAHDI_ECHOCAN_MG2": "dahdi_echocan_mg2",
	"CONFIG_DAHDI_VOICEBUS": "voicebus/dahdi_voicebus", "CONFIG_DAHDI_WCTDM24XXP": "wctdm24xxp/wctdm24xxp",
	"CONFIG_DAHDI_WCTDM": "wctdm", "CONFIG_DAHDI_WCFXO": "wcfxo"}

// stock is what was fetched and built once and is kept for all images.
type stock struct {
	dir      string
	Release  string // of the kernel
	Modules  []string
	Packages []pkg // sorted by name
}

// pkg is one of Debian's packages.
type pkg struct{ Name, Version, Arch, Source string }

// root is where the packages are unpacked.
func (s stock) root() string { return filepath.Join(s.dir, "root") }

// take returns the stock from dir, fetching and building it first when it is not there.
func take(ctx context.Context, dir string, log func(string, ...any)) (stock, error) {
	list := filepath.Join(dir, "stock.json")
	text, err := os.ReadFile(list)
	if errors.Is(err, fs.ErrNotExist) {
		if err := fetch(ctx, dir, log); err != nil {
			return stock{}, err
		}
		text, err = os.ReadFile(list)
	}
	s := stock{dir: dir}
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		return stock{}, fmt.Errorf("cannot read what is kept of Debian: %w; remove %s", err, dir)
	}
	return s, nil
}

// fetch fills dir: packages, unpacked and listed, and DAHDI's modules.
func fetch(ctx context.Context, dir string, log func(string, ...any)) error {
	work := dir + ".new"
	if err := os.RemoveAll(work); err != nil {
		return fmt.Errorf("cannot begin anew: %w", err)
	}
	root := filepath.Join(work, "root")
	release, packages, err := fetchSystem(ctx, work, root, log)
	if err != nil {
		return err
	}
	modules, source, err := fetchCards(ctx, work, root, release, log)
	if err != nil {
		return err
	}
	packages = append(packages, source...)
	slices.SortFunc(packages, func(a, b pkg) int { return strings.Compare(a.Name, b.Name) })
	return keep(work, dir, stock{Release: release, Modules: modules, Packages: packages})
}

// fetchSystem unpacks Debian's newest kernel and what the image has of Debian into root.
func fetchSystem(ctx context.Context, work, root string, log func(string, ...any)) (release string, packages []pkg, err error) {
	a := debian.Archive{Dir: work, Arch: arch, Components: []string{"non-free-firmware"}}
	log("asking Debian for its kernel")
	if err := a.Update(ctx); err != nil {
		return "", nil, err
	}
	if release, err = a.Release(ctx); err != nil {
		return "", nil, err
	}
	names := append(slices.Clone(wantedAll), loaders...)
	for _, p := range wanted {
		names = append(names, p+":"+arch)
	}
	names = append(names, "linux-image-"+release+":"+arch)
	log("downloading %s and %d packages more", release, len(names)-1)
	if err := a.Download(ctx, names...); err != nil {
		return "", nil, err
	}
	if packages, err = listed(ctx, a.Debs()); err != nil {
		return "", nil, err
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", nil, err
	}
	return release, packages, debian.Unpack(ctx, a.Debs(), root)
}

// fetchCards builds DAHDI's modules for the kernel in root, and lists the source of them.
func fetchCards(ctx context.Context, work, root, release string, log func(string, ...any)) (modules []string, source []pkg, err error) {
	version := strings.TrimSuffix(release, "-"+arch)
	series := strings.Join(strings.SplitN(release, ".", 3)[:2], ".")
	a := debian.Archive{Dir: filepath.Join(work, "build"), Arch: arch}
	log("building DAHDI's modules")
	if err := a.Update(ctx); err != nil {
		return nil, nil, err
	}
	err = a.Download(ctx, modulesSource, "linux-headers-"+release+":"+arch, "linux-headers-"+version+"-common",
		"linux-kbuild-"+series+":"+runtime.GOARCH)
	if err != nil {
		return nil, nil, err
	}
	all, err := listed(ctx, a.Debs())
	if err != nil {
		return nil, nil, err
	}
	for _, p := range all {
		if p.Name == modulesSource {
			source = append(source, p)
		}
	}
	modules, err = cards(ctx, a, work, root, release)
	return modules, source, err
}

// keep clears up work and puts it in dir's place, with what it holds written down.
func keep(work, dir string, s stock) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	for _, d := range []string{filepath.Join(work, "build"), filepath.Join(work, "apt"), debian.Archive{Dir: work}.Debs()} {
		if err := os.RemoveAll(d); err != nil {
			return fmt.Errorf("cannot clear up: %w", err)
		}
	}
	if err := os.WriteFile(filepath.Join(work, "stock.json"), text, 0o644); err != nil {
		return fmt.Errorf("cannot write what is kept: %w", err)
	}
	if err := os.Rename(work, dir); err != nil {
		return fmt.Errorf("cannot keep what was fetched: %w", err)
	}
	return nil
}

// cards builds DAHDI's modules and puts them with the kernel's own.
func cards(ctx context.Context, a debian.Archive, work, root, release string) ([]string, error) {
	tree := filepath.Join(work, "build", "root")
	if err := os.MkdirAll(tree, 0o755); err != nil {
		return nil, err
	}
	if err := debian.Unpack(ctx, a.Debs(), tree); err != nil {
		return nil, err
	}
	built, err := debian.Kernel{Arch: arch, Source: modulesSource, Modules: cardModules}.Build(ctx, tree, release)
	if err != nil {
		return nil, err
	}
	to := filepath.Join(root, "lib", "modules", release, "extra")
	if err := os.MkdirAll(to, 0o755); err != nil {
		return nil, err
	}
	var modules []string
	for _, m := range built {
		if err := debian.Run(ctx, tree, "aarch64-linux-gnu-strip", "--strip-debug", m); err != nil {
			return nil, err
		}
		if err := os.Rename(m, filepath.Join(to, filepath.Base(m))); err != nil {
			return nil, fmt.Errorf("cannot keep a module: %w", err)
		}
		modules = append(modules, strings.TrimSuffix(filepath.Base(m), ".ko"))
	}
	slices.Sort(modules)
	return modules, nil
}

// listed reads what the packages of a folder say of themselves.
func listed(ctx context.Context, debs string) ([]pkg, error) {
	files, err := filepath.Glob(filepath.Join(debs, "*.deb"))
	if err != nil {
		return nil, err
	}
	var list []pkg
	for _, f := range files {
		out, err := exec.CommandContext(ctx, "dpkg-deb", "-W", "--showformat", "${Package}\t${Version}\t${Architecture}\t${source:Package}", f).Output()
		w := strings.Split(string(out), "\t")
		if err != nil || len(w) != 4 {
			return nil, fmt.Errorf("cannot read package %s: %q, %w", filepath.Base(f), out, err)
		}
		list = append(list, pkg{w[0], w[1], w[2], w[3]})
	}
	return list, nil
}
