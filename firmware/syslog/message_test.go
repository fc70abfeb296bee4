package syslog

import (
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/redact"
)

// grammar is SYSLOG-MSG of RFC 5424 section 6, with the two elements that we send.
var grammar = regexp.MustCompile(`^<(\d{1,3})>1 (-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|[+-]\d\d:\d\d)) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) - ` +
	`\[meta sequenceId="(\d+)"\]\[origin software="([^"\\\]]{1,48})" swVersion="([^"\\\]]{0,32})"\] (?s:(.*))$`)

var (
	noon = time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.FixedZone("", 3600))
	plan = header{host: "box-7", app: "centralita", proc: "4711", version: "0.1.0"}
)

func parts(t *testing.T, m []byte) []string {
	t.Helper()
	got := grammar.FindSubmatch(m)
	if got == nil {
		t.Fatalf("not of the grammar: %q", m)
	}
	var out []string
	for _, g := range got[1:] {
		out = append(out, string(g))
	}
	return out
}

// Section 6 and 6.5: a whole message.
func TestWholeMessage(t *testing.T) {
	const want = `<28>1 2026-11-21T12:00:00.123456+01:00 box-7 centralita 4711 - [meta sequenceId="9"][origin software="centralita" swVersion="0.1.0"] it rains`
	if got := string(plan.message(noon, sevWarning, 9, "it rains")); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Section 6.2.1: PRI is facility times eight plus severity.
func TestPri(t *testing.T) {
	for l, want := range map[slog.Level]string{slog.LevelDebug: "31", slog.LevelInfo: "30", slog.LevelInfo + 1: "30", slog.LevelWarn: "28", slog.LevelError: "27", slog.LevelError + 4: "27"} {
		if got := parts(t, plan.message(noon, severity(l), 1, ""))[0]; got != want {
			t.Errorf("%s is <%s>, want <%s>", l, got, want)
		}
	}
}

// Section 6.2.3: at most six digits of a second, T and Z in capitals, NILVALUE
// where there is no time.
func TestTimestamp(t *testing.T) {
	for at, want := range map[time.Time]string{noon: "2026-11-21T12:00:00.123456+01:00", noon.UTC(): "2026-11-21T11:00:00.123456Z", {}: "-"} {
		if got := parts(t, plan.message(at, sevInfo, 1, ""))[1]; got != want {
			t.Errorf("%s is %s", at, got)
		}
	}
}

// Sections 6.2.4 to 6.2.7: printable ASCII without spaces, bounded, NILVALUE for
// nothing.
func TestHeaderFields(t *testing.T) {
	long := strings.Repeat("x", 300)
	for in, want := range map[string]string{"": "-", "box 7": "box7", "cajón\n": "cajn", "ñ": "-", long: long[:maxHost]} {
		h := plan
		h.host = in
		if got := parts(t, h.message(noon, sevInfo, 1, ""))[2]; got != want {
			t.Errorf("host %q is %q", in, got)
		}
	}
	h := header{host: "a", app: long, proc: long, version: `1"]\` + long}
	p := parts(t, h.message(noon, sevInfo, 1, "text"))
	if len(p[3]) != maxApp || len(p[4]) != maxProc || p[8] != "text" {
		t.Errorf("%q", p)
	}
}

// Section 6.3.3: nothing ends a value before its quote; section 7.3.1: the number
// goes from 1 to 2^31−1 and begins again.
func TestStructuredData(t *testing.T) {
	for n, want := range map[uint64]string{1: "1", 1<<31 - 1: "2147483647", 1 << 31: "1"} {
		if got := parts(t, plan.message(noon, sevInfo, n, ""))[5]; got != want {
			t.Errorf("%d is %s", n, got)
		}
	}
	h := plan
	h.version = `v1" x="y"] [evil@1 a="b`
	if got := parts(t, h.message(noon, sevInfo, 1, "t"))[7]; got != "v1x=y[evil@1a=b" {
		t.Errorf("version %q", got)
	}
}

// Section 6.4: a text beyond ASCII begins with the BOM, and control characters are
// not sent.
func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                           "plain",
		"línea muerta":                    bom + "línea muerta",
		"one\r\n<27>1 - evil - - - - two": "one  <27>1 - evil - - - - two",
		"nul\x00 bell\a del\x7f":          "nul  bell  del ",
		"\u0085next\u2028line":            " next line",
		"turned \u202e round":             "turned   round",
		"broken \xff\xfe":                 "broken   ",
	} {
		if got := parts(t, plan.message(noon, sevInfo, 1, in))[8]; got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}

// Section 6.1: what is longer than a receiver should take loses its end, between
// two characters.
func TestLength(t *testing.T) {
	for _, text := range []string{strings.Repeat("x", 5000), strings.Repeat("ñ", 5000), "a" + strings.Repeat("ñ", 5000)} {
		m := plan.message(noon, sevInfo, 1, text)
		if len(m) > maxMessage || len(m) < maxMessage-1 || !utf8.Valid(m) {
			t.Errorf("%d bytes, valid %t", len(m), utf8.Valid(m))
		}
	}
}

// FuzzMessage: whatever is logged is one message of the grammar on one line, valid,
// bounded, and without a run of six digits in its text.
func FuzzMessage(f *testing.F) {
	f.Add("host", "app", "v", "text\n<0>1", uint64(1))
	f.Add("\xff", "", `"]\`, strings.Repeat("ñ6", 2000), uint64(1<<31))
	runs := regexp.MustCompile(`\d{6}`)
	f.Fuzz(func(t *testing.T, host, app, version, text string, n uint64) {
		h := header{host: host, app: app, proc: "1", version: version}
		m := h.message(noon, sevInfo, max(n, 1), redact.Numbers(text))
		p := parts(t, m)
		if len(m) > maxMessage || !utf8.Valid(m) || strings.ContainsFunc(string(m), func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }) {
			t.Errorf("%q", m)
		}
		if runs.MatchString(p[8]) {
			t.Errorf("a number is shown: %q", p[8])
		}
		if fr := frame(m); !strings.HasPrefix(string(fr), strconv.Itoa(len(m))+" <") || len(fr) != len(m)+len(strconv.Itoa(len(m)))+1 {
			t.Errorf("frame %q", fr[:10])
		}
	})
}
