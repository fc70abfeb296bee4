package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/durable"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
)

// profileFolder holds the profiles of the lines, one file each, in the data folder.
const profileFolder = "lines"

// profiles keeps what the lines have shown of themselves.
type profiles struct {
	dir  string // profileFolder
	log  *slog.Logger
	wake chan struct{}

	mu      sync.Mutex
	waiting map[tel.PortID]line.Profile // the newest of each line, not written yet
}

func newProfiles(data string, log *slog.Logger) *profiles {
	return &profiles{dir: filepath.Join(data, profileFolder), log: log, wake: make(chan struct{}, 1), waiting: map[tel.PortID]line.Profile{}}
}

func (s *profiles) file(id tel.PortID) string { return filepath.Join(s.dir, string(id)+".json") }

// load gives the lines of the settings their profiles. A file that cannot be read
// is kept aside and named, and the line begins anew, saying so.
func (s *profiles) load(set *exchange.Settings, now time.Time) {
	for i := range set.Lines {
		l := &set.Lines[i]
		p, err := s.read(l.ID)
		if err != nil {
			s.log.Error("a line profile cannot be used, the line learns anew", "line", l.ID, "err", err)
			p = line.Profile{Changes: []line.Change{{At: now, What: err.Error()}}}
		}
		l.Profile = p
	}
}

// read returns the profile of a line; one that was never written is empty.
func (s *profiles) read(id tel.PortID) (line.Profile, error) {
	file := s.file(id)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return line.Profile{}, nil
	}
	if err != nil {
		return line.Profile{}, fmt.Errorf("cannot read the line profile: %w", err)
	}
	p, err := line.ParseProfile(text)
	if err == nil {
		return p, nil
	}
	aside := file + ".unreadable"
	if e := os.Rename(file, aside); e != nil {
		return p, fmt.Errorf("%s: %w; it cannot be kept aside: %w", file, err, e)
	}
	return p, fmt.Errorf("%s: %w; the file is kept as %s", file, err, aside)
}

// Keep implements exchange.Profiles: it does not wait.
func (s *profiles) Keep(id tel.PortID, p line.Profile) {
	s.mu.Lock()
	s.waiting[id] = p
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default: // it will find this one too
	}
}

// run writes profiles until ctx ends, and then those that still wait.
func (s *profiles) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			s.flush()
			return nil
		case <-s.wake:
			s.flush()
		}
	}
}

// flush writes what waits. A disk that takes no more is told and stops nothing.
func (s *profiles) flush() {
	s.mu.Lock()
	now := s.waiting
	s.waiting = map[tel.PortID]line.Profile{}
	s.mu.Unlock()
	for id, p := range now {
		if err := s.write(id, p); err != nil {
			s.log.Error("cannot keep the line profile", "line", id, "err", err)
		}
	}
}

// write replaces the file as a whole: after a power cut there is the old one or the new.
func (s *profiles) write(id tel.PortID, p line.Profile) error {
	if err := os.MkdirAll(s.dir, 0o750); err != nil {
		return err
	}
	return durable.WriteFile(s.file(id), p.Text(), 0o600)
}
