package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// do runs the command in dir; FILE stands for a path there.
func do(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	for i, a := range args {
		args[i] = strings.ReplaceAll(a, "DIR", dir)
	}
	var out bytes.Buffer
	err := run(args, &out)
	return out.String(), err
}

func must(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := do(t, dir, args...)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return out
}

// bench is a folder with two keys, a slot image and a bundle of it.
func bench(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "slot.img"), bytes.Repeat([]byte("root"), 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, dir, "key", "DIR/one")
	must(t, dir, "key", "DIR/two")
	must(t, dir, "make", "--image", "DIR/slot.img", "--board", "rpi4", "--version", "0.9.5", "--number", "42", "--floor", "40", "--made", "2026-11-28",
		"--expires", "2027-11-28", "--rollout", "canary=100,early=20", "--sbom", "DIR/slot.img", "--news-es", "Corrige el eco.", "--key", "DIR/one", "--out", "DIR/x.ctl")
	return dir
}

func TestABundleIsMadeShownAndSignedAgain(t *testing.T) {
	dir := bench(t)
	out := must(t, dir, "show", "DIR/x.ctl")
	for _, want := range []string{"0.9.5", "42", "rpi4", "20000 bytes", "early 20 %, broad 0 %", "2027-11-28", "Corrige el eco.", "not looked at"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	first, err := os.ReadFile(filepath.Join(dir, "x.ctl"))
	if err != nil {
		t.Fatal(err)
	}
	must(t, dir, "sign", "--key", "DIR/two", "DIR/x.ctl")
	if err := os.WriteFile(filepath.Join(dir, "threshold"), []byte("2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out = must(t, dir, "show", "--keys", "DIR", "DIR/x.ctl"); !strings.Contains(out, "good for a box that asks for 2 of the 2 in the folder") {
		t.Errorf("with both signatures:\n%s", out)
	}
	must(t, dir, "sign", "--key", "DIR/one", "--rollout", "all", "--out", "DIR/wide.ctl", "DIR/x.ctl")
	if out = must(t, dir, "show", "DIR/wide.ctl"); !strings.Contains(out, "everybody") {
		t.Errorf("a wider rollout:\n%s", out)
	}
	if _, err := do(t, dir, "show", "--keys", "DIR", "DIR/wide.ctl"); err == nil || !strings.Contains(err.Error(), "1 trusted signatures and needs 2") {
		t.Errorf("another manifest kept the old signatures: %v", err)
	}
	wide, err := os.ReadFile(filepath.Join(dir, "wide.ctl"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasSuffix(wide, first[len(first)-50:]) {
		t.Error("signing anew changed the payload")
	}
}

func TestKeysAreSecret(t *testing.T) {
	dir := bench(t)
	info, err := os.Stat(filepath.Join(dir, "one"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret key has mode %v, %v", info.Mode(), err)
	}
	if _, err := do(t, dir, "key", "DIR/one"); err == nil {
		t.Error("a key was written over")
	}
	must(t, dir, "key", "DIR/new/folder/three")
	if info, err := os.Stat(filepath.Join(dir, "new")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder that was made has mode %v, %v", info.Mode(), err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := do(t, dir, "key", "DIR/sub/three"); err == nil || !strings.Contains(err.Error(), "belongs outside") {
		t.Errorf("a key inside a repository: %v", err)
	}
}

func TestWhatCannotBeMade(t *testing.T) {
	dir := bench(t)
	for want, args := range map[string][]string{
		"key, make, sign, show or card": {"eat"},
		"without --image":               {"make", "--board", "rpi4"},
		"number 0":                      {"make", "--image", "DIR/slot.img", "--board", "rpi4", "--version", "1", "--out", "DIR/y.ctl", "--key", "DIR/one"},
		"sign a bundle 0 times":         {"make", "--image", "DIR/slot.img", "--board", "rpi4", "--version", "1", "--number", "1", "--out", "DIR/y.ctl"},
		"file begins with":              {"sign", "--key", "DIR/one.pub", "DIR/x.ctl"},
		"no update bundle":              {"show", "DIR/slot.img"},
		"canary, early or broad":        {"sign", "--rollout", "all=5", "--key", "DIR/one", "DIR/x.ctl"},
		"rollout of 500":                {"sign", "--rollout", "early=500", "--key", "DIR/one", "DIR/x.ctl"},
		"there are 0 and 1 must si":     {"show", "--keys", "/nowhere", "DIR/x.ctl"},
	} {
		if _, err := do(t, dir, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v; want %q", args, err, want)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, ".bundle-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
