package cid

import (
	"fmt"
	"strings"
)

// ParseKeys reads caller id sent by DTMF, from the first key to the C or # that
// ends it (ETSI EN 300 659-1 annex B):
//
//	A number D redirecting number B information C   any part may be missing
//	A number #, or D information #                  Denmark, the Netherlands
//	D number C                                      Taiwan
//	number #                                        Denmark; five digits and more
//
// Information is 00 for unavailable and 10 for private before C; 1 for private,
// 2 and 3 for unavailable before #.
func ParseKeys(keys string) (Info, error) {
	var i Info
	if len(keys) < 2 {
		return i, errEmpty
	}
	end := keys[len(keys)-1]
	rest := keys[:len(keys)-1]
	if end != 'C' && end != '#' || strings.ContainsAny(rest, "C#*") {
		return i, fmt.Errorf("cannot read keys %q: they do not end in C or #", keys)
	}
	if digit(rest[0]) {
		if end != '#' || len(rest) < 5 || strings.ContainsAny(rest, "ABD") {
			return i, fmt.Errorf("cannot read keys %q: a number alone has five digits and ends in #", keys)
		}
		i.Number = rest
		return i, nil
	}
	for seen := ""; rest != ""; {
		lead := rest[0]
		n := strings.IndexAny(rest[1:], "ABD") + 1
		if n == 0 {
			n = len(rest)
		}
		if strings.IndexByte(seen, lead) >= 0 {
			return Info{}, fmt.Errorf("cannot read keys %q: two parts begin with %c", keys, lead)
		}
		seen += string(lead)
		if err := i.part(lead, rest[1:n], end); err != nil {
			return Info{}, fmt.Errorf("cannot read keys %q: %w", keys, err)
		}
		rest = rest[n:]
	}
	if keys[0] == 'D' && i.Number == "" && i.NoNumber == 0 { // Taiwan
		i.Number, i.Redirecting = i.Redirecting, ""
	}
	if i.Number == "" && i.NoNumber == 0 {
		return Info{}, errEmpty
	}
	return i, nil
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// part reads one part.
func (i *Info) part(lead byte, v string, end byte) error {
	switch {
	case lead == 'A':
		i.Number = v
	case lead == 'D' && end == 'C':
		i.Redirecting = v
	case lead == 'B' && v == "00", lead == 'D' && (v == "2" || v == "3"):
		i.NoNumber = Unavailable
	case lead == 'B' && v == "10", lead == 'D' && v == "1":
		i.NoNumber = Private
	default:
		return fmt.Errorf("%c%s means nothing", lead, v)
	}
	return nil
}

// Keys returns the keys that say i and end in end, 'C' or '#'. Of the number
// only the digits are sent.
func Keys(i Info, end byte) (string, error) {
	if end != 'C' && end != '#' {
		return "", fmt.Errorf("cannot send keys: they end in C or #, not in %q", end)
	}
	number, second := digits(i.Number), digits(i.Redirecting)
	if len(number) > maxNumber || len(second) > maxNumber {
		return "", fmt.Errorf("cannot send keys: a number has more than %d digits", maxNumber)
	}
	switch {
	case number == "" && end == '#' && i.NoNumber == Private:
		return "D1#", nil
	case number == "" && end == '#':
		return "D3#", nil
	case number == "" && i.NoNumber == Private:
		return "B10C", nil
	case number == "":
		return "B00C", nil
	case second != "" && end == 'C':
		return "A" + number + "D" + second + "C", nil
	}
	return "A" + number + string(end), nil
}

// digits keeps the digits of a text.
func digits(text string) string {
	var b strings.Builder
	for k := range len(text) {
		if digit(text[k]) {
			b.WriteByte(text[k])
		}
	}
	return b.String()
}
