package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/centralita/centralita/board/abslot"
	"github.com/centralita/centralita/firmware/mbr"
	"github.com/centralita/centralita/hal/slot"
)

// mega is a megabyte in sectors.
const mega = 1 << 20 / mbr.Sector

// Sizes of partitions in sectors. What is before the first belongs to the boot record.
const (
	bootStart = 4 * mega
	bootSize  = 256 * mega
	slotSize  = 256 * mega
	dataSize  = 64 * mega // as flashed; the first start gives it the rest of the card
)

// layout is the disk's table.
var layout = mbr.Table{ID: 0x43454e54, Partitions: [4]mbr.Entry{
	{Kind: mbr.FAT32, Boot: true, Start: bootStart, Size: bootSize},
	{Kind: mbr.FAT32, Start: bootStart + bootSize, Size: slotSize},
	{Kind: mbr.FAT32, Start: bootStart + bootSize + slotSize, Size: slotSize},
	{Kind: mbr.Linux, Start: bootStart + bootSize + 2*slotSize, Size: dataSize},
}}

// Identities that file systems would otherwise draw by lot: two builds are one image.
const (
	bootSerial = "43454E54"
	slotSerial = "534C4F54"
)

// fat makes a FAT file system of that many sectors with the files of a folder.
func (b *build) fat(ctx context.Context, to, folder, label, serial string, sectors int, more ...string) error {
	f, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("cannot make a file system: %w", err)
	}
	if err := errors.Join(f.Truncate(int64(sectors)*mbr.Sector), f.Close()); err != nil {
		return fmt.Errorf("cannot make a file system: %w", err)
	}
	args := append([]string{"-i", to, "-v", label, "-N", serial, "-T", fmt.Sprint(sectors), "-h", "64", "-s", "32"}, more...)
	if err := b.tool(ctx, "mformat", append(args, "::")...); err != nil {
		return err
	}
	if err := b.date(folder); err != nil {
		return err
	}
	found, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range found { // sorted by name
		if err := b.tool(ctx, "mcopy", "-i", to, "-s", "-m", filepath.Join(folder, e.Name()), "::"+e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// slotImage makes the image of a slot and says what the boot record will.
func (b *build) slotImage(ctx context.Context, folder, to string) (slot.Image, error) {
	var size int64
	err := filepath.WalkDir(folder, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += (info.Size() + 4095) &^ 4095
		}
		return err
	})
	if err != nil {
		return slot.Image{}, err
	}
	sectors := (int(size/mbr.Sector)+3*mega)/mega*mega + mega
	if sectors > slotSize {
		return slot.Image{}, fmt.Errorf("the slot's files need %d MB and a slot has %d", sectors/mega, slotSize/mega)
	}
	if err := b.fat(ctx, to, folder, "SLOT", slotSerial, sectors, "-c", "8"); err != nil {
		return slot.Image{}, err
	}
	sum, n, err := digest(to)
	return slot.Image{Number: b.number, Version: b.version, Floor: b.floor, Size: n, Sum: sum}, err
}

// disk puts the whole image together: table, boot record twice, boot partition, slot a,
// data. Slot b stays empty.
func (b *build) disk(ctx context.Context, to, boot, slotImage string, a slot.Image) error {
	data := filepath.Join(b.work, "data.ext4")
	// Room in the group tables for 512 GB; few inodes: the files here are large.
	err := b.tool(ctx, "mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-i", "65536", "-m", "1", "-J", "size=8", "-L", "data",
		"-U", "63656e74-7261-4c69-a461-64617461aaaa", "-E", "hash_seed=63656e74-7261-4c69-a461-73656564aaaa,lazy_itable_init=0,lazy_journal_init=0,resize=134217728,root_owner=0:0",
		data, fmt.Sprint(dataSize/mega)+"M")
	if err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("cannot write the image: %w", err)
	}
	err = b.fill(f, boot, slotImage, data, a)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("cannot write the image: %w", err)
	}
	return nil
}

func (b *build) fill(f *os.File, boot, slotImage, data string, a slot.Image) error {
	last := layout.Partitions[3]
	if err := f.Truncate(int64(last.Start+last.Size) * mbr.Sector); err != nil {
		return err
	}
	table := layout.Encode()
	if _, err := f.WriteAt(table[:], 0); err != nil {
		return err
	}
	for gen, at := range []int64{abslot.First, abslot.Second} {
		record, err := abslot.Encode(slot.Record{Gen: uint64(gen + 1), Good: slot.A, Floor: b.floor, A: a})
		if err != nil {
			return err
		}
		if _, err := f.WriteAt(record, at); err != nil {
			return err
		}
	}
	for i, path := range map[int]string{0: boot, 1: slotImage, 3: data} {
		if err := sparse(f, int64(layout.Partitions[i].Start)*mbr.Sector, path); err != nil {
			return err
		}
	}
	return nil
}

// sparse copies a file to an offset and leaves holes where it is zero.
func sparse(f *os.File, at int64, path string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	zero := make([]byte, len(buf))
	for {
		n, err := io.ReadFull(from, buf)
		if n > 0 && !slices.Equal(buf[:n], zero[:n]) {
			if _, err := f.WriteAt(buf[:n], at); err != nil {
				return errors.Join(err, from.Close())
			}
		}
		at += int64(n)
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return from.Close()
		case err != nil:
			return errors.Join(err, from.Close())
		}
	}
}

// digest returns the SHA-256 and the size of a file.
func digest(path string) (sum [32]byte, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, 0, err
	}
	h := sha256.New()
	size, err = io.Copy(h, f)
	return [32]byte(h.Sum(nil)), size, errors.Join(err, f.Close())
}

// bootScript compiles boot.cmd.
func (b *build) bootScript(ctx context.Context, to string) error {
	text, err := files.ReadFile("files/boot.cmd")
	if err != nil {
		return err
	}
	source := filepath.Join(b.work, "boot.cmd")
	if err := writeFile(source, text, 0o644); err != nil {
		return err
	}
	return b.tool(ctx, "mkimage", "-A", "arm64", "-O", "linux", "-T", "script", "-C", "none", "-n", "centralita", "-d", source, to)
}

// environment is U-Boot's for the board.
func (b *build) environment() []string {
	return slices.Concat(common, b.board.env)
}

// loader returns U-Boot with our environment.
func (b *build) loader() ([]byte, error) {
	name := b.board.uboot
	if name == "" {
		name = "qemu_arm64/u-boot.bin"
	}
	binary, err := os.ReadFile(filepath.Join(b.stock.root(), "usr/lib/u-boot", name))
	if err != nil {
		return nil, fmt.Errorf("cannot take U-Boot: %w", err)
	}
	return patchEnvironment(binary, b.environment())
}

// treeName is the file name of a device tree of a kernel package.
func treeName(tree string) string { return tree[strings.LastIndexByte(tree, '/')+1:] }
