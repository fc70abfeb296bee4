package main

import (
	"net"
	"net/netip"
	"slices"
	"testing"
)

// The list that is kept can be read, state by state.
func TestGoldenPorts(t *testing.T) {
	for state, want := range map[string][]string{"new": nil, "claimed": nil,
		"all doors": {"tcp 2222", "tcp 5060", "tcp 8080", "tcp 8443", "udp 5060"}} {
		got, err := goldenPorts(portList, state)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", state, got, err, want)
		}
	}
	for name, list := range map[string]string{"no such state": "new: nothing", "a line of another shape": "all doors, tcp 1", "a port of no use": "all doors: tcp 1"} {
		if got, err := goldenPorts([]byte(list), "all doors"); err == nil {
			t.Errorf("%s: %q without an error", name, got)
		}
	}
}

// The scan finds the ports that are open, by both protocols, and no other.
func TestScanFindsWhatListens(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	here := netip.MustParseAddr("127.0.0.1")
	port := tcp.Addr().(*net.TCPAddr).Port
	if taken, refused := connect(t.Context(), netip.AddrPortFrom(here, uint16(port))); !taken || refused {
		t.Errorf("a port that listens: taken %v, refused %v", taken, refused)
	}
	port = udp.LocalAddr().(*net.UDPAddr).Port
	if closed, err := refuses(here, netip.AddrPortFrom(here, uint16(port))); closed || err != nil {
		t.Errorf("a UDP port that listens: closed %v, %v", closed, err)
	}
	if err := udp.Close(); err != nil {
		t.Fatal(err)
	}
	if closed, err := refuses(here, netip.AddrPortFrom(here, uint16(port))); !closed || err != nil {
		t.Errorf("a UDP port that was closed: closed %v, %v", closed, err)
	}
	if err := tcp.Close(); err != nil {
		t.Fatal(err)
	}
	if taken, refused := connect(t.Context(), netip.AddrPortFrom(here, uint16(tcp.Addr().(*net.TCPAddr).Port))); taken || !refused {
		t.Errorf("a port that was closed: taken %v, refused %v", taken, refused)
	}
}
