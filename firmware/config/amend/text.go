package amend

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/config/place"
)

// errPlace is a value that is not found again in the text.
var errPlace = errors.New("the text is written in a way that cannot be changed in place; change it in an editor and use config apply")

// text is a document with its tree.
type text struct {
	s    string
	root *place.Node
}

// read reads a document; the error is its first problem.
func read(doc []byte) (*text, error) {
	s := strings.ReplaceAll(strings.TrimPrefix(string(doc), "\ufeff"), "\r\n", "\n")
	sink := place.NewSink("the configuration")
	root := place.Parse(sink, []byte(s))
	if root == nil || !sink.Empty() {
		return nil, errors.New("cannot change the configuration: it cannot be read: " + sink.Problems()[0].String())
	}
	return &text{s, root}, nil
}

// offset returns the byte at which at stands, -1 when there is no such place.
func (t *text) offset(at place.At) int {
	off := 0
	for range at.Line - 1 {
		i := strings.IndexByte(t.s[off:], '\n')
		if i < 0 {
			return -1
		}
		off += i + 1
	}
	for range at.Col - 1 {
		if off >= len(t.s) || t.s[off] == '\n' {
			return -1
		}
		_, n := utf8.DecodeRuneInString(t.s[off:])
		off += n
	}
	return off
}

// extent returns where a value begins and ends. Nothing has no extent of its own.
func (t *text) extent(n *place.Node) (from, to int, err error) {
	if from = t.offset(n.At); from < 0 || n.Kind == place.Nothing {
		return 0, 0, errPlace
	}
	switch {
	case n.Kind == place.Text && n.Quoted:
		to = t.quoted(from)
	case n.Kind == place.Text:
		if to = from + len(n.Text); !strings.HasPrefix(t.s[from:], n.Text) {
			to = -1
		}
	case t.flow(n):
		to = t.brackets(from)
	case n.Kind == place.List:
		if len(n.Items) == 0 {
			return 0, 0, errPlace
		}
		last := n.Items[len(n.Items)-1]
		if last.Kind == place.Nothing {
			return 0, 0, errPlace
		}
		_, to, err = t.extent(last)
		return from, to, err
	default:
		if len(n.Pairs) == 0 {
			return 0, 0, errPlace
		}
		to, err = t.pairEnd(n.Pairs[len(n.Pairs)-1])
		return from, to, err
	}
	if to < 0 {
		return 0, 0, errPlace
	}
	return from, to, nil
}

// flow reports whether a list or table is written in brackets.
func (t *text) flow(n *place.Node) bool {
	from := t.offset(n.At)
	return from >= 0 && from < len(t.s) && (n.Kind == place.List && t.s[from] == '[' || n.Kind == place.Table && t.s[from] == '{')
}

// colon returns the byte behind the colon of a key.
func (t *text) colon(key *place.Node) (int, error) {
	_, to, err := t.extent(key)
	if err != nil {
		return 0, err
	}
	for to < len(t.s) && t.s[to] == ' ' {
		to++
	}
	if to >= len(t.s) || t.s[to] != ':' {
		return 0, errPlace
	}
	return to + 1, nil
}

// pairEnd returns where a pair ends.
func (t *text) pairEnd(p place.Pair) (int, error) {
	behind, err := t.colon(p.Key)
	if err != nil {
		return 0, err
	}
	if p.Value.Kind == place.Nothing {
		for _, word := range []string{" ~", " null"} {
			if strings.HasPrefix(t.s[behind:], word) {
				return behind + len(word), nil
			}
		}
		return behind, nil
	}
	_, to, err := t.extent(p.Value)
	return to, err
}

// quoted returns the byte behind the quoted text that begins at from, -1 when it
// does not end on its line.
func (t *text) quoted(from int) int {
	if from >= len(t.s) {
		return -1
	}
	q := t.s[from]
	if q != '"' && q != '\'' {
		return -1
	}
	for i := from + 1; i < len(t.s) && t.s[i] != '\n'; i++ {
		switch {
		case t.s[i] == '\\' && q == '"':
			i++
		case t.s[i] == q && q == '\'' && i+1 < len(t.s) && t.s[i+1] == q:
			i++
		case t.s[i] == q:
			return i + 1
		}
	}
	return -1
}

// brackets returns the byte behind the bracket that closes the one at from.
func (t *text) brackets(from int) int {
	depth := 0
	for i := from; i < len(t.s); i++ {
		switch c := t.s[i]; {
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case (c == '"' || c == '\'') && strings.ContainsRune("[{,: \n", rune(t.s[i-1])):
			end := t.quoted(i)
			if end < 0 {
				return -1
			}
			i = end - 1
		case c == '#' && strings.ContainsRune(" \t\n", rune(t.s[i-1])):
			if nl := strings.IndexByte(t.s[i:], '\n'); nl >= 0 {
				i += nl
			} else {
				return -1
			}
		}
	}
	return -1
}

// lineEnd returns the end of the line of byte i, without its newline.
func (t *text) lineEnd(i int) int {
	if nl := strings.IndexByte(t.s[i:], '\n'); nl >= 0 {
		return i + nl
	}
	return len(t.s)
}

// lineStart returns where the line of byte i begins.
func (t *text) lineStart(i int) int { return strings.LastIndexByte(t.s[:i], '\n') + 1 }
