package life

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/centralita/centralita/firmware/durable"
)

// Files of the folder. The index is written twice, so that one that rots is read
// from the other; each begins with a line that is the SHA-256 of the rest.
const (
	indexFile  = "index.json"
	indexCopy  = "index.copy.json"
	docSuffix  = ".yaml"
	format     = 1
	fileMode   = 0o600
	maxDigests = 64 // hex digits
)

// store keeps documents and the index in one folder.
type store struct {
	disk durable.Disk
	dir  string
}

// Digest names a document: the SHA-256 of it, hex.
func Digest(doc []byte) string {
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:])
}

// load reads the index; an empty folder has an empty one.
func (s store) load() (Index, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return Index{}, fmt.Errorf("cannot keep the configuration's versions: %w", err)
	}
	var errs []error
	missing := 0
	for _, name := range []string{indexFile, indexCopy} {
		x, err := s.readIndex(name)
		if err == nil {
			return x, nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			missing++
		}
		errs = append(errs, err)
	}
	if missing == len(errs) {
		return Index{Format: format}, nil
	}
	return Index{}, fmt.Errorf("cannot read the configuration's versions: %w; move %s away and start with --config FILE", errors.Join(errs...), s.dir)
}

func (s store) readIndex(name string) (x Index, err error) {
	raw, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		return x, err
	}
	sum, body, _ := bytes.Cut(raw, []byte("\n"))
	if string(sum) != Digest(body) {
		return x, fmt.Errorf("%s is damaged: it does not match its first line", name)
	}
	if err := json.Unmarshal(body, &x); err != nil {
		return x, fmt.Errorf("%s is damaged: %w", name, err)
	}
	if x.Format > format {
		return x, fmt.Errorf("%s is of a newer program (format %d, this one knows %d)", name, x.Format, format)
	}
	return x, nil
}

// save makes the index last. Once the first copy stands it has happened, so that the
// second, which cannot be written, is told of and is no error.
func (s store) save(x Index, log *slog.Logger) error {
	x.Format = format
	body, err := json.MarshalIndent(x, "", " ")
	if err != nil {
		return fmt.Errorf("cannot save the configuration's versions: %w", err)
	}
	raw := append([]byte(Digest(body)+"\n"), body...)
	if err := s.disk.WriteFile(filepath.Join(s.dir, indexFile), raw, fileMode); err != nil {
		return fmt.Errorf("cannot save the configuration's versions: %w", err)
	}
	if err := s.disk.WriteFile(filepath.Join(s.dir, indexCopy), raw, fileMode); err != nil {
		log.Warn("the configuration's versions are kept once, not twice", "err", err)
	}
	return nil
}

// put keeps a document and returns its digest.
func (s store) put(doc []byte) (string, error) {
	digest := Digest(doc)
	if have, err := s.get(digest); err == nil && bytes.Equal(have, doc) {
		return digest, nil
	}
	if err := s.disk.WriteFile(filepath.Join(s.dir, digest+docSuffix), doc, fileMode); err != nil {
		return "", fmt.Errorf("cannot keep the configuration: %w", err)
	}
	return digest, nil
}

// get reads a document and checks that it is the one that was put.
func (s store) get(digest string) ([]byte, error) {
	doc, err := os.ReadFile(filepath.Join(s.dir, digest+docSuffix))
	if err != nil {
		return nil, fmt.Errorf("cannot read a version of the configuration: %w", err)
	}
	if Digest(doc) != digest {
		return nil, fmt.Errorf("cannot use %s%s: its content does not match its name, it is damaged", digest, docSuffix)
	}
	return doc, nil
}

// sweep removes what no version needs and what a power cut left half written.
func (s store) sweep(x Index) error {
	need := map[string]bool{}
	for _, v := range x.Versions {
		need[v.Digest] = true
	}
	if x.Draft != nil {
		need[x.Draft.Digest] = true
	}
	list, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range list {
		name := e.Name()
		digest, isDoc := strings.CutSuffix(name, docSuffix)
		if durable.Unfinished(name) || isDoc && len(digest) == maxDigests && !need[digest] {
			errs = append(errs, s.disk.RemoveFile(filepath.Join(s.dir, name)))
		}
	}
	return errors.Join(errs...)
}
