package rtpleg

import (
	"net"
	"net/netip"
)

// socket sends and receives datagrams without allocating where the connection
// can (UDP), and through net.Addr where it cannot (in memory).
type socket struct {
	net.PacketConn
	direct  addrPortConn
	last    netip.AddrPort
	lastUDP *net.UDPAddr
}

// addrPortConn is the part of *net.UDPConn that needs no net.Addr.
type addrPortConn interface {
	ReadFromUDPAddrPort(b []byte) (n int, addr netip.AddrPort, err error)
	WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error)
}

func newSocket(c net.PacketConn) *socket {
	s := &socket{PacketConn: c}
	s.direct, _ = c.(addrPortConn)
	return s
}

// receive waits for a datagram. The address is zero when it is no UDP address.
func (s *socket) receive(b []byte) (int, netip.AddrPort, error) {
	if s.direct != nil {
		n, from, err := s.direct.ReadFromUDPAddrPort(b)
		return n, unmap(from), err
	}
	n, from, err := s.ReadFrom(b)
	if udp, ok := from.(*net.UDPAddr); ok && udp != nil {
		return n, unmap(udp.AddrPort()), err
	}
	return n, netip.AddrPort{}, err
}

// send sends a datagram.
func (s *socket) send(b []byte, to netip.AddrPort) error {
	if s.direct != nil {
		_, err := s.direct.WriteToUDPAddrPort(b, to)
		return err
	}
	if s.lastUDP == nil || s.last != to {
		s.last, s.lastUDP = to, net.UDPAddrFromAddrPort(to)
	}
	_, err := s.WriteTo(b, s.lastUDP)
	return err
}

// unmap turns an IPv4 address in the clothes of IPv6 into itself.
func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
