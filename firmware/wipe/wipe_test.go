package wipe

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/durable"
)

var errCut = errors.New("power cut")

// box fills a data folder.
func box(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"secrets.json": "canary", "access.json": "canary", "tls/key.pem": "canary", "config/1": "site", "book.db": "calls", "captures/L1.wav": "sound", "prompts/es/a.wav": "x",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "prompts", "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "prompts", "es"), 0o500); err != nil {
		t.Fatal(err)
	}
	return dir
}

func left(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestFinish(t *testing.T) {
	dir := box(t)
	if erased, err := Finish(dir); erased || err != nil || len(left(t, dir)) != 7 {
		t.Fatalf("without a mark: %v, %v, %v", erased, err, left(t, dir))
	}
	if err := Mark(dir); err != nil || !Asked(dir) {
		t.Fatal(err)
	}
	if err := Unmark(dir); err != nil || Asked(dir) {
		t.Fatal(err)
	}
	if err := Mark(dir); err != nil {
		t.Fatal(err)
	}
	if erased, err := Finish(dir); !erased || err != nil || len(left(t, dir)) != 0 {
		t.Errorf("%v, %v, left %v", erased, err, left(t, dir))
	}
	if _, err := os.Stat("/etc/passwd"); err != nil {
		t.Errorf("the link was followed: %v", err)
	}
	if erased, err := Finish(dir); erased || err != nil {
		t.Errorf("again: %v, %v", erased, err)
	}
}

// Whenever the power goes, the next start finishes, and no state with the book gone
// has the secrets left.
func TestPowerCutAtEachStep(t *testing.T) {
	for n := 0; ; n++ {
		dir := box(t)
		if err := Mark(dir); err != nil {
			t.Fatal(err)
		}
		steps := 0
		disk := durable.Disk{Before: func(durable.Step, string) error {
			if steps == n {
				return errCut
			}
			steps++
			return nil
		}}
		_, err := finish(disk, dir)
		if err == nil {
			if n < 20 {
				t.Errorf("only %d steps were cut", n)
			}
			return
		}
		if !errors.Is(err, errCut) {
			t.Fatalf("cut %d: %v", n, err)
		}
		names := strings.Join(left(t, dir), " ")
		if !strings.Contains(names, "book.db") && strings.Contains(names, "json") {
			t.Errorf("cut %d: the book went before the secrets: %s", n, names)
		}
		if len(names) > 0 && !Asked(dir) {
			t.Errorf("cut %d: %s is left without a mark", n, names)
		}
		if _, err := Finish(dir); err != nil || len(left(t, dir)) != 0 {
			t.Errorf("cut %d: the next start: %v, left %v", n, err, left(t, dir))
		}
	}
}

// Secrets are written over before their names go.
func TestSecretsAreWrittenOver(t *testing.T) {
	dir := box(t)
	torn := "secrets.json.123.new" // of a power cut
	if err := errors.Join(os.WriteFile(filepath.Join(dir, torn), []byte("canary"), 0o600), Mark(dir)); err != nil {
		t.Fatal(err)
	}
	over := map[string]bool{}
	disk := durable.Disk{Before: func(s durable.Step, path string) error {
		name := filepath.Base(path)
		switch {
		case s == durable.Zero:
			over[name] = true
		case s == durable.Remove && slices.Contains([]string{"secrets.json", torn, "access.json", "key.pem"}, name) && !over[name]:
			t.Errorf("%s goes without having been written over", name)
		}
		return nil
	}}
	if _, err := finish(disk, dir); err != nil || !over["secrets.json"] || !over["key.pem"] || over["book.db"] {
		t.Errorf("%v, %v", over, err)
	}
}
