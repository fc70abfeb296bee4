// Package at is the language of a voice modem, pure: the Decoder cuts its bytes
// into lines, codes and sound, Read says what a line means, and the Machine keeps
// one modem on the rails, from the first AT to the reset of one that went silent.
//
// The words are those of ITU-T V.250 (commands, result codes) and V.253 (voice:
// +FCLASS=8, +VLS, +VSM, +VRX, +VTX, +VTR and the codes behind a DLE), with the
// answers of the older IS-101 set (VCON for OK) taken too. Nothing here reads a
// clock, opens a device or keeps more than a few kilobytes, whatever comes in.
package at

import "fmt"

// Control characters of V.253 clause 9: each stands behind a DLE.
const (
	dle = 0x10
	etx = 0x03
	sub = 0x1A // a pair of DLE in the sound
	can = 0x18 // forget the sound not yet played
	esc = 0x1B // end receiving, of the older set
)

// maxLine is the longest line kept; the rest of a longer one is dropped.
const maxLine = 256

// maxComplex is how much of a complex event (DLE X … DLE .) is passed over.
const maxComplex = 256

// Kind says what a Token is.
type Kind uint8

// Kinds of token.
const (
	Line  Kind = iota // Text: a line without its ends, never empty
	Code              // Byte: an event behind a DLE
	Sound             // Data: bytes of the voice stream with the shielding taken off
	End               // the voice stream ended (DLE ETX); lines follow
)

// Token is one thing the modem said.
type Token struct {
	Kind Kind
	Text string
	Byte byte
	Data []byte // of Sound; good until the next Feed
}

// String shows the token for a trace.
func (t Token) String() string {
	switch t.Kind {
	case Line:
		return fmt.Sprintf("line %q", t.Text)
	case Code:
		return fmt.Sprintf("code %q", t.Byte)
	case Sound:
		return fmt.Sprintf("sound of %d bytes", len(t.Data))
	}
	return "end of the stream"
}

// Decoder cuts what a modem sends. The zero value reads lines.
type Decoder struct {
	armed   bool // the next CONNECT begins the voice stream
	voice   bool
	skipLF  bool // a CR was just read
	shield  bool // a DLE was just read
	complex int  // bytes of a complex event that may still be passed over
	line    []byte
	sound   []byte // of this Feed
	told    int    // how much of it is in tokens already
}

// Arm makes the next line CONNECT begin the voice stream, right behind it.
func (d *Decoder) Arm() { d.armed = true }

// ToText leaves the voice stream and any half-read line, for a modem that did
// not end the stream itself.
func (d *Decoder) ToText() {
	d.armed, d.voice, d.shield, d.skipLF, d.complex = false, false, false, false, 0
	d.line = d.line[:0]
}

// Voice reports whether what comes next is sound.
func (d *Decoder) Voice() bool { return d.voice }

// Feed takes bytes as they came and appends what they mean to out. Cutting the
// same bytes elsewhere gives the same lines, codes and sound.
func (d *Decoder) Feed(in []byte, out []Token) []Token {
	d.sound, d.told = d.sound[:0], 0
	for _, c := range in {
		switch {
		case d.shield:
			d.shield = false
			out = d.shielded(c, out)
		case c == dle:
			d.shield, d.skipLF = true, false
		case d.complex > 0:
			d.complex--
		case d.voice:
			if d.skipLF && c == '\n' {
				d.skipLF = false
				continue
			}
			d.skipLF = false
			d.sound = append(d.sound, c)
		default:
			out = d.text(c, out)
		}
	}
	return d.flush(out)
}

// shielded takes the byte behind a DLE (V.253 clause 9.1 and tables of events).
func (d *Decoder) shielded(c byte, out []Token) []Token {
	if d.complex > 0 {
		d.complex--
		if c == '.' {
			d.complex = 0
		}
		return out
	}
	switch {
	case c == dle && d.voice:
		d.sound = append(d.sound, dle)
	case c == sub && d.voice:
		d.sound = append(d.sound, dle, dle)
	case c == etx:
		if d.voice {
			out = append(d.flush(out), Token{Kind: End})
		}
		d.voice = false
	case c == 'X':
		d.complex = maxComplex
	case c > ' ' && c < 0x7F:
		out = append(d.flush(out), Token{Kind: Code, Byte: c})
	}
	return out
}

// flush makes a token of the sound gathered since the last one.
func (d *Decoder) flush(out []Token) []Token {
	if len(d.sound) == d.told {
		return out
	}
	out = append(out, Token{Kind: Sound, Data: d.sound[d.told:]})
	d.told = len(d.sound)
	return out
}

// text takes a byte of a line. A line ends with CR or LF at once, and empty lines
// are none; the voice stream begins behind the LF of its CONNECT.
func (d *Decoder) text(c byte, out []Token) []Token {
	switch {
	case c == '\r' || c == '\n':
		d.skipLF = c == '\r'
		if len(d.line) == 0 {
			break
		}
		l := string(d.line)
		d.line = d.line[:0]
		out = append(out, Token{Kind: Line, Text: l})
		if d.armed && Read(l).Kind == Connect {
			d.armed, d.voice = false, true
		}
	case c >= ' ' && c != 0x7F:
		d.skipLF = false
		if len(d.line) < maxLine {
			d.line = append(d.line, c)
		}
	default:
		d.skipLF = false // a control character is noise
	}
	return out
}

// Shield appends data to dst with every DLE doubled, as the voice stream to the
// modem wants it (V.253 clause 9.1).
func Shield(dst, data []byte) []byte {
	for _, c := range data {
		if c == dle {
			dst = append(dst, dle)
		}
		dst = append(dst, c)
	}
	return dst
}
