//go:build linux

package chores

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

	"github.com/centralita/centralita/firmware/lan"
)

const insideEnv = "CHORES_TEST_INSIDE"

func sprint(v any) string { return fmt.Sprint(v) }

// TestMain lets the test's own program be udhcpc's script.
func TestMain(m *testing.M) {
	if is, err := LeaseScript(os.Args[1:], os.Getenv, os.Stdout); is {
		if err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestNetworkInTheKernel gives a real interface its address by DHCP from a real
// server, and by hand, in a network namespace of its own.
func TestNetworkInTheKernel(t *testing.T) {
	if os.Getenv(insideEnv) != "" {
		inside(t)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root: sudo go test ./firmware/keeper/chores")
	}
	for _, tool := range []string{"ip", "busybox", "nsenter"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("there is no %s: apt-get install iproute2 busybox-static util-linux udhcpd", tool)
		}
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestNetworkInTheKernel$", "-test.v")
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestNetworkInTheKernel")) {
		t.Errorf("%v:\n%s", err, out)
	}
}

// must runs a command line.
func must(t *testing.T, line string) {
	t.Helper()
	w := strings.Fields(line)
	if out, err := exec.Command(w[0], w[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

// office makes a network with a router at 10.9.0.1 that gives addresses, at the other
// end of eth0, and returns the prefix of commands that run there.
func office(t *testing.T) string {
	t.Helper()
	there := exec.Command("busybox", "sleep", "600")
	there.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := there.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { there.Process.Kill(); there.Wait() })
	enter := fmt.Sprintf("nsenter -t %d -n ", there.Process.Pid)
	must(t, "ip link set lo up")
	must(t, "ip link add eth0 type veth peer name srv0")
	must(t, fmt.Sprintf("ip link set srv0 netns %d", there.Process.Pid))
	must(t, enter+"ip addr add 10.9.0.1/24 dev srv0")
	must(t, enter+"ip link set srv0 up")
	dir := t.TempDir()
	conf := "start 10.9.0.100\nend 10.9.0.110\ninterface srv0\nlease_file " + dir + "/leases\npidfile " + dir + "/pid\n" +
		"option subnet 255.255.255.0\noption router 10.9.0.1\noption dns 10.9.0.1\noption lease 600\n"
	if err := os.WriteFile(dir+"/leases", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/conf", []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	w := strings.Fields(enter + "busybox udhcpd -f " + dir + "/conf")
	server := exec.Command(w[0], w[1:]...)
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	return enter
}

func inside(t *testing.T) {
	enter := office(t)
	dir := t.TempDir()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	open := func() (*network, func()) {
		n := newNetwork(filepath.Join(dir, lan.FileName), filepath.Join(dir, "resolv.conf"), lan.Kernel{},
			realDHCP(Config{Program: program, Log: log}), log)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { n.run(ctx); close(ended) }()
		return n, func() { stop(); <-ended }
	}
	n, stop := open()
	until := func(what string, ok func(s lan.State, f lan.Interface) bool) {
		t.Helper()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		limit := time.After(30 * time.Second)
		for {
			v, err := n.get(t.Context(), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			s := v.(lan.State)
			for _, f := range s.Interfaces {
				if f.Name == "eth0" && ok(s, f) {
					return
				}
			}
			select {
			case <-tick.C:
			case <-limit:
				t.Fatalf("%s does not come: %+v", what, s)
			}
		}
	}
	ask := func(h func(context.Context, []byte) error, line string) {
		t.Helper()
		if err := h(t.Context(), []byte(line)); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	set := func(ctx context.Context, p []byte) error { _, err := n.set(ctx, p, nil); return err }
	confirm := func(ctx context.Context, p []byte) error { _, err := n.confirm(ctx, p, nil); return err }
	rollback := func(ctx context.Context, p []byte) error { _, err := n.rollback(ctx, p, nil); return err }

	leased := func(s lan.State, f lan.Interface) bool {
		return f.Link && len(f.Addresses) == 1 && strings.HasPrefix(f.Addresses[0].String(), "10.9.0.10") && f.Gateway.String() == "10.9.0.1" &&
			f.Source == lan.ByDHCP && f.Server.String() == "10.9.0.1" && len(s.DNS) == 1 && s.DNS[0].String() == "10.9.0.1" && time.Until(f.Until) > 8*time.Minute
	}
	fixed := func(s lan.State, f lan.Interface) bool {
		return len(f.Addresses) == 1 && f.Addresses[0].String() == "10.9.0.40/24" && f.Gateway.String() == "10.9.0.1" && f.Source == lan.ByHand
	}
	until("the lease", leased)
	ask(set, `{"face":{"name":"eth0","address":"10.9.0.40/24","gateway":"10.9.0.1"}}`)
	until("the fixed address", fixed)
	ask(rollback, "")
	until("the lease again", leased)
	ask(set, `{"face":{"name":"eth0","address":"10.9.0.40/24","gateway":"10.9.0.1","dns":["10.9.0.1"]}}`)
	ask(confirm, "")
	stop()
	must(t, "ip addr flush dev eth0")
	n, stop = open()
	defer func() { stop() }()
	until("the confirmed address after a restart", fixed)

	gateway := func() (verdict lan.Verdict) {
		v, err := n.get(t.Context(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		lan.Prober{}.Test(t.Context(), v.(lan.State), nil, func(f lan.Finding) {
			if f.What == "gateway" {
				verdict = f.Verdict
			}
		})
		return verdict
	}
	if v := gateway(); v != lan.Good {
		t.Errorf("the gateway that is there: %s", v)
	}
	ask(set, `{"face":{"name":"eth0","address":"10.9.0.40/24","gateway":"10.9.0.77"}}`)
	if v := gateway(); v != lan.Bad {
		t.Errorf("the gateway that is not there: %s", v)
	}
	ask(rollback, "")
	must(t, enter+"ip link set srv0 down")
	until("the pulled cable", func(_ lan.State, f lan.Interface) bool { return !f.Link })
}
