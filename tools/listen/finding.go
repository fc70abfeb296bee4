package main

import "github.com/centralita/centralita/dsp/pcm"

// finding is something heard.
type finding struct {
	from, to int64  // milliseconds from the start of the recording; to is from for an instant
	kind     string // dtmf, tone, cid, fax, voice …
	of       string // the tone's name, at its end too; else empty
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
const settle = 10

// settled returns samples with the silence that follows a recording.
func settled(x []int16) []int16 {
	return append(x[:len(x):len(x)], make([]int16, settle*pcm.FrameLen)...)
}

// length is how long samples last, in milliseconds.
func length(x []int16) int64 { return int64(len(x)) * 1000 / pcm.Rate }
