package access

import (
	"context"
	"testing"

	"github.com/centralita/centralita/firmware/tel"
)

func TestSeed(t *testing.T) {
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJcWPfBT9A9HMhRVRfbmiAiHQ5GIIqSMrLdOcPvHRqeG maria"
	hash, err := newHasher(Cost{Memory: 8, Passes: 1, Lanes: 1}).hash(context.Background(), "nueve gatos verdes")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		password, hash string
		keys           []string
		login          bool // the password lets in
	}{
		"password": {"nueve gatos verdes", "", nil, true}, "hash": {"", hash, nil, true}, "keys": {"", "", []string{key}, false},
	} {
		dir := t.TempDir()
		for range 2 { // after a power cut it is done again
			if err := Seed(t.Context(), dir, " Maria", c.password, c.hash, c.keys); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		a := Open(dir, Options{})
		if err := a.Trouble(); err != nil || !a.Claimed() || a.RoleOf("maria") != tel.Owner || len(a.Keys("maria")) != len(c.keys) {
			t.Errorf("%s: %v, claimed %v, role %s, keys %v", name, err, a.Claimed(), a.RoleOf("maria"), a.Keys("maria"))
		}
		if _, err := a.Login(t.Context(), "maria", "nueve gatos verdes", tel.DoorSerial, "ttyS1"); (err == nil) != c.login {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct{ name, password, hash, key string }{
		"no name": {"", "nueve gatos verdes", "", ""}, "no way in": {"maria", "", "", ""}, "weak": {"maria", "centralita", "", ""},
		"no hash": {"maria", "", "$6$salt$sum", ""}, "no key": {"maria", "", "", "ssh-rsa AAAA"},
	} {
		dir := t.TempDir()
		var keys []string
		if c.key != "" {
			keys = []string{c.key}
		}
		if err := Seed(t.Context(), dir, c.name, c.password, c.hash, keys); err == nil || Open(dir, Options{}).Claimed() {
			t.Errorf("%s: %v", name, err)
		}
	}
}
