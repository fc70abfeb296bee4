package main

import (
	"slices"
	"testing"

	"github.com/centralita/centralita/testbench/expect"
)

// An examined function that fails is ended there, and what it wanted done at the end is
// done, the last first.
func TestExamined(t *testing.T) {
	var done []string
	err := examined(func(t expect.T) {
		t.Cleanup(func() { done = append(done, "first") })
		t.Cleanup(func() { done = append(done, "second") })
		t.Fatalf("it has %d legs", 3)
		done = append(done, "went on")
	})
	if err == nil || err.Error() != "it has 3 legs" || !slices.Equal(done, []string{"second", "first"}) {
		t.Errorf("%v, %q", err, done)
	}
	if err := examined(func(expect.T) {}); err != nil {
		t.Error(err)
	}
}
