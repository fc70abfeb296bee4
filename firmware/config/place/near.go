package place

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Near returns the one of words that is written most like word, or "": at most
// a third of its letters may differ, added, left out, changed or swapped. Of
// very many words the first 500 are looked at.
func Near(word string, words []string) string {
	best, least := "", max(utf8.RuneCountInString(word)/3, 1)+1
	for _, w := range words[:min(len(words), 500)] {
		if d := utf8.RuneCountInString(word) - utf8.RuneCountInString(w); d >= least || -d >= least {
			continue
		}
		if d := distance(strings.ToLower(word), strings.ToLower(w)); d < least {
			best, least = w, d
		}
	}
	return best
}

// mean returns "did you mean X?", or "" when no word is near.
func mean(word string, words []string) string {
	if w := Near(word, words); w != "" {
		return fmt.Sprintf("did you mean %q?", w)
	}
	return ""
}

// Suggest is the hint for an unknown word: the one that was meant, or what there is.
func Suggest(word string, words []string) string {
	switch m := mean(word, words); {
	case m != "":
		return m
	case len(words) == 0:
		return "there is none yet"
	case len(words) > 8:
		return "known are " + strings.Join(words[:8], ", ") + ", …"
	}
	return "known are " + strings.Join(words, ", ")
}

// distance is the number of edits between a and b (optimal string alignment),
// for words of at most 64 letters; longer ones are cut.
func distance(a, b string) int {
	ra, rb := cut([]rune(a)), cut([]rune(b))
	var rows [3][65]int
	prev2, prev, cur := &rows[0], &rows[1], &rows[2]
	for j := range rb {
		prev[j+1] = j + 1
	}
	for i := range ra {
		cur[0] = i + 1
		for j := range rb {
			cost := 1
			if ra[i] == rb[j] {
				cost = 0
			}
			cur[j+1] = min(prev[j+1]+1, cur[j]+1, prev[j]+cost)
			if i > 0 && j > 0 && ra[i] == rb[j-1] && ra[i-1] == rb[j] {
				cur[j+1] = min(cur[j+1], prev2[j-1]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(rb)]
}

// cut shortens a word to what distance has room for.
func cut(r []rune) []rune { return r[:min(len(r), 64)] }
