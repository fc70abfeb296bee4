// Package edit is a line editor for terminals that know nothing: bytes go in, and out
// come lines and bytes that are printable text, CR, LF, BS or BEL and nothing else. It
// keeps to one row and shows a window of a longer line, so that no terminal's way of
// wrapping matters. It is pure: whoever drives it reads and writes.
//
// Three words explain it: Editor (one person's line), Mode (what is typed: a command,
// an answer, a secret), Kind (what came of a byte).
package edit

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Mode is what the line is for.
type Mode uint8

// Modes.
const (
	Command Mode = iota // with history, ? and Tab
	Answer              // to a question: none of them
	Secret              // neither, and nothing shows
)

// Kind is what came of a byte.
type Kind uint8

// Kinds. All but Asked and Tabbed end the line; the cursor is on a fresh row then.
const (
	Nothing   Kind = iota // it was taken
	Entered               // the line is whole: Text
	Refused               // it was ended with something in it that is no text
	Asked                 // ? : what may come after Before
	Tabbed                // Tab: complete Before
	Cancelled             // ^C, or a break on the line
	Ended                 // ^D on an empty line
)

// Limits of the editor.
const (
	MaxLine = 4096 // characters of a line
	MaxPast = 50   // lines remembered
	least   = 20   // columns of the narrowest terminal
)

// bad stands in a line for a byte or character that is no text.
const bad = utf8.RuneError

// tail is the second column of a wide character.
const tail = rune(0)

// Editor is a line in the making. Make it with New.
type Editor struct {
	width  int
	prompt []rune
	mode   Mode
	line   []rune
	at     int // of the cursor in line
	from   int // first character of line that is shown

	shown []rune // columns of the row as the terminal has it; no spaces at the end
	col   int    // of the terminal's cursor
	out   []byte

	in    decoder
	past  []string
	seen  int    // which of past is in the line; len(past): none
	draft []rune // the line before the past was visited
	text  string
}

// New returns an editor for a terminal of so many columns.
func New(width int) *Editor { return &Editor{width: max(width, least)} }

// Resize tells of another width; the row is drawn anew at the next Resume or Begin.
func (e *Editor) Resize(width int) { e.width = max(width, least) }

// Begin starts a line on a fresh row.
func (e *Editor) Begin(prompt string, mode Mode) {
	e.prompt = e.prompt[:0]
	for _, r := range prompt {
		if columns(r) > 0 {
			e.prompt = append(e.prompt, r)
		}
	}
	e.mode, e.line, e.at, e.from, e.seen, e.draft = mode, e.line[:0], 0, 0, len(e.past), nil
	e.in.reset()
	e.Resume()
}

// Resume draws the line on a fresh row, after Leave or Wipe.
func (e *Editor) Resume() {
	e.shown, e.col = e.shown[:0], 0
	e.draw()
}

// Leave goes to a fresh row below the line.
func (e *Editor) Leave() {
	e.out = append(e.out, '\r', '\n')
	e.shown, e.col = e.shown[:0], 0
}

// Wipe empties the row, for something to be written above the line.
func (e *Editor) Wipe() {
	e.show(nil, 0)
}

// Output returns what must be written to the terminal. It is good until the next call.
func (e *Editor) Output() []byte {
	out := e.out
	e.out = e.out[:0]
	return out
}

// Text is the line that was Entered.
func (e *Editor) Text() string { return e.text }

// Before is the line up to the cursor.
func (e *Editor) Before() string { return string(e.line[:e.at]) }

// Forget takes the last line out of the history: it held something secret.
func (e *Editor) Forget() { e.past = e.past[:max(0, len(e.past)-1)] }

// Insert puts text at the cursor, as if it had been typed; it drops what is no text.
func (e *Editor) Insert(text string) {
	for _, r := range text {
		if columns(r) > 0 && r != bad {
			e.insert(r)
		}
	}
	e.draw()
}

// Bell sounds the terminal's bell.
func (e *Editor) Bell() { e.out = append(e.out, '\a') }

// Feed takes one byte from the terminal.
func (e *Editor) Feed(b byte) Kind {
	for _, k := range e.in.feed(b) {
		if kind := e.press(k); kind != Nothing {
			return kind
		}
	}
	return Nothing
}

// press does what a key says.
func (e *Editor) press(k key) Kind {
	switch k.do {
	case typed:
		if k.r == '?' && e.mode == Command && e.whole() {
			return Asked
		}
		e.typed(k.r)
	case verbatim:
		e.typed(k.r)
	case enter:
		return e.enter()
	case cancel, brk:
		if k.do == brk && len(e.line) == 0 {
			return Nothing // a line that is held in break must not scroll
		}
		e.end()
		return Cancelled
	case eof:
		if len(e.line) == 0 {
			e.end()
			return Ended
		}
		e.remove(e.at, e.at+1)
	case tab:
		if e.mode == Command {
			return Tabbed
		}
		e.Bell()
	case redraw:
		e.Leave()
	case up, down:
		e.visit(k.do)
	default:
		e.edit(k.do)
	}
	e.draw()
	return Nothing
}

// edit moves the cursor or takes something away.
func (e *Editor) edit(a act) {
	switch a {
	case back:
		e.remove(e.at-1, e.at)
	case del:
		e.remove(e.at, e.at+1)
	case killLine:
		e.remove(0, e.at)
	case killEnd:
		e.remove(e.at, len(e.line))
	case killWord:
		e.remove(e.wordLeft(), e.at)
	case home:
		e.at = 0
	case end:
		e.at = len(e.line)
	case left:
		e.move(e.at - 1)
	case right:
		e.move(e.at + 1)
	case leftWord:
		e.at = e.wordLeft()
	case rightWord:
		e.at = e.wordRight()
	}
}

func (e *Editor) move(to int) {
	if to < 0 || to > len(e.line) {
		e.Bell()
		return
	}
	e.at = to
}

// remove takes line[i:j] away and leaves the cursor at i.
func (e *Editor) remove(i, j int) {
	if i < 0 || j > len(e.line) {
		e.Bell()
		return
	}
	e.line, e.at = slices.Delete(e.line, i, j), i
}

func (e *Editor) wordLeft() int {
	i := e.at
	for i > 0 && e.line[i-1] == ' ' {
		i--
	}
	for i > 0 && e.line[i-1] != ' ' {
		i--
	}
	return i
}

func (e *Editor) wordRight() int {
	i := e.at
	for i < len(e.line) && e.line[i] == ' ' {
		i++
	}
	for i < len(e.line) && e.line[i] != ' ' {
		i++
	}
	return i
}

// typed takes a character, or an accent for the one before.
func (e *Editor) typed(r rune) {
	if e.at > 0 {
		if both, ok := accents[[2]rune{e.line[e.at-1], r}]; ok {
			e.line[e.at-1] = both
			return
		}
	}
	if columns(r) == 0 {
		r = bad
	}
	e.insert(r)
}

// whole reports whether the line up to the cursor is text outside of quotes.
func (e *Editor) whole() bool {
	var quote rune
	for _, r := range e.line[:e.at] {
		switch {
		case r == bad:
			return false
		case r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		}
	}
	return quote == 0
}

func (e *Editor) insert(r rune) {
	if len(e.line) >= MaxLine {
		e.Bell()
		return
	}
	e.line, e.at = slices.Insert(e.line, e.at, r), e.at+1
}

// end leaves the line on the screen as it is and goes below.
func (e *Editor) end() {
	e.Leave()
	e.line, e.at, e.from = e.line[:0], 0, 0
	e.seen, e.draft = len(e.past), nil
}

// enter ends the line.
func (e *Editor) enter() Kind {
	e.text = string(e.line)
	refused := slices.Contains(e.line, bad)
	clear(e.line) // it may be a secret
	e.end()
	if refused {
		e.text = ""
		return Refused
	}
	if e.mode == Command && strings.TrimSpace(e.text) != "" && (len(e.past) == 0 || e.past[len(e.past)-1] != e.text) {
		if len(e.past) == MaxPast {
			e.past = slices.Delete(e.past, 0, 1)
		}
		e.past = append(e.past, e.text)
	}
	return Entered
}

// visit puts a line of the past, or the one that was being typed, into the line.
func (e *Editor) visit(a act) {
	to := e.seen - 1
	if a == down {
		to = e.seen + 1
	}
	if e.mode != Command || to < 0 || to > len(e.past) {
		e.Bell()
		return
	}
	if e.seen == len(e.past) {
		e.draft = slices.Clone(e.line)
	}
	e.seen, e.line = to, append(e.line[:0], e.draft...)
	if to < len(e.past) {
		e.line = append(e.line[:0], []rune(e.past[to])...)
	}
	e.at, e.from = len(e.line), 0
}
