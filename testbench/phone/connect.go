package phone

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"
)

// connect opens the phone's TCP connection once.
func (p *Phone) connect() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := p.net.Dial(ctx, p.addr.Addr().String(), p.acc.Server.String())
	if err != nil {
		return err
	}
	p.conn = c
	l := &single{conn: c, pooled: make(chan struct{}), done: p.done}
	p.work.Go(func() {
		if err := p.tpl.ServeTCP(l); !errors.Is(err, net.ErrClosed) {
			slog.Debug("a phone's TCP ended", "err", err)
		}
	})
	<-l.pooled
	return nil
}

// single is a listener with one connection that was dialled.
type single struct {
	conn   net.Conn
	given  bool
	pooled chan struct{}
	done   chan struct{}
}

// Accept gives the connection, then waits for the end.
func (s *single) Accept() (net.Conn, error) {
	if !s.given {
		s.given = true
		return s.conn, nil
	}
	close(s.pooled)
	<-s.done
	return nil, net.ErrClosed
}

// Close implements net.Listener.
func (s *single) Close() error { return nil }

// Addr implements net.Listener.
func (s *single) Addr() net.Addr { return s.conn.LocalAddr() }

var _ net.Listener = (*single)(nil)
