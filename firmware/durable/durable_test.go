package durable

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var errCut = errors.New("power cut")

// cutAt is a disk whose power goes before its n-th step, and the steps it took.
func cutAt(n int) (Disk, *[]Step) {
	var steps []Step
	return Disk{Before: func(s Step, _ string) error {
		if len(steps) >= n {
			return errCut
		}
		steps = append(steps, s)
		return nil
	}}, &steps
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.yaml")
	for _, mode := range []fs.FileMode{0o600, 0o644} {
		text := []byte(fmt.Sprintf("mode %o\n", mode))
		if err := WriteFile(path, text, mode); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		info, err2 := os.Stat(path)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, text) || info.Mode() != mode {
			t.Errorf("%q with mode %v; want %q with %v", got, info.Mode(), text, mode)
		}
	}
	if n := names(t, filepath.Dir(path)); !slices.Equal(n, []string{"net.yaml"}) {
		t.Errorf("the folder holds %q", n)
	}
}

// A cut before any step leaves the old file or the new one, whole; from the rename
// on it is the new one.
func TestPowerCut(t *testing.T) {
	all, steps := cutAt(100)
	if err := all.WriteFile(filepath.Join(t.TempDir(), "x"), []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if want := []Step{Create, Write, Sync, Rename, Folder}; !slices.Equal(*steps, want) {
		t.Fatalf("steps %v, want %v", *steps, want)
	}
	for n, step := range *steps {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		d, _ := cutAt(n)
		if err := d.WriteFile(path, []byte("new"), 0o600); !errors.Is(err, errCut) {
			t.Errorf("cut before %s: %v", step, err)
		}
		want := "old"
		if step == Folder {
			want = "new"
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("cut before %s: %q, %v; want %q", step, got, err, want)
		}
		for _, name := range names(t, filepath.Dir(path)) {
			if name != "x" && !Unfinished(name) {
				t.Errorf("cut before %s left %q", step, name)
			}
		}
	}
}

// A step that fails without a power cut leaves the old file and nothing beside.
func TestFailureCleansUp(t *testing.T) {
	for _, step := range []Step{Create, Write, Sync, Rename} {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		full := errors.New("no space left on device")
		d := Disk{Before: func(s Step, _ string) error {
			if s == step {
				return full
			}
			return nil
		}}
		if err := d.WriteFile(path, []byte("new"), 0o600); !errors.Is(err, full) {
			t.Errorf("%s: %v", step, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
			t.Errorf("%s: %q, %v", step, got, err)
		}
		if n := names(t, filepath.Dir(path)); len(n) != 1 {
			t.Errorf("%s left %q", step, n)
		}
	}
}

func TestWriterFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	err := WriteTo(path, 0o600, func(w io.Writer) error {
		if _, err := io.WriteString(w, "half"); err != nil {
			return err
		}
		return io.ErrUnexpectedEOF
	})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if n := names(t, filepath.Dir(path)); len(n) != 0 {
		t.Errorf("left %q", n)
	}
}

func TestRemoveFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds nothing, which is fine
		if err := RemoveFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestOverwrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	for _, n := range []int{0, 5, 64 << 10, 64<<10 + 1} {
		if err := os.WriteFile(path, bytes.Repeat([]byte("s"), n), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := (Disk{}).Overwrite(path); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, make([]byte, n)) {
			t.Errorf("%d bytes: %d left, %v", n, len(got), err)
		}
	}
	if err := (Disk{}).Overwrite(path + "no"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// The folder must exist: a file that silently goes elsewhere helps nobody.
func TestNoFolder(t *testing.T) {
	if err := WriteFile(filepath.Join(t.TempDir(), "no", "x"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}
