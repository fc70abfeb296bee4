package register

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"
)

var (
	t0   = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	home = netip.MustParseAddr("192.0.2.50")
	evil = netip.MustParseAddr("203.0.113.9")
)

// bench is an Auth with one user, 201 with the password "right".
func bench(exempt func(netip.Addr) bool) *Auth {
	return NewAuth("centralita", [32]byte{1, 2, 3}, NewGuard(exempt), func(u string) (string, bool) {
		if u == "201" {
			return "right", true
		}
		return "", false
	})
}

// ask is a REGISTER from src with the given credentials.
func ask(src netip.Addr, auth ...string) Request {
	return Request{Method: "REGISTER", URI: "sip:192.0.2.1", Source: src, Authorization: auth}
}

// reply is what a phone answers to a challenge.
func reply(t testing.TB, challenge, user, password string, count int) string {
	t.Helper()
	c, err := digest.ParseChallenge(challenge)
	if err != nil {
		t.Fatal(err)
	}
	cred, err := digest.Digest(c, digest.Options{Method: "REGISTER", URI: "sip:192.0.2.1", Username: user, Password: password, Count: count, Cnonce: "abc"})
	if err != nil {
		t.Fatal(err)
	}
	return cred.String()
}

func challengeOf(a *Auth, now time.Time, src netip.Addr) []string {
	return a.Check(now, ask(src)).Challenges
}

func want(t *testing.T, got Answer, o Outcome) {
	t.Helper()
	if got.Outcome != o {
		t.Fatalf("outcome %v, want %v", got.Outcome, o)
	}
}

// A phone that gives up at any algorithm it does not know, first or not, must
// get in; one that answers by SHA-256 unasked gets in too.
func TestMD5AloneIsOffered_RFC8760_2_4(t *testing.T) {
	a := bench(nil)
	cs := challengeOf(a, t0, home)
	if len(cs) != 1 || !strings.Contains(cs[0], "algorithm=MD5,") {
		t.Fatalf("challenges %q", cs)
	}
	for i, c := range []string{cs[0], better(cs[0])} {
		got := a.Check(t0, ask(home, reply(t, c, "201", "right", i+1)))
		want(t, got, Accepted)
		if got.User != "201" || got.Challenges != nil {
			t.Errorf("answer %+v", got)
		}
		want(t, a.Check(t0, ask(home, reply(t, c, "201", "wrong", i+3))), Denied)
	}
}

// better is a challenge with SHA-256 in place of MD5.
func better(challenge string) string { return strings.Replace(challenge, "MD5", "SHA-256", 1) }

func TestReplayIsRefused_RFC7616_5_5(t *testing.T) {
	a := bench(nil)
	c := challengeOf(a, t0, home)[0]
	want(t, a.Check(t0, ask(home, reply(t, c, "201", "right", 3))), Accepted)
	for _, count := range []int{3, 2, 1} {
		got := a.Check(t0, ask(home, reply(t, c, "201", "right", count)))
		want(t, got, Stale)
		if !strings.HasSuffix(got.Challenges[0], ", stale=true") {
			t.Errorf("challenge %q", got.Challenges[0])
		}
	}
	want(t, a.Check(t0, ask(home, reply(t, c, "201", "right", 4))), Accepted)
}

func TestNonceLivesSixtySeconds(t *testing.T) {
	a := bench(nil)
	c := challengeOf(a, t0, home)[0]
	want(t, a.Check(t0.Add(NonceLife), ask(home, reply(t, c, "201", "right", 1))), Accepted)
	got := a.Check(t0.Add(NonceLife+time.Second), ask(home, reply(t, c, "201", "right", 2)))
	want(t, got, Stale)
	want(t, a.Check(t0.Add(NonceLife+time.Second), ask(home, reply(t, got.Challenges[0], "201", "right", 1))), Accepted)
	// An old nonce is no way round the count of wrong guesses.
	want(t, a.Check(t0.Add(time.Hour), ask(home, reply(t, c, "201", "wrong", 9))), Denied)
}

func TestNonceIsBoundToItsSource(t *testing.T) {
	a := bench(nil)
	c := challengeOf(a, t0, home)[0]
	for range 2 * banAfter { // neither judged nor counted
		want(t, a.Check(t0, ask(evil, reply(t, c, "201", "right", 1))), Stale)
		want(t, a.Check(t0, ask(evil, reply(t, c, "201", "wrong", 1))), Stale)
	}
	want(t, a.Check(t0, ask(home, reply(t, c, "201", "right", 1))), Accepted)
}

func TestClientWithoutQopMayUseANonceOnce_RFC2617_3_2_2_1(t *testing.T) {
	a := bench(nil)
	c := strings.Replace(challengeOf(a, t0, home)[0], `, qop="auth"`, "", 1)
	want(t, a.Check(t0, ask(home, reply(t, c, "201", "right", 0))), Accepted)
	want(t, a.Check(t0, ask(home, reply(t, c, "201", "right", 0))), Stale)
	withCount := strings.Replace(c, "Digest ", `Digest qop="auth", `, 1)
	want(t, a.Check(t0, ask(home, reply(t, withCount, "201", "right", 1))), Stale)
}

func TestUnusableCredentialsGetAChallenge_RFC4475_3_3_7(t *testing.T) {
	a := bench(nil)
	good := reply(t, better(challengeOf(a, t0, home)[0]), "201", "right", 1)
	for name, v := range map[string]string{
		"unknown scheme": "NoOneKnowsThisScheme opaque-data=here",
		"other realm":    strings.Replace(good, `realm="centralita"`, `realm="other"`, 1),
		"other request":  strings.Replace(good, `uri="sip:192.0.2.1"`, `uri="sip:198.51.100.1"`, 1),
		"auth-int":       strings.Replace(good, "qop=auth", "qop=auth-int", 1),
		"count zero":     strings.Replace(good, "nc=00000001", "nc=00000000", 1),
		"count negative": strings.Replace(good, "nc=00000001", "nc=-0000001", 1),
		"SHA-512":        strings.Replace(good, "algorithm=SHA-256", "algorithm=SHA-512", 1),
		"empty":          "",
		"huge":           good + strings.Repeat(" ", maxAuthorization),
	} {
		if got := a.Check(t0, ask(home, v)); got.Outcome != Challenged || len(got.Challenges) != 1 || strings.Contains(got.Challenges[0], "stale") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	want(t, a.Check(t0, ask(home, "NoOneKnowsThisScheme x=y", good)), Accepted)
}

func TestDigestURIMayDifferInWhatDoesNotMatter(t *testing.T) {
	for _, pair := range [][2]string{{"sip:192.0.2.1", "sip:192.0.2.1:5060"}, {"sip:PBX.example;transport=tcp", "sip:pbx.example"}, {"sip:201@h", "sip:201@H;x"}} {
		if !sameURI(pair[0], pair[1]) {
			t.Errorf("%q is not %q", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"sip:a", "sip:b"}, {"sip:201@h", "sip:202@h"}, {"sip:h", "sips:h"}, {"sip:h:5061", "sip:h"}, {"", "sip:h"}} {
		if sameURI(pair[0], pair[1]) {
			t.Errorf("%q is %q", pair[0], pair[1])
		}
	}
}

// blank replaces what must differ between two challenges.
func blank(cs []string) string {
	var b strings.Builder
	for _, c := range cs {
		before, rest, _ := strings.Cut(c, `nonce="`)
		nonce, after, _ := strings.Cut(rest, `"`)
		fmt.Fprintf(&b, "%s%d%s\n", before, len(nonce), after)
	}
	return b.String()
}

// Nobody outside can tell a missing user from a wrong password, nor either from a
// request without credentials.
func TestMissingUsersLookLikeExistingOnes(t *testing.T) {
	a := bench(nil)
	plain := blank(challengeOf(a, t0, home))
	for i := range 2 * banAfter {
		src := netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})
		c := challengeOf(a, t0, src)[0]
		if i%2 == 1 {
			c = better(c)
		}
		for _, user := range []string{"201", fmt.Sprint(300 + i)} {
			got := a.Check(t0, ask(src, reply(t, c, user, "guess", 1)))
			if got.Outcome != Denied && got.Outcome != Delayed || blank(got.Challenges) != plain {
				t.Fatalf("%s: %v\n%s, want\n%s", user, got.Outcome, blank(got.Challenges), plain)
			}
		}
	}
	// The made-up password is nobody's way in either.
	b := bench(nil)
	guess := fmt.Sprintf("%x", b.mac("missing", []byte("999")))
	want(t, b.Check(t0, ask(home, reply(t, challengeOf(b, t0, home)[0], "999", guess, 1))), Denied)
}

func TestTenGuessesPerBan(t *testing.T) {
	a := bench(nil)
	now, judged, banned := t0, 0, time.Time{}
	for now.Before(t0.Add(time.Hour)) {
		got := a.Check(now, ask(evil))
		if got.Outcome == Banned {
			banned = now
			break
		}
		if got = a.Check(now, ask(evil, reply(t, got.Challenges[0], fmt.Sprint(judged), "guess", 1))); got.Outcome == Denied {
			judged++
		}
		now = now.Add(time.Second / 10)
	}
	if judged != banAfter || banned.IsZero() {
		t.Fatalf("%d guesses were judged before the ban at %v", judged, banned)
	}
	if waited := banned.Sub(t0); waited < 60*time.Second { // 1+2+4+8+16+32
		t.Errorf("ten guesses took only %v", waited)
	}
	if bs := a.guard.Bans(banned); len(bs) != 1 || bs[0].Until.Sub(banned).Round(time.Second) != firstBan {
		t.Errorf("bans %v", bs)
	}
	want(t, a.Check(banned.Add(firstBan), ask(evil)), Challenged)
}

func TestBansDoubleAndCanBeLifted(t *testing.T) {
	g := NewGuard(nil)
	now := t0
	for n := range 12 {
		for range banAfter {
			g.Failed(now, evil, "201")
		}
		bs := g.Bans(now)
		if len(bs) != 1 || bs[0].Until.Sub(now) != min(firstBan<<n, longestBan) {
			t.Fatalf("ban %d: %v", n, bs)
		}
		now = bs[0].Until
	}
	for range banAfter {
		g.Failed(now, evil, "201")
	}
	g.Lift(evil)
	if g.Banned(now, evil) {
		t.Error("a lifted ban still holds")
	}
}

// S-11: a forged or honest flood of wrong passwords from the address of a trunk or
// of a registered phone never bans it and delays it by seconds only.
func TestTrunksAndRegisteredPhonesAreNeverBanned(t *testing.T) {
	a := bench(func(x netip.Addr) bool { return x == home })
	for range 5 * banAfter {
		if a.guard.Failed(t0, netip.MustParseAddr("::ffff:192.0.2.50"), "201") {
			t.Fatal("banned")
		}
	}
	if w := a.guard.Wait(t0, home, "201"); w != knownDelay {
		t.Errorf("it waits %v", w)
	}
	now := t0.Add(knownDelay)
	want(t, a.Check(now, ask(home, reply(t, challengeOf(a, now, home)[0], "201", "right", 1))), Accepted)
}

func TestOneAccountGuessedFromManyAddresses(t *testing.T) {
	g := NewGuard(func(x netip.Addr) bool { return x == home })
	for i := range 100 {
		g.Failed(t0, netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), "201")
	}
	if w := g.Wait(t0, evil, "201"); w != accountDelay {
		t.Errorf("a new address waits %v", w)
	}
	if w := g.Wait(t0, home, "201"); w != 0 {
		t.Errorf("the phone itself waits %v", w)
	}
	if w := g.Wait(t0, evil, "202"); w != 0 {
		t.Errorf("another account waits %v", w)
	}
}

func TestGuardIsBounded(t *testing.T) {
	g := NewGuard(nil)
	for i := range 3 * maxRecords {
		g.Failed(t0.Add(time.Duration(i)), netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), fmt.Sprint(i))
	}
	if len(g.sources) > maxRecords || len(g.accounts) > maxRecords {
		t.Errorf("%d sources, %d accounts", len(g.sources), len(g.accounts))
	}
	a := bench(nil)
	for i := range maxUsed + 100 {
		a.count(t0, uint64(i), &digest.Credentials{Nc: 1, QOP: "auth"})
	}
	if len(a.used) > maxUsed {
		t.Errorf("%d nonces", len(a.used))
	}
	if !a.count(t0.Add(2*NonceLife), 1<<40, &digest.Credentials{Nc: 1, QOP: "auth"}) {
		t.Error("no room after all nonces have ended")
	}
}

func FuzzAuthorization(f *testing.F) {
	a := bench(nil)
	f.Add(reply(f, challengeOf(a, t0, home)[0], "201", "guess", 1))
	f.Add(`Digest username="201", realm="centralita", nonce="", uri="sip:192.0.2.1", response="", nc=zz`)
	f.Add("Digest ,,=")
	f.Fuzz(func(t *testing.T, v string) {
		if got := bench(nil).Check(t0, ask(home, v)); got.Outcome == Accepted {
			t.Fatalf("%q was accepted", v)
		}
	})
}
