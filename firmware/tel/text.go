package tel

// Text is text from a wire made harmless: valid UTF-8 without control, bidi,
// zero-width or private characters, single spaces, at most MaxText runes. Only
// CleanText makes one, so a value of this type can be shown anywhere that
// escapes its own syntax (SIP, HTML, JSON, CSV and log writers still quote).
type Text struct{ s string }

// MaxText is the length limit of a Text in runes.
const MaxText = 64

// CleanText makes raw harmless. It never fails: what cannot stay is dropped.
func CleanText(raw string) Text {
	out := make([]rune, 0, MaxText)
	space := false
	for _, r := range raw {
		if r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == 0xA0 {
			space = len(out) > 0
			continue
		}
		if !printable(r) {
			continue
		}
		if space && len(out) < MaxText-1 {
			out = append(out, ' ')
		}
		space = false
		if len(out) >= MaxText {
			break
		}
		out = append(out, r)
	}
	return Text{string(out)}
}

// String returns the cleaned text.
func (t Text) String() string { return t.s }

// Empty reports whether nothing is left.
func (t Text) Empty() bool { return t.s == "" }

// MarshalText gives the cleaned text to encoders.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.s), nil }

// UnmarshalText cleans again what an encoder wrote.
func (t *Text) UnmarshalText(b []byte) error { *t = CleanText(string(b)); return nil }

// printable reports whether r may stay: no controls, no format characters that
// reorder or hide text, no private use, no surrogates or non-characters.
func printable(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7F && r <= 0x9F, r == 0xAD, r == 0x61C, r == 0x180E:
		return false
	case r >= 0x200B && r <= 0x200F, r >= 0x2028 && r <= 0x202E, r >= 0x2060 && r <= 0x206F:
		return false
	case r >= 0xD800 && r <= 0xF8FF, r >= 0xFDD0 && r <= 0xFDEF, r == 0xFEFF, r >= 0xFFF0 && r <= 0xFFFF:
		return false
	case r >= 0xE0000:
		return false
	}
	return r&0xFFFE != 0xFFFE
}

// Number is a telephone number or extension made harmless: at most MaxNumber
// of the characters 0-9 * # A-D, with one leading + allowed.
type Number string

// MaxNumber is the length limit of a Number: E.164 has 15 digits; prefixes and
// feature codes need some more.
const MaxNumber = 32

// CleanNumber keeps the diallable characters of raw and drops the rest
// (spaces, dashes, dots and brackets people write). ok is false when raw holds
// anything else or is too long; then the number is what could be kept.
func CleanNumber(raw string) (n Number, ok bool) {
	out := make([]byte, 0, len(raw))
	ok = true
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case Digit(c).Valid(), c == '+' && len(out) == 0:
			if len(out) == MaxNumber {
				return Number(out), false
			}
			out = append(out, c)
		case c == ' ' || c == '-' || c == '.' || c == '(' || c == ')':
		default:
			ok = false
		}
	}
	return Number(out), ok
}
