package stick

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/centralita/centralita/firmware/tel"
)

// rack is a machine with sticks, each a folder that is "mounted" by its name, and the
// data folder of a program.
type rack struct {
	t      *testing.T
	dir    string
	sticks *Sticks
	keeper *Keeper
	log    []string
	at     string
	refuse map[string]error       // of a device: what mounting it to be written says
	twice  func(name, dir string) // is called before a stick is mounted again
}

func newRack(t *testing.T, devices ...string) *rack {
	t.Helper()
	r := &rack{t: t, dir: t.TempDir(), refuse: map[string]error{}}
	for _, d := range []string{"sys/block", "place", "data/" + Folder} {
		r.folder(d)
	}
	for _, d := range devices {
		r.folder("sys/devices/usb1/block/" + d)
		r.folder("disk/" + d)
		if err := os.Symlink("../devices/usb1/block/"+d, filepath.Join(r.dir, "sys/block", d)); err != nil {
			t.Fatal(err)
		}
	}
	r.sticks = &Sticks{Sys: filepath.Join(r.dir, "sys"), Dev: "/dev", Place: filepath.Join(r.dir, "place"), Mount: r.mount, Leave: r.leave}
	r.keeper = &Keeper{Data: filepath.Join(r.dir, "data"), Sticks: r.sticks}
	return r
}

func (r *rack) folder(name string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Join(r.dir, name), 0o700); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rack) mount(source, target, kind string, flags uintptr, _ string) error {
	const least = syscall.MS_NOSUID | syscall.MS_NOEXEC | syscall.MS_NODEV
	if flags&least != least {
		return fmt.Errorf("flags %x", flags)
	}
	name, how := filepath.Base(source), "rw"
	if flags&syscall.MS_RDONLY != 0 {
		how = "ro"
	} else if err := r.refuse[name]; err != nil {
		return err
	}
	if kind != "vfat" {
		return syscall.EINVAL
	}
	if r.twice != nil && slices.Contains(r.log, "rw "+name) {
		r.twice(name, filepath.Join(r.dir, "disk", name))
	}
	r.at = name
	r.log = append(r.log, how+" "+name)
	return errors.Join(os.Remove(target), os.Rename(filepath.Join(r.dir, "disk", name), target))
}

func (r *rack) leave(target string, _ int) error {
	r.log = append(r.log, "- "+r.at)
	return errors.Join(os.Rename(target, filepath.Join(r.dir, "disk", r.at)), os.Mkdir(target, 0o700))
}

func (r *rack) write(name string, b []byte) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), b, 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rack) names(folder string) (out []string) {
	r.t.Helper()
	all, err := os.ReadDir(filepath.Join(r.dir, folder))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range all {
		out = append(out, e.Name())
	}
	return out
}

// do asks as the program does.
func (r *rack) do(name string, params any) (Moved, []Progress, error) {
	return r.doWith(r.t.Context(), name, params)
}

func (r *rack) doWith(ctx context.Context, name string, params any) (m Moved, told []Progress, err error) {
	r.t.Helper()
	raw, err := json.Marshal(params)
	if err != nil {
		r.t.Fatal(err)
	}
	got, err := r.keeper.Handlers()[name](ctx, raw, func(p any) { told = append(told, p.(Progress)) })
	if moved, ok := got.(Moved); ok {
		m = moved
	}
	if strings.Count(strings.Join(r.log, "\n"), "- ") != len(r.log)/2 {
		r.t.Errorf("a stick stays mounted: %q", r.log)
	}
	return m, told, err
}

// wants is an error that says it in both languages.
func wants(t *testing.T, what string, err error, es, en string) {
	t.Helper()
	n, ok := errors.AsType[*Notice](err)
	if !ok || !strings.Contains(n.In(tel.Spanish), es) || !strings.Contains(n.In(tel.English), en) || strings.Contains(n.ES+n.EN, "%!") {
		t.Errorf("%s: %v", what, err)
	}
}

// A file goes to the stick under another name, and is read back behind a second mount.
func TestPut(t *testing.T) {
	r := newRack(t, "sda")
	body := bytes.Repeat([]byte("copia "), 3<<20)
	r.write("data/stick/norte.backup", body)
	r.write("disk/sda/norte.backup.new", []byte("of a stick that was pulled out"))
	m, told, err := r.do(Put, PutAsked{"norte.backup"})
	if err != nil || m != (Moved{"sda", "norte.backup", int64(len(body))}) {
		t.Fatalf("%+v, %v", m, err)
	}
	if got := strings.Join(r.log, " "); got != "ro sda - sda rw sda - sda ro sda - sda" {
		t.Errorf("mounted %s", got)
	}
	if got, err := os.ReadFile(filepath.Join(r.dir, "disk/sda/norte.backup")); err != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if got := r.names("disk/sda"); !slices.Equal(got, []string{"norte.backup"}) {
		t.Errorf("on the stick: %q", got)
	}
	if len(told) < 2 || told[0].Step != Writing || told[len(told)-1].Step != Verifying {
		t.Errorf("told %+v", told)
	}
	_, _, err = r.do(Put, PutAsked{"norte.backup"})
	wants(t, "again", err, "ya está", "already")
}

// What cannot be written is said, and nothing is left on the stick.
func TestPutRefused(t *testing.T) {
	r := newRack(t)
	r.write("data/stick/a.backup", []byte("x"))
	_, _, err := r.do(Put, PutAsked{"a.backup"})
	wants(t, "no stick", err, "enchufe una", "plug one in")

	r = newRack(t, "sda", "sdb")
	r.write("data/stick/a.backup", []byte("x"))
	_, _, err = r.do(Put, PutAsked{"a.backup"})
	wants(t, "two sticks", err, "sda, sdb", "sda, sdb")
	if slices.ContainsFunc(r.log, func(s string) bool { return strings.HasPrefix(s, "rw") }) {
		t.Errorf("one of two was touched: %q", r.log)
	}

	for errno, say := range map[syscall.Errno][2]string{syscall.EROFS: {"protegida", "write-protected"}, syscall.EACCES: {"protegida", "write-protected"}, syscall.EIO: {"no se puede montar", "cannot mount"}} {
		r = newRack(t, "sda")
		r.write("data/stick/a.backup", []byte("x"))
		r.refuse["sda"] = errno
		_, _, err = r.do(Put, PutAsked{"a.backup"})
		wants(t, errno.Error(), err, say[0], say[1])
	}

	r = newRack(t, "sda")
	r.write("data/stick/a.backup", []byte("what was written"))
	r.twice = func(_, dir string) {
		if err := os.WriteFile(filepath.Join(dir, "a.backup"), []byte("what a fake says"), 0o600); err != nil {
			t.Error(err)
		}
	}
	_, _, err = r.do(Put, PutAsked{"a.backup"})
	wants(t, "a stick that gives back something else", err, "falsa", "a fake")

	r = newRack(t, "sda")
	r.write("data/stick/a.backup", make([]byte, 1<<20))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, _, err = r.doWith(ctx, Put, PutAsked{"a.backup"}); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever asked went away: %v", err)
	}
	if got := r.names("disk/sda"); len(got) != 0 {
		t.Errorf("left on the stick: %q", got)
	}
}

// The program's user cannot have the keeper read or write what is not his: neither by a
// name, nor by a link, a second name or a pipe.
func TestNoWayOut(t *testing.T) {
	r := newRack(t, "sda")
	r.write("secret.backup", []byte("root's"))
	secret := filepath.Join(r.dir, "secret.backup")
	folder := filepath.Join(r.dir, "data", Folder)
	if err := errors.Join(os.Symlink(secret, filepath.Join(folder, "link.backup")), os.Link(secret, filepath.Join(folder, "second.backup")),
		syscall.Mkfifo(filepath.Join(folder, "pipe.backup"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../../secret.backup", "/etc/passwd", "link.backup", "second.backup", "pipe.backup", "", ".", "..", ".x", "a.new", "a/b", "a b", strings.Repeat("a", 65)} {
		if _, _, err := r.do(Put, PutAsked{name}); err == nil {
			t.Errorf("%q was put on a stick", name)
		}
		if name == "" {
			continue // the only backup
		}
		if _, _, err := r.do(Get, GetAsked{name}); err == nil {
			t.Errorf("%q was taken from a stick", name)
		}
	}
	if got := r.names("disk/sda"); len(got) != 0 {
		t.Errorf("on the stick: %q", got)
	}
	r.write("disk/sda/second.backup", []byte("of the stick"))
	r.write("disk/sda/link.backup", []byte("of the stick"))
	for _, name := range []string{"second.backup", "link.backup"} { // they are replaced, not written through
		if _, _, err := r.do(Get, GetAsked{name}); err != nil {
			t.Error(err)
		}
	}
	if got, err := os.ReadFile(secret); err != nil || string(got) != "root's" {
		t.Errorf("%q, %v", got, err)
	}
	if err := errors.Join(os.RemoveAll(folder), os.Symlink(r.dir, folder)); err != nil {
		t.Fatal(err)
	}
	r.write("disk/sda/other.backup", []byte("of the stick"))
	if _, _, err := r.do(Get, GetAsked{"other.backup"}); err == nil {
		t.Error("the folder led elsewhere, and was followed")
	}
	for _, raw := range []string{"", "{", `{"file":"a.backup","more":1}`} {
		if _, err := r.keeper.put(t.Context(), []byte(raw), func(any) {}); err == nil {
			t.Errorf("%q was understood", raw)
		}
	}
}

// A named file comes from whichever stick has it; without a name there must be one
// backup, and what else is on the sticks does not count.
func TestGet(t *testing.T) {
	r := newRack(t, "sda", "sdb")
	_, _, err := r.do(Get, GetAsked{})
	wants(t, "none", err, "ninguna copia", "no backup")
	r.write("disk/sda/notes.txt", []byte("x"))
	r.write("disk/sda/._norte.backup", []byte("of a computer"))
	r.folder("disk/sda/folder.backup")
	r.write("disk/sdb/Norte.BACKUP", []byte("the backup"))
	m, told, err := r.do(Get, GetAsked{})
	if err != nil || m != (Moved{"sdb", "Norte.BACKUP", 10}) || len(told) == 0 || told[0].Step != Reading {
		t.Fatalf("%+v, %+v, %v", m, told, err)
	}
	info, err := os.Stat(filepath.Join(r.dir, "data", Folder, "Norte.BACKUP"))
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 10 {
		t.Errorf("%v, %v", info, err)
	}
	if slices.ContainsFunc(r.log, func(s string) bool { return strings.HasPrefix(s, "rw") }) {
		t.Errorf("a stick was mounted to be written: %q", r.log)
	}
	r.write("disk/sda/sur.backup", []byte("x"))
	_, _, err = r.do(Get, GetAsked{})
	wants(t, "two", err, "Norte.BACKUP", "sur.backup")
	if m, _, err = r.do(Get, GetAsked{"sur.backup"}); err != nil || m.Device != "sda" {
		t.Errorf("%+v, %v", m, err)
	}
	_, _, err = r.do(Get, GetAsked{"este.backup"})
	wants(t, "another", err, "no hay ningún este.backup", "no este.backup")
}

// While one command is at the stick another is told so.
func TestOneAtATime(t *testing.T) {
	r := newRack(t, "sda")
	r.write("data/stick/a.backup", []byte("x"))
	err := r.sticks.Each(t.Context(), func(string, string) (bool, error) {
		_, err := r.keeper.put(t.Context(), []byte(`{"file":"a.backup"}`), func(any) {})
		return true, err
	})
	wants(t, "two commands", err, "otra orden", "another command")
}

func FuzzCheckName(f *testing.F) {
	for _, s := range []string{"a", "ab", "norte.backup", "../x", "a\x00b", "a.new", "CON", "a."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if CheckName(name) == nil && (name != filepath.Base(name) || strings.ContainsAny(name, "/\\:*?\"<>| \x00") || strings.HasPrefix(name, ".") || len(name) > 64) {
			t.Errorf("%q will do", name)
		}
	})
}
