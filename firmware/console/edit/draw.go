package edit

import "unicode"

// wide are the characters of two columns: East Asian Width W and F of Unicode's
// UAX #11, in blocks.
var wide = [...][2]rune{
	{0x1100, 0x115F}, {0x2E80, 0x303E}, {0x3041, 0x33FF}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xA000, 0xA4CF}, {0xA960, 0xA97F}, {0xAC00, 0xD7A3},
	{0xF900, 0xFAFF}, {0xFE30, 0xFE6F}, {0xFF01, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
}

// columns is how many columns a character takes; 0: it is none that may be shown.
func columns(r rune) int {
	switch {
	case r >= 0x20 && r < 0x7F:
		return 1
	case !unicode.IsPrint(r) || unicode.IsMark(r):
		return 0
	}
	for _, w := range wide {
		if r >= w[0] && r <= w[1] {
			return 2
		}
	}
	return 1
}

// Columns is how many columns text takes on a terminal; what may not be shown takes
// none.
func Columns(text string) (n int) {
	for _, r := range text {
		n += columns(r)
	}
	return n
}

// accents are the letters of Spanish and its neighbours that some terminals send as a
// letter and a mark that goes above it.
var accents = func() map[[2]rune]rune {
	m := map[[2]rune]rune{}
	for mark, pairs := range map[rune]string{
		0x301: "aáeéiíoóuúyýAÁEÉIÍOÓUÚYÝ", 0x300: "aàeèiìoòuùAÀEÈIÌOÒUÙ", 0x303: "nñaãoõNÑAÃOÕ",
		0x308: "aäeëiïoöuüAÄEËIÏOÖUÜ", 0x302: "aâeêiîoôuûAÂEÊIÎOÔUÛ", 0x327: "cçCÇ",
	} {
		rs := []rune(pairs)
		for i := 0; i < len(rs); i += 2 {
			m[[2]rune{rs[i], mark}] = rs[i+1]
		}
	}
	return m
}()

// cells appends the columns of a character.
func cells(row []rune, r rune) []rune {
	switch {
	case r == bad:
		return append(row, '?')
	case columns(r) == 2:
		return append(row, r, tail)
	}
	return append(row, r)
}

// fits reports whether characters take at most room columns; it looks at no more of
// them than that.
func fits(rs []rune, room int) bool {
	for _, r := range rs {
		if room -= max(1, columns(r)); room < 0 {
			return false
		}
	}
	return true
}

// draw brings the row of the terminal to what the line is.
func (e *Editor) draw() {
	var row []rune
	for _, r := range e.prompt {
		if len(row)+columns(r) > e.width/2 {
			break // a longer one would leave no room for the line
		}
		row = cells(row, r)
	}
	if e.mode == Secret {
		e.show(row, len(row))
		return
	}
	room := e.width - 1 - len(row) // the last column stays empty: terminals differ in what comes after it
	e.scroll(room)
	if e.from > 0 {
		row = append(row, '<')
	}
	col := 0
	for i := e.from; ; i++ {
		if i == e.at {
			col = len(row)
		}
		if i == len(e.line) {
			break
		}
		if len(row)+max(1, columns(e.line[i])) > e.width-2 {
			row = append(row, '>')
			break
		}
		row = cells(row, e.line[i])
	}
	e.show(row, col)
}

// scroll moves the window over a line that is longer than room columns so that the
// cursor is in it, by half a window at once.
func (e *Editor) scroll(room int) {
	if fits(e.line, room-1) {
		e.from = 0
		return
	}
	inside := room - 2 // beside the marks of what is left and right of the window
	if e.at >= e.from && fits(e.line[e.from:e.at], inside) {
		return
	}
	e.from = e.at
	for n := 0; e.from > 0; {
		if n += max(1, columns(e.line[e.from-1])); n > inside/2 {
			break
		}
		e.from--
	}
}

// show writes what makes the shown row into row, with the cursor at col.
func (e *Editor) show(row []rune, col int) {
	for len(row) > 0 && row[len(row)-1] == ' ' {
		row = row[:len(row)-1]
	}
	at := func(cells []rune, i int) rune {
		if i < len(cells) {
			return cells[i]
		}
		return ' '
	}
	first, last := -1, -1
	for i := range max(len(row), len(e.shown)) {
		if at(row, i) != at(e.shown, i) {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first >= 0 {
		for at(row, first) == tail || at(e.shown, first) == tail {
			first-- // a wide character is written whole
		}
		for at(row, last+1) == tail {
			last++
		}
		e.goTo(first)
		for i := first; i <= last; i++ {
			e.put(at(row, i))
		}
		e.col = last + 1
	}
	e.shown = append(e.shown[:0], row...)
	e.goTo(col)
}

// put writes one column.
func (e *Editor) put(r rune) {
	if r != tail {
		e.out = append(e.out, string(r)...)
	}
}

// goTo moves the terminal's cursor: left by BS or CR, right by writing again what is
// there.
func (e *Editor) goTo(col int) {
	if col < e.col && e.col-col > col+1 {
		e.out, e.col = append(e.out, '\r'), 0
	}
	for ; e.col > col; e.col-- {
		e.out = append(e.out, '\b')
	}
	for ; e.col < col; e.col++ {
		r := ' '
		if e.col < len(e.shown) {
			r = e.shown[e.col]
		}
		e.put(r)
	}
}
