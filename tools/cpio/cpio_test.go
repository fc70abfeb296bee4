package cpio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

func TestArchive(t *testing.T) {
	var b bytes.Buffer
	n, err := Archive{"init": {[]byte("program"), 0o755}, "lib/a/b.ko": {[]byte("12345"), 0}, "bin": {[]byte("lib"), fs.ModeSymlink}}.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("%d of %d, %v", n, b.Len(), err)
	}
	got := map[string]string{}
	var order []string
	for b.Len() > 0 {
		var h [110]byte
		if _, err := io.ReadFull(&b, h[:]); err != nil || string(h[:6]) != "070701" {
			t.Fatalf("head %q, %v", h, err)
		}
		field := func(i int) (v int) {
			if _, err := fmt.Sscanf(string(h[6+8*i:14+8*i]), "%X", &v); err != nil {
				t.Fatal(err)
			}
			return v
		}
		mode, size, major, minor, length := field(1), field(6), field(9), field(10), field(11)
		name := string(b.Next(length))
		b.Next((4 - (110+length)%4) % 4)
		data := string(b.Next(size))
		b.Next((4 - size%4) % 4)
		name = strings.TrimSuffix(name, "\x00")
		order = append(order, name)
		got[name] = fmt.Sprintf("%o %d:%d %s", mode, major, minor, data)
	}
	for name, want := range map[string]string{"dev": "40755 0:0 ", "dev/console": "20600 5:1 ", "init": "100755 0:0 program",
		"lib": "40755 0:0 ", "bin": "120777 0:0 lib", "lib/a": "40755 0:0 ", "lib/a/b.ko": "100644 0:0 12345", "TRAILER!!!": "0 0:0 "} {
		if got[name] != want {
			t.Errorf("%s is %q, not %q", name, got[name], want)
		}
	}
	if slices.Index(order, "lib/a") > slices.Index(order, "lib/a/b.ko") || order[len(order)-1] != "TRAILER!!!" {
		t.Errorf("%v", order)
	}
	if _, err := (Archive{"x": {}}).WriteTo(full{}); err == nil {
		t.Error("a full disk is not told")
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }
