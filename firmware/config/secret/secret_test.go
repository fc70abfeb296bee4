package secret

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/durable"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPasswordsAreMadeOnceAndKept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	a, err := s.Phone("201")
	if err != nil || len(a) < 26 {
		t.Fatalf("password %q, %v", a, err)
	}
	b, _ := s.Phone("202")
	if a == b {
		t.Error("two phones share a password")
	}
	again, _ := open(t, dir).Phone("201")
	if again != a {
		t.Error("the password changed with a restart")
	}
	w, err := open(t, dir).Wall()
	if w2, _ := open(t, dir).Wall(); err != nil || w == "" || w2 != w {
		t.Errorf("wall token %q then %q, %v", w, w2, err)
	}
	info, err := os.Stat(filepath.Join(dir, FileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.json.*")); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestNamedSecrets(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(`{"named":{"sede":"t0k3n"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	for in, want := range map[string]string{"secret:sede": "t0k3n", "plain": "plain", "": ""} {
		if got, err := s.Resolve(in); got != want || err != nil {
			t.Errorf("Resolve(%q) = %q, %v", in, got, err)
		}
	}
	if _, err := s.Resolve("secret:none"); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("an unknown secret: %v", err)
	}
	if _, err := s.Phone("201"); err != nil {
		t.Fatal(err)
	}
	if got, _ := open(t, dir).Resolve("secret:sede"); got != "t0k3n" {
		t.Error("saving a password lost a named secret")
	}
}

func TestBadFilesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		mode os.FileMode
		want string
	}{
		"readable by others": {`{}`, 0o644, "chmod 600"},
		"broken":             {`{`, 0o600, "mend it"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, FileName)
		if err := os.WriteFile(path, []byte(c.body), c.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSeal(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		if err := open(t, dir).Seal(map[string]string{"sede": "one", "op": "two"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := open(t, dir).Seal(map[string]string{"op": "three"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"secret:sede": "one", "secret:op": "three"} {
		if got, err := open(t, dir).Resolve(name); err != nil || got != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestRenew(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	phone := func(s *Store, ext string) string {
		p, err := s.Phone(ext)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	a, b, c := phone(s, "201"), phone(s, "202"), phone(s, "203")
	wall, err := s.Wall()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Renew("201", "202"); err != nil {
		t.Fatal(err)
	}
	next, err := s.RenewWall()
	if err != nil || len(next) < 26 || next == wall {
		t.Errorf("token %q after %q, %v", next, wall, err)
	}
	for _, s := range []*Store{s, open(t, dir)} {
		x, y := phone(s, "201"), phone(s, "202")
		if len(x) < 26 || x == a || y == b || x == y || phone(s, "203") != c {
			t.Errorf("%q and %q after %q and %q; the third %q after %q", x, y, a, b, phone(s, "203"), c)
		}
		if w, err := s.Wall(); w != next || err != nil {
			t.Errorf("token %q, %v", w, err)
		}
	}
}

func TestRemove(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if err := s.Seal(map[string]string{"sede": "one", "op": "two"}); err != nil {
		t.Fatal(err)
	}
	if got := s.Names(); !slices.Equal(got, []string{"op", "sede"}) {
		t.Errorf("names %q", got)
	}
	if err := s.Remove("sede"); err != nil {
		t.Fatal(err)
	}
	if got := open(t, dir).Names(); !slices.Equal(got, []string{"op"}) {
		t.Errorf("names %q", got)
	}
	if _, err := s.Resolve("secret:sede"); err == nil || !strings.Contains(err.Error(), "secret set sede") {
		t.Errorf("one that is gone: %v", err)
	}
}

// What is only tried changes nothing that is kept, nor can it be saved.
func TestWith(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if err := s.Seal(map[string]string{"sede": "one"}); err != nil {
		t.Fatal(err)
	}
	tried := s.With("sede", "two")
	if got, err := tried.Resolve("secret:sede"); got != "two" || err != nil {
		t.Errorf("tried: %q, %v", got, err)
	}
	if err := tried.Renew("201"); err == nil {
		t.Error("it was saved")
	}
	for _, s := range []*Store{s, open(t, dir)} {
		if got, err := s.Resolve("secret:sede"); got != "one" || err != nil {
			t.Errorf("kept: %q, %v", got, err)
		}
	}
}

// The power goes at every step of a change: then the file has all of the old secrets or
// all of the new ones, and who asked is told that it failed.
func TestAPowerCutLeavesTheOldOrTheNew(t *testing.T) {
	cut := errors.New("the power went")
	for n := 0; ; n++ {
		dir := t.TempDir()
		s := open(t, dir)
		if err := s.Seal(map[string]string{"sede": "old"}); err != nil {
			t.Fatal(err)
		}
		steps := 0
		s.disk.Before = func(durable.Step, string) error {
			if steps++; steps > n {
				return cut
			}
			return nil
		}
		err := s.Seal(map[string]string{"sede": "new"})
		got, rerr := open(t, dir).Resolve("secret:sede")
		if err == nil {
			if got != "new" || n < 4 {
				t.Errorf("saved in %d steps: %q, %v", n, got, rerr)
			}
			return
		}
		if !errors.Is(err, cut) || rerr != nil || got != "old" && got != "new" {
			t.Errorf("cut before step %d: %v; read %q, %v", n, err, got, rerr)
		}
		if now, _ := s.Resolve("secret:sede"); now != "old" {
			t.Errorf("cut before step %d: what was not saved is in use: %q", n, now)
		}
	}
}
