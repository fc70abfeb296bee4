package keeper

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

const strangerEnv = "KEEPER_TEST_STRANGER"

// TestMain lets the test's own program play somebody else.
func TestMain(m *testing.M) {
	if path := os.Getenv(strangerEnv); path != "" {
		err := Dial(path).Do(context.Background(), "nothing", nil, nil, nil)
		if err == nil {
			os.Exit(0)
		}
		os.Stdout.WriteString(err.Error())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A user who is neither the program's nor root is refused, though the file would let him.
func TestStranger(t *testing.T) {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("only root of a Linux can be somebody else: sudo go test ./firmware/keeper")
	}
	dir, err := os.MkdirTemp("", "keeper") // the test's own folder is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program := filepath.Join(dir, "test")
	raw, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(program, raw, 0o755)
	}
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	const owner, stranger = 1234, 4321
	path := filepath.Join(dir, "keeper.sock")
	l, err := Listen(path, owner)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Sys().(*syscall.Stat_t).Uid != owner {
		t.Errorf("the socket: %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, testHandlers) }()
	for uid, want := range map[uint32]string{owner: "", 0: "", stranger: "user 4321 may not ask the keeper"} {
		cmd := exec.Command(program)
		cmd.Env = []string{strangerEnv + "=" + path}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, err := cmd.Output()
		if string(out) != want || (err == nil) != (want == "") {
			t.Errorf("user %d: %q, %v; want %q", uid, out, err, want)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestListenReplacesOnlyADeadSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keeper.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	l, err := Listen(path, os.Geteuid())
	if err != nil {
		t.Fatalf("over a dead one: %v", err)
	}
	if _, err := Listen(path, os.Geteuid()); err == nil || !strings.Contains(err.Error(), "another keeper") {
		t.Errorf("over a live one: %v", err)
	}
	l.Close()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path, os.Geteuid()); err == nil || !strings.Contains(err.Error(), "something else") {
		t.Errorf("over a file: %v", err)
	}
}
