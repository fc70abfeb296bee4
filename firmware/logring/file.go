package logring

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FolderName is the folder of the files in the data folder.
const FolderName = "log"

// The files: so many, each so long; a new one begins when the newest is full.
const (
	keepFiles = 4
	fileSize  = 128 << 10
	suffix    = ".log"
)

// flushEvery is how often lines are written at most.
const flushEvery = time.Second

// timeForm is how a line's time is written.
const timeForm = "2006-01-02T15:04:05.000Z"

// Files are the ring's files. One goroutine writes them.
type Files struct {
	ring *Ring
	dir  string
	num  int // of the newest
	size int64
	f    *os.File
	told bool // a failure was
}

// Open opens the files in the data folder and gives the ring what they hold.
func (r *Ring) Open(data string) (*Files, error) {
	f := &Files{ring: r, dir: filepath.Join(data, FolderName)}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot keep the log: %w", err)
	}
	nums, err := f.list()
	if err != nil {
		return nil, err
	}
	var old []Line
	for _, n := range nums {
		b, err := os.ReadFile(f.path(n))
		if err != nil {
			return nil, fmt.Errorf("cannot read the log: %w", err)
		}
		old = append(old, parse(b)...)
		f.num = n
	}
	r.mu.Lock()
	for _, l := range old {
		r.keep(l)
	}
	r.mu.Unlock()
	return f, f.open()
}

func (f *Files) path(n int) string { return filepath.Join(f.dir, fmt.Sprintf("%06d", n)+suffix) }

// list returns the numbers of the files, the oldest first.
func (f *Files) list() ([]int, error) {
	all, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read the log: %w", err)
	}
	var nums []int
	for _, e := range all {
		name, ok := strings.CutSuffix(e.Name(), suffix)
		if n, err := strconv.Atoi(name); ok && err == nil && n > 0 {
			nums = append(nums, n)
		}
	}
	slices.Sort(nums)
	return nums, nil
}

// open opens the newest file to go on with. What a power cut left behind its last
// whole line is ended and marked, so that it is not read and the next stands by itself.
func (f *Files) open() error {
	f.num = max(f.num, 1)
	file, err := os.OpenFile(f.path(f.num), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("cannot keep the log: %w", err)
	}
	info, err := file.Stat()
	if err == nil && info.Size() > 0 {
		last := make([]byte, 1)
		if _, err = file.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			_, err = file.Write([]byte("\x00\n")) // which makes it no line
		}
	}
	if err != nil {
		return errors.Join(fmt.Errorf("cannot keep the log: %w", err), file.Close())
	}
	f.f, f.size = file, info.Size()+1
	return nil
}

// Run writes lines until ctx ends, then the rest, and closes the files.
func (f *Files) Run(ctx context.Context) error {
	t := time.NewTicker(flushEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return errors.Join(f.flush(), f.f.Close())
		case <-f.ring.poke:
		}
		if err := f.flush(); err != nil && !f.told {
			f.told = true
			slog.New(f.ring.Handler(slog.LevelInfo)).Error("the log is not kept", "err", err) // in memory, where it is read
		} else if err == nil {
			f.told = false
		}
		select { // what comes within the second waits for it
		case <-ctx.Done():
		case <-t.C:
		}
	}
}

// flush writes what waits.
func (f *Files) flush() error {
	f.ring.mu.Lock()
	b, lines := f.ring.queue, f.ring.queued
	f.ring.queue, f.ring.queued = nil, 0
	f.ring.mu.Unlock()
	if len(b) == 0 {
		return nil
	}
	err := f.put(b)
	if err != nil {
		f.ring.mu.Lock()
		f.ring.lost += uint64(lines)
		f.ring.mu.Unlock()
	}
	return err
}

// put writes lines to the newest file.
func (f *Files) put(b []byte) error {
	if f.size+int64(len(b)) > fileSize {
		if err := f.turn(); err != nil {
			return err
		}
	}
	n, err := f.f.Write(b)
	f.size += int64(n)
	if err != nil {
		return fmt.Errorf("cannot keep the log: %w", err)
	}
	return nil
}

// turn begins a new file and removes the oldest. Where no new one can be had, the old
// one stays open, and the next lines try again.
func (f *Files) turn() error {
	old := f.f
	f.num++
	if err := f.open(); err != nil {
		f.num--
		return err
	}
	if err := old.Close(); err != nil {
		return fmt.Errorf("cannot keep the log: %w", err)
	}
	nums, err := f.list()
	for len(nums) > keepFiles && err == nil {
		if err = os.Remove(f.path(nums[0])); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		nums = nums[1:]
	}
	return err
}

// levels are the words of the files.
var levels = map[string]slog.Level{"DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARN": slog.LevelWarn, "ERROR": slog.LevelError}

// Level returns the level of a word, of any case.
func Level(word string) (slog.Level, bool) {
	l, ok := levels[strings.ToUpper(word)]
	return l, ok
}

// Word is the word of a level.
func Word(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "ERROR"
	case l >= slog.LevelWarn:
		return "WARN"
	case l >= slog.LevelInfo:
		return "INFO"
	}
	return "DEBUG"
}

func appendLine(b []byte, l Line) []byte {
	b = l.At.UTC().AppendFormat(b, timeForm)
	b = append(b, ' ')
	b = append(b, Word(l.Level)...)
	b = append(b, ' ')
	b = append(b, l.Text...)
	return append(b, '\n')
}

// parse reads the lines of a file; what is none is left out.
func parse(b []byte) (out []Line) {
	for raw := range bytes.Lines(b) {
		text, whole := bytes.CutSuffix(raw, []byte("\n"))
		at, rest, ok1 := strings.Cut(string(text), " ")
		word, said, ok2 := strings.Cut(rest, " ")
		when, err := time.Parse(timeForm, at)
		level, known := levels[word]
		if !whole || !ok1 || !ok2 || err != nil || !known || len(said) > MaxLine || strings.ContainsRune(said, 0) {
			continue
		}
		out = append(out, Line{At: when, Level: level, Text: said})
	}
	return out
}
