package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/firmware/logring"
	"github.com/centralita/centralita/firmware/sipua/screen"
)

// Journal is the log of the program as people ask for it, and how the last run ended.
type Journal struct {
	ring  *logring.Ring
	crash string // what a crash of the last run wrote; empty: there was none
	since time.Time
}

// newJournal is a journal that only remembers.
func newJournal() *Journal { return &Journal{ring: logring.New(), since: time.Now()} }

// openJournal opens the files of the log in the data folder, which run writes until
// its context ends.
func openJournal(data string) (j *Journal, run func(context.Context) error, err error) {
	j = newJournal()
	files, err := j.ring.Open(data)
	if err != nil {
		return nil, nil, err
	}
	log := slog.New(j.ring.Handler(slog.LevelInfo))
	if j.crash, err = logring.Crash(data); err != nil {
		log.Warn("crashes are not kept", "err", err)
	}
	if j.crash != "" {
		log.Error("the program crashed before this start", "reason", logring.Reason(j.crash))
	}
	return j, files.Run, nil
}

// join makes what is logged go to the journal as well.
func (j *Journal) join(log *slog.Logger) *slog.Logger {
	return slog.New(slog.NewMultiHandler(log.Handler(), screen.QuietLog(j.ring.Handler(slog.LevelInfo))))
}

// Lines implements console.Log.
func (j *Journal) Lines(w console.LogWant) ([]console.LogLine, uint64, error) {
	least := slog.LevelDebug
	if w.Level != "" {
		var ok bool
		if least, ok = logring.Level(w.Level); !ok {
			return nil, 0, fmt.Errorf("cannot show the log: there is no level %q", w.Level)
		}
	}
	lines, last := j.ring.Read(logring.Want{After: w.After, Least: least, Since: w.Since, Last: w.Last})
	out := make([]console.LogLine, len(lines))
	for i, l := range lines {
		out[i] = console.LogLine{N: l.N, At: l.At, Level: logring.Word(l.Level), Text: l.Text}
	}
	return out, last, nil
}

// Wait implements console.Log.
func (j *Journal) Wait(ctx context.Context, n uint64) error { return j.ring.Wait(ctx, n) }

// crashStays is how long a crash of the last run is told.
const crashStays = 24 * time.Hour

// holdCrash raises or clears the condition of a crash of the last run.
func (h *House) holdCrash(now time.Time) {
	j := h.journal
	h.register.Hold(now, j.crash != "" && now.Sub(j.since) < crashStays, health.Crashed())
}

// dated is a handler whose records carry the time of the house.
type dated struct {
	slog.Handler
	at func(time.Time) time.Time
}

// Handle implements slog.Handler.
func (d dated) Handle(ctx context.Context, r slog.Record) error {
	if !r.Time.IsZero() {
		r.Time = d.at(r.Time)
	}
	return d.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (d dated) WithAttrs(attrs []slog.Attr) slog.Handler {
	return dated{d.Handler.WithAttrs(attrs), d.at}
}

// WithGroup implements slog.Handler.
func (d dated) WithGroup(name string) slog.Handler { return dated{d.Handler.WithGroup(name), d.at} }
