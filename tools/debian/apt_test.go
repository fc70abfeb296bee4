package debian

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSourcesAreWidened(t *testing.T) {
	const deb822 = "Types: deb\n# a note\nURIs: http://archive.example/debian\nSuites: bookworm\nComponents: main\nSigned-By: /k.gpg\n\n" +
		"Types: deb\nURIs: http://others.example/tool\nSuites: x\nComponents: main\n"
	got := widen(deb822, []string{"non-free-firmware"})
	if !strings.Contains(got, "Components: main non-free-firmware\n") || strings.Contains(got, "others") || strings.Contains(got, "note") {
		t.Errorf("%q", got)
	}
	const lines = "deb http://archive.example/debian bookworm main non-free-firmware\ndeb-src http://archive.example/debian bookworm main\n" +
		"deb [signed-by=/x] http://archive.example/debian-security bookworm-security main\ndeb http://others.example/tool nodistro main\n"
	want := "deb http://archive.example/debian bookworm main non-free-firmware\n" +
		"deb [signed-by=/x] http://archive.example/debian-security bookworm-security main non-free-firmware\n"
	if got := widen(lines, []string{"non-free-firmware"}); got != want {
		t.Errorf("%q", got)
	}
}

func TestSourcesOfTheHost(t *testing.T) {
	etc, dir := t.TempDir(), t.TempDir()
	a := Archive{Components: []string{"contrib"}}
	if err := a.sources(etc, dir); err == nil || !strings.Contains(err.Error(), "cannot find Debian's archive") {
		t.Errorf("without sources: %v", err)
	}
	if err := os.WriteFile(filepath.Join(etc, "sources.list"), []byte("deb http://archive.example/debian x main\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := a.sources(etc, dir); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "sources.list")); err != nil || string(got) != "deb http://archive.example/debian x main contrib\n" {
		t.Errorf("%q, %v", got, err)
	}
}
