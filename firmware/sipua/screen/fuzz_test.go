package screen

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

func seeds(f *testing.F) {
	for _, s := range []string{request("INVITE", contact), request("REGISTER", "m: *", "Expires: 0"), response("SIP/2.0 200 OK", contact), old("INVITE"),
		replaced("OPTIONS", "sip:100@192.0.2.1 SIP", "sip:u;p=%41@[2001:db8:::192.0.2.1]:5070;lr?a=b SIP"),
		request("OPTIONS", "Via: SIP / 2.0 / TCP a ; branch\r\n = x , SIP/2.0/UDP [::1]:9", "Require: a,b", "Content-Length: 3") + "abc",
		replaced("OPTIONS", "To: <sip:100@192.0.2.1>", "To: \"a\\\"\\\x00\" <sip:100@192.0.2.1>;tag=\"x y\"")} {
		f.Add([]byte(s), uint8(0))
		f.Add([]byte(s), uint8(3))
	}
}

// What passes is read by sipgo as we read it, and is a fixed point; what is
// answered gets one well-formed response; nothing panics.
func FuzzCheck(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, raw []byte, how uint8) {
		p := Peer{Addr: netip.MustParseAddrPort("192.0.2.50:5062"), Known: how&1 == 0, Stream: how&2 != 0}
		r := &Rules{Supported: []string{"timer"}, Strangers: []string{"OPTIONS"}}
		v := r.Check(raw, p)
		switch v.Action {
		case Reply:
			if !p.Known {
				t.Fatal("a stranger is answered")
			}
			head, _, _ := bytes.Cut(v.Reply, []byte("\r\n\r\n"))
			if !bytes.HasPrefix(head, []byte("SIP/2.0 ")) || bytes.Contains(bytes.ReplaceAll(head, []byte("\r\n"), nil), []byte("\n")) {
				t.Fatalf("answer\n%q", v.Reply)
			}
			if n := bytes.Count(head, []byte("\nCSeq:")); n > 1 {
				t.Fatalf("%d CSeq in the answer", n)
			}
		case Pass:
			m, err := sip.ParseMessage(v.Message)
			if err != nil {
				t.Fatalf("sipgo cannot read what passed: %v\n%q", err, v.Message)
			}
			if m.From() == nil || m.To() == nil || m.CallID() == nil || m.CSeq() == nil || m.Via() == nil {
				t.Fatalf("something is missing in\n%q", v.Message)
			}
			if q, ok := m.(*sip.Request); ok && (q.CSeq().MethodName != q.Method || !strings.HasPrefix(q.Recipient.Scheme, "sip")) {
				t.Fatalf("%s with CSeq %v", q.Method, q.CSeq())
			}
			if q, ok := m.(*sip.Request); ok {
				sameReading(t, q, v.msg)
			}
			again := r.Check(v.Message, p)
			if again.Action != Pass || !bytes.Equal(again.Message, v.Message) {
				t.Fatalf("not a fixed point: %v %q\n%q\n%q", again.Action, again.Why, v.Message, again.Message)
			}
		}
	})
}

// sameReading holds what sipgo read against what we read.
func sameReading(t *testing.T, q *sip.Request, m *message) {
	t.Helper()
	_, rest, _ := strings.Cut(m.target.text, ":")
	if _, behind, hasUser := strings.Cut(rest, "@"); hasUser {
		rest = behind
	}
	hp, _, err := hostPort(rest, false)
	if host := q.Recipient.Host; err != nil || !strings.HasPrefix(hp, host) {
		t.Fatalf("Request-URI %q: sipgo reads host %q, we %q", m.target.text, host, hp)
	}
	for _, x := range []struct {
		what string
		got  sip.HeaderParams
		want []param
	}{{"From", q.From().Params, m.from.params}, {"To", q.To().Params, m.to.params}, {"Via", q.Via().Params, m.vias[0].params}} {
		for _, name := range []string{"tag", "branch", "received"} {
			got, has := x.got.Get(name)
			want, should := get(x.want, name)
			if got != want || has != should {
				t.Fatalf("%s: sipgo reads %s=%q %t, we %q %t", x.what, name, got, has, want, should)
			}
		}
	}
	contacts, star, _ := m.contacts()
	if star {
		contacts = append(contacts, address{})
	}
	if got := len(q.GetHeaders("Contact")); got != len(contacts) {
		t.Fatalf("sipgo reads %d contacts, we %d", got, len(contacts))
	}
	if got := len(q.GetHeaders("Via")); got != len(m.vias) {
		t.Fatalf("sipgo reads %d Via, we %d", got, len(m.vias))
	}
	if !bytes.Equal(q.Body(), m.body) && len(m.body) > 0 {
		t.Fatalf("sipgo reads the body %q, we %q", q.Body(), m.body)
	}
}

// Cutting a stream differently never changes its messages, and the buffer is bounded.
func FuzzFramer(f *testing.F) {
	f.Add([]byte("\r\n"+tcp(request("OPTIONS", "l: 2"))+"ab"+tcp(request("BYE", "l: 0"))), uint16(3))
	f.Add([]byte(strings.Repeat("x", maxHead+1)), uint16(100))
	f.Fuzz(func(t *testing.T, raw []byte, size uint16) {
		run := func(step int) (out [][]byte, fatal bool) {
			var f framer
			for b := raw; len(b) > 0; {
				n := min(step, len(b))
				f.add(b[:n])
				b = b[n:]
				for {
					m, fatal := f.next()
					if fatal {
						return out, true
					}
					if m == nil {
						break
					}
					out = append(out, m)
				}
				if len(f.buf) > MaxMessage+step {
					t.Fatalf("%d bytes are held", len(f.buf))
				}
			}
			return out, false
		}
		a, fa := run(int(size%4096) + 1)
		b, fb := run(len(raw) + 1)
		if fa != fb || len(a) != len(b) {
			t.Fatalf("%d messages, fatal %t, against %d, %t", len(a), fa, len(b), fb)
		}
		for i := range a {
			if !bytes.Equal(a[i], b[i]) {
				t.Fatalf("message %d differs", i)
			}
		}
	})
}
