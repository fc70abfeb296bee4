package main

import (
	"cmp"
	"slices"

	"github.com/centralita/centralita/dsp/pcm"
)

// finding is something heard.
type finding struct {
	from, to int64  // milliseconds from the start of the recording; to is from for an instant
	kind     string // dtmf, tone, cid, fax, voice …
	what     string // the finding itself
	more     string // its measures
}

// line is a finding among others.
func (f finding) line() string {
	s := f.kind + " " + f.what
	if f.more != "" {
		s += " " + f.more
	}
	return s
}

// settle is how many frames of silence follow a recording, so that what sounds
// at its very end is decided.
const settle = 3

// length is how long samples last, in milliseconds.
func length(x []int16) int64 { return int64(len(x)) * 1000 / pcm.Rate }

// inOrder sorts findings by time; those of one instant keep their order.
func inOrder(f []finding) []finding {
	slices.SortStableFunc(f, func(a, b finding) int { return cmp.Compare(a.from, b.from) })
	return f
}
