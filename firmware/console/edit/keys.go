package edit

import "unicode/utf8"

// act is what a key does.
type act uint8

const (
	typed    act = iota + 1
	verbatim     // typed, and not asked for its meaning
	enter
	cancel
	brk // the line was held in break: a NUL
	eof
	tab
	redraw
	up
	down
	back
	del
	killLine
	killEnd
	killWord
	home
	end
	left
	right
	leftWord
	rightWord
)

// key is one key as it was pressed.
type key struct {
	do act
	r  rune // of typed; bad: no text
}

// controls are the keys of one byte.
var controls = map[byte]act{
	0x01: home, 0x02: left, 0x03: cancel, 0x04: eof, 0x05: end, 0x06: right, 0x08: back, 0x09: tab, 0x0B: killEnd, 0x0C: redraw,
	0x0E: down, 0x10: up, 0x15: killLine, 0x17: killWord, 0x7F: back,
}

// sequences are the keys of terminals after ESC [ and ESC O: ECMA-48 cursor keys, the
// DEC VT220's editing keys and xterm's.
var sequences = map[string]act{
	"A": up, "B": down, "C": right, "D": left, "H": home, "F": end,
	"1~": home, "7~": home, "4~": end, "8~": end, "3~": del, "1;5C": rightWord, "1;5D": leftWord, "1;3C": rightWord, "1;3D": leftWord,
}

// alts are the keys after ESC alone.
var alts = map[byte]act{'b': leftWord, 'f': rightWord, 0x7F: killWord, 0x08: killWord}

// state of a decoder.
type state uint8

const (
	ground  state = iota
	escaped       // ESC came
	control       // ESC [ came, or ESC O
	literal       // ^V came: the next byte is typed
	many          // in a character of many bytes
)

// maxSequence is how long a sequence may become.
const maxSequence = 16

// decoder makes keys of bytes.
type decoder struct {
	is   state
	buf  []byte // of a sequence or a character
	cr   bool   // the last byte was CR: LF or NUL after it belongs to it
	keys [2]key // room for the answer
}

func (d *decoder) reset() { d.is, d.buf = ground, d.buf[:0] } // cr stays: its LF may be on the way

// feed takes a byte and returns the keys that are whole now, at most two.
func (d *decoder) feed(b byte) []key {
	after := d.cr
	d.cr = false
	switch d.is {
	case escaped:
		return d.escape(b)
	case control:
		return d.sequence(b)
	case literal:
		d.is = ground
		if b >= 0x20 && b < 0x7F {
			return d.one(key{verbatim, rune(b)})
		}
		return d.ground(b)
	case many:
		return d.more(b)
	}
	if after && (b == '\n' || b == 0) {
		return nil
	}
	return d.ground(b)
}

func (d *decoder) one(k key) []key {
	d.keys[0] = k
	return d.keys[:1]
}

// ground takes a byte that begins something.
func (d *decoder) ground(b byte) []key {
	switch {
	case b == '\r' || b == '\n':
		d.cr = b == '\r'
		return d.one(key{do: enter})
	case b == 0:
		return d.one(key{do: brk})
	case b == 0x1B:
		d.is = escaped
		return nil
	case b == 0x16:
		d.is = literal
		return nil
	case b < 0x20 || b == 0x7F:
		if a, ok := controls[b]; ok {
			return d.one(key{do: a})
		}
		return d.one(key{typed, bad})
	case b < utf8.RuneSelf:
		return d.one(key{typed, rune(b)})
	}
	d.is, d.buf = many, append(d.buf[:0], b)
	return d.check()
}

// check answers once the bytes of a character are whole, or cannot become one.
func (d *decoder) check() []key {
	if !utf8.FullRune(d.buf) {
		return nil
	}
	r, size := utf8.DecodeRune(d.buf)
	d.is = ground
	if size < len(d.buf) { // the last byte does not belong to it
		last := d.buf[len(d.buf)-1]
		first := key{typed, bad}
		rest := d.ground(last)
		if len(rest) == 0 {
			return d.one(first)
		}
		d.keys[0], d.keys[1] = first, rest[0]
		return d.keys[:2]
	}
	return d.one(key{typed, r})
}

func (d *decoder) more(b byte) []key {
	d.buf = append(d.buf, b)
	return d.check()
}

// escape takes the byte after ESC.
func (d *decoder) escape(b byte) []key {
	d.is, d.buf = ground, d.buf[:0]
	if b == '[' || b == 'O' {
		d.is = control
		return nil
	}
	if a, ok := alts[b]; ok {
		return d.one(key{do: a})
	}
	if b < 0x20 {
		return append(d.one(key{typed, bad}), d.after(b)...)
	}
	return d.one(key{typed, bad})
}

// after takes a control byte that broke a sequence off.
func (d *decoder) after(b byte) []key {
	if b == 0x1B {
		d.is = escaped
		return nil
	}
	var two decoder
	keys := two.ground(b)
	d.cr, d.is = two.cr, two.is
	return keys
}

// sequence takes the bytes after ESC [ or ESC O. One that is whole and unknown does
// nothing: a function key is no accident.
func (d *decoder) sequence(b byte) []key {
	switch {
	case b < 0x20 || b >= 0x7F:
		d.is = ground
		return append(d.one(key{typed, bad}), d.after(b)...)
	case b < 0x40 || b == '[' && len(d.buf) == 0: // parameters; the Linux console's F1 is ESC [ [ A
		if d.buf = append(d.buf, b); len(d.buf) > maxSequence {
			d.is = ground
			return d.one(key{typed, bad})
		}
		return nil
	}
	d.is = ground
	if a, ok := sequences[string(append(d.buf, b))]; ok {
		return d.one(key{do: a})
	}
	return nil
}
