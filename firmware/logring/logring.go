// Package logring keeps the last lines of the log: in memory for whoever asks, and in
// a few small files that outlive a power cut, a crash and a restart.
//
// Whoever logs never waits. Lines go to the files in groups, one write a second at
// most, and nothing waits for the card: after a write a crash of the program loses
// nothing, and a power cut what the kernel had not brought out yet, half a minute or
// so. A line that a power cut tore is left out when the files are read again.
package logring

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/redact"
)

// Limits.
const (
	Lines    = 2000 // in memory
	MaxLine  = 1024 // bytes of a text
	maxQueue = 500  // lines that wait to be written
)

// Line is one line of the log.
type Line struct {
	N     uint64 // grows by one with each line
	At    time.Time
	Level slog.Level
	Text  string
}

// Ring is the last lines. Its methods may be called by several goroutines.
type Ring struct {
	mu      sync.Mutex
	lines   []Line // the oldest at next when full
	n       uint64 // of the last line
	queue   []byte
	queued  int
	lost    uint64 // lines that came faster than they could be written, or that no file took
	changed chan struct{}
	poke    chan struct{}
	at      func(time.Time) time.Time // nil: as they come
}

// New returns a ring that only remembers.
func New() *Ring { return &Ring{changed: make(chan struct{}), poke: make(chan struct{}, 1)} }

// SetClock makes lines be dated by at, which is told the instant of each.
func (r *Ring) SetClock(at func(time.Time) time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = at
}

// Handler returns the handler that fills the ring: texts on one line, without
// secrets and callers' numbers.
func (r *Ring) Handler(least slog.Level) slog.Handler { return redact.Handler(least, r.add) }

func (r *Ring) add(at time.Time, l slog.Level, text string) {
	r.mu.Lock()
	clock := r.at
	r.mu.Unlock()
	if at.IsZero() {
		at = time.Now()
	}
	if clock != nil {
		at = clock(at)
	}
	line := Line{At: at.Round(0), Level: l, Text: short(text)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(line)
	if r.queued >= maxQueue {
		r.lost++
	} else {
		r.queue = appendLine(r.queue, line)
		r.queued++
	}
	select {
	case r.poke <- struct{}{}:
	default:
	}
}

// keep remembers a line.
func (r *Ring) keep(l Line) {
	r.n++
	l.N = r.n
	if len(r.lines) < Lines {
		r.lines = append(r.lines, l)
	} else {
		r.lines[(r.n-1)%Lines] = l
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// Lost is how many lines never came to the files: too many at once, or the disk refused.
func (r *Ring) Lost() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost
}

// Want chooses lines.
type Want struct {
	After uint64 // only those behind this number
	Least slog.Level
	Since time.Time // only those from then on
	Last  int       // at most so many, the newest; 0: all
}

// Read returns lines, the oldest first, and the number of the newest that there is.
func (r *Ring) Read(w Want) (lines []Line, last uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range len(r.lines) {
		l := r.lines[(r.n-uint64(len(r.lines))+uint64(i))%Lines]
		if l.N > w.After && l.Level >= w.Least && !l.At.Before(w.Since) {
			lines = append(lines, l)
		}
	}
	if w.Last > 0 && len(lines) > w.Last {
		lines = lines[len(lines)-w.Last:]
	}
	return lines, r.n
}

// Wait returns when there is a line behind number n, or ctx ends.
func (r *Ring) Wait(ctx context.Context, n uint64) error {
	for {
		r.mu.Lock()
		changed, now := r.changed, r.n
		r.mu.Unlock()
		if now > n {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// short cuts a text to MaxLine, between two characters.
func short(s string) string {
	if len(s) <= MaxLine {
		return s
	}
	return strings.ToValidUTF8(s[:MaxLine-3], "") + "…"
}
