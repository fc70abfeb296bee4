package secret

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
