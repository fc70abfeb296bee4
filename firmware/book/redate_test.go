package book

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/call"
)

// A boot in the past is moved to the right time when the clock is set, in the middle
// of a call: its records, and what comes after; an erasure and a rebuild keep that,
// the chain holds, and the next boot knows when this one was last alive.
func TestClockSetRedatesTheBoot(t *testing.T) {
	for name, state := range map[string]string{"by the book": call.BookStep, "by the system": ""} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			b, err := Open(t.Context(), dir, Options{Site: "centro", Clock: "unset", Location: time.UTC, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			const step = 9 * 365 * 24 * time.Hour
			var clockSet time.Duration // what the system's clock has made of it
			for i, f := range story("1-1", b.start) {
				if i == 9 {
					if state == "" {
						clockSet = step
					}
					b.Append(call.Fact{Kind: call.Clock, At: f.At.Add(clockSet), Reason: "callerid", State: state, Millis: step.Milliseconds()})
				}
				f.At = f.At.Add(clockSet)
				b.Append(f)
			}
			flush(t, b)
			right := b.start.Add(step).UTC().Truncate(time.Microsecond)
			look := func(when string) {
				t.Helper()
				for r, err := range b.Calls(t.Context(), Filter{}) {
					if err != nil {
						t.Fatal(err)
					}
					if !r.Began.Equal(right) || !r.Queued.Equal(right.Add(5*time.Second)) || !r.Connected.Equal(right.Add(12500*time.Millisecond)) ||
						!r.Ended.Equal(right.Add(42500*time.Millisecond)) {
						t.Errorf("%s: began %s, connected %s, ended %s; the boot began %s", when, r.Began, r.Connected, r.Ended, right)
					}
					if state == call.BookStep && r.Talk != 30*time.Second {
						t.Errorf("%s: talk %s", when, r.Talk)
					}
				}
				var visit, offer, interval int64
				for query, to := range map[string]*int64{`SELECT joined_us FROM visit`: &visit, `SELECT made_us FROM offer ORDER BY seq LIMIT 1`: &offer,
					`SELECT from_us FROM interval ORDER BY seq LIMIT 1`: &interval} {
					if err := b.db.QueryRowContext(t.Context(), query).Scan(to); err != nil {
						t.Fatal(err)
					}
				}
				if visit != right.Add(5*time.Second).UnixMicro() || offer != right.Add(6*time.Second).UnixMicro() || interval != right.UnixMicro() {
					t.Errorf("%s: visit %d, offer %d, interval %d", when, visit, offer, interval)
				}
			}
			look("kept along the way")
			if err := b.Erase(context.Background(), "1-1", "asked"); err != nil {
				t.Fatal(err)
			}
			look("erased")
			if err := b.Rebuild(t.Context()); err != nil {
				t.Fatal(err)
			}
			look("rebuilt")
			if _, err := b.Verify(t.Context()); err != nil {
				t.Error(err)
			}
			rows, err := b.Rows(t.Context(), 0, 100)
			if err != nil || rows[len(rows)-1].Clock != "callerid" {
				t.Errorf("the last event has the clock %q, %v", rows[len(rows)-1].Clock, err)
			}
			known, err := lastKnown(t.Context(), b.db)
			if err != nil || state == call.BookStep && known.at.Before(right) {
				t.Errorf("the boot was last known to live at %s, %v", known.at, err)
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
