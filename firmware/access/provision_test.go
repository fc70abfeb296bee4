package access

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

func TestProvision(t *testing.T) {
	hash, err := newHasher(cheap).hash(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	ana := Account{Name: "ana", Role: tel.Owner, Hash: hash, Keys: []string{edKey}}
	for want, list := range map[string][]Account{
		"no owner":     {{Name: "ana", Role: tel.Technician, Hash: hash}},
		"no name":      {{Name: "Ana Ruiz", Role: tel.Owner, Hash: hash}},
		"there twice":  {ana, ana},
		"argon2id":     {{Name: "ana", Role: tel.Owner, Hash: good}},
		"has 0 people": nil,
		"public key":   {{Name: "ana", Role: tel.Owner, Hash: hash, Keys: []string{"x"}}},
	} {
		dir := t.TempDir()
		if err := Provision(dir, list, time.Now()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
			t.Errorf("%s: left %v", want, left)
		}
	}
	dir := t.TempDir()
	if err := Provision(dir, []Account{ana}, time.Now()); err != nil {
		t.Fatal(err)
	}
	a := Open(dir, Options{Cost: cheap})
	if who, err := a.Login(t.Context(), "ana", good, tel.DoorWeb, "10.0.0.1"); err != nil || who.Role != tel.Owner || len(a.Keys("ana")) != 1 {
		t.Errorf("%+v, %v", who, err)
	}
	before, _ := os.ReadFile(filepath.Join(dir, FileName))
	if err := Provision(dir, []Account{{Name: "eva", Role: tel.Owner, Hash: hash}}, time.Now()); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("twice: %v", err)
	}
	if after, _ := os.ReadFile(filepath.Join(dir, FileName)); string(after) != string(before) {
		t.Error("the second one was written")
	}
}
