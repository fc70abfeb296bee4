package memnet

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// Listener accepts streams of a Net.
type Listener struct {
	net    *Net
	addr   netip.AddrPort
	in     chan *Conn
	closed chan struct{}
	once   sync.Once
}

var _ net.Listener = (*Listener)(nil)

// Listen opens a stream listener at "host:port"; port 0 picks a free one.
func (n *Net) Listen(addr string) (*Listener, error) {
	ap, err := parse(addr)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if ap.Port() == 0 {
		ap = n.ephemeral(ap.Addr())
	}
	if n.streams[ap] != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: net.TCPAddrFromAddrPort(ap), Err: errInUse}
	}
	l := &Listener{net: n, addr: ap, in: make(chan *Conn, backlog), closed: make(chan struct{})}
	n.streams[ap] = l
	return l, nil
}

// Accept waits for a connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.in:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: net.ErrClosed}
	}
}

// Close frees the address and resets what nobody accepted. Accepted connections live on.
func (l *Listener) Close() error {
	l.once.Do(func() {
		l.net.mu.Lock()
		delete(l.net.streams, l.addr)
		l.net.mu.Unlock()
		close(l.closed)
		for {
			select {
			case c := <-l.in:
				c.Close()
			default:
				return
			}
		}
	})
	return nil
}

// Addr is the listener's *net.TCPAddr.
func (l *Listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.addr) }

// Dial connects from "host" or "host:port" to "host:port".
func (n *Net) Dial(ctx context.Context, from, to string) (*Conn, error) {
	dst, err := parse(to)
	if err != nil {
		return nil, err
	}
	src, err := parse(from)
	if err != nil {
		a, err := netip.ParseAddr(from)
		if err != nil {
			return nil, err
		}
		src = netip.AddrPortFrom(a.Unmap(), 0)
	}
	n.mu.Lock()
	if src.Port() == 0 {
		src = n.ephemeral(src.Addr())
	}
	l := n.streams[dst]
	link, ok := n.links[[2]netip.Addr{src.Addr(), dst.Addr()}]
	if !ok {
		link = n.all
	}
	n.mu.Unlock()
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(dst), Err: errors.New("connection refused")}
	if err := pause(ctx, 2*link.Delay, link.Loss >= 1); err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(dst), Err: err}
	}
	if l == nil {
		return nil, refused
	}
	a, b := pair(n, src, dst, link.Chunk)
	select {
	case <-l.closed:
		return nil, refused
	default:
	}
	select {
	case l.in <- b:
		return a, nil
	default:
		return nil, refused
	}
}

// pause waits the round trip of a connection set-up; for ever when the way is cut.
func pause(ctx context.Context, d time.Duration, cut bool) error {
	var over <-chan time.Time
	if !cut {
		t := time.NewTimer(d)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Conn is one end of a stream.
type Conn struct {
	net         *Net
	local, peer netip.AddrPort
	other       *Conn
	chunk       int

	mu     sync.Mutex
	buf    []byte
	eof    bool          // the other end closed
	ready  chan struct{} // something changed for a reader
	read   deadline
	closed chan struct{}
	once   sync.Once
}

var _ net.Conn = (*Conn)(nil)

func pair(n *Net, src, dst netip.AddrPort, chunk int) (a, b *Conn) {
	mk := func(local, peer netip.AddrPort) *Conn {
		return &Conn{net: n, local: local, peer: peer, chunk: chunk,
			ready: make(chan struct{}, 1), read: newDeadline(), closed: make(chan struct{})}
	}
	a, b = mk(src, dst), mk(dst, src)
	a.other, b.other = b, a
	return a, b
}

// Read waits for bytes. At most the link's Chunk of them come at once.
func (c *Conn) Read(p []byte) (int, error) {
	for {
		select {
		case <-c.closed:
			return 0, c.fail("read", net.ErrClosed)
		case <-c.read.wait():
			return 0, c.fail("read", os.ErrDeadlineExceeded)
		default:
		}
		c.mu.Lock()
		if len(c.buf) > 0 {
			if c.chunk > 0 && len(p) > c.chunk {
				p = p[:c.chunk]
			}
			k := copy(p, c.buf)
			c.buf = c.buf[k:]
			c.mu.Unlock()
			return k, nil
		}
		eof := c.eof
		c.mu.Unlock()
		if eof {
			return 0, io.EOF
		}
		select {
		case <-c.ready:
		case <-c.closed:
		case <-c.read.wait():
		}
	}
}

// Write sends bytes. It never blocks; it fails when either end is closed.
func (c *Conn) Write(p []byte) (int, error) {
	select {
	case <-c.closed:
		return 0, c.fail("write", net.ErrClosed)
	case <-c.other.closed:
		return 0, c.fail("write", errors.New("connection reset by peer"))
	default:
	}
	pkt := Packet{From: c.local, To: c.peer, Stream: true, Data: append([]byte(nil), p...)}
	c.net.carry(pkt, func() { c.other.take(pkt.Data, false) })
	return len(p), nil
}

// take puts what arrived before the reader.
func (c *Conn) take(b []byte, eof bool) {
	c.mu.Lock()
	c.buf = append(c.buf, b...)
	c.eof = c.eof || eof
	c.mu.Unlock()
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// Close ends both directions; the other end reads what was sent, then EOF.
func (c *Conn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.read.set(time.Time{})
		c.net.carry(Packet{From: c.local, To: c.peer, Stream: true}, func() { c.other.take(nil, true) })
	})
	return nil
}

// LocalAddr is this end's *net.TCPAddr.
func (c *Conn) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(c.local) }

// RemoteAddr is the other end's *net.TCPAddr.
func (c *Conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.peer) }

// SetDeadline sets the deadline of reads; writes never wait.
func (c *Conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetReadDeadline sets the deadline of reads.
func (c *Conn) SetReadDeadline(t time.Time) error {
	select {
	case <-c.closed:
		return c.fail("set", net.ErrClosed)
	default:
	}
	c.read.set(t)
	return nil
}

// SetWriteDeadline does nothing: writes never wait.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

func (c *Conn) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}
