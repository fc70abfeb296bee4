package claim

import (
	"crypto/subtle"
	"encoding/binary"
	"strings"
)

// alphabet is Crockford's base32: no I, L, O and U, so that nothing on a display
// of 5×7 dots or in handwriting is taken for something else.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// letters of a code: twelve of five bits are 60. In three groups of four it is 14
// columns wide, which leaves a 20-column display one space and "10:00".
const letters = 12

// Code writes the code that random makes, as 7K4M-P9XT-2QHD.
func Code(random [Bytes]byte) string {
	n := binary.BigEndian.Uint64(random[:]) >> 4
	var b [letters + 2]byte
	for i := len(b) - 1; i >= 0; i-- {
		if i == 4 || i == 9 {
			b[i] = '-'
			continue
		}
		b[i] = alphabet[n&31]
		n >>= 5
	}
	return string(b[:])
}

// Clean brings what a person typed to the letters of a code: dashes and spaces are
// dropped, small letters are taken, and so are the letters that look like a digit.
// What can be no code becomes empty.
func Clean(typed string) string {
	var b strings.Builder
	for _, r := range typed {
		switch {
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		case r == '-' || r == ' ' || r == '\t' || r == '–' || r == '.':
			continue
		}
		switch r {
		case 'I', 'L':
			r = '1'
		case 'O':
			r = '0'
		}
		if r > 'Z' || strings.IndexByte(alphabet, byte(r)) < 0 || b.Len() == letters {
			return ""
		}
		b.WriteRune(r)
	}
	if b.Len() != letters {
		return ""
	}
	return b.String()
}

// same compares a code with what was typed, in a time that tells nothing.
func same(code, typed string) bool {
	want, got := strings.ReplaceAll(code, "-", ""), Clean(typed)
	return want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(got)) == 1
}
