package console

import "strings"

// errQuote is a line whose last quote has no other.
var errQuote = usageError{"falta cerrar unas comillas", "a quote is not closed"}

// Words splits a line as it is typed into arguments: at spaces, but not inside of
// "…" and '…'; within "…" a \ takes the next character as it is.
func Words(line string) ([]string, error) {
	var out []string
	var b strings.Builder
	var quote rune
	in, escaped := false, false
	for _, r := range line {
		switch {
		case escaped:
			b.WriteRune(r)
			escaped = false
		case r == '\\' && quote == '"':
			escaped = true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			b.WriteRune(r)
		case r == '"' || r == '\'':
			quote, in = r, true
		case r == ' ' || r == '\t':
			if in {
				out = append(out, b.String())
				b.Reset()
			}
			in = false
		default:
			b.WriteRune(r)
			in = true
		}
	}
	if quote != 0 || escaped {
		return nil, errQuote
	}
	if in {
		out = append(out, b.String())
	}
	return out, nil
}
