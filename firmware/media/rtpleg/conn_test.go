package rtpleg

import (
	"net"
	"net/netip"
	"testing"
)

// dual is a socket that takes both families, as one bound to [::] does: IPv4
// comes in the clothes of IPv6.
type dual struct {
	net.PacketConn
	from netip.AddrPort
}

func (d dual) ReadFromUDPAddrPort([]byte) (int, netip.AddrPort, error)    { return 1, d.from, nil }
func (d dual) WriteToUDPAddrPort(b []byte, _ netip.AddrPort) (int, error) { return len(b), nil }

// plain is a socket that knows only net.Addr.
type plain struct {
	net.PacketConn
	from net.Addr
	to   []net.Addr
}

func (p *plain) ReadFrom([]byte) (int, net.Addr, error) { return 1, p.from, nil }
func (p *plain) WriteTo(b []byte, to net.Addr) (int, error) {
	p.to = append(p.to, to)
	return len(b), nil
}

func TestAddressesAreTheSameHoweverTheSocketWritesThem(t *testing.T) {
	want := netip.MustParseAddrPort("192.0.2.7:4000")
	mapped := netip.MustParseAddrPort("[::ffff:192.0.2.7]:4000")
	for _, c := range []net.PacketConn{dual{from: mapped}, &plain{from: net.UDPAddrFromAddrPort(mapped)}} {
		if _, from, err := newSocket(c).receive(nil); err != nil || from != want {
			t.Errorf("%T: from %v, %v", c, from, err)
		}
	}
	if _, from, err := newSocket(&plain{from: &net.UnixAddr{Name: "x"}}).receive(nil); err != nil || from.IsValid() {
		t.Errorf("an address that is none: %v, %v", from, err)
	}
	p := &plain{}
	s := newSocket(p)
	for _, to := range []string{"192.0.2.7:4000", "192.0.2.7:4000", "192.0.2.8:4000"} {
		if err := s.send([]byte{1}, netip.MustParseAddrPort(to)); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.to) != 3 || p.to[0] != p.to[1] || p.to[2].String() != "192.0.2.8:4000" {
		t.Errorf("sent to %v", p.to)
	}
}
