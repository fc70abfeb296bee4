//go:build linux

package chores

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// leaseEnv in the environment makes this program the script of udhcpc, which starts
// it with one word and the lease in the environment. So no shell is needed, and no
// file that may be run.
const leaseEnv = "CENTRALITA_LEASE"

// leaseMark begins the line that the script prints, among udhcpc's own.
const leaseMark = "lease: "

// lease is what a DHCP server gave.
type lease struct {
	Address netip.Prefix
	Gateway netip.Addr
	DNS     []netip.Addr
	Server  netip.Addr
	For     time.Duration
}

// leaseKeys are what of udhcpc's environment is passed on.
var leaseKeys = []string{"ip", "mask", "router", "dns", "serverid", "lease"}

// LeaseScript does the work of udhcpc's script and reports whether this process is
// one: it prints the lease as one line for the keeper that started udhcpc.
func LeaseScript(args []string, getenv func(string) string, out io.Writer) (isOne bool, err error) {
	if getenv(leaseEnv) == "" || len(args) != 1 {
		return false, nil
	}
	line := leaseMark + args[0]
	for _, k := range leaseKeys {
		if v := getenv(k); v != "" {
			line += " " + k + "=" + strings.Join(strings.Fields(v), ",")
		}
	}
	_, err = fmt.Fprintln(out, line)
	return true, err
}

// maxLease bounds a lease's line.
const maxLease = 1024

// parseLease reads a line of LeaseScript: what happened, and for "bound" and "renew"
// the lease. What a server gives that cannot be is left out, or refused when it is
// the address.
func parseLease(line string) (what string, l lease, ok bool) {
	line, ours := strings.CutPrefix(line, leaseMark)
	if !ours || len(line) > maxLease {
		return "", l, false
	}
	what, rest, _ := strings.Cut(line, " ")
	var addr netip.Addr
	bits := 0
	for _, f := range strings.Fields(rest) {
		k, v, _ := strings.Cut(f, "=")
		first, _, _ := strings.Cut(v, ",")
		switch k {
		case "ip":
			addr, _ = netip.ParseAddr(v)
		case "mask":
			bits, _ = strconv.Atoi(v)
		case "router":
			l.Gateway, _ = netip.ParseAddr(first)
		case "serverid":
			l.Server, _ = netip.ParseAddr(first)
		case "lease":
			if n, err := strconv.ParseUint(v, 10, 31); err == nil && n > 0 {
				l.For = time.Duration(n) * time.Second
			}
		case "dns":
			for _, d := range strings.Split(v, ",") {
				if a, err := netip.ParseAddr(d); err == nil && len(l.DNS) < 3 && !a.IsUnspecified() && a.Zone() == "" {
					l.DNS = append(l.DNS, a)
				}
			}
		}
	}
	switch what {
	case "bound", "renew":
		if !addr.Is4() || addr.IsLoopback() || addr.IsMulticast() || addr.IsUnspecified() || bits < 1 || bits > 32 {
			return "", lease{}, false
		}
		l.Address = netip.PrefixFrom(addr, bits)
		if !l.Address.Contains(l.Gateway) || l.Gateway == addr {
			l.Gateway = netip.Addr{}
		}
		return what, l, true
	case "deconfig", "leasefail", "nak":
		return what, lease{}, true
	}
	return "", lease{}, false
}

// dhcp asks for leases on an interface until ctx ends, telling what happens.
type dhcp func(ctx context.Context, face string, told func(what string, l lease)) error

// retry is how long a dead udhcpc is left before another is started.
const retry = 5 * time.Second

// realDHCP asks by busybox's udhcpc.
func realDHCP(cfg Config) dhcp {
	return func(ctx context.Context, face string, told func(string, lease)) error {
		if os.Getenv(leaseEnv) != "" { // udhcpc started us: one that starts another would fill the machine
			return errors.New("cannot ask for an address: this program runs as the script of udhcpc; its main begins by LeaseScript")
		}
		args, err := udhcpc(cfg.DHCP)
		if err != nil {
			return err
		}
		for ctx.Err() == nil {
			if err := ask(ctx, args, cfg.Program, face, told); err != nil && ctx.Err() == nil {
				cfg.Log.Warn("udhcpc ended", "interface", face, "err", err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(retry):
			}
		}
		return nil
	}
}

// udhcpc is how it is started: under its own name, or as busybox's.
func udhcpc(path string) ([]string, error) {
	if path == "" {
		for _, name := range []string{"udhcpc", "busybox"} {
			if p, err := exec.LookPath(name); err == nil {
				path = p
				break
			}
		}
	}
	switch {
	case path == "":
		return nil, errors.New("cannot ask for an address: there is neither udhcpc nor busybox")
	case filepath.Base(path) == "udhcpc":
		return []string{path}, nil
	}
	return []string{path, "udhcpc"}, nil
}

// ask runs one udhcpc to its end, or to ctx's; the lease is not given back then.
func ask(ctx context.Context, args []string, program, face string, told func(string, lease)) error {
	args = append(args[:len(args):len(args)], "-f", "-i", face, "-s", program, "-t", "4", "-T", "2", "-A", "8")
	if name, err := os.Hostname(); err == nil {
		args = append(args, "-x", "hostname:"+name)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = []string{leaseEnv + "=1", "PATH=/bin:/sbin:/usr/bin:/usr/sbin"}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 3 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("cannot start udhcpc: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start udhcpc: %w", err)
	}
	begun := false
	for s := bufio.NewScanner(out); s.Scan(); {
		what, l, ok := parseLease(s.Text())
		if ok && (what != "deconfig" || begun) { // it begins by one, and calls may go on over the old address
			told(what, l)
		}
		begun = begun || ok
	}
	return cmd.Wait()
}
