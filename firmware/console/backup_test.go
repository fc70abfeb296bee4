package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/stick"
	"github.com/centralita/centralita/firmware/tel"
)

// vault is a Backups that remembers.
type vault struct {
	asked  []string
	sealed bool // what is restored
	err    error
}

func (v *vault) note(args ...any) { v.asked = append(v.asked, fmt.Sprintln(args...)) }

func (v *vault) Write(_ context.Context, who tel.Who, w io.Writer, wish BackupWish) error {
	v.note("write", who.Name, wish.Book, wish.Passphrase)
	if v.err != nil {
		return v.err
	}
	_, err := w.Write([]byte("bytes\x00\xff\n"))
	return err
}

func (v *vault) ToStick(_ context.Context, who tel.Who, name string, wish BackupWish, progress func(stick.Progress)) (stick.Moved, error) {
	v.note("to stick", who.Name, name, wish.Book, wish.Passphrase)
	for done := range int64(11) {
		progress(stick.Progress{Step: stick.Writing, Done: done * 5, Of: 50})
	}
	return stick.Moved{Device: "sda1", File: "norte.backup", Size: 50_000}, v.err
}

func (v *vault) Restore(_ context.Context, who tel.Who, r io.Reader, passphrase func() (string, error)) (Restored, error) {
	word, err := "", error(nil)
	if v.sealed {
		word, err = passphrase()
	}
	if err != nil {
		return Restored{}, err
	}
	all, err := io.ReadAll(r)
	v.note("restore", who.Name, word, string(all), err)
	return Restored{Site: "norte", Made: time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC), Calls: 2}, v.err
}

func (v *vault) FromStick(ctx context.Context, who tel.Who, name string, passphrase func() (string, error), progress func(stick.Progress)) (Restored, error) {
	progress(stick.Progress{Step: stick.Reading, Of: 1})
	return v.Restore(ctx, who, strings.NewReader("from the stick "+name), passphrase)
}

// line does one command over SSH.
func (v *vault) line(t *testing.T, line, sent string, raw bool) (out, beside string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	c := New(Deps{Lang: tel.English, Backups: v, Support: &packer{}, Location: time.UTC})
	code = c.ExecLine(t.Context(), tel.Who{Name: "ana", Role: tel.Owner, Via: tel.DoorSSH}, line, Stream{In: strings.NewReader(sent), Out: &o, Err: &e, Raw: raw})
	return o.String(), e.String(), code
}

// Over SSH without a terminal a backup is the output and nothing else is, a support
// bundle too; what is for people goes beside.
func TestBackupOverSSH(t *testing.T) {
	v := &vault{}
	out, beside, code := v.line(t, "backup --book", "", true)
	if code != Fine || out != "bytes\x00\xff\n" || !strings.Contains(beside, "Without accounts") {
		t.Errorf("%d %q %q", code, out, beside)
	}
	out, beside, code = v.line(t, "backup --encrypt", "correct horse\r\nmore", true)
	if code != Fine || out != "bytes\x00\xff\n" || beside != "" {
		t.Errorf("%d %q %q", code, out, beside)
	}
	if want := []string{"write ana true \n", "write ana false correct horse\n"}; !slices.Equal(v.asked, want) {
		t.Errorf("asked %q", v.asked)
	}
	for _, sent := range []string{"", strings.Repeat("a", 2000)} {
		if out, beside, code = v.line(t, "backup --encrypt", sent, true); code != NotFine || out != "" || !strings.Contains(beside, "passphrase") {
			t.Errorf("%.10q for a passphrase: %d %q %q", sent, code, out, beside)
		}
	}
	if out, beside, code = v.line(t, "support bundle", "", true); code != Fine || out != strings.Repeat("bundle", 30) || beside != "" {
		t.Errorf("%d %q %q", code, out, beside)
	}
	v.err = errors.New("cannot back up: the disk is gone")
	if out, beside, code = v.line(t, "backup", "", true); code != NotFine || out != "" || !strings.Contains(beside, "the disk is gone") {
		t.Errorf("%d %q %q", code, out, beside)
	}
	if out, beside, code = v.line(t, "backup extra", "", true); code != Usage || out != "" || beside == "" {
		t.Errorf("%d %q %q", code, out, beside)
	}
	v.asked = nil
	if out, beside, code = v.line(t, "backup", "", false); code != Usage || out != "" || !strings.Contains(beside, "only text comes through") || len(v.asked) > 0 {
		t.Errorf("on a terminal: %d %q %q", code, out, beside)
	}
}

func TestRestoreOverSSH(t *testing.T) {
	v := &vault{}
	out, beside, code := v.line(t, "restore", "a\nfile", true)
	if code != Fine || !strings.Contains(out, "The backup of norte made 28 Nov 10:00 is whole.") || !strings.Contains(out, "waiting for 2 calls") || beside != "" {
		t.Errorf("%d %q %q", code, out, beside)
	}
	v.sealed = true
	if out, beside, code = v.line(t, "restore", "a file", true); code != NotFine || !strings.Contains(beside, "restore --encrypt, with the passphrase") {
		t.Errorf("%d %q %q", code, out, beside)
	}
	if out, _, code = v.line(t, "restore --encrypt --json", "correct horse\na\nfile", true); code != Fine || !strings.Contains(out, `"site":"norte"`) {
		t.Errorf("%d %q", code, out)
	}
	if want := []string{"restore ana  a\nfile <nil>\n", "restore ana correct horse a\nfile <nil>\n"}; !slices.Equal(v.asked, want) {
		t.Errorf("asked %q", v.asked)
	}
	v.asked = nil
	if _, beside, code = v.line(t, "restore", "a file", false); code != Usage || !strings.Contains(beside, "only text") || len(v.asked) > 0 {
		t.Errorf("on a terminal: %d %q", code, beside)
	}
	for _, bad := range []string{"restore us", "restore usb:", "restore /etc/passwd"} {
		if _, beside, code = v.line(t, bad, "", true); code != Usage || !strings.Contains(beside, "restore usb:NAME") || len(v.asked) > 0 {
			t.Errorf("%s: %d %q", bad, code, beside)
		}
	}
}

// At a terminal, the serial line's for one, all goes by the stick.
func TestBackupByTheStick(t *testing.T) {
	v := &vault{}
	d := Deps{Lang: tel.English, Backups: v, Location: time.UTC}
	out, code := overSocket(t, d, []string{"correct horse", "correct horse"}, "backup", "usb", "norte", "--encrypt", "--book")
	if code != Fine || !strings.Contains(out, "writes 10 %\nwrites 20 %\n") || strings.Contains(out, "100") || !strings.Contains(out, "50 kB on the USB stick (sda1), read back; it may be pulled out now") || strings.Contains(out, "horse") {
		t.Errorf("%d %q", code, out)
	}
	if out, code = overSocket(t, d, nil, "backup", "usb", "--json"); code != Fine || out != `{"device":"sda1","file":"norte.backup","size":50000}`+"\n" {
		t.Errorf("%d %q", code, out)
	}
	if out, code = overSocket(t, d, []string{"correct horse", "correct house"}, "backup", "usb", "--encrypt"); code != NotFine || !strings.Contains(out, "not the same") {
		t.Errorf("%d %q", code, out)
	}
	v.sealed = true
	if out, code = overSocket(t, d, []string{"correct horse"}, "restore", "usb:norte.backup"); code != Fine || !strings.Contains(out, "is whole") {
		t.Errorf("%d %q", code, out)
	}
	v.sealed = false
	if out, code = overSocket(t, d, nil, "restore", "usb"); code != Fine {
		t.Errorf("%d %q", code, out)
	}
	want := []string{"to stick socket norte true correct horse\n", "to stick socket  false \n",
		"restore socket correct horse from the stick norte.backup <nil>\n", "restore socket  from the stick  <nil>\n"}
	if !slices.Equal(v.asked, want) {
		t.Errorf("asked %q", v.asked)
	}
	for _, args := range [][]string{{"backup", "usb"}, {"backup"}, {"restore", "usb"}} {
		if _, code := overSocket(t, Deps{Lang: tel.English}, nil, args...); code != Unreachable {
			t.Errorf("%v without a house: %d", args, code)
		}
	}
}

// A backup is the owner's, a support bundle a technician's.
func TestWhoMayTakeTheBox(t *testing.T) {
	v := &vault{}
	c := New(Deps{Lang: tel.English, Backups: v, Support: &packer{}})
	for _, role := range []tel.Role{tel.Nobody, tel.AgentRole, tel.Supervisor, tel.Technician} {
		for _, line := range []string{"backup", "backup usb", "restore", "restore usb", "support bundle", "support bundle usb"} {
			var out, beside bytes.Buffer
			code := c.ExecLine(t.Context(), tel.Who{Name: "leo", Role: role, Via: tel.DoorSSH}, line, Stream{In: strings.NewReader("x"), Out: &out, Err: &beside, Raw: true})
			if may := role == tel.Technician && strings.HasPrefix(line, "support"); may != (code == Fine) || !may && out.Len() > 0 {
				t.Errorf("%s: %s: %d %q %q", role, line, code, &out, &beside)
			}
		}
	}
	if len(v.asked) > 0 {
		t.Errorf("asked %q", v.asked)
	}
}
