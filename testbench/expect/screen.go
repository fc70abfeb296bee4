// Package expect drives a console the way a technician does: it sends keys, waits
// for what appears, and keeps the screen, as paper would have it, for a transcript.
// It works over a pseudo terminal, QEMU's serial line, SSH, and in virtual time.
//
// Three words explain it: Screen (a terminal that knows only text, CR, LF, BS and
// BEL), Driver (it sends and waits), Transcript (what a person would have seen).
package expect

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/console/edit"
)

// tail is the second column of a wide character.
const tail = rune(0)

// Screen is a terminal that knows nothing but text, CR, LF, BS and BEL, with paper
// that never ends. Make it with NewScreen.
type Screen struct {
	width int
	rows  [][]rune
	col   int
	part  []byte // of a character
	err   error
	bells int
}

// NewScreen returns an empty screen of so many columns.
func NewScreen(width int) *Screen { return &Screen{width: width, rows: [][]rune{nil}} }

// Write implements io.Writer. It never fails; see Err.
func (s *Screen) Write(b []byte) (int, error) {
	for _, c := range b {
		s.part = append(s.part, c)
		if !utf8.FullRune(s.part) {
			continue
		}
		r, size := utf8.DecodeRune(s.part)
		if r == utf8.RuneError && size == 1 {
			s.wrong("the bytes %x are no character", s.part)
		} else {
			s.put(r)
		}
		s.part = s.part[:0]
	}
	return len(b), nil
}

func (s *Screen) wrong(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// Err is the first thing that came and that such a terminal does not know.
func (s *Screen) Err() error { return s.err }

// Bells is how often the bell sounded.
func (s *Screen) Bells() int { return s.bells }

func (s *Screen) put(r rune) {
	switch r {
	case '\r':
		s.col = 0
		return
	case '\n':
		s.rows = append(s.rows, nil)
		return
	case '\b':
		s.col = max(0, s.col-1)
		return
	case '\a':
		s.bells++
		return
	}
	n := edit.Columns(string(r))
	if n == 0 {
		s.wrong("%q is no text", r)
		return
	}
	if s.col+n > s.width { // as most terminals wrap
		s.rows, s.col = append(s.rows, nil), 0
	}
	row := &s.rows[len(s.rows)-1]
	for len(*row) < s.col+n {
		*row = append(*row, ' ')
	}
	if s.col > 0 && (*row)[s.col] == tail {
		(*row)[s.col-1] = ' ' // half of a wide character is none
	}
	if s.col+n < len(*row) && (*row)[s.col+n] == tail {
		(*row)[s.col+n] = ' '
	}
	(*row)[s.col] = r
	if n == 2 {
		(*row)[s.col+1] = tail
	}
	s.col += n
}

// Row returns the last row and the column of the cursor.
func (s *Screen) Row() (text string, col int) {
	return clean(s.rows[len(s.rows)-1]), s.col
}

// Rows is how many rows there are.
func (s *Screen) Rows() int { return len(s.rows) }

// String returns all rows, without spaces at their ends.
func (s *Screen) String() string {
	var b strings.Builder
	for i, row := range s.rows {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(clean(row))
	}
	return b.String()
}

func clean(row []rune) string {
	return strings.TrimRight(strings.ReplaceAll(string(row), string(tail), ""), " ")
}
