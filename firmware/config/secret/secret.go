// Package secret keeps what must not stand in the configuration document: SIP
// passwords made at the first start, the wall's view token, and tokens that the
// document refers to by name ("secret:sede"). They live in one file in the data
// folder that only its owner can read.
package secret

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/centralita/centralita/firmware/durable"
)

// FileName is the file in the data folder.
const FileName = "secrets.json"

// Store is the secrets of one site.
type Store struct {
	mu   sync.Mutex
	path string
	data file
}

// file is what is kept on disk.
type file struct {
	Phones map[string]string `json:"phones"` // by extension
	Named  map[string]string `json:"named"`  // by the name behind "secret:"
	Wall   string            `json:"wall"`   // view token
}

// Open reads the secrets of the data folder dir; a missing file is an empty one.
// A file that others can read is refused.
func Open(dir string) (*Store, error) {
	s := &Store{path: filepath.Join(dir, FileName)}
	s.data.Phones, s.data.Named = map[string]string{}, map[string]string{}
	info, err := os.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the secrets: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("cannot use %s: others may read it (mode %#o); chmod 600 it", s.path, info.Mode().Perm())
	}
	b, err := os.ReadFile(s.path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the secrets: %w", err)
	}
	if err := json.Unmarshal(b, &s.data); err != nil {
		return nil, fmt.Errorf("cannot read %s: %w; mend it, or remove it and new passwords are made", s.path, err)
	}
	if s.data.Phones == nil {
		s.data.Phones = map[string]string{}
	}
	return s, nil
}

// Phone returns the SIP password of an extension, made at random the first time
// (130 bits, no look-alike letters).
func (s *Store) Phone(ext string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.data.Phones[ext]; p != "" {
		return p, nil
	}
	s.data.Phones[ext] = strings.ToLower(rand.Text())
	return s.data.Phones[ext], s.save()
}

// Wall returns the token that opens the wall page from other machines.
func (s *Store) Wall() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.data.Wall != "" {
		return s.data.Wall, nil
	}
	s.data.Wall = strings.ToLower(rand.Text())
	return s.data.Wall, s.save()
}

// Resolve returns value itself, or the secret that "secret:name" refers to.
func (s *Store) Resolve(value string) (string, error) {
	name, ok := strings.CutPrefix(value, "secret:")
	if !ok {
		return value, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.data.Named[name]; v != "" {
		return v, nil
	}
	return "", fmt.Errorf("cannot find secret %q: add it under \"named\" in %s", name, s.path)
}

// save replaces the file as a whole, so that a power cut leaves the old or the new.
func (s *Store) save() error {
	b, err := json.MarshalIndent(s.data, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot save the secrets: %w", err)
	}
	if err := durable.WriteFile(s.path, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("cannot save the secrets: %w", err)
	}
	return nil
}

// Values returns every secret that is kept, so that they can be looked for where they
// must not be.
func (s *Store) Values() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.AppendSeq(slices.Collect(maps.Values(s.data.Phones)), maps.Values(s.data.Named))
	if s.data.Wall != "" {
		out = append(out, s.data.Wall)
	}
	slices.Sort(out)
	return out
}

// Seal keeps what the document may refer to by "secret:name", over what was kept
// under the same names.
func (s *Store) Seal(named map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.data.Named == nil {
		s.data.Named = map[string]string{}
	}
	maps.Copy(s.data.Named, named)
	return s.save()
}
