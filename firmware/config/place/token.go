package place

import (
	"fmt"
	"strings"
)

// forbidden answers with what, why and hint for the signs of YAML that no
// configuration needs and that make documents dangerous or hard to read, where
// a value may begin.
func forbidden(c byte) (what, why, hint string, is bool) {
	const quote = "put the text in quotes"
	switch c {
	case '&':
		return "an anchor is not allowed", "values are written where they are used", quote, true
	case '*':
		return "an alias is not allowed", "values are written where they are used", `put a number with a star in quotes: "*11"`, true
	case '!':
		return "a tag is not allowed", "the kind of each value is known", quote, true
	case '|', '>':
		return "a block of text is not allowed", "every text stands on one line", quote, true
	case '?':
		return "a question mark before a key is not allowed", "keys are plain words", "write key: value", true
	}
	return "", "", "", false
}

// tokens walks the values of a line from byte i and returns where its comment
// begins, or its length.
func (s *scanner) tokens(line []byte, i int) int {
	start := true // a value or key may begin here
	shadow := 0   // brackets that are text here
	for ; i < len(line) && !s.halted; i++ {
		c := line[i]
		next := byte(' ')
		if i+1 < len(line) {
			next = line[i+1]
		}
		inFlow := len(s.flow) > 0
		what, why, hint, bad := "", "", "", false
		if start {
			what, why, hint, bad = forbidden(c)
		}
		switch {
		case c == ' ':
		case c == '\t':
			if rest := strings.TrimLeft(string(line[i:]), " \t"); rest != "" && rest[0] != '#' {
				s.report(line, i, "a tab stands in the line", "words are divided by spaces", "use a space")
				return len(line)
			}
		case c == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return i
		case start && (c == '"' || c == '\''):
			end, brackets := s.quoted(line, i)
			shadow += brackets
			s.deep(line, i, shadow)
			if end < 0 {
				return len(line)
			}
			i, start = end, false
		case start && c == '?' && next != ' ':
			start = false
		case bad:
			s.report(line, i, what, why, hint)
			start = false
		case (c == '[' || c == '{') && (start || inFlow):
			s.flow = append(s.flow, 1)
			s.count(line, i, 1)
			s.deep(line, i, shadow)
			start = true
		case c == '[' || c == '{':
			shadow++
			s.deep(line, i, shadow)
		case inFlow && (c == ']' || c == '}'):
			s.flow = s.flow[:len(s.flow)-1]
			start = false
		case inFlow && c == ',':
			s.flow[len(s.flow)-1]++
			s.count(line, i, s.flow[len(s.flow)-1])
			start = true
		case c == ':' && (next == ' ' || next == '\t' || inFlow && (next == ',' || next == '[' || next == ']' || next == '{' || next == '}' || next == '"' || next == '\'')):
			start = true
		default:
			start = false
		}
	}
	return len(line)
}

// quoted returns the byte where the quoted text that begins at i ends, or -1,
// and how many opening brackets are in it.
func (s *scanner) quoted(line []byte, i int) (end, brackets int) {
	quote := line[i]
	for j := i + 1; j < len(line); j++ {
		switch {
		case line[j] == '\\' && quote == '"':
			j++
		case line[j] == quote && quote == '\'' && j+1 < len(line) && line[j+1] == quote:
			j++
		case line[j] == quote:
			return j, brackets
		case line[j] == '[' || line[j] == '{':
			brackets++
		}
	}
	s.report(line, i, "a quoted text does not end", "it must end on its line", fmt.Sprintf("close it with %c", quote))
	return -1, brackets
}
