// Package durable replaces files so that a power cut leaves the old one or the
// new one, never half of one, and never a name without its contents: what is
// written goes to a file beside, is brought to the disk (fsync), takes the name
// (rename), and the folder is brought to the disk too. It knows no format and
// starts nothing.
package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// suffix ends the name of a file that is not whole yet.
const suffix = ".new"

// Step is one of the things that change the disk, in their order.
type Step string

// The steps.
const (
	Create Step = "create" // a file beside, empty
	Write  Step = "write"  // its contents
	Sync   Step = "sync"   // brought to the disk
	Rename Step = "rename" // takes the name
	Folder Step = "folder" // the folder brought to the disk
	Remove Step = "remove" // a file or an empty folder goes
	Zero   Step = "zero"   // contents are written over in their place
)

// Disk writes files. The zero value is the one to use; tests give it Before.
type Disk struct {
	// Before is asked before each step; its error is the step's. A test plays a
	// power cut by failing every step from one on: then nothing is cleaned up
	// either, as in a real one.
	Before func(s Step, path string) error
}

// WriteFile replaces the file at path by data, with exactly this mode.
func WriteFile(path string, data []byte, mode fs.FileMode) error {
	return Disk{}.WriteFile(path, data, mode)
}

// WriteTo replaces the file at path by what write writes, with exactly this mode.
func WriteTo(path string, mode fs.FileMode, write func(io.Writer) error) error {
	return Disk{}.WriteTo(path, mode, write)
}

// RemoveFile removes the file at path for good; one that is not there is fine.
func RemoveFile(path string) error { return Disk{}.RemoveFile(path) }

// SyncFolder brings the names in a folder to the disk.
func SyncFolder(dir string) error { return Disk{}.SyncFolder(dir) }

// Unfinished reports whether name is that of a file a power cut left half written;
// it may be removed by the only process that writes in its folder.
func Unfinished(name string) bool { return strings.HasSuffix(name, suffix) }

// WriteFile replaces the file at path by data, with exactly this mode.
func (d Disk) WriteFile(path string, data []byte, mode fs.FileMode) error {
	return d.WriteTo(path, mode, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteTo replaces the file at path by what write writes, with exactly this mode.
func (d Disk) WriteTo(path string, mode fs.FileMode, write func(io.Writer) error) error {
	if err := d.before(Create, path); err != nil {
		return failed(path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+suffix) // created with mode 0600
	if err != nil {
		return failed(path, err)
	}
	err = d.fill(f, path, mode, write)
	if err == nil {
		if err = d.before(Rename, path); err == nil {
			err = os.Rename(f.Name(), path)
		}
	}
	if err != nil {
		return failed(path, errors.Join(err, d.Drop(f.Name())))
	}
	return d.SyncFolder(filepath.Dir(path))
}

// fill writes the file beside and closes it.
func (d Disk) fill(f *os.File, path string, mode fs.FileMode, write func(io.Writer) error) error {
	err := d.before(Write, path)
	if err == nil {
		err = write(f)
	}
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		if err = d.before(Sync, path); err == nil {
			err = f.Sync()
		}
	}
	return errors.Join(err, f.Close())
}

// RemoveFile removes the file at path for good; one that is not there is fine.
func (d Disk) RemoveFile(path string) error {
	if err := d.Drop(path); err != nil {
		return fmt.Errorf("cannot remove %s: %w", path, err)
	}
	return d.SyncFolder(filepath.Dir(path))
}

// Drop removes a file or an empty folder that may be gone already; the folder it was
// in is the caller's to bring to the disk.
func (d Disk) Drop(path string) error {
	if err := d.before(Remove, path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Overwrite writes zeros over the contents of a file, in their place and to the
// disk. Flash may keep the old sectors all the same, until it needs them.
func (d Disk) Overwrite(path string) error {
	err := d.before(Zero, path)
	if err == nil {
		err = overwrite(path)
	}
	if err != nil {
		return fmt.Errorf("cannot write over %s: %w", path, err)
	}
	return nil
}

func overwrite(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	zeros := make([]byte, 64<<10)
	for n := int64(0); err == nil && n < info.Size(); n += int64(len(zeros)) {
		_, err = f.Write(zeros[:min(int64(len(zeros)), info.Size()-n)])
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// SyncFolder brings the names in a folder to the disk.
func (d Disk) SyncFolder(dir string) error {
	if err := d.before(Folder, dir); err != nil {
		return fmt.Errorf("cannot bring %s to the disk: %w", dir, err)
	}
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("cannot bring %s to the disk: %w", dir, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("cannot bring %s to the disk: %w", dir, err)
	}
	return nil
}

func (d Disk) before(s Step, path string) error {
	if d.Before == nil {
		return nil
	}
	return d.Before(s, path)
}

func failed(path string, err error) error { return fmt.Errorf("cannot write %s: %w", path, err) }
