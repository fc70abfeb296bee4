// Package place is a document whose every value knows where it stands: a small,
// strict part of YAML, read with bounded memory, and a walker that records
// every problem at its line and column instead of stopping at the first.
package place

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// At is where something stands: line and column from 1, columns counted in
// characters. The zero At is the document as a whole.
type At struct{ Line, Col int }

// Problem is one thing a person must put right.
type Problem struct {
	File      string
	Line, Col int
	What      string // what is wrong, with the value as written
	Why       string // the rule it breaks
	Hint      string // what to do
}

// String returns "FILE:LINE:COL: what, why, hint" on one line.
func (p Problem) String() string {
	parts := []string{p.What}
	for _, s := range []string{p.Why, p.Hint} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, strings.Join(parts, ", "))
}

// MaxProblems is how many problems of one document are listed.
const MaxProblems = 1000

// Sink collects the problems of one document, MaxProblems at most.
type Sink struct {
	file string
	list []Problem
}

// NewSink returns an empty sink for the document called file.
func NewSink(file string) *Sink { return &Sink{file: file} }

// Report adds a problem unless the sink is full. A problem of the whole document stands at 1:1.
func (s *Sink) Report(at At, what, why, hint string) {
	if s.Full() {
		return
	}
	if at == (At{}) {
		at = At{1, 1}
	}
	s.list = append(s.list, Problem{s.file, at.Line, at.Col, what, why, hint})
}

// Problems returns what was reported, sorted by place, none twice. The last one
// of a full sink says that there may be more.
func (s *Sink) Problems() []Problem {
	out := slices.Clone(s.list)
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col),
			strings.Compare(a.What, b.What), strings.Compare(a.Why, b.Why))
	})
	out = slices.CompactFunc(out, func(a, b Problem) bool {
		return a.Line == b.Line && a.Col == b.Col && a.What == b.What
	})
	if s.Full() {
		last := out[len(out)-1]
		out = append(out, Problem{s.file, last.Line, last.Col, "there may be more problems", fmt.Sprintf("at most %d are listed", MaxProblems), "correct these first"})
	}
	return out
}

// Full reports whether nothing more will be listed: searches may stop.
func (s *Sink) Full() bool { return len(s.list) >= MaxProblems }

// Empty reports whether nothing was reported.
func (s *Sink) Empty() bool { return len(s.list) == 0 }

// Quote returns text in double quotes, shortened to what a line can show.
func Quote(text string) string {
	const most = 40
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
