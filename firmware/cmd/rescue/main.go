// Command rescue is what a box starts with before its system, and what is left when none
// can be started.
//
//	rescue grow DISK       gives the data partition the rest of the card
package main

import (
	"errors"
	"fmt"
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
	if len(args) == 2 && args[0] == "grow" {
		return grow(args[1])
	}
	return errors.New("usage: rescue grow DISK")
}

// grow writes the table anew when there is more card than the last partition has, and
// has the kernel read it. Nothing of the disk may be mounted yet.
func grow(path string) error {
	disk, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("cannot open the disk: %w", err)
	}
	err = growOpen(disk)
	return errors.Join(err, disk.Close())
}

func growOpen(disk *os.File) error {
	size, err := disk.Seek(0, 2)
	if err != nil {
		return fmt.Errorf("cannot measure the disk: %w", err)
	}
	sector := make([]byte, mbr.Sector)
	if _, err := disk.ReadAt(sector, 0); err != nil {
		return fmt.Errorf("cannot read the partition table: %w", err)
	}
	table, err := mbr.Decode(sector)
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
