package sipua

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/phone"
)

func TestTwoPhonesRegisterAsOne(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		older := r.registered("10.0.0.21:5060", "201", "ana")
		newer := r.registered("10.0.0.22:5060", "201", "ana")
		if !strings.Contains(r.logged(), "two phones register as one") {
			t.Error("nothing in the log")
		}
		newer.OnCall = func(c *phone.Call) { c.Answer() }
		r.a.Dial(1, Target{Ext: "201"}, From{})
		want[Answered](r)
		if older.Last() != nil {
			t.Error("the older phone rang")
		}
		if b := r.a.Phones(); len(b) != 1 || b[0].Source != newer.Addr() {
			t.Errorf("bindings: %v", b)
		}
	})
}

func TestRegistrationRunsOutAndEnds(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		p := r.phoneWith("10.0.0.21:5060", phone.Account{User: "201", Password: "ana", Expires: 3600})
		start := time.Now()
		if err := p.Register(r.soon()); err != nil {
			t.Fatal(err)
		}
		want[PhoneState](r)
		if s := want[PhoneState](r); s.Up || time.Since(start) != 10*time.Minute {
			t.Errorf("after %v: %v", time.Since(start), s)
		}
		q := r.registered("10.0.0.22:5060", "202", "bruno")
		if err := q.Unregister(r.soon()); err != nil {
			t.Fatal(err)
		}
		if s := want[PhoneState](r); s.Up || s.Why != "it signed off" {
			t.Errorf("signed off: %v", s)
		}
	})
}

func TestWrongPassword(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		if err := r.phone("10.0.0.21:5060", "201", "wrong").Register(r.soon()); err == nil {
			t.Error("a wrong password was taken")
		}
		if s := want[PhoneState](r); s.Up || s.Why != "wrong password from 10.0.0.21:5060" {
			t.Errorf("state: %v", s)
		}
		// A phone that guesses on is not heard any more.
		p := r.phone("10.0.0.66:5060", "203", "guess")
		for range 40 {
			ctx, cancel := context.WithTimeout(r.soon(), 2*time.Minute)
			err := p.Register(ctx)
			cancel()
			if err == nil {
				t.Fatal("guessed")
			}
			<-time.After(2 * time.Minute)
		}
		if len(r.a.Bans()) != 1 {
			t.Errorf("bans: %v", r.a.Bans())
		}
		// The wrong name in To is refused, even with a right password.
		x := r.phoneWith("10.0.0.23:5060", phone.Account{User: "202", Password: "bruno"})
		x.Sent = func(m sip.Message) { m.To().Address.User = "201" }
		if err := x.Register(r.soon()); err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("registered for another: %v", err)
		}
	})
}

// A phone behind NAT tells an address that nobody reaches; answers and calls go
// to where its messages come from.
func TestPhoneBehindNAT(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		p := r.phoneWith("10.0.0.21:40123", phone.Account{User: "201", Password: "ana", Claim: netip.MustParseAddrPort("192.168.7.7:5060")})
		p.OnCall = func(c *phone.Call) { c.Answer() }
		if err := p.Register(r.soon()); err != nil {
			t.Fatal(err)
		}
		r.a.Dial(1, Target{Ext: "201"}, From{})
		want[Answered](r)
		if err := p.Last().WaitUp(r.soon()); err != nil {
			t.Fatal(err)
		}
		s := r.media.last(1)
		if s.Signalling.String() != "10.0.0.21" || s.Remote.Addr().String() != "192.168.7.7" {
			t.Errorf("session %+v", s)
		}
		r.a.HangUp(1, tel.CauseFlow)
		want[Gone](r)
		if err := p.Last().WaitEnd(r.soon()); err != nil {
			t.Error(err)
		}
		c := p.Call("202")
		leg := want[Incoming](r).Leg
		r.a.Answer(leg)
		want[Answered](r)
		r.a.HangUp(leg, tel.CauseFlow)
		if err := c.WaitEnd(r.soon()); err != nil {
			t.Error(err)
		}
	})
}

func TestStrangersGetSilence(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		x := r.raw("198.51.100.66:5060")
		for _, m := range []string{"INVITE", "REGISTER", "OPTIONS", "BYE", "MESSAGE", "SUBSCRIBE", "FOO"} {
			for _, user := range []string{"201", "999"} {
				x.send(strings.ReplaceAll(strings.ReplaceAll(rawInvite("s"+m+user, m+user, ""), "INVITE", m), "192.0.2.1", "198.51.100.66"), "")
			}
		}
		if got := x.recv("", time.Minute); got != "" {
			t.Errorf("a stranger got %q", got)
		}
		quiet[Incoming](r, time.Second)
		if n := r.a.tpl.Pool("udp").Size(); n > 4 {
			t.Errorf("sipgo remembers %d addresses", n)
		}
	})
}

// From where phones may be, everybody is asked for a password, known or not, in
// the same words; without one nobody calls.
func TestUnknownUserLooksLikeAKnownOne(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		x := r.raw("10.0.0.77:5060")
		ask := func(user, id string) string {
			x.send(strings.ReplaceAll(strings.ReplaceAll(rawInvite(id, id, ""), "192.0.2.1", "10.0.0.77"), "600111222", user), rawSDP)
			return x.recv("401", time.Second)
		}
		known, unknown := ask("201", "aaa"), ask("999", "bbb")
		if known == "" || !strings.Contains(known, "WWW-Authenticate: Digest") {
			t.Fatalf("no challenge: %q", known)
		}
		if len(known) != len(unknown) {
			t.Errorf("they differ:\n%s\n%s", known, unknown)
		}
		quiet[Incoming](r, time.Second)
		x.send(strings.ReplaceAll(rawInvite("o", "o", ""), "INVITE", "OPTIONS"), "")
		if got := x.recv("200", time.Second); got != "" {
			t.Errorf("who asks without registering is told that we are here: %q", got)
		}
	})
}

func TestSomebodyElseCannotEndACall(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.1:5060")
		_, ok := x.up("mine")
		y := r.raw("10.0.0.66:5060")
		y.send(inDialog("BYE", ok, "forged", 9, ""), "")
		if got := y.recv("", time.Second); got != "" {
			t.Errorf("the forger got %q", got)
		}
		quiet[Gone](r, time.Second)
		x.send(inDialog("BYE", ok, "real", 2, ""), "")
		want[Gone](r)
	})
}

// The answer to a challenge is a gift to who wants to crack the password: it goes
// only to the trunk that we called, for what we asked, in the realm that it has.
func TestPasswordsStayAtHome(t *testing.T) {
	challenge := "\nWWW-Authenticate: Digest realm=\"%s\", nonce=\"abc\", qop=\"auth\", algorithm=MD5"
	inBubble(t, withServer(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.99:5060")
		r.a.Dial(1, Target{Trunk: "telco", Number: "600111222"}, From{})
		inv := x.recv("INVITE", time.Second)
		x.send(answerTo(inv, 401, "Unauthorized", "t")+fmt.Sprintf(challenge, "telco"), "")
		inv = x.recv("INVITE", time.Second)
		if !strings.Contains(field(inv, "Authorization"), `username="office"`) || !strings.Contains(field(inv, "CSeq"), "2 ") {
			t.Fatalf("no credentials for the trunk: %q", inv)
		}
		x.send(answerTo(inv, 200, "OK", "t"), rawSDP)
		want[Answered](r)
		r.a.HangUp(1, tel.CauseFlow)
		bye := x.recv("BYE", time.Second)
		x.send(answerTo(bye, 401, "Unauthorized", "")+fmt.Sprintf(challenge, "telco"), "")
		if got := x.recv("BYE", time.Minute); got != "" {
			t.Errorf("a challenged BYE was answered: %q", got)
		}
		// Another realm.
		r.a.Dial(2, Target{Trunk: "telco", Number: "600111222"}, From{})
		inv = x.recv("INVITE", time.Second)
		x.send(answerTo(inv, 401, "Unauthorized", "t")+fmt.Sprintf(challenge, "evil"), "")
		if got := x.recv("INVITE", time.Minute); strings.Contains(got, "Authorization") {
			t.Errorf("credentials for another realm: %q", got)
		}
		// A phone that asks us for a password.
		r.registeredWith("10.0.0.21:5060", phone.Account{User: "201", Password: "ana", First: func(req *sip.Request, tx *sip.ServerTx) bool {
			if req.GetHeader("Authorization") != nil || req.GetHeader("Proxy-Authorization") != nil {
				t.Error("a phone got credentials")
			}
			if !req.IsInvite() {
				return false
			}
			res := sip.NewResponseFromRequest(req, 407, "Proxy Authentication Required", nil)
			res.AppendHeader(sip.NewHeader("Proxy-Authenticate", `Digest realm="telco", nonce="x"`))
			return tx.Respond(res) == nil
		}})
		r.a.Dial(3, Target{Ext: "201"}, From{})
		for {
			if g := want[Gone](r); g.Leg == 3 {
				if g.Cause != tel.CauseForbidden {
					t.Errorf("gone: %v", g)
				}
				break
			}
		}
	})
}

// What people and wires call themselves never becomes part of the protocol.
func TestTextNeverBecomesAHeader(t *testing.T) {
	inBubble(t, withServer(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.99:5060")
		evil := "x\"\r\nEvil: 1\r\n\r\nINVITE\\\" <sip:a@b>"
		r.a.Dial(1, Target{Trunk: "telco", Number: tel.Number("6\r\nEvil: 2@host;x>" + evil)},
			From{Number: tel.Number("7\r\nEvil: 3@h>\"" + evil), Name: tel.CleanText(evil)})
		inv := x.recv("INVITE", time.Second)
		for l := range strings.SplitSeq(inv, "\r\n") {
			if strings.HasPrefix(l, "Evil") {
				t.Errorf("a header was made: %q", l)
			}
		}
		if got := field(inv, "From"); !strings.HasPrefix(got, `"x\" Evil: 1 INVITE\\\" <sip:a@b>" <sip:7`) {
			t.Errorf("From: %s", got)
		}
		m, err := sip.ParseMessage([]byte(inv))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.From().Address.Host; got != "192.0.2.99" {
			t.Errorf("the host of From is %q", got)
		}
		x.send(answerTo(inv, 486, "Busy\tHere\x01\x02 \"<b>", "t"), "")
		if g := want[Gone](r); strings.ContainsAny(g.Evidence, "\x01\x02\r\n") {
			t.Errorf("evidence %q", g.Evidence)
		}
		// The other way.
		x.send(strings.Replace(rawInvite("evil", "1", ""), `"Caller" <sip:600111222@`,
			"\"A \\\"q\\\" \u202eB\u200b<script>\" <sip:600%0d%0aX@", 1), rawSDP)
		in := want[Incoming](r)
		if in.Name.String() != `A "q" B<script>` || in.From != "" {
			t.Errorf("incoming: %q <%s>", in.Name, in.From)
		}
	})
}

func TestAdmissionCap(t *testing.T) {
	cfg := quietTrunk()
	cfg.Calls = 2
	cfg.Urgent = func(n tel.Number) bool { return n == "112" }
	inBubble(t, cfg, func(t *testing.T, r *rig) {
		p := r.registered("10.0.0.21:5060", "201", "ana")
		p.Call("1")
		want[Incoming](r)
		p.Call("2")
		want[Incoming](r)
		c := p.Call("3")
		if err := c.WaitEnd(r.soon()); err != nil {
			t.Fatal(err)
		}
		if code, _ := c.End(); code != 503 {
			t.Errorf("code %d", code)
		}
		r.a.Dial(1, Target{Ext: "201"}, From{})
		if g := want[Gone](r); g.Cause != tel.CauseCongestion {
			t.Errorf("gone: %v", g)
		}
		p.Call("112")
		if in := want[Incoming](r); in.To != "112" {
			t.Errorf("incoming: %v", in)
		}
		x := r.raw("192.0.2.1:5060")
		x.send(rawInvite("cap", "1", ""), rawSDP)
		if msg := x.recv("503", time.Second); field(msg, "Retry-After") == "" {
			t.Errorf("no 503 with Retry-After: %q", msg)
		}
	})
}

func TestTrunkLimit(t *testing.T) {
	cfg := quietTrunk()
	cfg.Trunks[0].Calls = 1
	inBubble(t, cfg, func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.1:5060")
		_, ok := x.up("one")
		x.send(rawInvite("two", "2", ""), rawSDP)
		if x.recv("503", time.Second) == "" {
			t.Error("a second call was taken")
		}
		x.send(inDialog("BYE", ok, "b", 2, ""), "")
		want[Gone](r)
		x.up("three")
	})
}

func TestMethodsAndExtensions(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.1:5060")
		for method, code := range map[string]string{"OPTIONS": "200", "SUBSCRIBE": "405", "REFER": "405", "MESSAGE": "405", "FROBNICATE": "501", "BYE": "481", "CANCEL": "481", "INFO": "481"} {
			x.send(strings.ReplaceAll(rawInvite("m"+method, method, ""), "INVITE", method), "")
			msg := x.recv("SIP/2.0", time.Second)
			if !strings.HasPrefix(msg, "SIP/2.0 "+code) {
				t.Errorf("%s: %q, want %s", method, msg, code)
			}
			if (code == "405" || code == "501") && !strings.Contains(field(msg, "Allow"), "INVITE") {
				t.Errorf("%s: no Allow", method)
			}
		}
		x.send(rawInvite("ext", "e", "Require: 100rel, teleport\n"), rawSDP)
		if msg := x.recv("420", time.Second); !strings.Contains(msg, "teleport") {
			t.Errorf("Require: %q", msg)
		}
		x.send(rawInvite("hops", "h", "")+"\nX-Long: "+strings.Repeat("a", 3000), rawSDP)
		in := want[Incoming](r)
		// Its answers exceed what the library would send by default, because they
		// carry the whole way back.
		r.a.Reject(in.Leg, tel.CauseBusy)
		want[Gone](r)
		x.send(rawInvite("long", "l", "Record-Route: <sip:192.0.2.1;lr;x="+strings.Repeat("y", 3000)+">\n"), rawSDP)
		in = want[Incoming](r)
		r.a.Answer(in.Leg)
		if len(x.recv("200", time.Second)) < 3000 {
			t.Error("a long answer was lost")
		}
	})
}

func TestEveryProblemOfAConfigurationAtOnce(t *testing.T) {
	_, err := New(Config{
		Phones: []Phone{{Ext: "20x", Password: "p"}, {Ext: "201"}, {Ext: "202", Password: "p"}, {Ext: "202", Password: "q"}},
		Trunks: []Trunk{{}, {ID: "a", Register: true}, {ID: "b", Accepts: true}, {ID: "c", Server: "host:99999"}, {ID: "d", Server: "ho st"}, {ID: "e", Accepts: true, User: "202", Password: "x"}},
	}, nil, nil, nil, nil)
	if err == nil {
		t.Fatal("accepted")
	}
	if n := strings.Count(err.Error(), "\n") + 1; n < 11 {
		t.Errorf("%d problems:\n%v", n, err)
	}
}
