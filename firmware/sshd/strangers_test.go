package sshd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// stranger is a connection from anywhere.
type stranger struct {
	net.Conn
	addr string
}

func (s stranger) RemoteAddr() net.Addr { return place(s.addr) }

type place string

func (place) Network() string  { return "tcp" }
func (p place) String() string { return string(p) }

// road brings strangers to a server.
type road struct {
	t   *testing.T
	s   *Server
	all sync.WaitGroup
}

// come reports whether a stranger who says nothing is served.
func (r *road) come(addr string) bool {
	r.t.Helper()
	near, far := net.Pipe()
	r.t.Cleanup(func() { near.Close() })
	r.all.Go(func() {
		defer far.Close()
		r.s.admit(r.t.Context(), stranger{far, addr})
	})
	b := make([]byte, 4)
	_, err := io.ReadFull(near, b)
	if err != nil && !errors.Is(err, io.EOF) {
		r.t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, near) }() // until it is closed
	synctest.Wait()
	return string(b) == "SSH-"
}

func newRoad(t *testing.T) *road {
	key := signer(t)
	return &road{t: t, s: New(Config{Key: key, Door: &door{name: "maria", key: key.PublicKey()}, Exec: func(context.Context, Command) int { return 0 }})}
}

// Strangers who say nothing take few places each, all of them together their own and no
// others, and none for long. Who comes from one /64 of IPv6 is one (RFC 6177).
func TestStrangers(t *testing.T) {
	for name, from := range map[string]func(person, n int) string{
		"IPv4":         func(person, n int) string { return fmt.Sprintf("192.0.2.%d:%d", person, 1000+n) },
		"IPv6":         func(person, n int) string { return fmt.Sprintf("[2001:db8:0:%x:%x::1]:%d", person, n, 1000+n) },
		"IPv4 in IPv6": func(person, n int) string { return fmt.Sprintf("[::ffff:192.0.2.%d]:%d", person, 1000+n) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRoad(t)
				for n := range 2 * maxOfSource {
					if in := r.come(from(1, n)); in != (n < maxOfSource) {
						t.Errorf("connection %d of one stranger: served %t", n, in)
					}
				}
				for n := maxOfSource; n < maxUnproved; n++ {
					if !r.come(from(1+n, n)) {
						t.Fatalf("another is not served while %d are in", n)
					}
				}
				if r.come(from(90, 0)) {
					t.Error("one too many is served")
				}
				<-time.After(grace + time.Second)
				synctest.Wait()
				if !r.come(from(1, 90)) || !r.come(from(90, 1)) {
					t.Error("the places of those who said nothing are not given")
				}
				<-time.After(grace + time.Second)
				r.all.Wait()
			})
		})
	}
}

// Whoever begins too many connections is turned away, from whichever address of his.
func TestThePaceOfANetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoad(t)
		for n := range burst {
			r.s.pace.admit(time.Now(), "2001:db8:0:1::/64")
			if n == burst-1 && r.come("[2001:db8:0:1:9::9]:1") {
				t.Error("the whole network is not slowed down")
			}
		}
		if !r.come("[2001:db8:0:2::1]:1") {
			t.Error("another is slowed down, too")
		}
		<-time.After(grace + time.Second)
		r.all.Wait()
	})
}
