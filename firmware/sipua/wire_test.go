package sipua

import (
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/firmware/tel"
)

// FuzzTextToWire: whatever a text holds, the header made of it is one line that
// reads back as what was meant.
func FuzzTextToWire(f *testing.F) {
	for _, s := range []string{"Ana", "x\"\r\nEvil: 1", `a\"b\\`, "600<sip:a@b>;tag=1", "%0d%0aX", "ñ 日本 \u202e", "", "#31#"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h := &sip.FromHeader{DisplayName: quoted(tel.CleanText(s)), Address: hostURI(user(s), "example.net")}
		h.Params.Add("tag", "t")
		line := h.String()
		if strings.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("not one line: %q", line)
		}
		m, err := sip.ParseMessage([]byte("OPTIONS sip:a@b SIP/2.0\r\n" + line + "\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nContent-Length: 0\r\n\r\n"))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		from := m.From()
		if from == nil || from.Address.Host != "example.net" || tagOf(from.Params) != "t" {
			t.Fatalf("%q reads as %v", line, from)
		}
		if got := name(from.DisplayName); got != tel.CleanText(s) {
			t.Errorf("name %q came back as %q", s, got)
		}
		if got := unescape(from.Address.User); got != s {
			t.Errorf("user %q came back as %q", s, got)
		}
	})
}

// FuzzRelayDigit: a body from the wire gives a key of a telephone or nothing.
func FuzzRelayDigit(f *testing.F) {
	for _, s := range []string{"Signal=5\r\nDuration=160\r\n", "signal= * ", "Duration=1\nSignal=11", "5", "Signal=", "Signal=16", "\x00"} {
		f.Add("application/dtmf-relay", s)
		f.Add("application/dtmf", s)
	}
	f.Fuzz(func(t *testing.T, kind, body string) {
		if d, ok := relayDigit(kind, body); ok && !d.Valid() {
			t.Errorf("%q: digit %q", body, d)
		}
	})
}

func TestRelayDigit(t *testing.T) {
	for body, want := range map[string]tel.Digit{"Signal=5\r\nDuration=160\r\n": '5', "Signal = *\r\n": '*', "Duration=9\r\nSignal=11": '#', "Signal=d": 'D'} {
		if d, ok := relayDigit("application/dtmf-relay", body); !ok || d != want {
			t.Errorf("%q: %v %t", body, d, ok)
		}
	}
	if d, ok := relayDigit("application/dtmf", "7"); !ok || d != '7' {
		t.Errorf("application/dtmf: %v %t", d, ok)
	}
	if _, ok := relayDigit("text/plain", "Signal=5"); ok {
		t.Error("text/plain was taken for a digit")
	}
}

// FuzzServer: what New accepts as a server makes a URI of one line.
func FuzzServer(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "sip.example.net:5080", "[2001:db8::1]:5060", "2001:db8::1", "h:0", "a b", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, port, err := splitServer(s)
		if err == nil && (host == "" || port < 1 || port > 65535 || strings.ContainsAny(host, " \r\n<>;@\"")) {
			t.Errorf("%q became %q %d", s, host, port)
		}
	})
}
