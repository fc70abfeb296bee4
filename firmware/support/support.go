// Package support makes one file of what somebody far away must know to help: a
// tar.gz of parts, each told before it is made, none with a secret, a caller's number
// or a person's name. What a part is made of is the composition root's; here are the
// order, the limits and the last net: words that are known to be somebody's are hidden
// in every part.
package support

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/redact"
)

// Part is one file of the bundle.
type Part struct {
	Name   string // "log.txt"
	ES, EN string // what it is
	Make   func(ctx context.Context) ([]byte, error)
}

// Bundle is what is to be made.
type Bundle struct {
	At    time.Time
	Site  string
	Parts []Part
	// Words are names of people and secrets: hidden wherever they stand.
	Words []string
}

// BillFile is where an image keeps the list of its parts (SPDX 2.3).
const BillFile = "/usr/share/centralita/sbom.spdx.json"

// Limits.
const (
	maxPart  = 2 << 20          // bytes of a part; what comes before its end is left out
	partTime = 20 * time.Second // for one
)

// JSON is a part of one value.
func JSON(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("cannot write it down: %w", err)
	}
	return append(b, '\n'), nil
}

// Name is the name of the bundle's file.
func (b Bundle) Name() string {
	return "centralita-" + safeName(b.Site) + "-" + b.At.UTC().Format("20060102-150405") + ".tar.gz"
}

// safeName keeps letters, digits and dashes.
func safeName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// Write writes the bundle. A part that cannot be made stands there as NAME.error with
// the reason; only the reader's own errors end it.
func (b Bundle) Write(ctx context.Context, w io.Writer) error {
	z := gzip.NewWriter(w)
	t := tar.NewWriter(z)
	hide := redact.Words(b.Words)
	for _, p := range b.Parts {
		name, data := b.part(ctx, p)
		data = []byte(hide(string(data)))
		h := &tar.Header{Name: "centralita-support/" + name, Mode: 0o600, Size: int64(len(data)), ModTime: b.At.UTC().Truncate(time.Second), Format: tar.FormatPAX}
		if err := t.WriteHeader(h); err != nil {
			return fmt.Errorf("cannot write the bundle: %w", err)
		}
		if _, err := t.Write(data); err != nil {
			return fmt.Errorf("cannot write the bundle: %w", err)
		}
	}
	if err := errors.Join(t.Close(), z.Close()); err != nil {
		return fmt.Errorf("cannot write the bundle: %w", err)
	}
	return nil
}

// part makes one part within its time and its size.
func (b Bundle) part(ctx context.Context, p Part) (name string, data []byte) {
	ctx, cancel := context.WithTimeout(ctx, partTime)
	defer cancel()
	data, err := p.Make(ctx)
	if err != nil {
		return p.Name + ".error", []byte(redact.Numbers(redact.Line(err.Error())) + "\n")
	}
	if len(data) > maxPart {
		data = append([]byte("(the beginning was left out)\n"), data[len(data)-maxPart:]...)
	}
	return p.Name, data
}

// FolderName is where bundles are kept in the data folder, so many at most.
const (
	FolderName = "support"
	keepFiles  = 3
)

// Save writes the bundle under a name in the data folder and removes the oldest. It
// returns the path and the size.
func (b Bundle) Save(ctx context.Context, data, name string) (path string, size int64, err error) {
	if name == "" {
		name = b.Name()
	}
	if name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return "", 0, fmt.Errorf("cannot write the bundle to %q: it is a name in %s, not a path", name, FolderName)
	}
	dir := filepath.Join(data, FolderName)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", 0, fmt.Errorf("cannot write the bundle: %w", err)
	}
	var file bytes.Buffer
	if err := b.Write(ctx, &file); err != nil {
		return "", 0, err
	}
	path = filepath.Join(dir, name)
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		return "", 0, errors.Join(fmt.Errorf("cannot write the bundle: %w", err), os.Remove(path))
	}
	return path, int64(file.Len()), tidy(dir, name)
}

// tidy removes all but the newest bundles; the one called name stays.
func tidy(dir, name string) error {
	all, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("cannot tidy the bundles: %w", err)
	}
	type file struct {
		name string
		at   time.Time
	}
	var old []file
	for _, e := range all {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || e.Name() == name {
			continue
		}
		old = append(old, file{e.Name(), info.ModTime()})
	}
	slices.SortFunc(old, func(a, b file) int { return b.at.Compare(a.at) })
	for i := keepFiles - 1; i < len(old); i++ {
		if err := os.Remove(filepath.Join(dir, old[i].name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot tidy the bundles: %w", err)
		}
	}
	return nil
}
