package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/console"
)

// The value of an option is no command, wherever it stands.
func TestWhereTheCommandStands(t *testing.T) {
	for _, c := range []struct {
		args string
		want int
	}{
		{"status --lang en", 0}, {"--lang en status", 2}, {"--lang=en status", 1},
		{"--json line L2", 1}, {"--lang en", -1}, {"--lang", -1}, {"", -1},
	} {
		if got := firstWord(strings.Fields(c.args)); got != c.want {
			t.Errorf("%q: the command stands at %d, want %d", c.args, got, c.want)
		}
	}
}

// Whoever asks where nobody is learns how to name another place.
func TestNobodyAnswers(t *testing.T) {
	var out, errs bytes.Buffer
	if code := Main([]string{"--lang", "en", "status", "--data", t.TempDir()}, &out, &errs); code != console.Unreachable || !strings.Contains(errs.String(), "--data DIR names another") {
		t.Errorf("%d, %q", code, errs.String())
	}
}

// Nobody has to say that a backup is encrypted: its passphrase is asked, and where
// nobody can be asked it is told how to give one.
func TestAnEncryptedBackupAsksByItself(t *testing.T) {
	from := runs{t, t.TempDir()}
	from.start(from.write("Norte"))
	file := filepath.Join(from.dir, "office.tar.age")
	var sealed bytes.Buffer
	if _, err := writeBackup(t.Context(), &sealed, filepath.Join(from.dir, "data"), false, backupWord); err != nil {
		t.Fatal(err)
	}
	word := filepath.Join(from.dir, "word")
	for name, text := range map[string]string{file: sealed.String(), word: backupWord + "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := os.Stdin
	none, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer none.Close() // nothing was written
	os.Stdin = none
	defer func() { os.Stdin = old }()
	to := filepath.Join(from.dir, "other")
	var out, errs bytes.Buffer
	if code := Main([]string{"restore", file, "--data", to}, &out, &errs); code != console.NotFine || !strings.Contains(errs.String(), "--passphrase-file") {
		t.Errorf("without a terminal: %d, %q", code, errs.String())
	}
	if restorePending(to) {
		t.Error("what was refused waits")
	}
	errs.Reset()
	if code := Main([]string{"restore", file, "--data", to, "--passphrase-file", word}, &out, &errs); code != console.Fine || !restorePending(to) {
		t.Errorf("with a file of the passphrase: %d, %q", code, errs.String())
	}
}
