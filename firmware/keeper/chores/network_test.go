//go:build linux

package chores

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/keeper"
	"github.com/centralita/centralita/firmware/lan"
	"github.com/centralita/centralita/firmware/tel"
)

// machine is a kernel and its DHCP servers, played.
type machine struct {
	mu     sync.Mutex
	links  map[string]bool
	has    map[string]string // what each interface has
	leases map[string]string // lease lines by interface; none: nobody answers
	asked  int               // clients that began
	fail   error
}

func (m *machine) Faces() (map[string]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.links), nil
}

func (m *machine) Up(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.has[name] = "up"
	return m.fail
}

func (m *machine) Set(name string, a netip.Prefix, gw netip.Addr) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.has[name] = fmt.Sprintf("%s over %s", a, gw)
	return m.fail
}

func (m *machine) dhcp(ctx context.Context, name string, told func(string, lease)) error {
	m.mu.Lock()
	m.asked++
	line := m.leases[name]
	m.mu.Unlock()
	if line == "" {
		line = "lease: leasefail"
	}
	what, l, ok := parseLease(line)
	if !ok {
		return fmt.Errorf("%q is no lease", line)
	}
	told(what, l)
	<-ctx.Done()
	return nil
}

func (m *machine) of(name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.has[name]
}

const aLease = "lease: bound ip=10.9.0.100 mask=24 router=10.9.0.1 dns=10.9.0.1,9.9.9.9 serverid=10.9.0.1 lease=600"

// live is a network in virtual time.
type live struct {
	*machine
	n    *network
	file string
	stop func()
}

// begin runs a network over m, with what is wanted in the folder dir.
func begin(t *testing.T, m *machine, dir string) live {
	t.Helper()
	n := newNetwork(filepath.Join(dir, lan.FileName), filepath.Join(dir, "resolv.conf"), m, m.dhcp, slog.New(slog.DiscardHandler))
	n.read = func(string) (lan.State, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		var s lan.State
		for _, name := range slices.Sorted(maps.Keys(m.links)) {
			s.Interfaces = append(s.Interfaces, lan.Interface{Name: name, Link: m.links[name]})
		}
		return s, nil
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { n.run(ctx); close(ended) }()
	synctest.Wait()
	return live{m, n, filepath.Join(dir, lan.FileName), func() { stop(); <-ended }}
}

// do asks a handler, and returns the error's English.
func (l live) do(h keeper.Handler, params any) string {
	raw, err := json.Marshal(params)
	if err != nil {
		return err.Error()
	}
	_, err = h(context.Background(), raw, func(any) {})
	synctest.Wait()
	if both, ok := errors.AsType[lan.Refusal](err); ok {
		return both.In(tel.English)
	}
	return fmt.Sprint(err)
}

func asked(words string) NetAsked {
	f, within, err := lan.ParseWords(strings.Fields(words))
	if err != nil {
		panic(err)
	}
	return NetAsked{f, within}
}

func newMachine(names ...string) *machine {
	m := &machine{links: map[string]bool{}, has: map[string]string{}, leases: map[string]string{}}
	for _, n := range names {
		m.links[n] = true
	}
	return m
}

func TestFirstStartAsksByDHCP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine("eth0", "eth1", "docker0")
		m.leases["eth0"] = aLease
		l := begin(t, m, t.TempDir())
		defer l.stop()
		if got := m.of("eth0"); got != "10.9.0.100/24 over 10.9.0.1" {
			t.Errorf("eth0: %s", got)
		}
		if m.of("eth1") != "up" || m.of("docker0") != "" {
			t.Errorf("eth1 %q, docker0 %q", m.of("eth1"), m.of("docker0"))
		}
		raw, err := os.ReadFile(l.n.resolv)
		if err != nil || string(raw) != "nameserver 10.9.0.1\nnameserver 9.9.9.9\n" {
			t.Errorf("%q, %v", raw, err)
		}
		s, err := l.n.get(t.Context(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		faces := s.(lan.State).Interfaces
		if f := faces[1]; f.Source != lan.ByDHCP || f.Server.String() != "10.9.0.1" || time.Until(f.Until) != 10*time.Minute || f.Since.IsZero() {
			t.Errorf("eth0: %+v", f)
		}
		if f := faces[2]; f.Trouble != "no DHCP server answers" {
			t.Errorf("eth1: %+v", f)
		}
		if f := faces[0]; f.Source != lan.BySystem {
			t.Errorf("docker0: %+v", f)
		}
	})
}

// An address that nobody confirms goes away, and nothing of it is on the disk.
func TestForgottenAddressComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine("eth0")
		m.leases["eth0"] = aLease
		l := begin(t, m, t.TempDir())
		defer l.stop()
		if err := l.do(l.n.set, asked("eth0 static 10.9.0.40/24 gateway 10.9.0.1 dns 1.1.1.1 for 2m")); err != "<nil>" {
			t.Fatal(err)
		}
		if got := m.of("eth0"); got != "10.9.0.40/24 over 10.9.0.1" {
			t.Errorf("on trial: %s", got)
		}
		wait(2*time.Minute - time.Second)
		if got := m.of("eth0"); got != "10.9.0.40/24 over 10.9.0.1" {
			t.Errorf("before its time: %s", got)
		}
		wait(2 * time.Second)
		if got := m.of("eth0"); got != "10.9.0.100/24 over 10.9.0.1" {
			t.Errorf("after it: %s", got)
		}
		if _, err := os.Stat(l.file); !os.IsNotExist(err) {
			t.Errorf("a file: %v", err)
		}
		if err := l.do(l.n.confirm, nil); err != "no address is on trial" {
			t.Error(err)
		}
	})
}

func TestConfirmedAddressStays(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m := newMachine("eth0")
		l := begin(t, m, dir)
		if err := l.do(l.n.set, asked("eth0 static 10.9.0.40/24 gateway 10.9.0.1 dns 1.1.1.1")); err != "<nil>" {
			t.Fatal(err)
		}
		if err := l.do(l.n.set, asked("eth0 dhcp")); !strings.Contains(err, "is on trial") {
			t.Error(err)
		}
		if err := l.do(l.n.confirm, nil); err != "<nil>" {
			t.Error(err)
		}
		wait(time.Hour)
		if got := m.of("eth0"); got != "10.9.0.40/24 over 10.9.0.1" {
			t.Errorf("after an hour: %s", got)
		}
		l.stop()
		if got := m.of("eth0"); got != "10.9.0.40/24 over 10.9.0.1" {
			t.Errorf("after the keeper's end: %s", got)
		}
		again := newMachine("eth0")
		l = begin(t, again, dir)
		if got := again.of("eth0"); got != "10.9.0.40/24 over 10.9.0.1" || again.asked != 0 {
			t.Errorf("after a restart: %s, %d clients", got, again.asked)
		}
		if err := l.do(l.n.set, asked("eth0 dhcp")); err != "<nil>" {
			t.Error(err)
		}
		if err := l.do(l.n.rollback, nil); err != "<nil>" || again.of("eth0") != "10.9.0.40/24 over 10.9.0.1" {
			t.Errorf("rolled back: %s, %s", err, again.of("eth0"))
		}
		l.stop()
	})
}

// A disk that takes no more keeps the trial going, and says so.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine("eth0")
		l := begin(t, m, t.TempDir())
		defer l.stop()
		l.n.save = func(string, lan.Wanted) error { return errors.New("no space left on device") }
		if err := l.do(l.n.set, asked("eth0 static 10.9.0.40/24")); err != "<nil>" {
			t.Fatal(err)
		}
		if err := l.do(l.n.confirm, nil); !strings.Contains(err, "no space left") {
			t.Error(err)
		}
		wait(lan.UsualTrial)
		if got := m.of("eth0"); got != "up" {
			t.Errorf("in the end %s", got)
		}
	})
}

func TestPlugging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine("eth0")
		l := begin(t, m, t.TempDir())
		defer l.stop()
		link := func(name string, up bool) {
			m.mu.Lock()
			m.links[name] = up
			m.mu.Unlock()
			wait(lookEvery)
		}
		link("usb0", true)
		if m.of("usb0") != "up" || m.asked != 2 {
			t.Errorf("plugged in: %q, %d clients", m.of("usb0"), m.asked)
		}
		link("eth0", false)
		m.leases["eth0"] = aLease
		link("eth0", true)
		if m.of("eth0") != "10.9.0.100/24 over 10.9.0.1" || m.asked != 3 {
			t.Errorf("another network: %q, %d clients", m.of("eth0"), m.asked)
		}
		wait(time.Hour)
		if m.asked != 3 {
			t.Errorf("%d clients in a quiet hour", m.asked)
		}
		m.mu.Lock()
		delete(m.links, "eth0")
		m.mu.Unlock()
		wait(lookEvery)
		if raw, err := os.ReadFile(l.n.resolv); err != nil || len(raw) != 0 {
			t.Errorf("the DNS servers of what is gone: %q, %v", raw, err)
		}
	})
}

func TestNetSetRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := begin(t, newMachine("eth0"), t.TempDir())
		defer l.stop()
		for want, p := range map[string]any{
			`there is no interface "eth7"`: asked("eth7 dhcp"),
			"cannot set the address: json": map[string]any{"iface": "eth0"},
			"a trial takes from 30s":       asked("eth0 dhcp for 1s"),
			"such as 192.168.1.40/24":      NetAsked{Face: lan.Face{Name: "eth0"}},
			"it is no machine's address":   NetAsked{Face: lan.Face{Name: "eth0", Address: netip.MustParsePrefix("127.0.0.9/24")}},
		} {
			if err := l.do(l.n.set, p); !strings.Contains(err, want) {
				t.Errorf("%v: %s; want %q", p, err, want)
			}
		}
	})
}

// A file that cannot be used is no reason to stay without any address.
func TestBrokenFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, lan.FileName), []byte("eth0: {addr"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		m := newMachine("eth0")
		m.leases["eth0"] = aLease
		l := begin(t, m, dir)
		defer l.stop()
		if got := m.of("eth0"); got != "10.9.0.100/24 over 10.9.0.1" {
			t.Errorf("eth0: %s", got)
		}
	})
}

// wait lets virtual time pass.
func wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
