package screen

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// phone is a known peer over UDP.
var phone = Peer{Addr: netip.MustParseAddrPort("192.0.2.50:5062"), Known: true}

// msg joins a start line, header lines and a body that is separated by an empty
// argument, as the wire does.
func msg(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n\r\n" }

// request is an ordinary request of method with more lines after the common ones.
func request(method string, more ...string) string {
	return msg(append([]string{method + " sip:100@192.0.2.1 SIP/2.0",
		"Via: SIP/2.0/UDP 192.0.2.50:5062;branch=z9hG4bKabc", "From: <sip:201@192.0.2.1>;tag=f1", "To: <sip:100@192.0.2.1>",
		"Call-ID: c1@192.0.2.50", "CSeq: 1 " + method, "Max-Forwards: 70"}, more...)...)
}

// replaced is a request with one piece of its text changed.
func replaced(method, old, with string, more ...string) string {
	raw := request(method, more...)
	if !strings.Contains(raw, old) {
		panic("test: nothing to replace: " + old)
	}
	return strings.Replace(raw, old, with, 1)
}

const contact = "Contact: <sip:201@192.0.2.50:5062>"

// passes checks that raw goes to sipgo, that sipgo can read what it gets, and that
// the canonical form is a fixed point.
func passes(t *testing.T, raw string, p Peer) sip.Message {
	t.Helper()
	r := &Rules{}
	v := r.Check([]byte(raw), p)
	if v.Action != Pass {
		t.Fatalf("%v %d %q, want pass", v.Action, v.Code, v.Why)
	}
	var f framer
	for i := range v.Message { // the same over TCP, byte by byte
		f.add(v.Message[i : i+1])
		cut, fatal := f.next()
		if fatal || (cut != nil) != (i == len(v.Message)-1) || cut != nil && string(cut) != string(v.Message) {
			t.Fatalf("the framer cuts at %d of %d octets, lost %t", i+1, len(v.Message), fatal)
		}
	}
	m, err := sip.ParseMessage(v.Message)
	if err != nil {
		t.Fatalf("sipgo cannot read the canonical form: %v\n%s", err, v.Message)
	}
	again := r.Check(v.Message, p)
	if again.Action != Pass || string(again.Message) != string(v.Message) {
		t.Fatalf("not a fixed point:\n%s\nbecame %v %q\n%s", v.Message, again.Action, again.Why, again.Message)
	}
	return m
}

// refused checks that raw is answered with code, that the answer is a SIP/2.0
// response sipgo can read, and that a stranger hears nothing.
func refused(t *testing.T, raw string, code int) string {
	t.Helper()
	r := &Rules{}
	v := r.Check([]byte(raw), phone)
	if v.Action != Reply || v.Code != code {
		t.Fatalf("%v %d %q, want reply %d", v.Action, v.Code, v.Why, code)
	}
	if !strings.HasPrefix(string(v.Reply), "SIP/2.0 ") || !strings.Contains(string(v.Reply), "\r\nWarning: 399 ") {
		t.Fatalf("the answer is\n%s", v.Reply)
	}
	stranger := phone
	stranger.Known = false
	if v := r.Check([]byte(raw), stranger); v.Action != Drop {
		t.Fatalf("a stranger gets %v %d", v.Action, v.Code)
	}
	return string(v.Reply)
}

func dropped(t *testing.T, raw string) {
	t.Helper()
	if v := (&Rules{}).Check([]byte(raw), phone); v.Action != Drop {
		t.Fatalf("%v %d %q, want drop", v.Action, v.Code, v.Why)
	}
}

func TestOrdinaryRequestsPass(t *testing.T) {
	for _, m := range DefaultMethods() {
		more := []string{"Content-Length: 0"}
		if m == "INVITE" {
			more = append(more, contact)
		}
		passes(t, request(m, more...), phone)
	}
}

// Who we know is told that his message is too large, not left to repeat it.
func TestTooLargeIsSaid_RFC3261_21_5_7(t *testing.T) {
	for name, more := range map[string][]string{
		"one long line":  {contact, "X-Long: " + strings.Repeat("x", maxHead)},
		"too many lines": append([]string{contact}, strings.Split(strings.Repeat("X: y\n", maxFields), "\n")...),
		"both":           strings.Split(strings.Repeat("X: yyyyyyyyyyyyyyyyyy\n", maxHead/16), "\n"),
	} {
		raw := request("INVITE", more...)
		reply := refused(t, raw, 513)
		for _, want := range []string{"SIP/2.0 513 Message Too Large\r\n", "branch=z9hG4bKabc", "Call-ID: c1@192.0.2.50\r\n", "CSeq: 1 INVITE\r\n", "Warning: 399 centralita"} {
			if !strings.Contains(reply, want) {
				t.Errorf("%s: no %q in\n%s", name, want, reply)
			}
		}
	}
}
