package syslog

import (
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/redact"
)

// Severities of RFC 5424 section 6.2.1.
const (
	sevError   = 3
	sevWarning = 4
	sevInfo    = 6
	sevDebug   = 7
)

// facility is "system daemons".
const facility = 3

// maxMessage is what every receiver should take (RFC 5424 section 6.1).
const maxMessage = 2048

// Longest fields of the header (section 6).
const (
	maxHost = 255
	maxApp  = 48
	maxProc = 128
)

// bom begins a text that is UTF-8 beyond ASCII (section 6.4).
const bom = "\xef\xbb\xbf"

// header is what all messages of a program have in common.
type header struct {
	host, app, proc, version string
}

// severity translates a level of slog.
func severity(l slog.Level) int {
	switch {
	case l >= slog.LevelError:
		return sevError
	case l >= slog.LevelWarn:
		return sevWarning
	case l >= slog.LevelInfo:
		return sevInfo
	}
	return sevDebug
}

// message makes one SYSLOG-MSG. The number goes up with every message of this
// start, those that were dropped included, so a gap shows (section 7.3.1). A text
// that is too long loses its end (section 6.1).
func (h header) message(at time.Time, sev int, number uint64, text string) []byte {
	b := make([]byte, 0, 512)
	b = append(b, '<')
	b = strconv.AppendInt(b, facility*8+int64(sev), 10)
	b = append(b, ">1 "...)
	if at.IsZero() {
		b = append(b, '-')
	} else {
		b = at.AppendFormat(b, "2006-01-02T15:04:05.000000Z07:00")
	}
	b = append(b, ' ')
	b = append(b, word(h.host, maxHost)...)
	b = append(b, ' ')
	b = append(b, word(h.app, maxApp)...)
	b = append(b, ' ')
	b = append(b, word(h.proc, maxProc)...)
	b = append(b, ` - [meta sequenceId="`...)
	b = strconv.AppendUint(b, (number-1)%(1<<31-1)+1, 10) // 1 to 2^31−1, then 1 again
	b = append(b, `"][origin software="`...)
	b = append(b, word(h.app, maxApp)...)
	b = append(b, `" swVersion="`...)
	b = append(b, param(h.version, 32)...)
	b = append(b, `"] `...)
	if text = redact.Line(text); !ascii(text) {
		b = append(b, bom...)
	}
	return append(b, short(text, maxMessage-len(b))...)
}

// word makes a field of the header: printable ASCII without spaces (section 6),
// "-" for none.
func word(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f && r != '"' && r != '\\' && r != ']' {
			return r
		}
		return -1
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), most)]
}

// param makes the value of a PARAM with nothing in it that would need an escape
// (section 6.3.3).
func param(s string, most int) string {
	if s = word(s, most); s == "-" {
		return ""
	}
	return s
}

// short cuts s to at most n bytes, between two characters.
func short(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n = max(n, 0)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
