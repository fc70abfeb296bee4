package stick

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// loopStick makes a file system of so many MB in a file behind a loop device, and a rack
// whose stick it is. Where the kernel knows no FAT it is ext4: the calls are the same.
func loopStick(t *testing.T, megabytes int64, readOnly bool) *rack {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting takes root: run it as root")
	}
	kind, make := "vfat", []string{"mkfs.vfat"}
	if known, err := os.ReadFile("/proc/filesystems"); err != nil || !strings.Contains(string(known), "\tvfat\n") {
		kind, make = "ext4", []string{"mkfs.ext4", "-q", "-O", "^has_journal"}
	}
	image := filepath.Join(t.TempDir(), "stick.img")
	f, err := os.Create(image)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(megabytes<<20), f.Close()); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(make[0], append(make[1:], image)...).CombinedOutput(); err != nil {
		t.Skipf("%s is needed here: %v %s", make[0], err, out)
	}
	args := []string{"--show", "-f", image}
	if readOnly {
		args = append([]string{"-r"}, args...)
	}
	out, err := exec.Command("losetup", args...).Output()
	if err != nil {
		t.Skipf("a loop device is needed here: %v", err)
	}
	device := strings.TrimSpace(string(out))
	t.Cleanup(func() {
		if out, err := exec.Command("losetup", "-d", device).CombinedOutput(); err != nil {
			t.Errorf("losetup -d %s: %v %s", device, err, out)
		}
	})
	r := newRack(t, "sda")
	r.sticks.Mount = func(_, target, asked string, flags uintptr, data string) error {
		if asked != "vfat" {
			return syscall.EINVAL
		}
		return syscall.Mount(device, target, kind, flags, data)
	}
	r.sticks.Leave = syscall.Unmount
	err = r.sticks.Each(t.Context(), func(string, string) (bool, error) { return true, nil })
	if err != nil && strings.Contains(err.Error(), syscall.EPERM.Error()) {
		t.Skipf("this machine lets nobody mount: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A backup goes to a real file system and comes back the same; while it is written
// nothing on it runs, opens a device or gives rights.
func TestARealStick(t *testing.T) {
	r := loopStick(t, 32, false)
	body := bytes.Repeat([]byte("copia de norte "), 1<<20)
	r.write("data/stick/norte.backup", body)
	if m, _, err := r.do(Put, PutAsked{"norte.backup"}); err != nil || m.Size != int64(len(body)) {
		t.Fatalf("%+v, %v", m, err)
	}
	if err := os.Remove(filepath.Join(r.dir, "data/stick/norte.backup")); err != nil {
		t.Fatal(err)
	}
	if m, _, err := r.do(Get, GetAsked{}); err != nil || m.File != "norte.backup" {
		t.Fatalf("%+v, %v", m, err)
	}
	if got, err := os.ReadFile(filepath.Join(r.dir, "data/stick/norte.backup")); err != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
	look := func(_, dir string) error {
		mounts, err := os.ReadFile("/proc/self/mounts")
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(mounts)) {
			if w := strings.Fields(line); len(w) > 3 && w[1] == dir {
				for _, flag := range []string{"nosuid", "nodev", "noexec"} {
					if !strings.Contains(","+w[3]+",", ","+flag+",") {
						t.Errorf("mounted without %s: %s", flag, line)
					}
				}
				return nil
			}
		}
		return errors.New("it is not mounted")
	}
	if err := r.sticks.Write(t.Context(), look, look); err != nil {
		t.Error(err)
	}
}

// What does not fit is refused beforehand, a stick that is full meanwhile is said to be,
// and both keep no half file.
func TestAFullStick(t *testing.T) {
	r := loopStick(t, 16, false)
	r.write("data/stick/big.backup", make([]byte, 40<<20))
	_, _, err := r.do(Put, PutAsked{"big.backup"})
	wants(t, "too large", err, "no caben 42 MB", "42 MB do not fit")
	fill := func(device, dir string) error {
		return onStick(device, dir, func(root *os.Root) error {
			f, err := root.Create("filling")
			if err != nil {
				return err
			}
			_, err = io.Copy(f, io.LimitReader(zeros{}, 64<<20))
			return errors.Join(err, f.Close(), root.Remove("filling"))
		})
	}
	err = r.sticks.Write(t.Context(), fill, func(string, string) error { return nil })
	wants(t, "full", err, "está llena", "is full")
	err = r.sticks.Each(t.Context(), func(_, dir string) (bool, error) {
		all, err := os.ReadDir(dir)
		for _, e := range all {
			if e.Name() != "lost+found" {
				t.Errorf("left on the stick: %s", e.Name())
			}
		}
		return true, err
	})
	if err != nil {
		t.Error(err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// A stick whose switch stands at read-only.
func TestAProtectedStick(t *testing.T) {
	r := loopStick(t, 16, true)
	r.write("data/stick/a.backup", []byte("x"))
	_, _, err := r.do(Put, PutAsked{"a.backup"})
	wants(t, "protected", err, "protegida contra escritura", "write-protected")
}
