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
	mu    sync.Mutex
	disk  durable.Disk
	path  string
	data  file
	trial bool // see With
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
	s.data = s.data.copied() // a hand may have written null
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
	err := s.change(func(f *file) { f.Phones[ext] = random() })
	return s.data.Phones[ext], err
}

// Renew makes other SIP passwords for extensions, all of them or none.
func (s *Store) Renew(exts ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.change(func(f *file) {
		for _, ext := range exts {
			f.Phones[ext] = random()
		}
	})
}

// Wall returns the token that opens the wall page from other machines.
func (s *Store) Wall() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.data.Wall != "" {
		return s.data.Wall, nil
	}
	err := s.change(func(f *file) { f.Wall = random() })
	return s.data.Wall, err
}

// RenewWall makes another token of the wall page and returns it.
func (s *Store) RenewWall() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.change(func(f *file) { f.Wall = random() })
	return s.data.Wall, err
}

// random is a secret of 130 random bits.
func random() string { return strings.ToLower(rand.Text()) }

// Name returns what value of the document refers to: the name behind "secret:".
func Name(value string) (name string, refers bool) { return strings.CutPrefix(value, "secret:") }

// Resolve returns value itself, or the secret that "secret:name" refers to.
func (s *Store) Resolve(value string) (string, error) {
	name, ok := Name(value)
	if !ok {
		return value, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.data.Named[name]; v != "" {
		return v, nil
	}
	return "", fmt.Errorf("cannot find secret %s: give it by the command \"secret set %s\" or, while no house runs, under \"named\" in %s", name, name, s.path)
}

// Names returns the names of what the document may refer to, sorted.
func (s *Store) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.data.Named))
}

// With returns the secrets as they would be with value under name. It is to be tried, and
// cannot be saved.
func (s *Store) With(name, value string) *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := &Store{path: s.path, data: s.data.copied(), trial: true}
	next.data.Named[name] = value
	return next
}

// Seal keeps what the document may refer to by "secret:name", over what was kept
// under the same names.
func (s *Store) Seal(named map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.change(func(f *file) { maps.Copy(f.Named, named) })
}

// Remove forgets what the document may refer to by a name.
func (s *Store) Remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.change(func(f *file) { delete(f.Named, name) })
}

func (f file) copied() file {
	out := file{Phones: map[string]string{}, Named: map[string]string{}, Wall: f.Wall}
	maps.Copy(out.Phones, f.Phones)
	maps.Copy(out.Named, f.Named)
	return out
}

// change keeps what edit makes of the secrets; what cannot be saved is not so. The file
// is replaced as a whole, so that a power cut leaves the old or the new.
func (s *Store) change(edit func(*file)) error {
	if s.trial {
		return errors.New("cannot save the secrets: these are only tried")
	}
	next := s.data.copied()
	edit(&next)
	b, err := json.MarshalIndent(next, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot save the secrets: %w", err)
	}
	if err := s.disk.WriteFile(s.path, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("cannot save the secrets: %w", err)
	}
	s.data = next
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
