package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/centralita/centralita/firmware/keeper"
)

// apartEnv tells a test that it runs in a process of its own, and as what.
const apartEnv = "APP_TEST_APART"

// apart runs the calling test again in a process of its own; that one comes back with
// true.
func apart(t *testing.T, attr syscall.SysProcAttr) bool {
	t.Helper()
	if os.Getenv(apartEnv) == t.Name() {
		return true
	}
	if os.Geteuid() != 0 {
		t.Skip("another user and another network need root: sudo go test ./firmware/app")
	}
	dir, err := os.MkdirTemp("", "app") // the test's own folder is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program := filepath.Join(dir, "test")
	raw, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		syscall.ForkLock.RLock() // what is forked while it is written would keep it open, and it could not be started
		err = os.WriteFile(program, raw, 0o755)
		syscall.ForkLock.RUnlock()
	}
	if err == nil {
		err = os.Chmod(dir, 0o777)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=60s")
	cmd.Dir = dir
	cmd.Env = []string{apartEnv + "=" + t.Name(), "TMPDIR=" + dir, "PATH=" + os.Getenv("PATH")}
	attr.Pdeathsig = syscall.SIGKILL
	cmd.SysProcAttr = &attr
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("%v:\n%s", err, out)
	}
	return false
}

// The program needs no privilege: as another user, without any capability and without
// the way to one, it becomes ready and answers.
func TestRunsWithoutPrivilege(t *testing.T) {
	if !apart(t, syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 4321, Gid: 4321}}) {
		return
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range []string{"CapInh:", "CapPrm:", "CapEff:", "CapAmb:"} {
		if !strings.Contains(string(status), set+"\t0000000000000000") {
			t.Errorf("%s is not empty", set)
		}
	}
	d := newDesk(t)
	if out, code := d.ask("status"); code != 0 {
		t.Errorf("%d, %s", code, out)
	}
	if out, _ := d.ask("net show"); !strings.Contains(out, "DNS") {
		t.Errorf("%s", out)
	}
}

// The program and a keeper together: an address is set, confirmed, kept and forgotten,
// in a network of their own.
func TestProgramAndKeeper(t *testing.T) {
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("there is no ip: apt-get install iproute2")
	}
	if !apart(t, syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}) {
		return
	}
	for _, line := range []string{"link set lo up", "link add eth0 type veth peer name far0", "link set far0 up"} {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v\n%s", line, err, out)
		}
	}
	dir := t.TempDir()
	k := keeperCmd{Socket: filepath.Join(dir, "k.sock"), User: fmt.Sprint(os.Geteuid()), Data: filepath.Join(dir, "keeper"), Resolv: filepath.Join(dir, "resolv.conf")}
	if err := os.Mkdir(k.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- k.serve(ctx, slog.New(slog.NewTextHandler(io.Discard, nil))) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	c := keeper.Dial(k.Socket)
	for tick, limit := time.Tick(10*time.Millisecond), time.After(20*time.Second); !c.Present(); {
		select {
		case <-tick:
		case <-limit:
			t.Fatal("no keeper")
		}
	}
	d := newDeskWith(t, k.Socket)
	for _, s := range []struct{ line, want string }{
		{"net set eth7 dhcp", `there is no interface "eth7"; there are eth0, far0`},
		{"net set eth0 static 10.9.0.40/24 gateway 10.9.0.1 dns 10.9.0.1", "ON TRIAL: eth0 static 10.9.0.40/24 gateway 10.9.0.1 dns 10.9.0.1"},
		{"net show", "10.9.0.40/24, gateway 10.9.0.1; static since"},
		{"net rollback", "no address"},
		{"net confirm", "no address is on trial"},
		{"net set eth0 static 10.9.0.41/24", "ON TRIAL"},
		{"net confirm", "10.9.0.41/24; static since"},
		{"net test", "there is no gateway"},
		{"reboot", "There are 0 calls"},
	} {
		out, _ := d.ask(s.line)
		if !strings.Contains(strings.Join(strings.Fields(out), " "), s.want) {
			t.Errorf("%s: %s\nwant %s", s.line, out, s.want)
		}
	}
	if raw, err := os.ReadFile(filepath.Join(k.Data, "net.yaml")); err != nil || !strings.Contains(string(raw), "address: 10.9.0.41/24") {
		t.Errorf("%s, %v", raw, err)
	}
	limit := time.After(30 * time.Second)
	for tick := time.Tick(50 * time.Millisecond); ; { // the book is written in groups
		out, _ := d.ask("book tail 20")
		if strings.Contains(out, "eth0 · rolled back") && strings.Contains(out, "eth0 · confirmed") {
			break
		}
		select {
		case <-tick:
		case <-limit:
			t.Fatalf("the book does not tell of it:\n%s", out)
		}
	}
}
