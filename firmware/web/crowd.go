package web

import (
	"net"
	"sync"

	"github.com/centralita/centralita/firmware/gatehouse"
)

// Bounds of connections: whoever opens more waits, or is hung up on.
const (
	maxConns    = 256 // at once; more wait in the kernel
	maxOfSource = 48  // from one address; more are closed at once
	maxOfNet    = 128 // from one /64 of IPv6: one person with many addresses, or a whole office
)

// crowd is a listener that lets so many in at once, and of one address not all of
// them: nobody alone keeps the others out.
type crowd struct {
	net.Listener
	places chan struct{}
	from   *gatehouse.Shares // of an address
	nets   *gatehouse.Shares // of a source
}

func newCrowd(l net.Listener) *crowd {
	return &crowd{Listener: l, places: make(chan struct{}, maxConns), from: gatehouse.NewShares(maxOfSource), nets: gatehouse.NewShares(maxOfNet)}
}

// Accept waits for a place, then for somebody to take it.
func (c *crowd) Accept() (net.Conn, error) {
	for {
		c.places <- struct{}{}
		conn, err := c.Listener.Accept()
		if err != nil {
			<-c.places
			return nil, err
		}
		host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
		if err != nil {
			host = "" // a socket without addresses
		}
		if c.enter(host) {
			return &guest{Conn: conn, leave: func() { c.leave(host) }}, nil
		}
		_ = conn.Close() // nothing was said
		<-c.places
	}
}

func (c *crowd) enter(host string) bool {
	if !c.from.Take(host) {
		return false
	}
	if !c.nets.Take(gatehouse.Source(host)) {
		c.from.Give(host)
		return false
	}
	return true
}

func (c *crowd) leave(host string) {
	c.from.Give(host)
	c.nets.Give(gatehouse.Source(host))
	<-c.places
}

// guest gives its place back once.
type guest struct {
	net.Conn
	once  sync.Once
	leave func()
}

// Close ends the connection.
func (g *guest) Close() error {
	defer g.once.Do(g.leave)
	return g.Conn.Close()
}
