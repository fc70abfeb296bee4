package app

import (
	"log/slog"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/clock/sources"
)

// A card that does not take the time is told once, and again after it took it.
func TestTheTimeIsNotKept(t *testing.T) {
	dir := t.TempDir()
	c, err := OpenTime(dir, locked{time.Now()}, time.UTC, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	step := func(what string, fails bool) {
		t.Helper()
		now = now.Add(keepEvery)
		if err := c.keep(now); (err != nil) != fails {
			t.Errorf("%s: %v", what, err)
		}
	}
	gone := func() {
		t.Helper()
		if err := c.store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	step("a card", false)
	gone()
	step("the card is gone", true)
	step("it still is", false)
	if c.store, err = sources.OpenStore(dir); err != nil {
		t.Fatal(err)
	}
	step("it is back", false)
	gone()
	step("it is gone again", true)
}
