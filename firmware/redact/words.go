package redact

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// leastWord is how long a word must be to be looked for: shorter ones stand in every
// text.
const leastWord = 3

// Words returns a function that hides words wherever they stand: names of people and
// secrets that are known, as a second net below what the types catch. Upper and lower
// case are the same. A word of letters alone is hidden where it stands by itself, so
// that Ana leaves "analog" as it is.
func Words(words []string) func(string) string {
	var list []string
	for _, w := range words {
		w = strings.ToLower(strings.ToValidUTF8(strings.TrimSpace(w), ""))
		if len([]rune(w)) >= leastWord {
			list = append(list, w)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) }) // "Ana María" before "Ana"
	list = slices.Compact(list)
	found := make([]*regexp.Regexp, len(list))
	for i, w := range list {
		found[i] = regexp.MustCompile("(?i)" + regexp.QuoteMeta(w))
	}
	return func(s string) string {
		for i, w := range list {
			s = hide(s, found[i], !strings.ContainsFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && r != ' ' }))
		}
		return s
	}
}

// hide hides what is found in s; alone spares parts of longer words.
func hide(s string, found *regexp.Regexp, alone bool) string {
	var b strings.Builder
	at := 0
	for _, m := range found.FindAllStringIndex(s, -1) {
		if alone && within(s, m[0], m[1]) {
			continue
		}
		b.WriteString(s[at:m[0]])
		b.WriteString(Hidden)
		at = m[1]
	}
	if at == 0 {
		return s
	}
	b.WriteString(s[at:])
	return b.String()
}

// within reports whether what stands from from to to is a part of a longer word.
func within(s string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	after, _ := utf8.DecodeRuneInString(s[to:])
	return unicode.IsLetter(before) && before != utf8.RuneError || unicode.IsLetter(after) && after != utf8.RuneError
}
