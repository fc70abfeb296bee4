package sources

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/centralita/centralita/firmware/clock"
)

// FileName is the file of the last minute in the data folder.
const FileName = "clock"

// slot is one of the two places of the file, a page of a card. A power cut while one
// is written leaves the other.
const slot = 4096

// Store keeps the last minute: one page is written in place each time, and nothing
// waits for the card, for a minute more or less is no loss.
type Store struct {
	f    *os.File
	n    uint64 // of the last record
	last *clock.Saved
}

// record is what a slot holds, with its number, behind its checksum.
type record struct {
	N uint64 `json:"n"`
	clock.Saved
}

// OpenStore opens the file in the data folder and reads what was kept. A file that
// holds nothing whole is taken as empty.
func OpenStore(dir string) (*Store, error) {
	f, err := os.OpenFile(filepath.Join(dir, FileName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot keep the time: %w", err)
	}
	s := &Store{f: f}
	for i := range 2 {
		b := make([]byte, slot)
		n, err := f.ReadAt(b, int64(i)*slot)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, errors.Join(fmt.Errorf("cannot read the time that was kept: %w", err), f.Close())
		}
		if r, ok := parse(b[:n]); ok && (s.last == nil || r.N > s.n) {
			s.n, s.last = r.N, &r.Saved
		}
	}
	return s, nil
}

// Last is what was kept when the file was opened; nil for nothing.
func (s *Store) Last() *clock.Saved { return s.last }

// Save writes one page.
func (s *Store) Save(v clock.Saved) error {
	b, err := format(record{s.n + 1, v})
	if err != nil {
		return err
	}
	if _, err := s.f.WriteAt(b, int64(s.n%2)*slot); err != nil {
		return fmt.Errorf("cannot keep the time: %w", err)
	}
	s.n++
	return nil
}

// Close sees that what was kept is on the card.
func (s *Store) Close() error { return errors.Join(s.f.Sync(), s.f.Close()) }

// format makes "CHECKSUM JSON\n", padded with zeros to a page so that nothing has to
// be read back before it is written.
func format(r record) ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("cannot keep the time: %w", err)
	}
	b := fmt.Appendf(nil, "%08x %s\n", crc32.ChecksumIEEE(text), text)
	if len(b) > slot {
		return nil, fmt.Errorf("cannot keep the time: %d bytes do not fit a page", len(b))
	}
	return append(b, make([]byte, slot-len(b))...), nil
}

// parse reads what format wrote.
func parse(b []byte) (r record, ok bool) {
	line, _, found := bytes.Cut(b, []byte("\n"))
	sum, text, cut := bytes.Cut(line, []byte(" "))
	if !found || !cut || string(sum) != fmt.Sprintf("%08x", crc32.ChecksumIEEE(text)) {
		return r, false
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return record{}, false
	}
	return r, !r.At.IsZero() && r.Up >= 0
}
