//go:build linux

package chores

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLease(t *testing.T) {
	for line, want := range map[string]string{
		aLease: "bound 10.9.0.100/24 10.9.0.1 [10.9.0.1 9.9.9.9] 10.9.0.1 10m0s",
		"lease: renew ip=10.9.0.100 mask=24 router=192.168.7.1 lease=-1":           "renew 10.9.0.100/24 invalid IP [] invalid IP 0s",
		"lease: bound ip=10.9.0.100 mask=24 router=10.9.0.100 dns=x,::1%e,1.1.1.1": "bound 10.9.0.100/24 invalid IP [1.1.1.1] invalid IP 0s",
		"lease: bound ip=10.9.0.100 mask=24 dns=1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4":   "bound 10.9.0.100/24 invalid IP [1.1.1.1 1.1.1.2 1.1.1.3] invalid IP 0s",
		"lease: deconfig":                               "deconfig",
		"lease: leasefail ip=1.2.3.4":                   "leasefail",
		"lease: nak":                                    "nak",
		"lease: bound":                                  "",
		"lease: bound ip=10.9.0.100":                    "",
		"lease: bound ip=10.9.0.100 mask=33":            "",
		"lease: bound ip=127.0.0.1 mask=8":              "",
		"lease: bound ip=fd00::1 mask=64":               "",
		"lease: rm -rf":                                 "",
		"udhcpc: sending discover":                      "",
		"lease: bound " + strings.Repeat("x", maxLease): "",
	} {
		what, l, ok := parseLease(line)
		got := what
		if l.Address.IsValid() {
			got = strings.Join([]string{what, l.Address.String(), l.Gateway.String(), strings.ReplaceAll(sprint(l.DNS), ",", ""), l.Server.String(), l.For.String()}, " ")
		}
		if got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v; want %q", line, got, ok, want)
		}
	}
}

// What the script prints is what the keeper reads, whatever a server sends.
func TestLeaseScript(t *testing.T) {
	env := map[string]string{leaseEnv: "1", "ip": "10.9.0.100", "mask": "24", "router": "10.9.0.1 10.9.0.2", "dns": "10.9.0.1 9.9.9.9", "serverid": "10.9.0.1",
		"lease": "600", "domain": "evil\nlease: bound ip=6.6.6.6 mask=8", "hostname": "x"}
	var out strings.Builder
	is, err := LeaseScript([]string{"bound"}, func(k string) string { return env[k] }, &out)
	if !is || err != nil || strings.Count(out.String(), "\n") != 1 {
		t.Fatalf("%v, %v, %q", is, err, out.String())
	}
	what, l, ok := parseLease(strings.TrimSuffix(out.String(), "\n"))
	if !ok || what != "bound" || l.Address.String() != "10.9.0.100/24" || l.Gateway.String() != "10.9.0.1" || len(l.DNS) != 2 || l.For != 10*time.Minute {
		t.Errorf("%s, %+v, %v", what, l, ok)
	}
	for _, c := range []struct {
		args []string
		env  string
	}{{[]string{"bound"}, ""}, {[]string{"run", "--data"}, "1"}, {nil, "1"}} {
		if is, _ := LeaseScript(c.args, func(string) string { return c.env }, &out); is {
			t.Errorf("%v counts as a script", c)
		}
	}
}

func FuzzLease(f *testing.F) {
	f.Add(strings.TrimPrefix(aLease, leaseMark))
	f.Add("renew ip=0.0.0.0 mask=0 lease=99999999999")
	f.Fuzz(func(t *testing.T, line string) {
		what, l, ok := parseLease(leaseMark + line)
		if !ok && (what != "" || l.Address.IsValid()) {
			t.Errorf("%q: %q, %+v beside nothing", line, what, l)
		}
		if l.Gateway.IsValid() && !l.Address.Contains(l.Gateway) || len(l.DNS) > 3 || l.For < 0 {
			t.Errorf("%q: %+v", line, l)
		}
	})
}

func TestUdhcpc(t *testing.T) {
	for path, want := range map[string]string{"/bin/busybox": "/bin/busybox udhcpc", "/sbin/udhcpc": "/sbin/udhcpc"} {
		got, err := udhcpc(path)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v", path, got, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := udhcpc(""); err == nil {
		t.Error("nothing was found where nothing is")
	}
}

// A program that forgets to be the script of the udhcpc that it started ends there.
func TestNoClientWithinAScript(t *testing.T) {
	t.Setenv(leaseEnv, "1")
	marker := filepath.Join(t.TempDir(), "udhcpc")
	if err := os.WriteFile(marker, []byte("#!/bin/sh\ntouch $0.ran\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Second)
	defer stop()
	err := realDHCP(Config{DHCP: marker, Program: "/bin/true", Log: slog.New(slog.DiscardHandler)})(ctx, "eth9", func(string, lease) {})
	if _, ran := os.Stat(marker + ".ran"); err == nil || ran == nil {
		t.Errorf("%v, started: %v", err, ran == nil)
	}
}
