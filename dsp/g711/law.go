package g711

// From law to law without going over linear samples: G.711 tables 3 and 4.
// They differ from decoding and encoding in a few values, so that what was
// converted twice loses nothing more when it is converted again.
var (
	uToA = lawTable(uNumber, aNumber, tableThree)
	aToU = lawTable(aNumber, uNumber, tableFour)
)

// tableThree returns the A-law value's number, 0 to 127 from the faintest on,
// for the number of a µ-law value.
func tableThree(u int) int {
	switch {
	case u < 16:
		return u / 2
	case u < 32:
		return u - 8
	case u < 36:
		return 24 + 2*(u-32)
	case u < 48:
		return u - 4
	case u == 48:
		return 45
	case u < 64:
		return u - 2
	case u < 81:
		return u - 1
	}
	return u
}

// tableFour returns the µ-law value's number for the number of an A-law value.
func tableFour(a int) int {
	switch {
	case a < 8:
		return 2*a + 1
	case a < 24:
		return a + 8
	case a < 32:
		return 32 + (a-24)/2
	case a < 45:
		return a + 4
	case a < 47:
		return a + 3
	case a < 63:
		return a + 2
	case a < 80:
		return a + 1
	}
	return a
}

// uNumber and aNumber turn an octet into the number of its value and back; the
// sign stays in bit 7.
func uNumber(octet byte) byte { return octet ^ 0x7F }
func aNumber(octet byte) byte { return octet ^ 0x55 }

func lawTable(from, to func(byte) byte, number func(int) int) (t [256]byte) {
	for i := range t {
		n := from(byte(i))
		t[i] = to(n&0x80 | byte(number(int(n&0x7F))))
	}
	return t
}

// ULawToALaw turns as many µ-law octets into A-law as both slices hold and
// returns how many (G.711 table 3). They may be the same slice.
func ULawToALaw(dst, src []byte) int { return translate(dst, src, &uToA) }

// ALawToULaw turns as many A-law octets into µ-law as both slices hold and
// returns how many (G.711 table 4). They may be the same slice.
func ALawToULaw(dst, src []byte) int { return translate(dst, src, &aToU) }

func translate(dst, src []byte, t *[256]byte) int {
	n := min(len(dst), len(src))
	dst, src = dst[:n], src[:n]
	for i, c := range src {
		dst[i] = t[c]
	}
	return n
}
