package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/centralita/centralita/tools/cpio"
)

// all builds everything into the folder to.
func (b *build) all(ctx context.Context, to, url string) error {
	b.log("building the programs")
	if err := b.programs(ctx); err != nil {
		return err
	}
	bom, licences, err := b.parts(ctx)
	if err != nil {
		return err
	}
	b.log("packing the root")
	root, err := b.root(ctx, bom, licences)
	if err != nil {
		return err
	}
	early, err := b.initrd(ctx)
	if err != nil {
		return err
	}
	slotDir, boot := filepath.Join(b.work, "slot"), filepath.Join(b.work, "boot")
	if err := b.slotFiles(ctx, slotDir, root, early); err != nil {
		return err
	}
	if err := b.bootFiles(ctx, boot, slotDir); err != nil {
		return err
	}
	if faults := lint(os.DirFS(b.work), "root", "early", "boot"); len(faults) > 0 {
		return fmt.Errorf("the image would carry what it must not:\n%w", errors.Join(faults...))
	}
	b.log("putting the card together")
	if err := os.RemoveAll(to); err != nil {
		return fmt.Errorf("cannot replace the last image: %w", err)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return fmt.Errorf("cannot make a place for the image: %w", err)
	}
	image := filepath.Join(to, "slot.img")
	a, err := b.slotImage(ctx, slotDir, image)
	if err != nil {
		return err
	}
	fat := filepath.Join(b.work, "boot.fat")
	if err := b.fat(ctx, fat, boot, "CENTRALITA", bootSerial, bootSize, "-F", "-c", "4"); err != nil {
		return err
	}
	disk := filepath.Join(to, "centralita-"+b.board.name+".img")
	if err := b.disk(ctx, disk, fat, image, a); err != nil {
		return err
	}
	return b.beside(to, disk, url, bom, licences)
}

// programs cross-builds ours.
func (b *build) programs(ctx context.Context) error {
	for path, to := range map[string]*string{"./firmware/cmd/centralita": &b.program, "./firmware/cmd/rescue": &b.rescue} {
		*to = filepath.Join(b.work, filepath.Base(path))
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
			"-ldflags=-s -w -buildid= -X github.com/centralita/centralita/firmware/app.Version="+b.version, "-o", *to, path)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("cannot build %s: %w\n%s", path, err, text)
		}
	}
	return nil
}

// slotFiles are kernel, first file system, device tree, root and what they are.
func (b *build) slotFiles(ctx context.Context, dir, root string, early cpio.Archive) error {
	from := b.stock.root()
	if err := copyFile(filepath.Join(from, "boot/vmlinuz-"+b.stock.Release), filepath.Join(dir, "kernel"), 0o644); err != nil {
		return err
	}
	var z bytes.Buffer
	w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
	if err != nil {
		return err
	}
	_, err = early.WriteTo(w)
	if err := errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("cannot pack the first file system: %w", err)
	}
	if err := writeFile(filepath.Join(dir, "initrd"), z.Bytes(), 0o644); err != nil {
		return err
	}
	for _, tree := range b.board.trees {
		if err := b.deviceTree(ctx, tree, filepath.Join(dir, "board.dtb")); err != nil {
			return err
		}
	}
	if err := b.squash(ctx, root, filepath.Join(dir, "root.sqfs")); err != nil {
		return err
	}
	about, err := json.MarshalIndent(map[string]any{"board": b.board.name, "version": b.version, "number": b.number,
		"made": time.Unix(b.epoch, 0).UTC(), "kernel": b.stock.Release}, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "manifest.json"), append(about, '\n'), 0o644)
}

// deviceTree copies a tree and switches on the bus of the lamps: SPI 0 with its pins and
// a device for programs on each of its two selects.
func (b *build) deviceTree(ctx context.Context, tree, to string) error {
	if err := copyFile(filepath.Join(b.stock.root(), "usr/lib/linux-image-"+b.stock.Release, tree), to, 0o644); err != nil {
		return err
	}
	const spi = "/soc/spi@7e204000"
	const pins = "/soc/gpio@7e200000/spi0_gpio7"
	const mark = "4096" // a phandle that no tree of Debian's has
	steps := [][]string{{"-t", "i", to, pins, "phandle", mark}, {"-t", "s", to, spi, "status", "okay"},
		{"-t", "s", to, spi, "pinctrl-names", "default"}, {"-t", "i", to, spi, "pinctrl-0", mark}}
	for _, n := range []string{"0", "1"} {
		dev := spi + "/spidev@" + n
		steps = append(steps, []string{"-c", to, dev}, []string{"-t", "s", to, dev, "compatible", "rohm,dh2228fv"},
			[]string{"-t", "i", to, dev, "reg", n}, []string{"-t", "i", to, dev, "spi-max-frequency", "10000000"})
	}
	for _, s := range steps {
		if err := b.tool(ctx, "fdtput", s...); err != nil {
			return err
		}
	}
	return nil
}

// bootFiles are those of the first partition: the board's first stages, U-Boot, its
// script and the recovery.
func (b *build) bootFiles(ctx context.Context, dir, slotDir string) error {
	for _, f := range []string{"kernel", "initrd", "board.dtb"} {
		if _, err := os.Stat(filepath.Join(slotDir, f)); err != nil {
			continue // the emulated machine brings its tree
		}
		if err := copyFile(filepath.Join(slotDir, f), filepath.Join(dir, "recovery", f), 0o644); err != nil {
			return err
		}
	}
	loader, err := b.loader()
	if err != nil {
		return err
	}
	name := "u-boot.bin"
	if b.board.uboot != "" {
		name = "kernel8.img"
		if err := b.firstStages(ctx, dir); err != nil {
			return err
		}
	}
	if err := writeFile(filepath.Join(dir, name), loader, 0o644); err != nil {
		return err
	}
	return b.bootScript(ctx, filepath.Join(dir, "boot.scr"))
}

// firstStages are a Pi's own loader with its settings and the tree that U-Boot reads.
func (b *build) firstStages(ctx context.Context, dir string) error {
	for _, f := range b.board.firmware {
		if err := copyFile(filepath.Join(b.stock.root(), "usr/lib/raspi-firmware", f), filepath.Join(dir, f), 0o644); err != nil {
			return err
		}
	}
	settings, err := files.ReadFile("files/config.txt")
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, "config.txt"), settings, 0o644); err != nil {
		return err
	}
	for _, tree := range b.board.trees {
		to := filepath.Join(dir, treeName(tree))
		if err := copyFile(filepath.Join(b.stock.root(), "usr/lib/linux-image-"+b.stock.Release, tree), to, 0o644); err != nil {
			return err
		}
		if err := b.secure(ctx, to); err != nil {
			return err
		}
	}
	return nil
}

// secure tells U-Boot by its own device tree to hear no key and to open no prompt, also
// when its script ends (common/cli.c: bootsecure).
func (b *build) secure(ctx context.Context, tree string) error {
	for _, s := range [][]string{{"-c", tree, "/config"}, {"-t", "i", tree, "/config", "bootsecure", "1"},
		{"-t", "s", tree, "/config", "bootcmd", "boot"}} {
		if err := b.tool(ctx, "fdtput", s...); err != nil {
			return err
		}
	}
	return nil
}

// beside writes what lies beside the image: packed image, parts list, licences, entry
// for rpi-imager; the emulator's U-Boot.
func (b *build) beside(to, disk, url string, bom, licences []byte) error {
	packed := disk + ".gz"
	if err := pack(disk, packed); err != nil {
		return fmt.Errorf("cannot pack the image: %w", err)
	}
	entry, err := b.imager(disk, packed, url)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"sbom.spdx.json": bom, "licences.txt": licences, "rpi-imager.json": entry} {
		if err := writeFile(filepath.Join(to, name), data, 0o644); err != nil {
			return err
		}
	}
	if b.board.uboot == "" {
		if err := copyFile(filepath.Join(b.work, "boot/u-boot.bin"), filepath.Join(to, "u-boot.bin"), 0o644); err != nil {
			return err
		}
	}
	for _, path := range []string{disk, packed, filepath.Join(to, "slot.img")} {
		sum, size, err := digest(path)
		if err != nil {
			return err
		}
		b.log("%-34s %9.1f MB  sha256 %x", filepath.Base(path), float64(size)/1e6, sum)
	}
	return nil
}

// pack compresses a file, without a name or a time in it.
func pack(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return errors.Join(err, in.Close())
	}
	z, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err == nil {
		_, err = io.Copy(z, in)
		err = errors.Join(err, z.Close())
	}
	return errors.Join(err, in.Close(), out.Close())
}

// imager is the entry that rpi-imager reads (its os_list.json). The image is set up by
// centralita.yaml on its first partition; rpi-imager's own customisation is not for it.
func (b *build) imager(disk, packed, url string) ([]byte, error) {
	rawSum, rawSize, err := digest(disk)
	if err != nil {
		return nil, err
	}
	sum, size, err := digest(packed)
	if err != nil {
		return nil, err
	}
	if url == "" {
		url = filepath.Base(packed)
	}
	entry := map[string]any{"name": "Centralita for " + b.board.title, "description": "Call centre for a small office's lines, " + b.version,
		"url": url, "extract_size": rawSize, "extract_sha256": fmt.Sprintf("%x", rawSum), "image_download_size": size,
		"image_download_sha256": fmt.Sprintf("%x", sum), "release_date": time.Unix(b.epoch, 0).UTC().Format(time.DateOnly),
		"init_format": "none", "devices": append([]string{}, b.board.devices...)}
	text, err := json.MarshalIndent(map[string]any{"os_list": []any{entry}}, "", "  ")
	return append(text, '\n'), err
}
