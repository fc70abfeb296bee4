package place

import (
	"fmt"
	"unicode/utf8"
)

// Bounds of a document. The parser behind takes memory with the square of the
// nesting and time with the square of the keys of one table, so these are
// measured on the bare bytes before it sees one.
const (
	MaxSize    = 1 << 20 // bytes
	MaxLines   = 20000
	MaxLine    = 4096  // bytes of one line
	MaxDepth   = 32    // tables and lists inside each other
	MaxEntries = 20000 // keys and items in all
	MaxTable   = 2000  // keys or items of one table or list
)

// level is a table or list in block style that is still open.
type level struct {
	indent  int
	entries int
}

// scanner reads the bytes once, line by line. Every quoted text ends on its
// line, so what it takes for a text and what the parser takes for one can
// differ by a line at most.
type scanner struct {
	sink    *Sink
	data    []byte // without comments when the scan is over
	line    int
	blocks  []level
	flow    []int // entries of the open tables and lists in flow style
	entries int
	began   bool // content was seen
	halted  bool // a bound was broken
}

// scan returns a copy of data without comments, byte order mark and carriage
// returns; ok is false when the document must not be parsed.
func scan(sink *Sink, data []byte) (clean []byte, ok bool) {
	if len(data) > MaxSize {
		sink.Report(At{}, fmt.Sprintf("the document has %d bytes", len(data)),
			fmt.Sprintf("at most %d are read", MaxSize), "take out what is no configuration")
		return nil, false
	}
	s := &scanner{sink: sink}
	if len(data) >= 3 && data[0] == 0xEF && data[1] == 0xBB && data[2] == 0xBF {
		data = data[3:]
	}
	s.data = make([]byte, 0, len(data)+1)
	before := len(sink.list)
	for len(data) > 0 && !s.halted {
		var line []byte
		line, data = cutLine(data)
		s.line++
		s.data = append(s.data, line[:s.scanLine(line)]...)
		s.data = append(s.data, '\n')
	}
	return s.data, len(sink.list) == before
}

// cutLine returns the first line of data without its end, and the rest.
func cutLine(data []byte) (line, rest []byte) {
	for i, c := range data {
		if c == '\n' {
			line, rest = data[:i], data[i+1:]
			if i > 0 && data[i-1] == '\r' {
				line = line[:i-1]
			}
			return line, rest
		}
	}
	return data, nil
}

// halt reports a broken bound and ends the scan.
func (s *scanner) halt(line []byte, col int, what, why, hint string) {
	s.report(line, col, what, why, hint)
	s.halted = true
}

// report reports at byte col of line.
func (s *scanner) report(line []byte, col int, what, why, hint string) {
	s.sink.Report(At{s.line, utf8.RuneCount(line[:col]) + 1}, what, why, hint)
}

// scanLine measures one line and returns how many of its bytes are not comment.
func (s *scanner) scanLine(line []byte) int {
	switch {
	case s.line > MaxLines:
		s.halt(line, 0, "the document is too long", fmt.Sprintf("at most %d lines are read", MaxLines), "")
		return 0
	case len(line) > MaxLine:
		s.halt(line, 0, "the line is too long", fmt.Sprintf("at most %d bytes are read", MaxLine), "break it")
		return 0
	case !s.characters(line):
		return 0
	}
	i := 0
	for i < len(line) && line[i] == ' ' {
		i++
	}
	for j := i; j < len(line); j++ {
		if line[j] == '\t' || line[j] == ' ' {
			continue
		}
		if line[i] == '\t' && line[j] != '#' {
			s.report(line, i, "the line is indented with a tab", "depth is measured in spaces", "use two spaces for each step")
			return 0
		}
		if line[j] == '#' {
			return i
		}
		if len(s.flow) == 0 {
			i = s.blockStart(line, i)
		}
		return s.tokens(line, i)
	}
	return i
}

// characters refuses bytes that are no text.
func (s *scanner) characters(line []byte) bool {
	for i := 0; i < len(line); {
		r, n := utf8.DecodeRune(line[i:])
		switch {
		case r == utf8.RuneError && n <= 1:
			s.halt(line, i, fmt.Sprintf("the byte %#02x is no text", line[i]), "the document must be UTF-8", "save it as UTF-8")
			return false
		case r < 0x20 && r != '\t', r >= 0x7F && r <= 0xA0, r >= 0x200B && r <= 0x200F, r >= 0x2028 && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0xFEFF:
			s.halt(line, i, fmt.Sprintf("the character %U is not allowed", r), "it cannot be seen", "remove it or write a plain space")
			return false
		}
		i += n
	}
	return true
}

// blockStart takes indentation and list dashes in block style and returns
// where the first value or key begins.
func (s *scanner) blockStart(line []byte, i int) int {
	rest := string(line[i:])
	if i == 0 {
		switch {
		case len(rest) >= 3 && (rest[:3] == "---" || rest[:3] == "...") && (len(rest) == 3 || rest[3] == ' '):
			if rest[:3] == "---" && !s.began && len(rest) == 3 {
				s.began = true
				return 3
			}
			s.report(line, 0, fmt.Sprintf("%q is not understood here", rest[:3]), "a file holds one document", "remove the line")
			return len(line)
		case rest[0] == '%':
			s.report(line, 0, "the line is a directive", "directives are not allowed", "remove the line")
			return len(line)
		}
	}
	s.began = true
	s.enter(line, i)
	for i < len(line) && line[i] == '-' && (i+1 == len(line) || line[i+1] == ' ' || line[i+1] == '\t') {
		i++
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		if i < len(line) && line[i] != '#' && !s.halted {
			s.enter(line, i)
		}
	}
	return i
}

// enter makes indent the innermost open level and counts an entry in it.
func (s *scanner) enter(line []byte, indent int) {
	for len(s.blocks) > 0 && s.blocks[len(s.blocks)-1].indent > indent {
		s.blocks = s.blocks[:len(s.blocks)-1]
	}
	if len(s.blocks) == 0 || s.blocks[len(s.blocks)-1].indent < indent {
		s.blocks = append(s.blocks, level{indent: indent})
	}
	top := &s.blocks[len(s.blocks)-1]
	top.entries++
	s.count(line, indent, top.entries)
	s.deep(line, indent, 0)
}

// count counts one entry in all and checks both bounds.
func (s *scanner) count(line []byte, col, table int) {
	s.entries++
	if s.halted || s.entries <= MaxEntries && table <= MaxTable {
		return
	}
	s.halt(line, col, "the document has too many entries",
		fmt.Sprintf("at most %d in one table and %d in all are read", MaxTable, MaxEntries), "")
}

// deep checks the nesting; more is what unquoted or quoted brackets of this
// line could add if the parser read them otherwise.
func (s *scanner) deep(line []byte, col, more int) {
	if d := len(s.blocks) + len(s.flow) + more; d > MaxDepth && !s.halted {
		s.halt(line, col, "the document is nested too deeply",
			fmt.Sprintf("at most %d tables or lists may stand inside each other", MaxDepth), "close the brackets")
	}
}
