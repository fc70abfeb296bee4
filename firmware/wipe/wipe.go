// Package wipe is the factory reset: everything in the data folder goes, keys and
// accounts first. A mark is made while the program runs, and the erasing is done at
// the next start, before anything is opened; an erasing that a power cut ends goes
// on at the start after. What it cannot do is to overwrite: flash keeps old sectors
// until it needs them, so it also tells the card to forget (TRIM) where that works.
package wipe

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/centralita/centralita/firmware/durable"
)

// MarkName is the file in the data folder that asks for the erasing.
const MarkName = "factory-reset"

// first goes first, and its contents are written over: without it the rest is worth
// less to a thief. Names that are not there are passed over.
var first = []string{"secrets.json", "access.json", "tls", "ssh", "config", "before-restore", "restore.going", "restore.ready", "restore.new", "stick"}

// Mark asks for the erasing of the data folder at the next start.
func Mark(data string) error { return mark(durable.Disk{}, data) }

func mark(disk durable.Disk, data string) error {
	if err := disk.WriteFile(filepath.Join(data, MarkName), nil, 0o600); err != nil {
		return fmt.Errorf("cannot ask for the factory reset: %w", err)
	}
	return nil
}

// Unmark takes the asking back.
func Unmark(data string) error { return durable.RemoveFile(filepath.Join(data, MarkName)) }

// Asked reports whether the data folder is to be erased.
func Asked(data string) bool {
	_, err := os.Lstat(filepath.Join(data, MarkName))
	return err == nil
}

// Finish erases the data folder if that was asked for; erased reports that it was.
// Nothing in the folder may be open. The folder itself stays.
func Finish(data string) (erased bool, err error) { return finish(durable.Disk{}, data) }

func finish(disk durable.Disk, data string) (bool, error) {
	if !Asked(data) {
		return false, nil
	}
	for _, name := range first {
		if err := erase(disk, filepath.Join(data, name), true); err != nil {
			return false, fmt.Errorf("cannot finish the factory reset: %w", err)
		}
	}
	if err := disk.SyncFolder(data); err != nil {
		return false, fmt.Errorf("cannot finish the factory reset: %w", err)
	}
	entries, err := os.ReadDir(data)
	if err != nil {
		return false, fmt.Errorf("cannot finish the factory reset: %w", err)
	}
	for _, e := range entries {
		if e.Name() == MarkName {
			continue
		}
		// What a power cut left unfinished may be one of the first.
		if err := erase(disk, filepath.Join(data, e.Name()), durable.Unfinished(e.Name())); err != nil {
			return false, fmt.Errorf("cannot finish the factory reset: %w", err)
		}
	}
	// The rest is gone from the disk before the mark is.
	if err := disk.SyncFolder(data); err != nil {
		return false, fmt.Errorf("cannot finish the factory reset: %w", err)
	}
	trim(data)
	if err := disk.RemoveFile(filepath.Join(data, MarkName)); err != nil {
		return false, fmt.Errorf("cannot finish the factory reset: %w", err)
	}
	return true, nil
}

// erase removes what is at path and follows no link; over writes over files before.
func erase(disk durable.Disk, path string, over bool) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case info.IsDir():
		if err := os.Chmod(path, 0o700); err != nil {
			return err
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := erase(disk, filepath.Join(path, e.Name()), over); err != nil {
				return err
			}
		}
	case over && info.Mode().IsRegular():
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
		if err := disk.Overwrite(path); err != nil {
			return err
		}
	}
	return disk.Drop(path)
}
