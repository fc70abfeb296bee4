package lan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// wires judges states: what a technician meets when he plugs the box in.
func TestWires(t *testing.T) {
	addr := []netip.Prefix{netip.MustParsePrefix("192.168.1.40/24")}
	gw := netip.MustParseAddr("192.168.1.1")
	for name, c := range map[string]struct {
		faces []Interface
		want  string
	}{
		"all is well":            {[]Interface{{Name: "eth0", Link: true, Mbit: 100, Addresses: addr, Gateway: gw}}, "link ok, address ok"},
		"no cable":               {[]Interface{{Name: "eth0", Addresses: addr, Gateway: gw}}, "link bad"},
		"no lease":               {[]Interface{{Name: "eth0", Link: true, Source: ByDHCP}}, "link ok, address bad, gateway doubtful"},
		"no gateway":             {[]Interface{{Name: "eth0", Link: true, Addresses: addr}}, "link ok, address ok, gateway doubtful"},
		"two wires":              {[]Interface{{Name: "eth0", Link: true, Addresses: addr, Gateway: gw}, {Name: "eth1"}}, "link ok, address ok, link bad"},
		"nothing":                {nil, "link bad"},
		"a bridge of somebody's": {[]Interface{{Name: "eth0", Link: true, Addresses: addr, Gateway: gw}, {Name: "docker0"}}, "link ok, address ok"},
	} {
		var got []string
		for _, f := range Wires(State{Interfaces: c.faces}) {
			got = append(got, f.What+" "+string(f.Verdict))
			whole(t, f)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s; want %s", name, s, c.want)
		}
	}
}

// whole holds that a finding speaks both languages, and says what to do when it is bad.
func whole(t *testing.T, f Finding) {
	t.Helper()
	if f.EN == "" || f.ES == "" || f.EN == f.ES || strings.Contains(f.EN+f.ES+f.HintEN+f.HintES, "%!") || (f.HintES == "") != (f.HintEN == "") {
		t.Errorf("%+v is not whole", f)
	}
}

// udp answers datagrams on the loopback by answer; nil is silence.
func udp(t *testing.T, answer func(q []byte) []byte) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 2048)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			if a := answer(buf[:n]); a != nil {
				c.WriteTo(a, from)
			}
		}
	}()
	return c.LocalAddr().String()
}

// refusing is a loopback port at which nobody listens.
func refusing(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// dnsAnswer answers a question with a code and, for 0, one name server.
func dnsAnswer(code byte) func([]byte) []byte {
	return func(q []byte) []byte {
		end := bytes.IndexByte(q[12:], 0) + 12 + 1 + 4
		a := append(slices.Clone(q[:end]), 0, 0, 2, 0, 1, 0, 0, 0, 60, 0, 1, 0) // ". NS ."
		a[2], a[3] = 0x81, 0x80|code
		a[7], a[9], a[11] = 1, 0, 0
		if code != 0 {
			a[7] = 0
			a = a[:end]
		}
		return a
	}
}

func ntpAnswer(stratum byte, ahead time.Duration) func([]byte) []byte {
	return func(q []byte) []byte {
		a := make([]byte, 48)
		a[0], a[1] = 4<<3|4, stratum
		copy(a[24:], q[40:48])
		now := time.Now().Add(ahead)
		binary.BigEndian.PutUint32(a[40:], uint32(now.Unix()-ntpEpoch))
		binary.BigEndian.PutUint32(a[44:], uint32(uint64(now.Nanosecond())<<32/1e9))
		return a
	}
}

func TestTargets(t *testing.T) {
	open, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	sip := udp(t, func(q []byte) []byte {
		if !strings.HasPrefix(string(q), "OPTIONS sip:") || !strings.HasSuffix(string(q), "\r\n\r\n") {
			return []byte("nonsense")
		}
		return []byte("SIP/2.0 404 Not Found\r\n\r\n")
	})
	silent := udp(t, func([]byte) []byte { return nil })
	echo := udp(t, func(q []byte) []byte { return q })
	for _, c := range []struct {
		target Target
		want   Verdict
		en     string
	}{
		{Target{"uplink sede", open.Addr().String(), ByTCP}, Good, "uplink sede " + open.Addr().String() + " answers"},
		{Target{"uplink sede", refusing(t), ByTCP}, Bad, "nobody listens at that port"},
		{Target{"trunk op", sip, BySIP}, Good, "answers"},
		{Target{"trunk op", silent, BySIP}, Doubtful, "does not answer"},
		{Target{"trunk op", echo, BySIP}, Bad, "does not speak SIP"},
		{Target{"trunk op", refusing(t), BySIP}, Bad, "nobody listens"},
		{Target{"time server", udp(t, ntpAnswer(2, time.Hour)), ByNTP}, Good, "differs by 1h0m0"},
		{Target{"time server", udp(t, ntpAnswer(0, 0)), ByNTP}, Bad, "does not know the time itself"},
		{Target{"time server", echo, ByNTP}, Bad, "does not speak NTP"},
		{Target{"time server", silent, ByNTP}, Bad, "does not answer"},
		{Target{"x", silent, "pigeon"}, Bad, "no way \"pigeon\""},
	} {
		p := Prober{}
		if c.target.Addr == silent {
			p.Patience = 50 * time.Millisecond
		}
		f := p.target(t.Context(), c.target)
		whole(t, f)
		if f.Verdict != c.want || !strings.Contains(f.EN, c.en) && !strings.Contains(f.EN, "59m59") {
			t.Errorf("%+v: %s, %q; want %s, %q", c.target, f.Verdict, f.EN, c.want, c.en)
		}
	}
}

func TestBlame(t *testing.T) {
	for want, err := range map[string]error{
		"does not exist":               &net.DNSError{Err: "no such host", IsNotFound: true},
		"cannot be looked up":          &net.DNSError{Err: "server misbehaving"},
		"there is no way to":           &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)},
		"nobody listens at that":       &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)},
		"x: cannot reach a:1: strange": errors.New("strange"),
	} {
		f := Finding{}
		f.blame(Target{What: "x", Addr: "a:1"}, err, Bad)
		if f.Verdict != Bad || !strings.Contains(f.EN, want) {
			t.Errorf("%v: %q; want %q", err, f.EN, want)
		}
	}
}

func TestResolver(t *testing.T) {
	for _, c := range []struct {
		answer func([]byte) []byte
		want   Verdict
	}{{dnsAnswer(0), Good}, {dnsAnswer(3), Good}, {dnsAnswer(2), Doubtful}, {func([]byte) []byte { return nil }, Bad}} {
		a := netip.MustParseAddrPort(udp(t, c.answer))
		p := Prober{DNSPort: a.String()[len("127.0.0.1:"):]}
		if c.want == Bad {
			p.Patience = 50 * time.Millisecond
		}
		f := p.resolver(t.Context(), a.Addr())
		whole(t, f)
		if f.Verdict != c.want {
			t.Errorf("%s, %q; want %s", f.Verdict, f.EN, c.want)
		}
	}
}

func TestGateway(t *testing.T) {
	gw := netip.MustParseAddr("127.0.0.1")
	looks := 0
	for _, c := range []struct {
		look func(netip.Addr) (bool, bool, error)
		want Verdict
	}{
		{func(netip.Addr) (bool, bool, error) { looks++; return true, looks > 2, nil }, Good},
		{func(netip.Addr) (bool, bool, error) { return true, false, nil }, Bad},
		{func(netip.Addr) (bool, bool, error) { return false, false, nil }, Doubtful},
		{func(netip.Addr) (bool, bool, error) { return false, false, errors.New("no netlink") }, Doubtful},
	} {
		f := Prober{Neighbour: c.look, Patience: 300 * time.Millisecond}.gateway(t.Context(), gw)
		whole(t, f)
		if f.Verdict != c.want {
			t.Errorf("%s, %q; want %s", f.Verdict, f.EN, c.want)
		}
	}
	if looks != 3 {
		t.Errorf("%d looks", looks)
	}
}

func TestResolvers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resolv.conf")
	text := "# a comment\nsearch lan\nnameserver 192.168.1.1\nnameserver\nnameserver nonsense\nnameserver 2620:fe::fe\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []netip.Addr{netip.MustParseAddr("192.168.1.1"), netip.MustParseAddr("2620:fe::fe")}
	if got := Resolvers(path); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := Resolvers(path + "no"); got != nil {
		t.Errorf("no file: %v", got)
	}
}

func FuzzNTP(f *testing.F) {
	f.Add(ntpAnswer(2, 0)(make([]byte, 48)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		at, err := ntpTime(raw, [8]byte{})
		if err == nil && (at.Year() < 1968 || at.Year() > 2104) {
			t.Errorf("%x: %v", raw, at)
		}
	})
}
