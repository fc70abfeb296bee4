package sipua

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// streams stands before the TCP listener. sipgo can only dial by itself, with a
// socket of its own; here a connection that we dial is handed over as if it had
// been accepted, so that it passes the same screen. It also tells when a
// connection ends. Time-outs and limits are the screen's.
type streams struct {
	inner net.Listener
	dial  func(ctx context.Context, addr string) (net.Conn, error)
	lost  func(netip.AddrPort) // the connection is gone

	accepted chan *stream
	failed   chan error
	closed   chan struct{}

	mu   sync.Mutex
	open map[netip.AddrPort]*stream
	last *stream // handed over by the latest Accept
	once sync.Once
}

func newStreams(inner net.Listener, dial func(context.Context, string) (net.Conn, error), lost func(netip.AddrPort)) *streams {
	return &streams{inner: inner, dial: dial, lost: lost, accepted: make(chan *stream),
		failed: make(chan error, 1), closed: make(chan struct{}), open: map[netip.AddrPort]*stream{}}
}

// run accepts until the listener is closed.
func (s *streams) run() {
	for {
		c, err := s.inner.Accept()
		if err != nil {
			if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
				continue
			}
			s.failed <- err
			return
		}
		st, err := s.wrap(c)
		if err != nil {
			c.Close()
			continue
		}
		select {
		case s.accepted <- st:
		case <-s.closed:
			st.Close()
			return
		}
	}
}

// wrap notes a connection.
func (s *streams) wrap(c net.Conn) (*stream, error) {
	remote, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return nil, fmt.Errorf("cannot take connection: %w", err)
	}
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	st := &stream{Conn: c, streams: s, remote: remote, pooled: make(chan struct{})}
	s.mu.Lock()
	s.open[remote] = st
	s.mu.Unlock()
	return st, nil
}

// drop forgets a connection.
func (s *streams) drop(st *stream) {
	s.mu.Lock()
	if s.open[st.remote] == st {
		delete(s.open, st.remote)
	}
	s.mu.Unlock()
	s.lost(st.remote)
}

// Accept implements net.Listener.
func (s *streams) Accept() (net.Conn, error) {
	s.mu.Lock()
	if s.last != nil { // sipgo puts a connection into its pool before it accepts the next
		close(s.last.pooled)
		s.last = nil
	}
	s.mu.Unlock()
	select {
	case c := <-s.accepted:
		s.mu.Lock()
		s.last = c
		s.mu.Unlock()
		return c, nil
	case err := <-s.failed:
		s.failed <- err
		return nil, err
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

// Addr implements net.Listener.
func (s *streams) Addr() net.Addr { return s.inner.Addr() }

// Close implements net.Listener: the listener and every connection end.
func (s *streams) Close() error {
	var err error
	s.once.Do(func() {
		close(s.closed)
		err = s.inner.Close()
		s.mu.Lock()
		all := make([]*stream, 0, len(s.open))
		for _, st := range s.open {
			all = append(all, st)
		}
		s.mu.Unlock()
		for _, st := range all {
			err = errors.Join(err, st.Close())
		}
	})
	return err
}

// leave closes the connections that were made from or to addr, which is none of ours
// any more: nobody would tell us that they are dead.
func (s *streams) leave(addr netip.Addr) {
	s.mu.Lock()
	var dead []*stream
	for _, st := range s.open {
		if at, err := netip.ParseAddrPort(st.LocalAddr().String()); err == nil && at.Addr().Unmap() == addr {
			dead = append(dead, st)
		}
	}
	s.mu.Unlock()
	for _, st := range dead {
		_ = st.Close() // it is given up
	}
}

// connect makes sure that there is a connection to addr in sipgo's pool.
func (s *streams) connect(ctx context.Context, addr netip.AddrPort) error {
	s.mu.Lock()
	have := s.open[addr] != nil
	s.mu.Unlock()
	if have {
		return nil
	}
	if s.dial == nil {
		return fmt.Errorf("cannot connect to %s: the peer must connect to us", addr)
	}
	c, err := s.dial(ctx, addr.String())
	if err != nil {
		return fmt.Errorf("cannot connect to %s: %w", addr, err)
	}
	st, err := s.wrap(c)
	if err != nil {
		return errors.Join(err, c.Close())
	}
	select {
	case s.accepted <- st:
	case <-s.closed:
		return errors.Join(net.ErrClosed, st.Close())
	}
	select {
	case <-st.pooled:
		return nil
	case <-s.closed:
		return net.ErrClosed
	}
}

// stream is one TCP connection.
type stream struct {
	net.Conn
	streams *streams
	remote  netip.AddrPort
	pooled  chan struct{} // closed when sipgo can find it
	once    sync.Once
}

// Close ends the connection.
func (s *stream) Close() error {
	var err error
	s.once.Do(func() {
		err = s.Conn.Close()
		s.streams.drop(s)
	})
	return err
}
