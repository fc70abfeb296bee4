package screen

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// PacketConn wraps the UDP socket that sipgo serves: ReadFrom returns only
// messages that passed, in canonical form; refused ones are answered through the
// same socket.
func (s *Screen) PacketConn(c net.PacketConn) net.PacketConn {
	s.own(c.LocalAddr().String(), true)
	return &packetConn{PacketConn: c, s: s, buf: make([]byte, MaxMessage+1)}
}

type packetConn struct {
	net.PacketConn
	s *Screen

	mu  sync.Mutex // one reader at a time uses buf
	buf []byte
}

// ReadFrom implements net.PacketConn.
func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		n, addr, err := c.PacketConn.ReadFrom(c.buf)
		if err != nil {
			return 0, addr, err
		}
		if keepAlive(c.buf[:n]) {
			continue
		}
		p := Peer{Addr: addrPort(addr)}
		v := c.s.judge(c.buf[:n], p)
		switch v.Action {
		case Reply:
			if _, err := c.PacketConn.WriteTo(v.Reply, addr); err != nil {
				c.s.cfg.Log.Warn("cannot answer a refused message", "source", p.Addr.String(), "error", err)
			}
		case Pass:
			if len(v.Message) > len(b) {
				c.s.note(Verdict{Why: "longer than the reader's buffer"}, p)
				continue
			}
			return copy(b, v.Message), addr, nil
		}
	}
}

// WriteTo implements net.PacketConn.
func (c *packetConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	if _, err := c.PacketConn.WriteTo(unfill(b), addr); err != nil {
		return 0, fmt.Errorf("cannot send to %s: %w", addr, err)
	}
	return len(b), nil
}

// Close implements net.PacketConn.
func (c *packetConn) Close() error {
	c.s.own(c.LocalAddr().String(), false)
	return c.PacketConn.Close()
}

// Listener wraps the TCP listener that sipgo serves: its connections frame the
// stream, screen each message, answer refused ones and close when the frame is
// lost, when a message takes too long or nothing comes for too long.
func (s *Screen) Listener(l net.Listener) net.Listener { return &listener{Listener: l, s: s} }

type listener struct {
	net.Listener
	s *Screen
}

// Accept implements net.Listener. A connection beyond the limits is closed at once.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		p := Peer{Addr: addrPort(c.RemoteAddr()), Stream: true}
		p.Known = l.s.cfg.Known(p.Addr.Addr())
		if why := l.s.enter(p); why != "" {
			l.s.note(Verdict{Why: why}, p)
			if err := c.Close(); err != nil {
				l.s.cfg.Log.Debug("closing a connection too many", "source", p.Addr.String(), "error", err)
			}
			continue
		}
		key := c.LocalAddr().String() + " " + c.RemoteAddr().String()
		l.s.own(key, true)
		return &conn{Conn: c, s: l.s, peer: p, key: key}, nil
	}
}

// enter counts a connection; the answer is why it may not enter.
func (s *Screen) enter(p Peer) string {
	most := 2
	if p.Known {
		most = s.cfg.ConnsPerAddr
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := p.Addr.Addr()
	switch {
	case !p.Known && s.limit.isBanned(time.Now(), a):
		return "a banned stranger"
	case s.conns >= s.cfg.Conns:
		return "too many connections"
	case s.perIP[a] >= most:
		return "too many connections of one address"
	}
	s.conns++
	s.perIP[a]++
	return ""
}

func (s *Screen) leave(a netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns--
	if s.perIP[a]--; s.perIP[a] <= 0 {
		delete(s.perIP, a)
	}
}

// writeTime is how long a peer may refuse to read.
const writeTime = 5 * time.Second

type conn struct {
	net.Conn
	s    *Screen
	peer Peer
	key  string

	frame framer
	out   []byte    // canonical bytes not yet read by sipgo
	begun time.Time // of the message at the front
	chunk [4096]byte
	ended bool

	write sync.Mutex // answers of ours and messages of sipgo do not mix
	once  sync.Once
}

// Read implements net.Conn: it returns bytes of messages that passed, and io.EOF
// when the connection has ended for whatever reason of ours.
func (c *conn) Read(b []byte) (int, error) {
	for {
		if len(c.out) > 0 {
			n := copy(b, c.out)
			c.out = c.out[n:]
			return n, nil
		}
		if c.ended {
			return 0, io.EOF
		}
		if c.take() {
			continue
		}
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
}

// take judges the message at the front; false when it is not complete.
func (c *conn) take() bool {
	msg, fatal := c.frame.next()
	if c.frame.ping {
		c.frame.ping = false
		c.send([]byte("\r\n"))
	}
	if c.frame.between() {
		c.begun = time.Time{}
	}
	if msg == nil && !fatal {
		return false
	}
	c.begun = time.Time{}
	v := c.s.judge(msg, c.peer)
	switch v.Action {
	case Reply:
		c.send(v.Reply)
	case Pass:
		c.out = v.Message
	}
	c.ended = fatal || v.Close
	return true
}

// fill reads from the wire, no longer than the limits permit.
func (c *conn) fill() error {
	now := time.Now()
	idle := c.s.cfg.IdleTime
	if !c.s.cfg.Known(c.peer.Addr.Addr()) {
		idle = min(idle, 30*time.Second)
	}
	until := now.Add(idle)
	if !c.frame.between() {
		if c.begun.IsZero() {
			c.begun = now
		}
		until = c.begun.Add(c.s.cfg.MessageTime)
	}
	if err := c.Conn.SetReadDeadline(until); err != nil {
		return err
	}
	n, err := c.Conn.Read(c.chunk[:])
	c.frame.add(c.chunk[:n])
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		why := "a connection was idle"
		if !c.frame.between() {
			why = "a message took too long"
		}
		c.s.note(Verdict{Why: why}, c.peer)
		c.ended = true
		return io.EOF
	case err != nil && n == 0:
		return err
	}
	return nil
}

// send answers through the connection; one that cannot be written to is read no further.
func (c *conn) send(b []byte) {
	if _, err := c.Write(b); err != nil {
		c.ended = true
		c.s.cfg.Log.Debug("cannot answer on a connection", "source", c.peer.Addr.String(), "error", err)
	}
}

// Write implements net.Conn.
func (c *conn) Write(b []byte) (int, error) {
	c.write.Lock()
	defer c.write.Unlock()
	if err := c.Conn.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// SetReadDeadline is left to the limits of the screen.
func (c *conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline is left to the limits of the screen.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline is left to the limits of the screen.
func (c *conn) SetDeadline(time.Time) error { return nil }

// Close implements net.Conn.
func (c *conn) Close() error {
	c.once.Do(func() {
		c.s.leave(c.peer.Addr.Addr())
		c.s.own(c.key, false)
	})
	return c.Conn.Close()
}
