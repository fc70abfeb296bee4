package memnet

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sockets(t *testing.T, n *Net) (a, b *PacketConn) {
	t.Helper()
	a, err := n.ListenPacket("10.0.0.1:5060")
	if err != nil {
		t.Fatal(err)
	}
	b, err = n.ListenPacket("10.0.0.2:5060")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func TestPacketsKeepOrderAndTakeTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1)
		n.SetAll(Link{Delay: 30 * time.Millisecond})
		a, b := sockets(t, n)
		start := time.Now()
		for i := range 100 {
			if _, err := a.WriteTo([]byte{byte(i)}, b.LocalAddr()); err != nil {
				t.Fatal(err)
			}
		}
		buf := make([]byte, 10)
		for i := range 100 {
			k, from, err := b.ReadFrom(buf)
			if err != nil || k != 1 || buf[0] != byte(i) || from.String() != "10.0.0.1:5060" {
				t.Fatalf("packet %d: %d bytes %v from %v, %v", i, k, buf[0], from, err)
			}
		}
		if d := time.Since(start); d != 30*time.Millisecond {
			t.Errorf("took %v, want 30ms", d)
		}
	})
}

func TestAccidentsFollowTheSeed(t *testing.T) {
	run := func(seed uint64) (got []byte) {
		synctest.Test(t, func(t *testing.T) {
			n := New(seed)
			n.SetAll(Link{Delay: time.Millisecond, Loss: 0.2, Duplicate: 0.2, Reorder: 0.2})
			a, b := sockets(t, n)
			for i := range 200 {
				a.WriteTo([]byte{byte(i)}, b.LocalAddr())
				<-time.After(5 * time.Millisecond)
			}
			b.SetReadDeadline(time.Now().Add(time.Second))
			buf := make([]byte, 10)
			for {
				_, _, err := b.ReadFrom(buf)
				if errors.Is(err, os.ErrDeadlineExceeded) {
					return
				}
				got = append(got, buf[0])
			}
		})
		return got
	}
	one, two, other := run(7), run(7), run(8)
	if string(one) != string(two) {
		t.Error("the same seed gave another result")
	}
	if string(one) == string(other) {
		t.Error("another seed gave the same result")
	}
	count := map[byte]int{}
	late, twice := false, false
	for i, v := range one {
		count[v]++
		twice = twice || count[v] == 2
		late = late || i > 0 && v < one[i-1]
	}
	if len(count) > 180 || len(count) < 140 || !late || !twice {
		t.Errorf("%d of 200 arrived, late %t, twice %t", len(count), late, twice)
	}
}

func TestDeadlineWakesAndCanBeMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := sockets(t, New(1))
		buf := make([]byte, 10)
		start := time.Now()
		b.SetReadDeadline(start.Add(time.Second))
		time.AfterFunc(500*time.Millisecond, func() { b.SetReadDeadline(start.Add(2 * time.Second)) })
		if _, _, err := b.ReadFrom(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("woke after %v, want 2s", d)
		}
		b.SetReadDeadline(time.Time{})
		time.AfterFunc(time.Hour, func() { a.WriteTo([]byte("x"), b.LocalAddr()) })
		if _, _, err := b.ReadFrom(buf); err != nil {
			t.Error(err)
		}
		time.AfterFunc(time.Hour, func() { b.Close() })
		if _, _, err := b.ReadFrom(buf); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1)
		n.SetAll(Link{Delay: 10 * time.Millisecond, Chunk: 3})
		l, err := n.Listen("10.0.0.1:5060")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c, err := n.Dial(t.Context(), "10.0.0.2", "10.0.0.1:5060")
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if s.RemoteAddr().String() != c.LocalAddr().String() {
			t.Errorf("ends disagree: %v and %v", s.RemoteAddr(), c.LocalAddr())
		}
		c.Write([]byte("hello"))
		buf := make([]byte, 10)
		if k, err := s.Read(buf); k != 3 || err != nil {
			t.Errorf("read %d bytes, %v; want a chunk of 3", k, err)
		}
		c.Write([]byte(" world"))
		c.Close()
		rest, err := io.ReadAll(s)
		if string(rest) != "lo world" || err != nil {
			t.Errorf("read %q, %v", rest, err)
		}
		if _, err := s.Write([]byte("x")); err == nil {
			t.Error("wrote to a closed stream")
		}
		s.Close()
	})
}

func TestNobodyThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1)
		a, _ := sockets(t, n)
		if _, err := a.WriteTo([]byte("x"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("10.9.9.9:1"))); err != nil {
			t.Errorf("a datagram to nobody: %v", err)
		}
		if _, err := n.ListenPacket("10.0.0.1:5060"); err == nil {
			t.Error("an address was given twice")
		}
		if _, err := n.Dial(t.Context(), "10.0.0.3", "10.0.0.1:5060"); err == nil {
			t.Error("connected to nobody")
		}
		n.SetAll(Link{Loss: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := n.Dial(ctx, "10.0.0.3", "10.0.0.1:5060"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("through a cut wire: %v", err)
		}
	})
}

// An address more reaches the same socket until it is taken away.
func TestAlso(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1)
		a, err := n.ListenPacket("10.0.0.1:1")
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		b, err := n.ListenPacket("10.0.0.2:1")
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		other := netip.MustParseAddr("10.7.7.7")
		to := net.UDPAddrFromAddrPort(netip.AddrPortFrom(other, 1))
		buf := make([]byte, 1)
		for i, is := range []netip.Addr{{}, netip.MustParseAddr("10.0.0.1"), {}} {
			n.Also(other, is)
			if _, err := b.WriteTo([]byte{byte(i)}, to); err != nil {
				t.Fatal(err)
			}
			a.SetReadDeadline(time.Now().Add(time.Second))
			_, _, err := a.ReadFrom(buf)
			if (err == nil) != is.IsValid() || err == nil && buf[0] != byte(i) {
				t.Errorf("packet %d: %v %v", i, buf, err)
			}
		}
	})
}
