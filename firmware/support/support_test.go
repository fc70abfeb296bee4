package support

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func some() Bundle {
	text := func(s string) func(context.Context) ([]byte, error) {
		return func(context.Context) ([]byte, error) { return []byte(s), nil }
	}
	return Bundle{At: time.Date(2026, 11, 29, 1, 0, 0, 0, time.UTC), Site: "Centro/../Ñ 1", Words: []string{"Ana"}, Parts: []Part{
		{Name: "a.txt", Make: text("Ana was here")},
		{Name: "b.txt", Make: func(context.Context) ([]byte, error) { return nil, errors.New("no way to 600123456\n") }},
		{Name: "c.txt", Make: text(strings.Repeat("x", maxPart) + "end")},
		{Name: "d.txt", Make: func(ctx context.Context) ([]byte, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}},
	}}
}

func unpack(t *testing.T, file []byte) map[string]string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[h.Name] = string(b)
	}
}

// A part that fails, hangs or is too long keeps the others from nothing.
func TestWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var file bytes.Buffer
		if err := some().Write(t.Context(), &file); err != nil {
			t.Fatal(err)
		}
		got := unpack(t, file.Bytes())
		const dir = "centralita-support/"
		if got[dir+"a.txt"] != "*** was here" || got[dir+"b.txt.error"] != "no way to ***456 \n" || !strings.Contains(got[dir+"d.txt.error"], "deadline") {
			t.Errorf("%.300v", got)
		}
		if c := got[dir+"c.txt"]; !strings.HasPrefix(c, "(the beginning") || !strings.HasSuffix(c, "xend") || len(c) > maxPart+40 {
			t.Errorf("%d bytes, %.30q", len(c), c)
		}
	})
}

// Bundles stay in their folder, three at most, and only their owner reads them.
func TestSave(t *testing.T) {
	dir := t.TempDir()
	b := some()
	b.Parts = b.Parts[:1]
	for _, bad := range []string{"../x", "/etc/x", "a/b", ".hidden", ".."} {
		if _, _, err := b.Save(t.Context(), dir, bad); err == nil {
			t.Errorf("%q was written", bad)
		}
	}
	for _, name := range []string{"", "one.tar.gz", "two.tar.gz", "three.tar.gz", "four.tar.gz"} {
		path, size, err := b.Save(t.Context(), dir, name)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Size() != size || info.Mode() != 0o600 || filepath.Dir(path) != filepath.Join(dir, FolderName) {
			t.Errorf("%s: %v %v", path, info, err)
		}
		if name == "" && filepath.Base(path) != "centralita-centro1-20261129-010000.tar.gz" {
			t.Errorf("named %s", path)
		}
		old := time.Now().Add(-time.Hour)
		if name != "four.tar.gz" {
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := os.ReadDir(filepath.Join(dir, FolderName))
	if err != nil || len(files) != keepFiles {
		t.Fatalf("%d files, %v", len(files), err)
	}
	if _, err := os.Stat(filepath.Join(dir, FolderName, "four.tar.gz")); err != nil {
		t.Error(err)
	}
}

// Whoever reads and goes ends it.
func TestWriteFails(t *testing.T) {
	b := some()
	b.Parts = b.Parts[:1]
	if err := b.Write(t.Context(), failing{}); err == nil || !strings.Contains(err.Error(), "cannot write the bundle") {
		t.Error(err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("gone") }
