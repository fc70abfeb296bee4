package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A text on a card is found wherever it lies, over the edge of two blocks too, and
// nothing beyond the range is looked at.
func TestFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "card")
	card := make([]byte, 3<<20)
	copy(card[1<<20-4:], "over the edge")
	copy(card[2<<20:], "inside")
	copy(card[3<<20-4:], "last")
	if err := os.WriteFile(path, card, 0o600); err != nil {
		t.Fatal(err)
	}
	texts := []string{"over the edge", "inside", "last", "nowhere"}
	got, err := found(path, 0, int64(len(card)), texts...)
	if err != nil || !slices.Equal(got, texts[:3]) {
		t.Errorf("found %q, %v", got, err)
	}
	got, err = found(path, 1<<20, 1<<20, texts...)
	if err != nil || got != nil {
		t.Errorf("in the middle found %q, %v", got, err)
	}
}

// What is offered to a card differs from a whole file where it says so.
func TestOffers(t *testing.T) {
	for _, o := range offers() {
		if (o.file == siteFile) != (o.taken || o.keys || o.name != "") || len(o.console) == 0 {
			t.Errorf("%s: %+v", o.what, o)
		}
		if !strings.Contains(siteFile, "colour") && strings.Contains(o.file, "colour") != strings.Contains(o.what, "unknown key") {
			t.Errorf("%s has a strange key", o.what)
		}
	}
}
