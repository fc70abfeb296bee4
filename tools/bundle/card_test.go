package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/provision"
)

// A card that was built with the public key takes the file whose signature this made,
// and not the one that was changed after it.
func TestASiteIsSigned(t *testing.T) {
	dir := bench(t)
	file := filepath.Join(dir, provision.FileName)
	if err := os.WriteFile(file, []byte("site: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, dir, "card", "--key", "DIR/one", "DIR/"+provision.FileName)
	sig, err := os.ReadFile(filepath.Join(dir, provision.SigName))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "two.pub")); err != nil {
		t.Fatal(err)
	}
	keys, err := provision.LoadKeys(dir)
	if err != nil || len(keys) != 1 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	for text, want := range map[string]provision.State{"site: x\n": provision.Taken, "site: y\n": provision.Refused} {
		boot := t.TempDir()
		for name, data := range map[string][]byte{provision.FileName: []byte(text), provision.SigName: sig} {
			if err := os.WriteFile(filepath.Join(boot, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		rec, err := provision.Run(provision.Config{Boot: boot, Data: t.TempDir(), Keys: keys, Now: time.Now,
			Check:   provision.Check{Document: func(string, []byte) []place.Problem { return nil }},
			Claimed: func() bool { return false }, Take: func(*provision.Plan) error { return nil }})
		if err != nil || rec.State != want {
			t.Errorf("%q: %s (%s), %v; want %s", text, rec.State, rec.EN, err, want)
		}
	}
	for _, wrong := range [][]string{{"card"}, {"card", "DIR/centralita.yaml"}, {"card", "--key", "DIR/one", "DIR/x.ctl"}} {
		if _, err := do(t, dir, wrong...); err == nil {
			t.Errorf("%v without an error", wrong)
		}
	}
}
