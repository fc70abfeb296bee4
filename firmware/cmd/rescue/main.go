// Command rescue is what a box starts with before its system, and what is left when none
// can be started.
//
//	rescue grow DISK                    gives the data partition the rest of the card
//	rescue blank PARTITION              ends with 0 when no ext4 file system begins there
//	rescue desk DISK WHY [FOLDER]       talks at the serial line; FOLDER may hold bundles
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/centralita/centralita/firmware/mbr"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rescue:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "grow":
		return grow(args[1])
	case len(args) == 2 && args[0] == "blank":
		return blank(args[1])
	case (len(args) == 3 || len(args) == 4) && args[0] == "desk":
		return desk(append(args, "/nowhere")[1:4])
	}
	return errors.New("usage: rescue grow DISK | blank PARTITION | desk DISK WHY [FOLDER]")
}

// grow writes the table anew when there is more card than the last partition has, and
// has the kernel read it. Nothing of the disk may be mounted yet.
func grow(path string) error {
	disk, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("cannot open the disk: %w", err)
	}
	return errors.Join(growOpen(disk), disk.Close())
}

func growOpen(disk *os.File) error {
	size, err := disk.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("cannot measure the disk: %w", err)
	}
	table, err := tableOf(disk)
	if err != nil {
		return err
	}
	table, changed, err := table.Grow(uint64(size) / mbr.Sector)
	if err != nil || !changed {
		return err
	}
	whole := table.Encode()
	if _, err := disk.WriteAt(whole[:], 0); err != nil {
		return fmt.Errorf("cannot write the partition table: %w", err)
	}
	if err := disk.Sync(); err != nil {
		return fmt.Errorf("cannot write the partition table: %w", err)
	}
	return reread(disk)
}

func tableOf(disk io.ReaderAt) (mbr.Table, error) {
	sector := make([]byte, mbr.Sector)
	if _, err := disk.ReadAt(sector, 0); err != nil {
		return mbr.Table{}, fmt.Errorf("cannot read the partition table: %w", err)
	}
	return mbr.Decode(sector)
}

// ext4Magic is where a file system of that kind says that it is one: bytes 53 EF.
const ext4Magic = 1024 + 56

// blank says by an error that a file system is there.
func blank(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("cannot look at the partition: %w", err)
	}
	magic := make([]byte, 2)
	if _, err := f.ReadAt(magic, ext4Magic); err != nil {
		return errors.Join(fmt.Errorf("cannot look at the partition: %w", err), f.Close())
	}
	if magic[0] == 0x53 && magic[1] == 0xef {
		return errors.Join(errors.New("there is a file system"), f.Close())
	}
	return f.Close()
}

// headSize is what is overwritten of a partition that is to be blank: its superblock,
// group descriptors and journal begin there.
const headSize = 16 << 20

// wipeData makes the data partition blank: its head is overwritten, and the card is told
// to forget all of it, where that works. The next start makes it anew. The
// superblock goes first of all, so that a power cut leaves it blank or not begun.
func wipeData(disk *os.File) error {
	table, err := tableOf(disk)
	if err != nil {
		return err
	}
	p := table.Partitions[3]
	at, size := int64(p.Start)*mbr.Sector, int64(p.Size)*mbr.Sector
	if size == 0 {
		return errors.New("there is no data partition")
	}
	zero := make([]byte, 64<<10)
	for done := int64(0); done < min(headSize, size); done += int64(len(zero)) {
		if _, err := disk.WriteAt(zero[:min(int64(len(zero)), size-done)], at+done); err != nil {
			return fmt.Errorf("cannot erase the data: %w", err)
		}
		if done == 0 {
			if err := disk.Sync(); err != nil {
				return fmt.Errorf("cannot erase the data: %w", err)
			}
		}
	}
	if err := disk.Sync(); err != nil {
		return fmt.Errorf("cannot erase the data: %w", err)
	}
	forget(disk, at, size)
	return nil
}
