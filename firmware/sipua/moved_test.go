package sipua

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/phone"
)

var elsewhere = netip.MustParseAddrPort("10.0.0.9:5060")

// headers are the values of all headers called name.
func headers(msg, name string) (out []string) {
	for l := range strings.SplitSeq(msg, "\r\n") {
		if k, v, ok := strings.Cut(l, ":"); ok && strings.EqualFold(k, name) {
			out = append(out, strings.TrimSpace(v))
		}
	}
	return out
}

// atTelco is an office whose first trunk is registered at.
func atTelco(t *testing.T, fn func(t *testing.T, r *rig, g *registrar)) {
	t.Helper()
	cfg := withServer()
	cfg.Trunks[0].Register = true
	inBubble(t, cfg, func(t *testing.T, r *rig) {
		g := &registrar{x: r.raw("192.0.2.99:5060"), expiry: 600}
		g.step(time.Minute)
		g.step(time.Minute)
		for s := want[TrunkState](r); s.Trunk != "telco" || !s.Up; s = want[TrunkState](r) {
		}
		r.pass(time.Second)
		fn(t, r, g)
	})
}

// A trunk hears of the new address at once, and that the old one is not ours any more
// (RFC 3261 10.2.2, 10.2.4).
func TestATrunkIsToldTheNewAddress(t *testing.T) {
	atTelco(t, func(t *testing.T, r *rig, g *registrar) {
		r.a.Moved(elsewhere)
		for i := range 2 { // without and with the password
			msg := g.step(time.Second)
			if c := headers(msg, "Contact"); len(c) != 2 || c[0] != "<sip:office@10.0.0.9:5060>" || c[1] != "<sip:office@10.0.0.1:5060>;expires=0" {
				t.Errorf("REGISTER %d has Contact %q", i, c)
			}
			if via := field(msg, "Via"); !strings.HasPrefix(via, "SIP/2.0/UDP 10.0.0.9:5060;") {
				t.Errorf("REGISTER %d has Via %q", i, via)
			}
		}
		began := time.Now()
		if c := headers(g.step(20*time.Minute), "Contact"); time.Since(began) != 480*time.Second || len(c) != 1 || !strings.Contains(c[0], "@10.0.0.9:") {
			t.Errorf("the refresh after %s has Contact %q", time.Since(began), c)
		}
		g.step(time.Second)
		r.a.Moved(elsewhere) // it is where we are
		if msg := g.step(5 * time.Second); msg != "" {
			t.Errorf("it registered for nothing: %s", msg)
		}
	})
}

// A REGISTER that waits for its answer at the old address is not waited for.
func TestAMoveWhileATrunkIsSilent(t *testing.T) {
	cfg := withServer()
	cfg.Trunks[0].Register = true
	inBubble(t, cfg, func(t *testing.T, r *rig) {
		g := &registrar{x: r.raw("192.0.2.99:5060"), expiry: 600}
		g.x.recv("REGISTER", time.Minute)
		r.a.Moved(elsewhere)
		for range 2 {
			if c := headers(g.step(100*time.Millisecond), "Contact"); len(c) != 2 || !strings.Contains(c[0], "@10.0.0.9:") || !strings.HasSuffix(c[1], "@10.0.0.1:5060>;expires=0") {
				t.Errorf("Contact %q", c)
			}
		}
		for s := want[TrunkState](r); s.Trunk != "telco" || !s.Up; s = want[TrunkState](r) {
		}
		if msg := g.step(40 * time.Second); msg != "" {
			t.Errorf("what was given up came again: %s", msg)
		}
	})
}

// A trunk that takes one Contact only gets one the next time.
func TestATrunkThatWantsOneContact(t *testing.T) {
	atTelco(t, func(t *testing.T, r *rig, g *registrar) {
		r.a.Moved(elsewhere)
		msg := g.x.recv("REGISTER", time.Second)
		g.x.send(answerTo(msg, 400, "Bad Request", "r"), "")
		if c := headers(g.step(5*time.Second), "Contact"); len(c) != 1 || !strings.Contains(c[0], "@10.0.0.9:") {
			t.Errorf("Contact %q", c)
		}
		g.step(time.Second)
	})
}

// The other end of a call that is up is told where we and our audio are; what comes
// after has the new address from the beginning.
func TestCallsAreToldTheNewAddress(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		p := r.registered("10.0.0.21:5060", "201", "ana")
		p.OnCall = func(c *phone.Call) { c.Answer() }
		r.a.Dial(1, Target{Ext: "201"}, From{})
		want[Answered](r)
		r.pass(time.Second)
		before := p.Last().Description()
		r.a.Moved(elsewhere)
		r.pass(time.Second)
		after := p.Last().Description()
		if !strings.Contains(before, "c=IN IP4 10.0.0.1\r\n") || !strings.Contains(after, "c=IN IP4 10.0.0.9\r\n") ||
			after[strings.Index(after, "m=audio"):][:13] != before[strings.Index(before, "m=audio"):][:13] {
			t.Errorf("it was told %q, then %q", before, after)
		}
		if v1, v2 := strings.Fields(before)[3], strings.Fields(after)[3]; v1 >= v2 {
			t.Errorf("the description has version %s, then %s", v1, v2)
		}
		if s := r.media.last(1); !s.Send || !s.Recv || s.Remote.Addr() != p.Addr().Addr() {
			t.Errorf("the audio is %+v", s)
		}
		quiet[Gone](r, time.Minute)
		r.a.HangUp(1, tel.CauseNormal)
		want[Gone](r)
		r.pass(time.Second)
		if _, why := p.Last().End(); why != "BYE" {
			t.Errorf("it ended by %q", why)
		}
	})
}

// What a trunk answers to the re-INVITE, and what becomes of the call.
func TestAnswersToTheNewAddress_RFC3261_14_1(t *testing.T) {
	for name, c := range map[string]struct {
		code  int
		again time.Duration // another one comes within; 0: none does
		gone  tel.Cause
	}{
		"taken":            {code: 200},
		"does not like it": {code: 488},
		"both at once":     {code: 491, again: 2 * time.Second},
		"no such call":     {code: 481, gone: tel.CauseLost},
		"silent":           {gone: tel.CauseLost},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
				x := r.raw("192.0.2.1:5060")
				leg, _ := x.up("one")
				r.a.Moved(elsewhere)
				inv := x.recv("INVITE", time.Second)
				if field(inv, "Contact") != "<sip:910000001@10.0.0.9:5060>" || !strings.HasPrefix(field(inv, "Via"), "SIP/2.0/UDP 10.0.0.9:5060;") ||
					!strings.Contains(inv, "c=IN IP4 10.0.0.9\r\n") {
					t.Fatalf("re-INVITE: %q", inv)
				}
				if c.code != 0 {
					x.send(answerTo(inv, c.code, "Whatever", ""), map[bool]string{true: rawSDP}[c.code == 200])
					if ack := x.recv("ACK", time.Second); field(ack, "CSeq") != strings.Replace(field(inv, "CSeq"), "INVITE", "ACK", 1) {
						t.Errorf("ACK: %q", ack)
					}
				}
				if c.code == 200 { // it comes again: the ACK was lost
					x.send(answerTo(inv, 200, "OK", ""), rawSDP)
					if x.recv("ACK", time.Second) == "" {
						t.Error("no ACK for what came again")
					}
				}
				if c.again > 0 {
					next := x.recv("INVITE", c.again)
					if next == "" {
						t.Fatal("it was not asked again")
					}
					x.send(answerTo(next, 200, "OK", ""), rawSDP)
					x.recv("ACK", time.Second)
				}
				if c.gone != "" {
					if g := want[Gone](r); g.Leg != leg || g.Cause != c.gone {
						t.Errorf("gone: %+v", g)
					}
					return
				}
				if msg := x.recv("INVITE", time.Minute); msg != "" {
					t.Errorf("one more: %s", msg)
				}
				quiet[Gone](r, time.Second)
			})
		})
	}
}

// A trunk that asks for the password of a re-INVITE gets it.
func TestTheNewAddressWithAPassword(t *testing.T) {
	inBubble(t, withServer(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.99:5060")
		r.a.Dial(1, Target{Trunk: "telco", Number: "600111222"}, From{})
		x.send(answerTo(x.recv("INVITE", time.Second), 200, "OK", "one"), rawSDP)
		want[Answered](r)
		x.recv("ACK", time.Second)
		r.a.Moved(elsewhere)
		inv := x.recv("INVITE", time.Second)
		x.send(answerTo(inv, 407, "Proxy Authentication Required", "")+"\nProxy-Authenticate: Digest realm=\"telco\", nonce=\"n1\", qop=\"auth\"", "")
		inv = x.recv("INVITE", time.Second)
		if !strings.Contains(field(inv, "Proxy-Authorization"), `username="office"`) || !strings.HasSuffix(field(inv, "To"), ";tag=one") {
			t.Fatalf("re-INVITE: %q", inv)
		}
		x.send(answerTo(inv, 200, "OK", ""), rawSDP)
		if x.recv("ACK", time.Second) == "" {
			t.Error("no ACK")
		}
		quiet[Gone](r, time.Minute)
	})
}

// A call that is not up yet is told when it is; one that the other end changes at the
// same moment learns it from our answer.
func TestAMoveBeforeTheCallIsUp(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.1:5060")
		x.send(rawInvite("one", "b1", ""), rawSDP)
		leg := want[Incoming](r).Leg
		r.a.Answer(leg)
		ok := x.recv("200", time.Second)
		r.a.Moved(elsewhere) // its ACK is not here
		if msg := x.recv("INVITE", 2*time.Second); msg != "" {
			t.Fatalf("before the ACK: %s", msg)
		}
		x.send(inDialog("ACK", ok, "a1", 1, ""), "")
		want[Answered](r)
		inv := x.recv("INVITE", time.Second)
		if !strings.Contains(field(inv, "Contact"), "@10.0.0.9:") {
			t.Fatalf("re-INVITE: %q", inv)
		}
		x.send(inDialog("INVITE", ok, "r1", 2, "Contact: <sip:192.0.2.1:5060>\nContent-Type: application/sdp"), rawSDP)
		if x.recv("491", time.Second) == "" {
			t.Error("two INVITEs at once")
		}
		x.send(answerTo(inv, 491, "Request Pending", ""), "")
		x.recv("ACK", time.Second)
		r.pass(time.Millisecond)
		x.send(inDialog("INVITE", ok, "r2", 3, "Contact: <sip:192.0.2.1:5060>\nContent-Type: application/sdp"), rawSDP)
		ok = x.recv("200", time.Second)
		if !strings.Contains(field(ok, "Contact"), "@10.0.0.9:") || !strings.Contains(ok, "c=IN IP4 10.0.0.9\r\n") {
			t.Errorf("200: %q", ok)
		}
		x.send(inDialog("ACK", ok, "a3", 3, ""), "")
		if msg := x.recv("INVITE", time.Minute); msg != "" {
			t.Errorf("it was told already: %s", msg)
		}
	})
}

// A connection from the address that is gone carries nothing; whoever registered over
// it must come back. Loopback stays.
func TestConnectionsOfTheOldAddress(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		p := r.phoneWith("10.0.0.21:5060", phone.Account{User: "201", Password: "ana", TCP: true})
		if err := p.Register(r.soon()); err != nil {
			t.Fatal(err)
		}
		r.a.Moved(elsewhere)
		r.pass(time.Second)
		if b := r.a.Phones(); len(b) != 0 {
			t.Errorf("registered are %v", b)
		}
	})
	cfg := office()
	cfg.Advertise = netip.MustParseAddrPort("127.0.0.1:5060")
	inBubble(t, cfg, func(t *testing.T, r *rig) {
		p := r.phoneWith("10.0.0.21:5060", phone.Account{User: "201", Password: "ana", TCP: true})
		if err := p.Register(r.soon()); err != nil {
			t.Fatal(err)
		}
		r.a.Moved(elsewhere)
		r.pass(time.Second)
		if b := r.a.Phones(); len(b) != 1 {
			t.Errorf("registered are %v", b)
		}
	})
}

// A trunk that goes while its REGISTER is being answered is not left registered.
func TestATrunkThatGoesWhileItIsAnswered(t *testing.T) {
	cfg := withServer()
	cfg.Trunks[0].Register = true
	inBubble(t, cfg, func(t *testing.T, r *rig) {
		g := &registrar{x: r.raw("192.0.2.99:5060"), expiry: 600}
		g.step(time.Minute)
		msg := g.x.recv("REGISTER", time.Minute)
		gone := withServer()
		gone.Trunks = nil
		if err := r.a.Apply(gone); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Millisecond)
		g.x.send(answerTo(msg, 200, "OK", "r")+"\nExpires: 600", "")
		if off := g.step(time.Second); field(off, "Expires") != "0" || !strings.Contains(field(off, "Contact"), "@10.0.0.1:") {
			t.Errorf("it is not signed off: %q", off)
		}
		if off := g.step(time.Second); field(off, "Expires") != "0" || !strings.Contains(off, "Authorization:") {
			t.Errorf("it is not signed off with the password: %q", off)
		}
		r.pass(time.Second)
		if r.a.knownSource(netip.MustParseAddrPort("192.0.2.99:5060")) {
			t.Error("it is still known")
		}
	})
}

// One that changes its account then begins when the answer is here, and soon where
// there is none.
func TestATrunkThatChangesWhileItIsAnswered(t *testing.T) {
	for _, silent := range []bool{false, true} {
		cfg := withServer()
		cfg.Trunks[0].Register = true
		inBubble(t, cfg, func(t *testing.T, r *rig) {
			g := &registrar{x: r.raw("192.0.2.99:5060"), expiry: 600}
			msg := g.x.recv("REGISTER", time.Minute)
			other := withServer()
			other.Trunks = slices.Clone(cfg.Trunks)
			other.Trunks[0].User = "another"
			if err := r.a.Apply(other); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if !silent {
				g.x.send(answerTo(msg, 403, "Forbidden", "r"), "")
			}
			next := g.x.recv("REGISTER", 5*time.Second)
			for strings.Contains(field(next, "To"), "office@") { // the one before, repeated
				next = g.x.recv("REGISTER", 5*time.Second)
			}
			if took := time.Since(began); !strings.Contains(field(next, "To"), "another@") || silent != (took == farewellLimit) {
				t.Errorf("after %s: %q", took, next)
			}
			r.a.Shutdown(context.Background())
		})
	}
}

// When we can send again, a trunk that did not answer is asked at once, one that did is
// left alone.
func TestRetry(t *testing.T) {
	cfg := withServer()
	cfg.Trunks[0].Register = true
	inBubble(t, cfg, func(t *testing.T, r *rig) {
		r.pass(5 * time.Minute) // nobody is there; the next try is minutes away
		g := &registrar{x: r.raw("192.0.2.99:5060"), expiry: 600}
		r.a.Retry()
		for range 2 {
			if g.step(10*time.Millisecond) == "" {
				t.Fatal("no REGISTER")
			}
		}
		for s := want[TrunkState](r); s.Trunk != "telco" || !s.Up; s = want[TrunkState](r) {
		}
		r.a.Retry()
		if msg := g.step(5 * time.Second); msg != "" {
			t.Errorf("it registered for nothing: %s", msg)
		}
	})
}
