package memnet

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// backlog is how many datagrams a socket keeps for a slow reader.
const backlog = 4096

// PacketConn is a datagram socket of a Net.
type PacketConn struct {
	net    *Net
	addr   netip.AddrPort
	in     chan Packet
	read   deadline
	closed chan struct{}
	once   sync.Once
}

var _ net.PacketConn = (*PacketConn)(nil)

// ListenPacket opens a datagram socket at "host:port"; port 0 picks a free one.
func (n *Net) ListenPacket(addr string) (*PacketConn, error) {
	ap, err := parse(addr)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if ap.Port() == 0 {
		ap = n.ephemeral(ap.Addr())
	}
	if n.sockets[ap] != nil {
		return nil, &net.OpError{Op: "listen", Net: "udp", Addr: net.UDPAddrFromAddrPort(ap), Err: errInUse}
	}
	c := &PacketConn{net: n, addr: ap, in: make(chan Packet, backlog), read: newDeadline(), closed: make(chan struct{})}
	n.sockets[ap] = c
	return c, nil
}

// ReadFrom waits for a datagram. What does not fit b is cut off, as by a socket.
func (c *PacketConn) ReadFrom(b []byte) (int, net.Addr, error) {
	k, from, err := c.ReadFromUDPAddrPort(b)
	if err != nil {
		return 0, nil, err
	}
	return k, net.UDPAddrFromAddrPort(from), nil
}

// ReadFromUDPAddrPort is ReadFrom without an allocation for the address, as *net.UDPConn has it.
func (c *PacketConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case <-c.closed:
		return 0, netip.AddrPort{}, c.fail("read", net.ErrClosed)
	case <-c.read.wait():
		return 0, netip.AddrPort{}, c.fail("read", os.ErrDeadlineExceeded)
	default:
	}
	select {
	case p := <-c.in:
		return copy(b, p.Data), p.From, nil
	case <-c.closed:
		return 0, netip.AddrPort{}, c.fail("read", net.ErrClosed)
	case <-c.read.wait():
		return 0, netip.AddrPort{}, c.fail("read", os.ErrDeadlineExceeded)
	}
}

// WriteTo sends a datagram. It never blocks and, as with real datagrams, an
// address where nobody listens is no error.
func (c *PacketConn) WriteTo(b []byte, to net.Addr) (int, error) {
	ap, err := addrPort(to)
	if err != nil {
		return 0, c.fail("write", err)
	}
	return c.WriteToUDPAddrPort(b, ap)
}

// WriteToUDPAddrPort is WriteTo, as *net.UDPConn has it.
func (c *PacketConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	select {
	case <-c.closed:
		return 0, c.fail("write", net.ErrClosed)
	default:
	}
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	p := Packet{From: c.addr, To: to, Data: append([]byte(nil), b...)}
	c.net.carry(p, func() {
		c.net.mu.Lock()
		if addr, ok := c.net.also[to.Addr()]; ok {
			to = netip.AddrPortFrom(addr, to.Port())
		}
		dst := c.net.sockets[to]
		c.net.mu.Unlock()
		if dst == nil {
			return
		}
		select {
		case dst.in <- p:
		default: // the reader is too slow: lost, as in a full socket buffer
		}
	})
	return len(b), nil
}

// Close frees the address. Blocked reads return net.ErrClosed.
func (c *PacketConn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.read.set(time.Time{})
		c.net.mu.Lock()
		delete(c.net.sockets, c.addr)
		c.net.mu.Unlock()
	})
	return nil
}

// LocalAddr is the socket's *net.UDPAddr.
func (c *PacketConn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.addr) }

// AddrPort is the socket's address.
func (c *PacketConn) AddrPort() netip.AddrPort { return c.addr }

// SetDeadline sets the deadline of reads; writes never wait.
func (c *PacketConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetReadDeadline sets the deadline of reads.
func (c *PacketConn) SetReadDeadline(t time.Time) error {
	select {
	case <-c.closed:
		return c.fail("set", net.ErrClosed)
	default:
	}
	c.read.set(t)
	return nil
}

// SetWriteDeadline does nothing: writes never wait.
func (c *PacketConn) SetWriteDeadline(time.Time) error { return nil }

func (c *PacketConn) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: "udp", Source: c.LocalAddr(), Err: err}
}
