package app

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/keeper"
	"github.com/centralita/centralita/firmware/stick"
)

// shelf is a keeper whose USB stick is a folder that is "mounted" by its name.
type shelf struct {
	t       *testing.T
	dir     string
	socket  string
	keeper  *stick.Keeper
	refused error // what mounting says
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{t: t, dir: t.TempDir()}
	s.socket = filepath.Join(s.dir, "k.sock")
	for _, d := range []string{"sys/block", "sys/devices/usb1/block/sda", "place", "disk"} {
		if err := os.MkdirAll(filepath.Join(s.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../devices/usb1/block/sda", filepath.Join(s.dir, "sys/block/sda")); err != nil {
		t.Fatal(err)
	}
	place, disk := filepath.Join(s.dir, "place"), filepath.Join(s.dir, "disk")
	s.keeper = &stick.Keeper{Sticks: &stick.Sticks{Sys: filepath.Join(s.dir, "sys"), Dev: "/dev", Place: place,
		Mount: func(_, _, _ string, _ uintptr, _ string) error {
			if s.refused != nil {
				return s.refused
			}
			return errors.Join(os.Remove(place), os.Rename(disk, place))
		},
		Leave: func(string, int) error { return errors.Join(os.Rename(place, disk), os.Mkdir(place, 0o700)) }}}
	return s
}

// serve is the keeper of the data folder.
func (s *shelf) serve(data string) {
	s.t.Helper()
	s.keeper.Data = data
	l, err := keeper.Listen(s.socket, os.Geteuid())
	if err != nil {
		s.t.Fatal(err)
	}
	handlers := map[string]keeper.Handler{}
	for name, h := range s.keeper.Handlers() {
		handlers[name] = h
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- keeper.Serve(ctx, l, handlers) }()
	s.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
	})
}

// asked types a line at the socket, and what is asked then.
func (d desk) asked(line string, answers ...string) (string, int) {
	d.t.Helper()
	var out bytes.Buffer
	code, err := console.RunAsking(d.t.Context(), filepath.Join(d.data, console.SocketName), append(strings.Fields(line), "--lang", "en"), &out, func(string, bool, bool) (string, error) {
		if len(answers) == 0 {
			return "", errors.New("nothing more was typed")
		}
		a := answers[0]
		answers = answers[1:]
		return a, nil
	})
	if err != nil {
		out.WriteString(err.Error())
	}
	return strings.Join(strings.Fields(out.String()), " "), code
}

// A box without a shell: its backup goes to the stick through the keeper, encrypted on
// wish, and comes back from there; a support bundle goes too. Nothing stays behind.
func TestBackupToAStickAndBack(t *testing.T) {
	s := newShelf(t)
	d := newDeskWith(t, s.socket)
	if out, code := d.asked("backup usb"); code != console.NotFine || !strings.Contains(out, "there is no keeper") {
		t.Errorf("without a keeper: %d %s", code, out)
	}
	s.serve(d.data)
	disk := filepath.Join(s.dir, "disk")
	if out, code := d.asked("backup usb antes --book"); code != console.Fine || !strings.Contains(out, "antes.backup") || !strings.Contains(out, "may be pulled out now") || !strings.Contains(out, "Without accounts") {
		t.Errorf("%d %s", code, out)
	}
	if out, code := d.asked("backup usb --encrypt", "short", "short"); code != console.NotFine || !strings.Contains(out, "has 5 characters, at least 10") {
		t.Errorf("a short passphrase: %d %s", code, out)
	}
	if out, code := d.asked("backup usb cifrada --encrypt", backupWord, backupWord); code != console.Fine || strings.Contains(out, "Without accounts") {
		t.Errorf("encrypted: %d %s", code, out)
	}
	if raw, err := os.ReadFile(filepath.Join(disk, "cifrada.backup")); err != nil || !bytes.HasPrefix(raw, []byte("age-encryption.org/v1\n")) {
		t.Errorf("it is not encrypted: %v", err)
	}
	if out, code := d.asked("support bundle usb"); code != console.Fine || !strings.Contains(out, ".tar.gz") {
		t.Errorf("%d %s", code, out)
	}
	if out, code := d.asked("backup usb ../x"); code != console.NotFine || !strings.Contains(out, "a file's name has") {
		t.Errorf("a path: %d %s", code, out)
	}
	if out, code := d.asked("restore usb"); code != console.NotFine || !strings.Contains(out, "there are several backups on the USB stick: antes.backup, cifrada.backup; hint: restore usb:NAME") {
		t.Errorf("two backups: %d %s", code, out)
	}
	if out, code := d.asked("restore usb:cifrada.backup", "a wrong word here"); code != console.NotFine || !strings.Contains(out, "wrong passphrase") {
		t.Errorf("a wrong passphrase: %d %s", code, out)
	}
	s.refused = syscall.EROFS
	if out, code := d.asked("backup usb otra"); code != console.NotFine || !strings.Contains(out, "format it as FAT") {
		t.Errorf("a stick that cannot be mounted: %d %s", code, out)
	}
	s.refused = nil
	if _, err := os.Stat(filepath.Join(d.data, stick.Folder)); !os.IsNotExist(err) {
		t.Errorf("the folder stays: %v", err)
	}
	if out, code := d.asked("restore usb:cifrada.backup", backupWord); code != console.Fine || !strings.Contains(out, "The backup of centro made") || !strings.Contains(out, "put in when idle: waiting for 0 calls") {
		t.Errorf("%d %s", code, out)
	}
	d.wait() // the house that begins by it
	limit := time.After(30 * time.Second)
	for tick := time.Tick(50 * time.Millisecond); ; { // the book is written in groups
		out, _ := d.asked("book tail 60")
		if strings.Contains(out, "backup") && strings.Contains(out, "restore") && strings.Contains(out, "support bundle") {
			break
		}
		select {
		case <-tick:
		case <-limit:
			t.Fatalf("the book does not tell of it:\n%s", out)
		}
	}
}
