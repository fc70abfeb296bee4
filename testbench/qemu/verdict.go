package qemu

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// What the lines of a guest's program begin with.
const (
	owes   = "VERDICT owes "
	passed = "VERDICT pass "
	broken = "VERDICT FAIL "
	ended  = "VERDICT end"
)

// Owe is the line that says that a check is to come.
func Owe(check string) string { return owes + check }

// Pass is the line that says that a check held, with what was measured.
func Pass(check, detail string) string { return passed + check + ": " + detail }

// Fail is the line that says that a check did not hold, and why.
func Fail(check, why string) string { return broken + check + ": " + why }

// End is the last line of a program that came to its end.
func End() string { return ended }

// Done begins the line that says that something was done to which the machine is to
// react.
const Done = "VERDICT done"

// Result is what became of one check.
type Result struct {
	Check, Detail string
	Passed        bool
}

// Verdict collects what a guest says: first which checks it owes, then what became of
// each.
type Verdict struct {
	Owed    []string
	Results []Result
	Ended   bool
	Panic   string // of the guest's kernel or program, "" when there was none
}

// Line takes a line of the console and reports whether it was for the verdict.
func (v *Verdict) Line(s string) bool {
	for _, c := range [...]struct {
		begin  string
		passed bool
	}{{passed, true}, {broken, false}} {
		// The kernel may have begun the line with a message of its own.
		if _, rest, ok := strings.Cut(s, c.begin); ok {
			check, detail, _ := strings.Cut(rest, ": ")
			v.Results = append(v.Results, Result{check, detail, c.passed})
			return true
		}
	}
	if _, check, ok := strings.Cut(s, owes); ok {
		v.Owed = append(v.Owed, check)
		return true
	}
	switch {
	case strings.Contains(s, ended):
		v.Ended = true
		return true
	case strings.Contains(s, "Kernel panic"), strings.Contains(s, "panic: "), strings.Contains(s, "BUG: "), strings.Contains(s, "Oops: "):
		if v.Panic == "" {
			v.Panic = s
		}
	}
	return false
}

// Write prints the list of checks and reports whether all that are owed passed and
// nothing else went wrong.
func (v *Verdict) Write(w io.Writer, took time.Duration) bool {
	good := v.Ended && v.Panic == "" && len(v.Owed) > 0
	said := map[string]bool{}
	for _, r := range v.Results {
		said[r.Check] = true
		word := "PASS"
		if !r.Passed {
			word, good = "FAIL", false
		}
		fmt.Fprintf(w, "%s  %-34s %s\n", word, r.Check, r.Detail)
	}
	for _, c := range v.Owed {
		if !said[c] {
			good = false
			fmt.Fprintf(w, "FAIL  %-34s the guest never said\n", c)
		}
	}
	if v.Panic != "" {
		fmt.Fprintf(w, "FAIL  %-34s %s\n", "no panic", v.Panic)
	}
	if !v.Ended {
		fmt.Fprintf(w, "FAIL  %-34s the guest's program did not come to its end\n", "end")
	}
	word := "all passed"
	if !good {
		word = "FAILED"
	}
	fmt.Fprintf(w, "%d checks in %s: %s\n", len(v.Results), took.Round(100*time.Millisecond), word)
	return good
}
