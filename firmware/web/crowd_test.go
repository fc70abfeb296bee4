package web

import (
	"fmt"
	"net"
	"testing"
	"testing/synctest"
)

// gatecrash is a listener to which anybody can come from any address.
type gatecrash struct {
	in   chan net.Conn
	done chan struct{}
}

func (g *gatecrash) Accept() (net.Conn, error) {
	select {
	case c := <-g.in:
		return c, nil
	case <-g.done:
		return nil, net.ErrClosed
	}
}
func (g *gatecrash) Close() error   { close(g.done); return nil }
func (g *gatecrash) Addr() net.Addr { return &net.TCPAddr{} }

type caller struct {
	net.Conn
	addr net.Addr
	gone bool
}

func (c *caller) RemoteAddr() net.Addr { return c.addr }
func (c *caller) Close() error         { c.gone = true; return nil }

func TestNobodyAloneKeepsTheOthersOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gatecrash{make(chan net.Conn), make(chan struct{})}
		c := newCrowd(g)
		var in []net.Conn
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for {
				conn, err := c.Accept()
				if err != nil {
					return
				}
				in = append(in, conn)
			}
		}()
		come := func(host string, port int) (*caller, bool) {
			k := &caller{addr: &net.TCPAddr{IP: net.ParseIP(host), Port: port}}
			synctest.Wait()
			select {
			case g.in <- k:
			default:
				return k, false
			}
			synctest.Wait()
			return k, true
		}
		for i := range 3 * maxOfSource {
			k, ok := come("10.0.0.66", i+1)
			if !ok || k.gone != (i >= maxOfSource) {
				t.Fatalf("caller %d: taken %t, hung up on %t", i, ok, k.gone)
			}
		}
		for i := 0; len(in) < maxConns; i++ {
			if k, ok := come(fmt.Sprintf("10.0.1.%d", i%200), i+1); !ok || k.gone {
				t.Fatalf("another, with %d in, is not let in", len(in))
			}
		}
		if _, ok := come("10.0.2.1", 1); ok {
			t.Errorf("%d are in at once", len(in)+1)
		}
		_ = in[0].Close()
		_ = in[0].Close() // twice is once
		if k, ok := come("10.0.2.1", 1); !ok || k.gone {
			t.Error("a place that was left is not given")
		}
		if _, ok := come("10.0.2.2", 1); ok {
			t.Error("closing twice gave two places")
		}
		for _, conn := range in {
			_ = conn.Close()
		}
		synctest.Wait()
		if len(c.places) > 1 { // one waits to be taken
			t.Errorf("%d places are left", len(c.places))
		}
		for i := range maxOfSource {
			if !c.enter("10.0.0.66") {
				t.Fatalf("%d places of an address are left", maxOfSource-i)
			}
		}
		_ = g.Close()
		<-ended
	})
}

// One person has a /64 of IPv6 (RFC 6177): all its addresses share some places, and
// leave the rest to others.
func TestOneNetworkKeepsNobodyOut(t *testing.T) {
	c := newCrowd(nil)
	n := 0
	for i := range 2 * maxConns {
		if c.enter(fmt.Sprintf("2001:db8:0:1::%x", i)) {
			n++
		}
	}
	if n != maxOfNet || c.enter("2001:db8:0:1:ffff::1") {
		t.Errorf("%d of one network are in", n)
	}
	if !c.enter("2001:db8:0:2::1") || !c.enter("192.0.2.1") {
		t.Error("others are kept out")
	}
	for range cap(c.places) {
		c.places <- struct{}{}
	}
	if c.leave("2001:db8:0:1::0"); !c.enter("2001:db8:0:1:ffff::1") {
		t.Error("a place that was left is not given")
	}
}
