package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/access"
	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/config/secret"
	"github.com/centralita/centralita/firmware/durable"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/tel"
)

const backupWord = "correct horse battery"

// A box with a secret, a profile and a prompt goes into one file and comes out on
// another box, in the process that runs there.
func TestABoxMovesIntoAnother(t *testing.T) {
	from := runs{t, t.TempDir()}
	from.start(from.write("Norte"))
	data := filepath.Join(from.dir, "data")
	if err := os.MkdirAll(filepath.Join(data, profileFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{secret.FileName: `{"phones":{"201":"hola"}}`, profileFolder + "/L1.json": `{"line":"L1"}`} {
		if err := os.WriteFile(filepath.Join(data, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if _, err := writeBackup(t.Context(), &file, data, true, backupWord); err != nil {
		t.Fatal(err)
	}

	to := runs{t, t.TempDir()}
	c := &runCmd{Config: to.write("Sur"), Data: filepath.Join(to.dir, "data"), SIP: "127.0.0.1:0", Web: "127.0.0.1:0"}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var errs bytes.Buffer
	log := slog.New(slog.NewTextHandler(&errs, nil))
	h, err := c.house(t, ctx, log, &errs)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (configDesk{h, h.life}).Restore(tel.Who{Name: "ana"}); err == nil || !strings.Contains(err.Error(), "no backup was checked") {
		t.Errorf("nothing was checked: %v", err)
	}
	if _, err := stageRestore(ctx, c.Data, bytes.NewReader(file.Bytes()), "a wrong word here"); err == nil || !strings.Contains(err.Error(), "wrong passphrase") {
		t.Errorf("a wrong passphrase: %v", err)
	}
	if restorePending(c.Data) {
		t.Fatal("what was refused waits")
	}
	if _, err := stageRestore(ctx, c.Data, bytes.NewReader(file.Bytes()), backupWord); err != nil {
		t.Fatal(err)
	}
	err = h.Run(ctx, func() {
		if _, err := (configDesk{h, h.life}).Restore(tel.Who{Name: "ana", Via: tel.DoorSocket}); err != nil {
			t.Error(err)
		}
	})
	if again, ok := errors.AsType[*restart](err); !ok || again.err != nil || !strings.Contains(again.why, "ana") {
		t.Fatalf("the house ended with %v", err)
	}
	l, err := c.restored(h.life, log)
	if err != nil {
		t.Fatal(err)
	}
	h2, err := c.open(ctx, l, log, &errs)
	if err != nil {
		t.Fatal(err)
	}
	if h2.conf().Site.Name != "Norte" {
		t.Errorf("it works by %q", h2.conf().Site.Name)
	}
	if word, err := h2.secrets.Phone("201"); err != nil || word != "hola" {
		t.Errorf("the secret is %q, %v", word, err)
	}
	told := false
	if err := h2.Run(ctx, stop); err != nil {
		t.Error(err)
	}
	r := offlineBook(t, c.Data)
	for line := range r {
		told = told || strings.Contains(line, "config.version") && strings.Contains(line, "backup of centro")
	}
	if !told {
		t.Error("the book does not tell of it")
	}
	if err := c.adopt(l, log, &errs); err != nil || l.Index().Confirmed != 1 {
		t.Errorf("the file of the command line took over what was restored: %v, %+v", err, l.Index())
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// The power goes at any moment of putting a backup in: the next start goes on.
func TestAPowerCutWhileABackupIsPutIn(t *testing.T) {
	from := runs{t, t.TempDir()}
	from.start(from.write("Norte"))
	var file bytes.Buffer
	if _, err := writeBackup(t.Context(), &file, filepath.Join(from.dir, "data"), false, ""); err != nil {
		t.Fatal(err)
	}
	for _, moved := range [][]string{{}, {"taken"}, {"taken", "config"}, {"taken", "config", life.Folder + "!"}} {
		to := runs{t, t.TempDir()}
		to.start(to.write("Sur"))
		data := filepath.Join(to.dir, "data")
		if _, err := stageRestore(t.Context(), data, bytes.NewReader(file.Bytes()), ""); err != nil {
			t.Fatal(err)
		}
		if len(moved) > 0 {
			if err := takeRestore(data); err != nil {
				t.Fatal(err)
			}
			if !restorePending(data) {
				t.Error("nothing waits after the power went")
			}
		}
		if len(moved) > 1 { // the old one was moved away, then the power went
			if err := errors.Join(os.MkdirAll(filepath.Join(data, beforeRestore), 0o700), os.Rename(filepath.Join(data, "config"), filepath.Join(data, beforeRestore, "config"))); err != nil {
				t.Fatal(err)
			}
		}
		if len(moved) > 2 { // the start made an empty folder to lock
			l, err := life.Open(durable.Disk{}, data, slog.New(slog.DiscardHandler))
			if err = errors.Join(err, l.Close()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := restoreNow(data); err != nil {
			t.Fatal(err)
		}
		if name, _, _ := to.start(""); name != "Norte" {
			t.Errorf("cut after %v: it works by %q", moved, name)
		}
	}
}

// What could not be a box is refused before anything of this one is touched.
func TestABackupIsRefusedBeforeAnythingIsTouched(t *testing.T) {
	from := runs{t, t.TempDir()}
	from.start(from.write("Norte"))
	data := filepath.Join(from.dir, "data")
	var file bytes.Buffer
	if _, err := writeBackup(t.Context(), &file, data, true, ""); err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	for _, cut := range []int{0, 10, file.Len() / 2, file.Len() - 1} {
		if _, err := stageRestore(t.Context(), to, bytes.NewReader(file.Bytes()[:cut]), ""); err == nil {
			t.Errorf("cut to %d bytes: it was taken", cut)
		}
	}
	list, err := os.ReadDir(to)
	if err != nil || len(list) != 1 || list[0].Name() != restoreLock {
		t.Errorf("left behind: %v, %v", list, err)
	}
}

// A backup by whose accounts nobody could enter is refused whole, and says why.
func TestABackupWithBrokenAccountsIsRefused(t *testing.T) {
	from := runs{t, t.TempDir()}
	from.start(from.write("Norte"))
	data, to := filepath.Join(from.dir, "data"), t.TempDir()
	a := access.Open(data, access.Options{Cost: access.Cost{Memory: 8, Passes: 1, Lanes: 1}})
	if _, err := a.Own(t.Context(), "", "ana", "una frase bien larga", tel.DoorSerial, "ttyS1"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(data, access.FileName)
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ was, is, why string }{
		{`"role": "owner"`, `"role": "agent"`, "it has no owner"},
		{`"role": "owner"`, `"role": "king"`, `person 1: "king" is no role`},
		{`"version": 1`, `"version": 2`, "it is of version 2"},
		{`"people"`, `"persons"`, "it is not whole"},
		{"$argon2id$", "$md5$", "person 1: "},
		{"", "", ""},
	} {
		if err := os.WriteFile(file, bytes.Replace(good, []byte(c.was), []byte(c.is), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := writeBackup(t.Context(), &out, data, false, backupWord); err != nil {
			t.Fatal(err)
		}
		_, err := stageRestore(t.Context(), to, &out, backupWord)
		if c.why == "" {
			if err != nil || !restorePending(to) {
				t.Errorf("whole accounts: %v", err)
			}
			continue
		}
		r, ok := errors.AsType[*exchange.Refusal](err)
		if !ok || !strings.Contains(r.In(tel.English), c.why) || !strings.Contains(r.In(tel.English), "nothing was changed") || strings.Contains(r.In(tel.Spanish), to) {
			t.Errorf("%s: %v", c.is, err)
		}
		if restorePending(to) {
			t.Errorf("%s: it waits", c.is)
		}
	}
}

// Of two that restore at once the second is told so, and the first goes on untouched;
// one that is ready gives way to the next as a whole.
func TestTwoRestoresAtOnce(t *testing.T) {
	var files [2]bytes.Buffer
	for i, name := range []string{"Norte", "Sur"} {
		from := runs{t, t.TempDir()}
		from.start(from.write(name))
		if _, err := writeBackup(t.Context(), &files[i], filepath.Join(from.dir, "data"), false, ""); err != nil {
			t.Fatal(err)
		}
	}
	to := runs{t, t.TempDir()}
	to.start(to.write("Este"))
	data := filepath.Join(to.dir, "data")
	half := files[0].Len() / 2
	slow, tap := io.Pipe()
	first := make(chan error, 1)
	go func() {
		_, err := stageRestore(t.Context(), data, slow, "")
		first <- err
	}()
	if _, err := tap.Write(files[0].Bytes()[:half]); err != nil {
		t.Fatal(err)
	}
	if _, err := stageRestore(t.Context(), data, bytes.NewReader(files[1].Bytes()), ""); err == nil || !strings.Contains(err.Error(), "another backup is being checked") {
		t.Errorf("the second: %v", err)
	}
	if _, err := tap.Write(files[0].Bytes()[half:]); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(tap.Close(), <-first); err != nil {
		t.Fatalf("the first: %v", err)
	}
	if err := takeRestore(data); err != nil { // a house begins, and the power goes
		t.Fatal(err)
	}
	for range 2 { // meanwhile others are made ready, the last counts
		if _, err := stageRestore(t.Context(), data, bytes.NewReader(files[1].Bytes()), ""); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"Norte", "Sur"} {
		if _, err := restoreNow(data); err != nil {
			t.Fatal(err)
		}
		if name, _, _ := to.start(""); name != want {
			t.Errorf("it works by %q, not %q", name, want)
		}
	}
	if restorePending(data) {
		t.Error("something waits still")
	}
}

// A configuration with a secret in its text goes into no file without a passphrase.
func TestASecretInTheTextNeedsAPassphrase(t *testing.T) {
	dir := t.TempDir()
	l, err := life.Open(durable.Disk{}, dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Take([]byte("site: {id: a}\nphones: [{ext: \"1\", password: hola}]\n"), "file", "", life.System), l.Close()); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := writeBackup(t.Context(), &file, dir, false, ""); err == nil || !strings.Contains(err.Error(), "give a passphrase") {
		t.Errorf("in the clear: %v", err)
	}
	if _, err := writeBackup(t.Context(), &file, dir, false, backupWord); err != nil {
		t.Error(err)
	}
}
