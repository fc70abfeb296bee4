package screen

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// pipeListener hands out one end of net.Pipe for each address dialled.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l *pipeListener) Close() error   { close(l.closed); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5060} }

// end is one end of a pipe with addresses.
type end struct {
	net.Conn
	port int
}

func (e end) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5060} }
func (e end) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 50), Port: e.port}
}

// accepted returns the far end of a connection that a Screen accepted, and what
// the screen made of it.
func accepted(t *testing.T, s *Screen, l *pipeListener, port int) (far net.Conn, near net.Conn) {
	t.Helper()
	a, b := net.Pipe()
	l.conns <- end{b, port}
	c, err := s.Listener(l).Accept()
	if err != nil {
		t.Fatal(err)
	}
	return a, c
}

func tcp(raw string) string { return strings.Replace(raw, "SIP/2.0/UDP", "SIP/2.0/TCP", 1) }

// Two messages on one stream, cut at every byte, come out as they were.
func TestStreamCutAtEveryByte(t *testing.T) {
	one := tcp(request("OPTIONS", "Content-Length: 0"))
	two := tcp(request("INFO", "Content-Type: text/plain", "Content-Length: 8")) + "ab\r\n\r\ncd"
	all := "\r\n" + one + "\r\n\r\n" + two
	for cutAt := 1; cutAt < len(all); cutAt++ {
		var f framer
		var got []string
		for _, part := range []string{all[:cutAt], all[cutAt:]} {
			f.add([]byte(part))
			for {
				m, fatal := f.next()
				if fatal {
					t.Fatalf("cut at %d: the frame was lost", cutAt)
				}
				if m == nil {
					break
				}
				got = append(got, string(m))
			}
		}
		if len(got) != 2 || got[0] != one || got[1] != two || !f.between() {
			t.Fatalf("cut at %d: %q", cutAt, got)
		}
	}
}

func TestTortureByteByByteOverTCP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Known: everybody})
		l := &pipeListener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
		far, near := accepted(t, s, l, 40000)
		var got bytes.Buffer
		done := make(chan struct{})
		go func() {
			defer close(done)
			if _, err := io.Copy(&got, near); err != nil {
				t.Errorf("reading ended with %v", err)
			}
		}()
		var back bytes.Buffer
		go func() {
			if _, err := io.Copy(&back, far); err != nil && !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("the far end ended with %v", err)
			}
		}()
		for _, raw := range []string{tcp(request("OPTIONS", "Content-Length: 0")), tcp(replaced("OPTIONS", "Max-Forwards: 70", "Max-Forwards: 999", "Content-Length: 3")) + "abc",
			"\r\n\r\n", tcp(request("BYE", "Content-Length: 0")), tcp(request("OPTIONS", "Content-Length: 0", "l: 30"))} {
			for i := range len(raw) {
				if _, err := far.Write([]byte{raw[i]}); err != nil {
					t.Fatalf("the connection broke at %q", raw[:i])
				}
			}
		}
		<-done // two lengths end the stream: 400, then nothing more is read
		synctest.Wait()
		if n := strings.Count(got.String(), " SIP/2.0\r\n"); n != 2 {
			t.Errorf("%d messages passed:\n%s", n, got.String())
		}
		if n := strings.Count(back.String(), "SIP/2.0 400 "); n != 2 || !strings.Contains(back.String(), "\r\n\r\n\r\nSIP") {
			t.Errorf("answers and pong:\n%s", back.String())
		}
		if err := errors.Join(near.Close(), far.Close()); err != nil {
			t.Error(err)
		}
	})
}

// What cannot be followed by anything trustworthy ends the stream, answered or not.
func TestStreamsThatEnd(t *testing.T) {
	for name, raw := range map[string]string{
		"SIP/7.0 (4475 3.1.2.16)":        tcp(replaced("OPTIONS", "SIP/2.0\r\n", "SIP/7.0\r\n", "l: 0")),
		"negative length (3.1.2.3)":      tcp(request("OPTIONS", "l: -999")),
		"no length":                      tcp(request("OPTIONS")),
		"length beyond all bounds":       tcp(request("OPTIONS", "l: 99999999999999999999")),
		"a head that never ends":         strings.Repeat("x", maxHead+2),
		"two folded lengths (smuggling)": tcp(request("OPTIONS", "l: 0\r\n , 5")),
	} {
		synctest.Test(t, func(t *testing.T) {
			s := New(Config{Known: everybody})
			l := &pipeListener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
			far, near := accepted(t, s, l, 40000)
			var back bytes.Buffer
			heard := make(chan struct{})
			go func() {
				defer close(heard)
				io.Copy(&back, far) // ends when near closes
			}()
			go far.Write([]byte(raw + tcp(request("BYE", "l: 0")))) // the smuggled second message
			got, err := io.ReadAll(near)
			if err != nil || len(got) > 0 {
				t.Errorf("%s: passed %q, %v", name, got, err)
			}
			if err := near.Close(); err != nil {
				t.Error(err)
			}
			<-heard
			if answered := strings.HasPrefix(back.String(), "SIP/2.0 "); answered != strings.Contains(raw, "Via") {
				t.Errorf("%s: the answer is %q", name, back.String())
			}
		})
	}
}

// sipgo reads a screened stream, and its answers go back over it.
func TestSipgoBehindTheScreenOverTCP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Known: everybody})
		ua, err := sipgo.NewUA(sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerReadFilter(s.Filter)))
		if err != nil {
			t.Fatal(err)
		}
		srv, err := sipgo.NewServer(ua)
		if err != nil {
			t.Fatal(err)
		}
		srv.OnNoRoute(func(req *sip.Request, tx sip.ServerTransaction) {
			if err := tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", req.Body())); err != nil {
				t.Errorf("cannot respond: %v", err)
			}
		})
		l := &pipeListener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
		served := make(chan error, 1)
		go func() { served <- srv.ServeTCP(s.Listener(l)) }()
		far, b := net.Pipe()
		l.conns <- end{b, 40000}
		var back bytes.Buffer
		heard := make(chan struct{})
		go func() {
			defer close(heard)
			io.Copy(&back, far) // ends when the connection closes
		}()
		body := "a\r\n\r\nb"
		raw := tcp(request("INFO", "Content-Type: text/plain", "Content-Length: 6")) + body +
			strings.Replace(tcp(replaced("INFO", "From: <sip:201@192.0.2.1>;tag=f1\r\n", "", "Content-Length: 0")), "z9hG4bKabc", "z9hG4bKdef", 1)
		for _, part := range []string{raw[:7], raw[7:200], raw[200:]} {
			if _, err := far.Write([]byte(part)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if err := errors.Join(far.Close(), l.Close(), srv.Close(), ua.Close()); err != nil {
			t.Error(err)
		}
		<-heard
		if err := <-served; !errors.Is(err, net.ErrClosed) {
			t.Errorf("serving ended with %v", err)
		}
		got := back.String()
		if strings.Count(got, "SIP/2.0 200 ") != 1 || strings.Count(got, "SIP/2.0 400 ") != 1 || !strings.Contains(got, body) {
			t.Errorf("answers:\n%s", got)
		}
		<-time.After(time.Minute) // virtual: sipgo's transactions end
	})
}

func TestSlowAndIdleConnectionsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		known func(netip.Addr) bool
		send  string
		after time.Duration
		why   string
	}{
		"slow loris":       {everybody, "OPTIONS sip:a@b SIP/2.0\r\nX: ", 10 * time.Second, "a message took too long"},
		"body never comes": {everybody, tcp(request("OPTIONS", "Content-Length: 5")), 10 * time.Second, "a message took too long"},
		"idle phone":       {everybody, "", 15 * time.Minute, "a connection was idle"},
		"idle stranger":    {nobody, "", 30 * time.Second, "a connection was idle"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := New(Config{Known: c.known})
			l := &pipeListener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
			far, near := accepted(t, s, l, 40000)
			written := make(chan struct{})
			go func() {
				defer close(written)
				// One byte each two seconds keeps no deadline away.
				for i := range len(c.send) {
					if _, err := far.Write([]byte{c.send[i]}); err != nil {
						return
					}
					if i > 20 && name == "slow loris" {
						<-time.After(2 * time.Second)
					}
				}
			}()
			began := time.Now()
			if n, err := near.Read(make([]byte, 100)); err != io.EOF {
				t.Errorf("%s: read %d, %v", name, n, err)
			}
			if d := time.Since(began); d != c.after {
				t.Errorf("%s: ended after %v, want %v", name, d, c.after)
			}
			if cs := s.Counts(); len(cs) != 1 || cs[0].Why != c.why {
				t.Errorf("%s: counts %v", name, cs)
			}
			if err := errors.Join(near.Close(), far.Close()); err != nil {
				t.Error(err)
			}
			<-written
		})
	}
}

func TestConnectionsPerAddress(t *testing.T) {
	s := New(Config{Known: everybody, ConnsPerAddr: 3})
	l := &pipeListener{conns: make(chan net.Conn, 8), closed: make(chan struct{})}
	wrapped := s.Listener(l)
	var near []net.Conn
	for i := range 5 {
		_, b := net.Pipe()
		l.conns <- end{b, 40000 + i}
	}
	for range 3 {
		c, err := wrapped.Accept()
		if err != nil {
			t.Fatal(err)
		}
		near = append(near, c)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for len(l.conns) > 0 { // Accept's select may see the end first
		c, err := wrapped.Accept()
		if err == nil {
			t.Fatalf("a fourth connection entered: %v", c.RemoteAddr())
		}
	}
	if err := near[0].Close(); err != nil {
		t.Fatal(err)
	}
	if why := s.enter(Peer{Addr: addrPort(near[0].RemoteAddr()), Known: true}); why != "" {
		t.Errorf("after one left: %s", why)
	}
}
