package main

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// What loading and starting cost falls out: doing nothing costs next to nothing,
// and a frame of 160 octets some instructions each.
func TestInstructions(t *testing.T) {
	if _, err := exec.LookPath("valgrind"); err != nil {
		t.Skip("valgrind is not installed (Debian: valgrind)")
	}
	dir := t.TempDir()
	files, err := recordings(dir)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "countbench")
	if text, err := exec.Command("go", "build", "-o", program, "./countbench").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, c := range []struct {
		what        string
		least, most float64
	}{{"nothing", -30, 60}, {"encode", 480, 4000}} {
		got, err := instructions(40_000, program, "-what", c.what, "-file", files["speech"], "-frames")
		if err != nil || got < c.least || got > c.most {
			t.Errorf("%s: %.0f instructions a frame, want %v to %v; %v", c.what, got, c.least, c.most, err)
		}
	}
	if _, err := instructions(40_000, program, "-what", "encode", "-file", filepath.Join(dir, "none"), "-frames"); err == nil {
		t.Error("a recording that is not there was counted")
	}
}
