package sipua

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// A phone that is gone, or whose password changed, is no longer registered; a phone
// that stays is, and its call goes on.
func TestPhonesAreReconfigured(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		cfg := office()
		ana := r.registered("10.0.0.21:5060", string(cfg.Phones[0].Ext), cfg.Phones[0].Password)
		bea := r.registered("10.0.0.22:5060", string(cfg.Phones[1].Ext), cfg.Phones[1].Password)
		next := office()
		next.Phones[1].Password = "another"
		next.Phones = append(next.Phones, Phone{Ext: "299", Password: "new"})
		if err := r.a.Apply(next); err != nil {
			t.Fatal(err)
		}
		var bound []tel.Number
		for _, b := range r.a.Phones() {
			bound = append(bound, b.Ext)
		}
		if !slices.Equal(bound, []tel.Number{cfg.Phones[0].Ext}) {
			t.Errorf("registered are %v", bound)
		}
		if err := bea.Register(r.soon()); err == nil {
			t.Error("the old password is still good")
		}
		if err := ana.Register(r.soon()); err != nil {
			t.Error(err)
		}
		r.registered("10.0.0.29:5060", "299", "new")
		bad := office()
		bad.Phones[0].Password = ""
		if err := r.a.Apply(bad); err == nil {
			t.Error("a phone without a password was taken")
		}
		if err := ana.Register(r.soon()); err != nil {
			t.Errorf("what was refused changed something: %v", err)
		}
	})
}

// A trunk with another account is signed off first, then registered by the new one;
// one of which only the number of calls changed keeps its registration.
func TestATrunkIsRegisteredAnew(t *testing.T) {
	cfg := withServer()
	cfg.Trunks[0].Register = true
	inBubble(t, cfg, func(t *testing.T, r *rig) {
		g := &registrar{x: r.raw("192.0.2.99:5060"), expiry: 600}
		for range 2 {
			g.step(time.Minute)
		}
		for s := want[TrunkState](r); s.Trunk != "telco" || !s.Up; s = want[TrunkState](r) {
		}
		same := withServer()
		same.Trunks = slices.Clone(cfg.Trunks)
		same.Trunks[0].Calls = 3
		if err := r.a.Apply(same); err != nil {
			t.Fatal(err)
		}
		if msg := g.step(5 * time.Second); msg != "" {
			t.Fatalf("it registered again for nothing:\n%s", msg)
		}
		if got := r.a.trunkByID("telco"); got.Calls != 3 || !got.up {
			t.Errorf("the trunk is %+v", got.Trunk)
		}
		other := same
		other.Trunks = slices.Clone(same.Trunks)
		other.Trunks[0].User = "another"
		if err := r.a.Apply(other); err != nil {
			t.Fatal(err)
		}
		var story []string
		for range 4 {
			msg := g.step(20 * time.Second)
			user := "the new one"
			if strings.Contains(field(msg, "To"), cfg.Trunks[0].User+"@") {
				user = "the old one"
			}
			story = append(story, user+" for "+field(msg, "Expires"))
		}
		want := "the old one for 0, the old one for 0, the new one for 600, the new one for 600"
		if got := strings.Join(story, ", "); got != want {
			t.Errorf("REGISTER of %s; want %s", got, want)
		}
		r.pass(time.Second) // the last answer is on its way
		gone := withServer()
		gone.Trunks = nil
		if err := r.a.Apply(gone); err != nil {
			t.Fatal(err)
		}
		if msg := g.step(20 * time.Second); field(msg, "Expires") != "0" {
			t.Errorf("a trunk that is gone is not signed off: %s", msg)
		}
		g.step(20 * time.Second)
	})
}

// A trunk that changes again while its first registration is still being taken back,
// as after a quick rollback, is registered once, by what is known of it last.
func TestATrunkThatChangesTwiceAtOnce(t *testing.T) {
	cfg := withServer()
	cfg.Trunks[0].Register = true
	inBubble(t, cfg, func(t *testing.T, r *rig) {
		g := &registrar{x: r.raw("192.0.2.99:5060"), expiry: 600}
		for range 2 {
			g.step(time.Minute)
		}
		for s := want[TrunkState](r); s.Trunk != "telco" || !s.Up; s = want[TrunkState](r) {
		}
		other := withServer()
		other.Trunks = slices.Clone(cfg.Trunks)
		other.Trunks[0].User = "another"
		for _, c := range []Config{other, cfg} { // and back
			if err := r.a.Apply(c); err != nil {
				t.Fatal(err)
			}
		}
		var story []string
		for range 4 {
			msg := g.step(20 * time.Second)
			user := "the new one"
			if strings.Contains(field(msg, "To"), cfg.Trunks[0].User+"@") {
				user = "the old one"
			}
			story = append(story, user+" for "+field(msg, "Expires"))
		}
		want := "the old one for 0, the old one for 0, the old one for 600, the old one for 600"
		if got := strings.Join(story, ", "); got != want {
			t.Errorf("REGISTER of %s; want %s", got, want)
		}
		if msg := g.step(5 * time.Second); msg != "" {
			t.Errorf("a second keeper: %s", msg)
		}
	})
}
