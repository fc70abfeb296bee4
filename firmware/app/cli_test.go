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

// The stick of the box is the console's affair, a file is the program's.
func TestABackupOnTheStickIsTheConsoles(t *testing.T) {
	for args, want := range map[string]bool{
		"backup usb": true, "backup --encrypt usb": true, "backup usb north --book": true, "backup ./usb": false, "backup office.tar": false, "backup": false,
		"restore usb": true, "restore usb:north.backup": true, "restore begin": true, "restore usb.tar": false, "run usb": false, "backup --encrypt": false,
	} {
		if got := onStick(strings.Fields(args)); got != want {
			t.Errorf("%q: %v, want %v", args, got, want)
		}
	}
	var out, errs bytes.Buffer
	if code := Main([]string{"backup", "usb", "--data", t.TempDir()}, &out, &errs); code != console.Unreachable {
		t.Errorf("%d, %q", code, errs.String())
	}
	if _, err := os.Stat("usb"); err == nil {
		t.Error("a file called usb was written")
	}
}

func TestTheLanguageIsNoDocument(t *testing.T) {
	args := []string{"config", "apply", "--lang", "en"}
	if got, err := withDocument(args, strings.NewReader("")); err != nil || len(got) != len(args) {
		t.Errorf("%q, %v", got, err)
	}
}

// An integrator checks the file of a card as any configuration, before it is flashed.
func TestTheFileOfACardIsChecked(t *testing.T) {
	r := runs{t, t.TempDir()}
	site, err := os.ReadFile(r.write("Norte"))
	if err != nil {
		t.Fatal(err)
	}
	card := filepath.Join(r.dir, "centralita.yaml")
	for head, want := range map[string]string{
		"provision:\n  owner: {name: maria, password: una frase bien larga}\n": "",
		"provision:\n  owner: {name: maria, password: corta}\n":                card + ":2:34: la contraseña necesita 10 letras o más",
		"provision:\n  owner: {nombre: maria}\n":                               `clave desconocida "…"`,
	} {
		if err := os.WriteFile(card, append([]byte(head), site...), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		code := Main([]string{"check", card, "--lang", "es"}, &out, &errs)
		if (code == console.Fine) != (want == "") || !strings.Contains(out.String(), want) || want == "" && out.Len()+errs.Len() > 0 {
			t.Errorf("%q: %d, %s%s", head, code, out.String(), errs.String())
		}
	}
}

// What the greeting says to type works where it was typed.
func TestHowTheProgramIsTyped(t *testing.T) {
	for name, want := range map[string]string{
		"bin/centralita": "bin/centralita", "./centralita": "./centralita", "centralita": "centralita",
		"/usr/bin/centralita": "centralita", "/tmp/app.test": "centralita",
	} {
		if got := typed(name); got != want {
			t.Errorf("%s is typed %s, want %s", name, got, want)
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
