package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/line"
)

func learned(calls int) line.Profile {
	return line.Profile{Line: "L1", Calls: calls, Evidence: []line.Count{{Sign: line.SignBusy, Seen: calls}}}
}

// What a line learned is there after a restart.
func TestProfilesOutliveTheHouse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := newProfiles(dir, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.run(ctx) }()
		s.Keep("L1", learned(1))
		synctest.Wait()
		s.Keep("L1", learned(2))
		s.Keep("L2", learned(7))
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		set := exchange.Settings{Lines: []exchange.Line{{ID: "L1"}, {ID: "L2"}, {ID: "L3"}}}
		newProfiles(dir, slog.New(slog.DiscardHandler)).load(&set, time.Now())
		for i, want := range []line.Profile{learned(2), learned(7), {}} {
			if got := set.Lines[i].Profile; !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v", set.Lines[i].ID, got)
			}
		}
		if files, err := os.ReadDir(filepath.Join(dir, profileFolder)); err != nil || len(files) != 2 {
			t.Errorf("%d files, %v", len(files), err)
		}
	})
}

// Half a profile file is named plainly and kept aside; the other lines have theirs.
func TestHalfAProfileFile(t *testing.T) {
	dir := t.TempDir()
	var log strings.Builder
	s := newProfiles(dir, slog.New(slog.NewTextHandler(&log, nil)))
	for _, err := range []error{s.write("L1", learned(3)), s.write("L2", learned(4))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(s.file("L1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.file("L1"), whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	set := exchange.Settings{Lines: []exchange.Line{{ID: "L1"}, {ID: "L2"}}}
	s.load(&set, time.Now())
	if p := set.Lines[0].Profile; p.Calls != 0 || len(p.Changes) != 1 || !strings.Contains(p.Changes[0].What, "L1.json") || !strings.Contains(p.Changes[0].What, "it breaks off at") {
		t.Errorf("L1: %+v", p)
	}
	if p := set.Lines[1].Profile; p.Calls != 4 {
		t.Errorf("L2: %+v", p)
	}
	if !strings.Contains(log.String(), "line=L1") || !strings.Contains(log.String(), "L1.json.unreadable") {
		t.Errorf("told: %s", log.String())
	}
	if kept, err := os.ReadFile(s.file("L1") + ".unreadable"); err != nil || len(kept) != len(whole)/2 {
		t.Errorf("kept aside: %d bytes, %v", len(kept), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	log.Reset()
	broken := newProfiles(filepath.Join(dir, "file"), s.log)
	broken.Keep("L1", learned(1))
	broken.flush()
	if !strings.Contains(log.String(), "cannot keep the line profile") {
		t.Errorf("a disk that takes nothing: %s", log.String())
	}
}
