// Package cpio writes the first file system of a Linux machine.
package cpio

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sort"
)

// Archive is a file system: paths without a leading slash.
type Archive map[string]File

// File is one file of an Archive.
type File struct {
	Data []byte
	Mode fs.FileMode // 0: 0644; with fs.ModeSymlink Data is where it points, with fs.ModeDir it is a folder
}

// WriteTo writes it in the format the kernel unpacks (newc; the kernel's
// Documentation/driver-api/early-userspace/buffer-format.rst). Folders that a path
// needs are made, /dev/console is there for the very first words.
func (a Archive) WriteTo(w io.Writer) (int64, error) {
	c := writer{w: w}
	c.node("dev", 0o040755, nil, 0, 0)
	c.node("dev/console", 0o020600, nil, 5, 1)
	made := map[string]bool{"dev": true, ".": true}
	var folder func(string)
	folder = func(p string) {
		if !made[p] {
			folder(path.Dir(p))
			made[p] = true
			c.node(p, 0o040755, nil, 0, 0)
		}
	}
	names := make([]string, 0, len(a))
	for n := range a {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		folder(path.Dir(n))
		f := a[n]
		mode := f.Mode.Perm()
		if mode == 0 {
			mode = 0o644
		}
		if f.Mode.IsDir() {
			folder(n)
			continue
		}
		kind := uint32(0o100000)
		if f.Mode&fs.ModeSymlink != 0 {
			kind, mode = 0o120000, 0o777
		}
		c.node(n, kind|uint32(mode), f.Data, 0, 0)
	}
	c.node("TRAILER!!!", 0, nil, 0, 0)
	return c.n, c.err
}

// writer writes nodes one after the other.
type writer struct {
	w   io.Writer
	n   int64
	ino int
	err error
}

func (c *writer) node(name string, mode uint32, data []byte, major, minor int) {
	c.ino++
	var b bytes.Buffer
	fmt.Fprintf(&b, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
		c.ino, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name)+1, 0, name)
	c.put(pad(b.Bytes()))
	c.put(pad(data))
}

func (c *writer) put(b []byte) {
	if c.err == nil && len(b) > 0 {
		var n int
		n, c.err = c.w.Write(b)
		c.n += int64(n)
	}
}

// pad makes the length a multiple of four.
func pad(b []byte) []byte {
	if r := len(b) % 4; r != 0 {
		b = append(b[:len(b):len(b)], make([]byte, 4-r)...)
	}
	return b
}
