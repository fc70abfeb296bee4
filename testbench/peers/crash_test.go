package peers

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Fifty calls are up when the program is killed: after the next start each has
// its record, closed with cause and last known time, and the chain is whole.
func TestKillWithFiftyCallsUp(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	ctx, cancel := context.WithCancel(t.Context())
	path, err := filepath.Abs("testdata/caller-waits.xml")
	if err != nil {
		t.Fatal(err)
	}
	sipp := exec.CommandContext(ctx, "sipp", "-sf", path, "-nostdin", d.SIP, "-i", "127.0.0.2", "-p", fmt.Sprint(freePort(t)),
		"-m", "50", "-l", "50", "-r", "50", "-mp", fmt.Sprint(freePort(t)&^1))
	sipp.Dir = t.TempDir()
	sipp.Env = append(os.Environ(), "TERM=dumb")
	if err := sipp.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = sipp.Wait() // it was killed
	})
	Until(t, "fifty calls are up", 30*time.Second, func() bool {
		up := 0
		for _, r := range d.Calls() {
			if r.Answered != nil && r.Ended == nil {
				up++
			}
		}
		return up == 50
	})
	d.Kill()
	killed := time.Now()
	d.Start()
	all := d.Calls()
	if len(all) != 50 {
		t.Errorf("%d records, want 50", len(all))
	}
	for _, r := range all {
		if r.Ended == nil || r.Cause != "power lost" || r.EndedBy != "system" || r.Evidence == "" {
			t.Fatalf("record %+v", r)
		}
		ended, err := time.Parse(time.RFC3339, *r.Ended)
		if err != nil || killed.Sub(ended) > 3*time.Second || ended.After(killed) {
			t.Fatalf("killed at %s, ended %s (%v)", killed, *r.Ended, err)
		}
	}
	d.Verify()
}

// A second daemon on the same folder refuses, and the first is unhurt.
func TestSecondDaemonRefuses(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	out, err := exec.Command(bin, "run", "--config", d.config, "--data", d.Dir, "--sip", "127.0.0.1:0", "--web", "127.0.0.1:0").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another centralita") {
		t.Errorf("the second daemon: %v, %s", err, out)
	}
	if out, code := d.Run("status"); code != 0 {
		t.Errorf("the first daemon afterwards: exit %d, %s", code, out)
	}
}

// refused runs the program until it gives up and returns what it said.
func refused(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, bin, args...).CombinedOutput()
	if err == nil || ctx.Err() != nil {
		t.Errorf("%v did not refuse: %v, %s", args, err, out)
	}
	return string(out)
}

// What stands in the way of a start is said plainly.
func TestStartIsRefusedPlainly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := filepath.Join(dir, "office.yaml")
	if err := os.WriteFile(good, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }() // it has served
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(dir, "bad.yaml")
	if err := os.WriteFile(bad, []byte(strings.Replace(document, "queue: ventas, next: operador", "queue: nobody, next: operador", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"port in use":       {[]string{"run", "--config", good, "--data", filepath.Join(dir, "a"), "--sip", taken.LocalAddr().String(), "--web", "127.0.0.1:0"}, "address already in use"},
		"not an address":    {[]string{"run", "--config", good, "--data", filepath.Join(dir, "b"), "--sip", "office", "--web", "127.0.0.1:0"}, "HOST:PORT"},
		"data is a file":    {[]string{"run", "--config", good, "--data", file, "--sip", "127.0.0.1:0", "--web", "127.0.0.1:0"}, "not a directory"},
		"data is read-only": {[]string{"run", "--config", good, "--data", "/proc/centralita", "--sip", "127.0.0.1:0", "--web", "127.0.0.1:0"}, "cannot make the data folder"},
		"broken document":   {[]string{"run", "--config", bad, "--data", filepath.Join(dir, "c")}, `bad.yaml:33:`},
		"no document":       {[]string{"run", "--config", filepath.Join(dir, "none"), "--data", filepath.Join(dir, "d")}, "none"},
		"no such command":   {[]string{"dance", "--data", dir}, "dance"},
		"nobody answers":    {[]string{"status", "--data", dir}, "no centralita"},
	} {
		if out := refused(t, c.args...); !strings.Contains(out, c.want) {
			t.Errorf("%s: it said %q, want %q in it", name, out, c.want)
		}
	}
}

// A full disk loses nothing: what could not be written is written when there is
// room again, and the daemon says so meanwhile.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	mnt := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", mnt).CombinedOutput(); err != nil {
		t.Skipf("a full disk needs a tmpfs of its own, which only root can mount: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", mnt).CombinedOutput(); err != nil {
			t.Errorf("cannot unmount %s: %v %s", mnt, err, out)
		}
	})
	d := newDaemonIn(t, bin, document, mnt)
	fill := filepath.Join(mnt, "fill")
	block := make([]byte, 4096)
	f, err := os.Create(fill)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(block)
	}
	if err := f.Close(); err != nil {
		t.Log(err) // the disk is full
	}
	for i := range 200 {
		if out, code := d.RunTalk("agent", []string{"login", "logout"}[i%2], "bruno", []string{"202", ""}[i%2]); code != 0 {
			t.Fatalf("order %d: exit %d %s", i, code, out)
		}
	}
	Until(t, "the daemon says that the book cannot be written", 10*time.Second, func() bool {
		out, _ := d.Run("status", "--json")
		return strings.Contains(out, `"book"`) && strings.Contains(out, "cannot")
	})
	if err := os.Remove(fill); err != nil {
		t.Fatal(err)
	}
	Until(t, "everything is in the book", 15*time.Second, func() bool {
		out, code := d.Run("book", "tail", "2000", "--json")
		return code == 0 && strings.Count(out, `"bruno"`) >= 300 // a login is two facts, a logout one
	})
	d.Verify()
}
