package main

import (
	"bytes"
	"context"
	"debug/elf"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/centralita/centralita/firmware/support"
	"github.com/centralita/centralita/tools/cpio"
	"github.com/centralita/centralita/tools/debian"
)

//go:embed all:files
var files embed.FS

// applets of busybox in the root: none that opens a session, serves a shell or reads
// keys.
var applets = []string{"sh", "init", "reboot", "poweroff", "mount", "umount", "mkdir", "chown", "chmod", "cat", "dd", "mv", "sync", "sleep", "sed",
	"sort", "find", "xargs", "sysctl", "hostname", "ip", "mdev", "modprobe", "start-stop-daemon", "setpriv", "udhcpc", "ntpd", "tr", "true", "test", "[", "ls",
	"ps", "free", "df", "dmesg", "kill", "route", "ifconfig", "cut", "grep", "rm", "ln", "cp", "echo", "head", "tail", "wc", "uname", "date", "blockdev"}

// initApplets are those of the first file system.
var initApplets = []string{"sh", "mount", "umount", "mkdir", "cat", "modprobe", "usleep", "sleep", "reboot", "switch_root", "losetup", "echo", "insmod"}

// dynamic are Debian's programs that need libraries.
var dynamic = []string{"sbin/resize2fs", "sbin/mke2fs", "usr/sbin/dahdi_cfg"}

// build is one run: where it works and what it was asked for.
type build struct {
	board   board
	stock   stock
	work    string // made anew
	version string
	number  uint64
	floor   uint64
	epoch   int64    // SOURCE_DATE_EPOCH
	keys    []string // of updates
	setup   []string // of integrators
	program string   // the built centralita
	rescue  string   // the built rescue
	log     func(string, ...any)
}

// root makes the tree of the slot's root and returns its folder.
func (b *build) root(ctx context.Context, bom []byte, licences []byte) (string, error) {
	root := filepath.Join(b.work, "root")
	for _, d := range []string{"bin", "sbin", "usr/bin", "usr/sbin", "lib", "dev", "proc", "sys", "run", "tmp", "data", "slot", "boot", "etc", "mnt"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			return "", fmt.Errorf("cannot make the root: %w", err)
		}
	}
	if err := b.ownFiles(root); err != nil {
		return "", err
	}
	from := b.stock.root()
	copies := map[string]string{filepath.Join(from, "bin/busybox"): "bin/busybox", filepath.Join(from, "sbin/e2fsck.static"): "sbin/e2fsck",
		b.program: "bin/centralita", b.rescue: "bin/rescue"}
	for _, d := range dynamic {
		copies[filepath.Join(from, d)] = d
	}
	libs, err := libraries(from, dynamic)
	if err != nil {
		return "", err
	}
	for _, l := range libs {
		copies[filepath.Join(from, l)] = l
	}
	for f, to := range copies {
		if err := copyFile(f, filepath.Join(root, to), 0o755); err != nil {
			return "", err
		}
	}
	for _, a := range applets {
		dir := "bin"
		if slices.Contains([]string{"init", "modprobe"}, a) {
			dir = "sbin"
		}
		if err := os.Symlink("/bin/busybox", filepath.Join(root, dir, a)); err != nil {
			return "", fmt.Errorf("cannot make the root: %w", err)
		}
	}
	if err := os.Symlink("/run/centralita/resolv.conf", filepath.Join(root, "etc/resolv.conf")); err != nil {
		return "", fmt.Errorf("cannot make the root: %w", err)
	}
	if err := b.data(root, bom, licences); err != nil {
		return "", err
	}
	if err := copyModules(ctx, b.stock, root, slices.Concat(dogs, early, late, b.board.modules, b.stock.Modules)); err != nil {
		return "", err
	}
	return root, b.reviewed(root)
}

// ownFiles writes the files of ours that are scripts and settings.
func (b *build) ownFiles(root string) error {
	return fs.WalkDir(files, "files/root", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := files.ReadFile(p)
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if bytes.HasPrefix(data, []byte("#!")) {
			mode = 0o755
		}
		if path.Base(p) == "shadow" {
			mode = 0o600
		}
		return writeFile(filepath.Join(root, strings.TrimPrefix(p, "files/root/")), data, mode)
	})
}

// data writes what differs from image to image, and Debian's tables.
func (b *build) data(root string, bom, licences []byte) error {
	var certs bytes.Buffer
	found, err := filepath.Glob(filepath.Join(b.stock.root(), "usr/share/ca-certificates/mozilla/*.crt"))
	if err != nil || len(found) == 0 {
		return errors.Join(err, fmt.Errorf("cannot find Debian's certificates: %d", len(found)))
	}
	sort.Strings(found)
	for _, f := range found {
		text, err := os.ReadFile(f)
		if err != nil {
			return fmt.Errorf("cannot take a certificate: %w", err)
		}
		certs.Write(text)
	}
	release := fmt.Sprintf("{\"number\": %d, \"version\": %q, \"floor\": %d}\n", b.number, b.version, b.floor)
	for to, data := range map[string][]byte{"etc/ssl/certs/ca-certificates.crt": certs.Bytes(), "etc/centralita/release.json": []byte(release),
		"etc/centralita/board": []byte(b.board.name + "\n"),
		"etc/modules":          []byte(strings.Join(start, "\n") + "\n"), strings.TrimPrefix(support.BillFile, "/"): bom, "usr/share/centralita/licences.txt": licences} {
		if err := writeFile(filepath.Join(root, to), data, 0o644); err != nil {
			return err
		}
	}
	for dir, list := range map[string][]string{"keys": b.keys, "provision": b.setup} {
		for _, k := range list {
			if err := copyFile(k, filepath.Join(root, "etc/centralita", dir, filepath.Base(k)), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// libraries returns the shared libraries that programs below root need, and their
// loader, as paths below root.
func libraries(root string, programs []string) ([]string, error) {
	const loader = "lib/ld-linux-aarch64.so.1"
	done := map[string]bool{loader: true}
	todo := slices.Clone(programs)
	for len(todo) > 0 {
		f, err := elf.Open(filepath.Join(root, todo[0]))
		if err != nil {
			return nil, fmt.Errorf("cannot read program %s: %w", todo[0], err)
		}
		needed, err := f.ImportedLibraries()
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("cannot read program %s: %w", todo[0], err)
		}
		todo = todo[1:]
		for _, n := range needed {
			if n == filepath.Base(loader) {
				continue
			}
			p := ""
			for _, dir := range []string{"lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu"} {
				if _, err := os.Stat(filepath.Join(root, dir, n)); err == nil {
					p = filepath.Join(dir, n)
				}
			}
			if p == "" {
				return nil, fmt.Errorf("cannot find library %s among Debian's packages of the image", n)
			}
			if !done[p] {
				done[p] = true
				todo = append(todo, p)
			}
		}
	}
	var list []string
	for p := range done {
		list = append(list, p)
	}
	sort.Strings(list)
	return list, nil
}

// squash packs the root: everything is root's, of one time, in one order.
func (b *build) squash(ctx context.Context, root, to string) error {
	t := fmt.Sprint(b.epoch)
	return debian.Run(ctx, b.work, "mksquashfs", root, to, "-all-root", "-noappend", "-no-xattrs", "-no-exports", "-comp", "zstd", "-Xcompression-level", "15",
		"-mkfs-time", t, "-all-time", t, "-reproducible", "-no-progress", "-quiet", "-no-recovery")
}

// initrd makes the first file system of a slot and of the recovery.
func (b *build) initrd(ctx context.Context) (cpio.Archive, error) {
	root := filepath.Join(b.work, "early")
	if err := copyModules(ctx, b.stock, root, slices.Concat(dogs, early)); err != nil {
		return nil, err
	}
	a := cpio.Archive{"etc/modules.watchdog": {Data: []byte(strings.Join(dogs, "\n") + "\n")},
		"etc/modules.early":    {Data: []byte(strings.Join(early, "\n") + "\n")},
		"etc/centralita/board": {Data: []byte(b.board.name + "\n")}}
	for _, d := range []string{"proc", "sys", "run", "root", "slot", "mnt", "tmp"} {
		a[d] = cpio.File{Mode: fs.ModeDir}
	}
	init, err := files.ReadFile("files/init.sh")
	if err != nil {
		return nil, err
	}
	a["init"] = cpio.File{Data: init, Mode: 0o755}
	take := map[string]string{"bin/busybox": filepath.Join(b.stock.root(), "bin/busybox"), "bin/rescue": b.rescue}
	for _, k := range b.keys {
		take["etc/centralita/keys/"+filepath.Base(k)] = k
	}
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			take[p[len(root)+1:]] = p
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot take the early modules: %w", err)
	}
	for to, from := range take {
		data, err := os.ReadFile(from)
		if err != nil {
			return nil, fmt.Errorf("cannot take a file: %w", err)
		}
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(to, "bin/") {
			mode = 0o755
		}
		a[to] = cpio.File{Data: data, Mode: mode}
	}
	for _, n := range initApplets {
		a["bin/"+n] = cpio.File{Data: []byte("busybox"), Mode: fs.ModeSymlink}
	}
	a["sbin/modprobe"] = cpio.File{Data: []byte("../bin/busybox"), Mode: fs.ModeSymlink} // the kernel calls it
	return a, nil
}
