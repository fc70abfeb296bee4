package life

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
)

// Pack returns the files of the versions in the data folder dir, as they are for a
// backup: without the draft, without what is being tried, and without the versions
// whose document leave does not want; of the confirmed one that is an error.
func Pack(dir string, leave func(doc []byte) bool) (map[string][]byte, error) {
	s := store{dir: filepath.Join(dir, Folder)}
	x, err := s.load()
	if err != nil {
		return nil, err
	}
	if x.Confirmed == 0 {
		return nil, fmt.Errorf("cannot pack the configuration: there is no version in %s", s.dir)
	}
	m := Machine{Index: x}
	m.boot(nil)
	m.Draft = nil
	out := map[string][]byte{}
	kept := m.Versions[:0:0]
	for _, v := range m.Versions {
		doc, err := s.get(v.Digest)
		if v.N == x.Confirmed && err == nil && leave(doc) {
			err = fmt.Errorf("cannot pack the configuration: version %d, which is confirmed, holds a secret in its text; give a passphrase, or write secret:NAME in its place", v.N)
		}
		if v.N == x.Confirmed && err != nil {
			return nil, err
		}
		if err != nil || leave(doc) {
			continue
		}
		kept = append(kept, v)
		out[v.Digest+docSuffix] = doc
	}
	m.Versions = kept
	m.Format = format
	body, err := json.MarshalIndent(m.Index, "", " ")
	if err != nil {
		return nil, err
	}
	out[indexFile] = slices.Concat([]byte(Digest(body)+"\n"), body)
	return out, nil
}

// ConfirmedIn returns the confirmed document of the data folder dir, for a look at a
// folder that no house works by.
func ConfirmedIn(dir string) ([]byte, error) {
	s := store{dir: filepath.Join(dir, Folder)}
	x, err := s.load()
	if err != nil {
		return nil, err
	}
	v, ok := x.Version(x.Confirmed)
	if !ok {
		return nil, fmt.Errorf("cannot find the confirmed version in %s", s.dir)
	}
	return s.get(v.Digest)
}

// Restored says that the versions came from a backup: the book is told with the next
// house, and the file of the command line counts as taken over when file is its digest.
func (l *Life) Restored(why, file string) error {
	l.act.Lock()
	defer l.act.Unlock()
	l.mu.Lock()
	v, _ := l.m.Version(l.m.Confirmed)
	v.From = why
	l.untold = append(l.untold, Tell{v, System})
	if file != "" {
		l.m.Taken = file
	}
	x := l.copied()
	l.mu.Unlock()
	return l.store.save(x, l.log)
}
