// Package redact takes out of texts what must not leave the house: numbers of
// callers, secrets, and characters that move a reader's cursor. Log, log server and
// support bundle write with it.
package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Hidden stands where something was taken out.
const Hidden = "***"

// secrets are words in the name of a value that nobody must read.
var secrets = []string{"secret", "password", "passwd", "passphrase", "token", "credential", "private", "apikey", "api_key", "pin"}

// Secret reports whether a value of this name is one that nobody must read.
func Secret(name string) bool {
	name = strings.ToLower(name)
	for _, s := range secrets {
		if s == "pin" && name != s && !strings.HasSuffix(name, "_pin") {
			continue
		}
		if strings.Contains(name, s) {
			return true
		}
	}
	return false
}

// Line keeps what a reader sees on one line: control characters, ends of line of
// every alphabet and signs that turn the direction of writing become spaces.
func Line(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// leastNumber is how many digits make somebody's number; extensions have fewer.
const leastNumber = 6

// Numbers hides numbers that people are called by: of six or more digits, also apart
// by single spaces or dashes, the last three stay.
func Numbers(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		end, digits := number(s[i:])
		if digits < leastNumber {
			step := max(end, 1)
			b.WriteString(s[i : i+step])
			i += step
			continue
		}
		run := s[i : i+end]
		b.WriteString("***")
		b.WriteString(lastDigits(run, 3))
		i += end
	}
	return b.String()
}

// number returns how long the number at the beginning of s is, and how many digits
// it has; zeros when s begins otherwise.
func number(s string) (end, digits int) {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
			end = i + 1
		case (c == ' ' || c == '-') && end == i && i > 0:
		default:
			return end, digits
		}
	}
	return end, digits
}

func lastDigits(s string, n int) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	return digits[len(digits)-n:]
}
