package console

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// LogLine is one line of the log.
type LogLine struct {
	N     uint64    `json:"-"`
	At    time.Time `json:"at"`
	Level string    `json:"level"` // "DEBUG", "INFO", "WARN", "ERROR"
	Text  string    `json:"text"`
}

// LogWant chooses lines.
type LogWant struct {
	After uint64 // only those behind this number
	Level string // the least; empty: all
	Since time.Time
	Last  int // at most so many, the newest; 0: all
}

// Log is the last lines of the log.
type Log interface {
	// Lines returns lines, the oldest first, and the number of the newest there is.
	// It fails for a level that there is not.
	Lines(LogWant) (lines []LogLine, last uint64, err error)
	// Wait returns when there is a line behind number n, or ctx ends.
	Wait(ctx context.Context, n uint64) error
}

var logCommands = []command{
	{"log", "[N] [-f] [--since 10m] …", "las últimas líneas del registro", "the last lines of the log", 0, 1, false, tel.Technician, "--json -f --follow --level --since", showLog},
}

// logLines is how many lines are shown unless asked otherwise.
const logLines = 20

// showLog prints the last lines; with -f also those that come, until ctx ends.
func showLog(ctx context.Context, s *session) int {
	if s.c.d.Journal == nil {
		return s.stopped()
	}
	n, err := s.r.count(logLines)
	if err != nil {
		return s.fail(Usage, err)
	}
	want := LogWant{Level: s.r.level, Last: n}
	if s.r.since > 0 {
		want.Since = s.now.Add(-s.r.since)
		if len(s.r.args) == 0 {
			want.Last = 0
		}
	}
	for n := 0; ; n++ {
		lines, last, err := s.c.d.Journal.Lines(want)
		if err != nil {
			return s.fail(Usage, usageError{
				fmt.Sprintf("no hay nivel %q: debug, info, warn o error", safe(want.Level)), fmt.Sprintf("there is no level %q: debug, info, warn or error", safe(want.Level))})
		}
		text := s.drawn(func(d *session) {
			for _, l := range lines {
				d.logLine(l)
			}
		})
		if !s.r.follow {
			if text != "" {
				s.printf("%s\n", text)
			}
			return Fine
		}
		if n == 0 {
			s.watching()
		}
		if s.err = s.more(text); s.err != nil || ctx.Err() != nil {
			return Fine // whoever followed went
		}
		want = LogWant{Level: want.Level, After: last}
		wait, cancel := context.WithTimeout(ctx, stillThere)
		_ = s.c.d.Journal.Wait(wait, last) // its end is seen above
		cancel()
	}
}

// stillThere is how often whoever follows a silent log is looked for.
const stillThere = 5 * time.Second

// adder takes text that is shown at once and stays; an empty one asks whether the
// reader is still there.
type adder interface{ add(text string) error }

// more shows text below what is shown.
func (s *session) more(text string) error {
	if a, ok := s.out.(adder); ok {
		return a.add(text)
	}
	return s.below(text)
}

// add implements adder.
func (w *wire) add(text string) error {
	text = string(w.text) + text
	w.text = nil
	if text == "" {
		return w.frame("")
	}
	return w.send(message{Out: text + "\n"})
}

// add implements adder: a person who follows turns no pages.
func (p *pager) add(text string) error {
	if text == "" {
		return p.ctx.Err()
	}
	for line := range strings.Lines(text) {
		if err := p.line(strings.TrimSuffix(line, "\n"), false); err != nil {
			return err
		}
	}
	return nil
}

// logLine prints one, in as many rows as it needs.
func (s *session) logLine(l LogLine) {
	if s.r.json {
		s.json(l)
		return
	}
	at := s.clock(l.At)
	if s.now.Sub(l.At) > 20*time.Hour {
		at = s.day(l.At)
	}
	s.wrap(at+" "+cell(l.Level, 5)+" ", "  ", safe(l.Text))
}
