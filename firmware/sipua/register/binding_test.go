package register

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"pgregory.net/rapid"

	"github.com/centralita/centralita/firmware/tel"
)

var (
	desk  = netip.MustParseAddrPort("192.0.2.50:5062")
	other = netip.MustParseAddrPort("192.0.2.60:5060")
)

// up is a REGISTER of one contact.
func up(src netip.AddrPort, uri string, expires int, callID string, cseq uint32) Update {
	return Update{Contacts: []Contact{{URI: uri, Expires: expires, Q: 1000}}, Expires: -1, CallID: callID, CSeq: cseq, Source: src, Transport: "UDP"}
}

func apply(t *testing.T, tb *Table, now time.Time, u Update, k Kind) Change {
	t.Helper()
	c, err := tb.Apply(now, "201", u)
	if err != nil {
		t.Fatal(err)
	}
	if c.Kind != k {
		t.Fatalf("%v, want %v", c.Kind, k)
	}
	return c
}

func refusedWith(t *testing.T, err error, code int) *Refused {
	t.Helper()
	var r *Refused
	if !errors.As(err, &r) || r.Code != code {
		t.Fatalf("%v, want %d", err, code)
	}
	return r
}

func TestBindRefreshRemove_RFC3261_10_3(t *testing.T) {
	tb := NewTable()
	c := apply(t, tb, t0, up(desk, "sip:201@192.0.2.50:5062", 600, "a", 1), Added)
	if c.Left != 600 || !tb.Known(desk.Addr()) {
		t.Errorf("%+v", c)
	}
	now := t0.Add(5 * time.Minute)
	c = apply(t, tb, now, up(desk, "sip:201@192.0.2.50:5062", 600, "a", 2), Refreshed)
	if c.Binding.Since != t0 || c.Binding.Until != now.Add(10*time.Minute) {
		t.Errorf("%+v", c.Binding)
	}
	apply(t, tb, now, up(desk, "sip:elsewhere@192.0.2.50", 0, "a", 3), Nothing)
	c = apply(t, tb, now, up(desk, "sip:201@192.0.2.50:5062", 0, "a", 4), Removed)
	if c.Bound || c.Old.Source != desk || tb.Known(desk.Addr()) {
		t.Errorf("%+v", c)
	}
	if _, ok := tb.Lookup(now, "201"); ok {
		t.Error("it is still there")
	}
}

func TestNewestWinsAndNamesWhatItReplaced(t *testing.T) {
	tb := NewTable()
	apply(t, tb, t0, up(desk, "sip:201@192.0.2.50:5062", 600, "a", 1), Added)
	c := apply(t, tb, t0, up(other, "sip:201@192.0.2.60", 600, "b", 1), Replaced)
	if c.Old.Source != desk || c.Binding.Source != other || tb.Known(desk.Addr()) || !tb.Known(other.Addr()) {
		t.Errorf("%+v", c)
	}
	if b, ok := tb.From(t0, other); !ok || b.Ext != "201" {
		t.Errorf("from %v: %v %t", other, b, ok)
	}
	// A goodbye of the phone that lost does not take the winner away.
	apply(t, tb, t0, up(desk, "sip:201@192.0.2.50:5062", 0, "a", 2), Nothing)
}

func TestWildcard_RFC3261_10_3_6(t *testing.T) {
	tb := NewTable()
	apply(t, tb, t0, up(desk, "sip:201@192.0.2.50:5062", 600, "a", 1), Added)
	_, err := tb.Apply(t0, "201", Update{Wildcard: true, Expires: 60, CallID: "a", CSeq: 2})
	refusedWith(t, err, 400)
	_, err = tb.Apply(t0, "201", Update{Wildcard: true, Expires: 0, Contacts: []Contact{{URI: "sip:x"}}, CallID: "a", CSeq: 2})
	refusedWith(t, err, 400)
	apply(t, tb, t0, Update{Wildcard: true, Expires: 0, CallID: "a", CSeq: 2}, Removed)
}

func TestExpiryLimits_RFC3261_10_2_8(t *testing.T) {
	tb := NewTable()
	_, err := tb.Apply(t0, "201", up(desk, "sip:a@b", 59, "a", 1))
	if r := refusedWith(t, err, 423); r.MinExpires != MinExpires {
		t.Errorf("Min-Expires %d", r.MinExpires)
	}
	if c := apply(t, tb, t0, up(desk, "sip:a@b", 1<<30, "a", 1), Added); c.Left != MaxExpires {
		t.Errorf("left %d", c.Left)
	}
	if c := apply(t, tb, t0, up(desk, "sip:a@b", -1, "a", 2), Refreshed); c.Left != DefaultExpires {
		t.Errorf("left %d", c.Left)
	}
}

func TestLateRegisterIsRefused_RFC3261_10_3_7(t *testing.T) {
	tb := NewTable()
	apply(t, tb, t0, up(desk, "sip:a@b", 600, "a", 5), Added)
	_, err := tb.Apply(t0, "201", up(desk, "sip:a@b", 600, "a", 5))
	refusedWith(t, err, 500)
	_, err = tb.Apply(t0, "201", up(desk, "sip:a@b", 0, "a", 4))
	refusedWith(t, err, 500)
}

func TestBindingsEndAtTheirDeadline(t *testing.T) {
	tb := NewTable()
	if _, ok := tb.Deadline(); ok {
		t.Error("an empty table has a deadline")
	}
	apply(t, tb, t0, up(desk, "sip:a@b", 60, "a", 1), Added)
	at, ok := tb.Deadline()
	if !ok || at != t0.Add(time.Minute) {
		t.Fatalf("deadline %v %t", at, ok)
	}
	if e := tb.Expire(at.Add(-1)); len(e) != 0 {
		t.Errorf("too early: %v", e)
	}
	if _, ok := tb.Lookup(at, "201"); ok {
		t.Error("found at its deadline")
	}
	if e := tb.Expire(at); len(e) != 1 || e[0].Ext != "201" || tb.Known(desk.Addr()) {
		t.Errorf("expired %v", e)
	}
	apply(t, tb, at, up(desk, "sip:a@b", 60, "a", 1), Added) // even with an old CSeq
}

func TestReadTakesTheContactWithoutItsHeaders_RFC4475_3_3_14(t *testing.T) {
	raw := "REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50;branch=z9hG4bKa\r\nFrom: <sip:201@192.0.2.1>;tag=a\r\nTo: <sip:201@192.0.2.1>\r\n" +
		"Call-ID: c\r\nCSeq: 7 REGISTER\r\nUser-Agent: Desk\x01phone\r\nExpires: 4294967295999\r\n" +
		"Contact: <sip:201@192.0.2.50;ob?Route=%3Csip:evil%3E>;expires=120;q=0.5\r\nContact: <sip:201@192.0.2.51>;q=0.7\r\nContent-Length: 0\r\n\r\n"
	m, err := sip.ParseMessage([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	u, err := Read(m.(*sip.Request), desk)
	if err != nil {
		t.Fatal(err)
	}
	if u.CallID != "c" || u.CSeq != 7 || u.Agent.String() != "Deskphone" || u.Expires != MaxExpires || len(u.Contacts) != 2 {
		t.Fatalf("%+v", u)
	}
	if c := u.Contacts[0]; strings.Contains(c.URI, "Route") || !strings.Contains(c.URI, ";ob") || c.Expires != 120 || c.Q != 500 {
		t.Errorf("first contact %+v", c)
	}
	if c, secs := choose(u); c.URI != "sip:201@192.0.2.51" || secs != MaxExpires {
		t.Errorf("chosen %+v for %d s", c, secs)
	}
}

// Whatever phones do, an extension has one living binding, addresses are counted
// right, and a change describes the table.
func TestTableProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tb, now := NewTable(), t0
		for i := range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "pass")) * time.Second)
			ext := rapid.SampledFrom([]tel.Number{"201", "202"}).Draw(t, "ext")
			src := rapid.SampledFrom([]netip.AddrPort{desk, other}).Draw(t, "src")
			u := up(src, "sip:x@"+src.String(), rapid.SampledFrom([]int{-1, 0, 30, 60, 90}).Draw(t, "expires"), "c", uint32(i+1))
			if rapid.IntRange(0, 9).Draw(t, "star") == 0 {
				u.Wildcard, u.Contacts, u.Expires = true, nil, 0
			}
			ch, err := tb.Apply(now, ext, u)
			b, ok := tb.Lookup(now, ext)
			if err == nil && ch.Kind != Nothing && (ok != ch.Bound || ok && b != ch.Binding) {
				t.Fatalf("change %+v, table %+v %t", ch, b, ok)
			}
			if rapid.Bool().Draw(t, "expire") {
				tb.Expire(now)
			}
			if at, ok := tb.Deadline(); ok && len(tb.Expire(at.Add(-1))) > 0 && at.After(now) {
				t.Fatal("something ended before the deadline")
			}
			if len(tb.seen) > len(tb.m) {
				t.Fatalf("%d addresses for %d bindings", len(tb.seen), len(tb.m))
			}
			n := map[netip.Addr]bool{}
			for _, b := range tb.All() {
				n[b.Source.Addr()] = true
			}
			for _, s := range []netip.AddrPort{desk, other} {
				if tb.Known(s.Addr()) != n[s.Addr()] {
					t.Fatalf("%v known %t, bound %t", s, tb.Known(s.Addr()), n[s.Addr()])
				}
			}
		}
	})
}

func BenchmarkCheckAuthorization(b *testing.B) {
	for name, user := range map[string]string{"existing": "201", "missing": "999"} {
		b.Run(name, func(b *testing.B) {
			a := bench(func(netip.Addr) bool { return true })
			v := reply(b, challengeOf(a, t0, home)[0], user, "guess", 1)
			for b.Loop() {
				a.guard.Succeeded(home, user)
				a.Check(t0, ask(home, v))
			}
		})
	}
}
