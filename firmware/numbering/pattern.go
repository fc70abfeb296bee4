package numbering

import "github.com/centralita/centralita/firmware/tel"

// Fits reports whether number has the form of pattern: digits stand for
// themselves, X for any digit, [279] or [2-9] for one of several, and a final
// dot for one or more further digits. The empty pattern fits every number. A
// pattern that CheckPattern refuses fits nothing.
func Fits(pattern string, number tel.Number) bool {
	if pattern == "" {
		return true
	}
	i := 0
	for pos := 0; pos < len(pattern); {
		if pattern[pos] == '.' {
			return pos == len(pattern)-1 && i < len(number)
		}
		set, n, ok := element(pattern[pos:])
		if !ok || i >= len(number) || !set.has(number[i]) {
			return false
		}
		pos += n
		i++
	}
	return i == len(number)
}

// CheckPattern returns what is wrong with pattern, or "".
func CheckPattern(pattern string) string {
	for pos := 0; pos < len(pattern); {
		if pattern[pos] == '.' {
			if pos != len(pattern)-1 {
				return "a dot may only stand at the end"
			}
			return ""
		}
		_, n, ok := element(pattern[pos:])
		if !ok {
			return "expected a digit, X, [..] or a final dot at " + pattern[pos:]
		}
		pos += n
	}
	return ""
}

// digitSet has bit d set when the digit d fits.
type digitSet uint16

func (s digitSet) has(c byte) bool { return c >= '0' && c <= '9' && s&(1<<(c-'0')) != 0 }

// element reads one element at the start of p and its length in bytes.
func element(p string) (set digitSet, n int, ok bool) {
	switch c := p[0]; {
	case c >= '0' && c <= '9':
		return 1 << (c - '0'), 1, true
	case c == 'X' || c == 'x':
		return 0x3FF, 1, true
	case c != '[':
		return 0, 0, false
	}
	for i := 1; i < len(p); i++ {
		c := p[i]
		switch {
		case c == ']':
			return set, i + 1, set != 0
		case c < '0' || c > '9':
			return 0, 0, false
		case i+2 < len(p) && p[i+1] == '-' && p[i+2] >= c && p[i+2] <= '9':
			for d := c; d <= p[i+2]; d++ {
				set |= 1 << (d - '0')
			}
			i += 2
		default:
			set |= 1 << (c - '0')
		}
	}
	return 0, 0, false
}
