package app

import (
	"slices"
	"testing"

	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/secret"
)

// A bundle hides the names of the configuration that is in use, and those of the one
// that the house began with: its log speaks of both.
func TestABundleKnowsWhoCameWhileTheHouseRan(t *testing.T) {
	secrets, err := secret.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h := &House{secrets: secrets, cfg: &config.Config{Phones: []config.Phone{{Ext: "201", Name: "Ana Gil"}}}}
	h.present.Store(&config.Config{Phones: []config.Phone{{Ext: "202", Name: "Íñigo Peña"}}})
	words := h.knownWords()
	for _, name := range []string{"Ana Gil", "Íñigo Peña"} {
		if !slices.Contains(words, name) {
			t.Errorf("%s is told: known are %q", name, words)
		}
	}
}
