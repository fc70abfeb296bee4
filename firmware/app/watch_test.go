package app

import (
	"errors"
	"testing"

	"github.com/centralita/centralita/firmware/book"
)

// A writer with nothing to do, one that writes and one that tries live; one that
// the disk holds up does not.
func TestWriterLives(t *testing.T) {
	before := book.State{Last: 10, Pending: 3, Failed: 2}
	for name, x := range map[string]struct {
		now  book.State
		want bool
	}{
		"idle":                {book.State{Last: 10, Failed: 2}, true},
		"busy":                {book.State{Last: 12, Pending: 5, Failed: 2}, true},
		"refused":             {book.State{Last: 10, Pending: 5, Failed: 3, Err: errors.New("disk full")}, true},
		"held up":             {book.State{Last: 10, Pending: 5, Failed: 2}, false},
		"refused and held up": {book.State{Last: 10, Pending: 5, Failed: 2, Err: errors.New("disk full")}, false},
	} {
		if got := writerLives(before, x.now); got != x.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
