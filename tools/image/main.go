// Command image builds the card of a board: a disk image to flash, the slot image that
// an update carries, and what belongs to both: parts list (SBOM), licences, an entry for
// rpi-imager. It runs as an ordinary user, and the same sources give the same bytes.
//
//	go run ./tools/image -board rpi4
//
// The first run downloads Debian's packages by apt and builds DAHDI's modules; they are
// kept under artefacts/image/stock. What the host lacks is installed when root runs it,
// and named in one line otherwise.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/tools/debian"
)

// tools are the host's programs and where they come from.
var tools = [][2]string{{"mformat", "mtools"}, {"mksquashfs", "squashfs-tools"}, {"mkimage", "u-boot-tools"}, {"mke2fs", "e2fsprogs"},
	{"depmod", "kmod"}, {"fdtput", "device-tree-compiler"}, {"make", "make"}, {"aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"},
	{"aarch64-linux-gnu-strip", "binutils-aarch64-linux-gnu"}}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	name := flag.String("board", "qemu", "the board: "+strings.Join(names(), ", "))
	out := flag.String("out", "artefacts/image", "where images go, each board in its own folder, and where Debian's packages are kept")
	version := flag.String("version", "", "for people: 0.9.5; default: from the commit")
	number := flag.Uint64("number", 0, "of the release, what counts against older ones; default: commits so far")
	floor := flag.Uint64("floor", 0, "the lowest number that may follow")
	keys := flag.String("keys", "", "folder of the public keys (*.pub) whose updates the box takes")
	setup := flag.String("setup-keys", "", "folder of the public keys (*.pub) of integrators, who must sign a centralita.yaml on this card; none: it needs no signature")
	kept := flag.String("stock", "", "where Debian's packages are kept; default: stock below -out")
	url := flag.String("url", "", "where the image will be downloaded from, for rpi-imager; default: beside its manifest")
	flag.Parse()
	begin := time.Now()
	log := func(format string, args ...any) {
		fmt.Printf("%6.1f s  "+format+"\n", append([]any{time.Since(begin).Seconds()}, args...)...)
	}
	if *kept == "" {
		*kept = filepath.Join(*out, "stock")
	}
	b := &build{version: *version, number: *number, floor: *floor, log: log}
	err := b.make1(ctx, *name, *out, *kept, *keys, *setup, *url)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// make1 builds one image.
func (b *build) make1(ctx context.Context, name, out, kept, keys, setup, url string) error {
	var err error
	if b.board, err = boardOf(name); err != nil {
		return err
	}
	if err := host(ctx, b.log); err != nil {
		return err
	}
	for _, dir := range []*string{&out, &kept} {
		if *dir, err = filepath.Abs(*dir); err != nil {
			return err
		}
	}
	if err := b.commit(ctx); err != nil {
		return err
	}
	if b.keys, err = publicKeys(keys); err != nil {
		return err
	}
	if b.setup, err = publicKeys(setup); err != nil {
		return err
	}
	if b.keys == nil {
		b.log("no -keys: this image takes no update")
	}
	if b.stock, err = take(ctx, kept, b.log); err != nil {
		return err
	}
	b.work = filepath.Join(out, name+".work")
	if err := os.RemoveAll(b.work); err != nil {
		return fmt.Errorf("cannot begin anew: %w", err)
	}
	if err := os.MkdirAll(b.work, 0o755); err != nil {
		return fmt.Errorf("cannot make a place to work: %w", err)
	}
	if err := b.all(ctx, filepath.Join(out, name), url); err != nil {
		return err
	}
	return os.RemoveAll(b.work)
}

// publicKeys lists the keys of a folder; "" has none.
func publicKeys(dir string) ([]string, error) {
	if dir == "" {
		return nil, nil
	}
	list, err := filepath.Glob(filepath.Join(dir, "*.pub"))
	if err == nil && len(list) == 0 {
		err = errors.New("there is none; hint: go run ./tools/bundle key DIR/NAME makes one, away from every repository")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot find a public key (*.pub) in %s: %w", dir, err)
	}
	return list, nil
}

// host sees to it that the host's programs are there.
func host(ctx context.Context, log func(string, ...any)) error {
	var lack []string
	for _, t := range tools {
		if _, err := exec.LookPath(t[0]); err != nil && !sbin(t[0]) {
			lack = append(lack, t[1])
		}
	}
	if lack == nil {
		return nil
	}
	log("installing %s", strings.Join(lack, " "))
	return debian.Install(ctx, lack)
}

// sbin says whether a program is where an ordinary user's PATH does not look.
func sbin(program string) bool {
	_, err := os.Stat(filepath.Join("/usr/sbin", program))
	return err == nil
}

// commit takes version, number and time from the sources' commit where they were not
// given.
func (b *build) commit(ctx context.Context) error {
	ask := func(what string, args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", args...).Output()
		if err != nil {
			return "", fmt.Errorf("cannot ask git for the %s: %w; -version, -number and SOURCE_DATE_EPOCH say it otherwise", what, err)
		}
		return strings.TrimSpace(string(out)), nil
	}
	if b.version == "" {
		short, err := ask("version", "rev-parse", "--short=10", "HEAD")
		if err != nil {
			return err
		}
		b.version = "0.1.0+" + short
	}
	if b.number == 0 {
		n, err := ask("number", "rev-list", "--count", "HEAD")
		if err != nil {
			return err
		}
		if b.number, err = strconv.ParseUint(n, 10, 64); err != nil {
			return fmt.Errorf("cannot read the number of commits: %w", err)
		}
	}
	epoch := os.Getenv("SOURCE_DATE_EPOCH")
	if epoch == "" {
		var err error
		if epoch, err = ask("time", "log", "-1", "--format=%ct"); err != nil {
			return err
		}
	}
	var err error
	if b.epoch, err = strconv.ParseInt(epoch, 10, 64); err != nil {
		return fmt.Errorf("cannot read SOURCE_DATE_EPOCH %q: it is seconds since 1970", epoch)
	}
	return nil
}

// tool runs a program of the host's with the one time that counts.
func (b *build) tool(ctx context.Context, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	if path := filepath.Join("/usr/sbin", program); cmd.Err != nil && sbin(program) {
		cmd = exec.CommandContext(ctx, path, args...)
	}
	cmd.Dir = b.work
	t := fmt.Sprint(b.epoch)
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+t, "E2FSPROGS_FAKE_TIME="+t, "MTOOLS_SKIP_CHECK=1", "TZ=UTC", "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, bytes.TrimSpace(out))
	}
	return nil
}

// date gives everything below a folder the one time.
func (b *build) date(folder string) error {
	t := time.Unix(b.epoch, 0)
	return filepath.WalkDir(folder, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.Type()&os.ModeSymlink != 0 {
			return err
		}
		return os.Chtimes(p, t, t)
	})
}
