package screen

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// everybody and nobody are answers to Known.
func everybody(netip.Addr) bool { return true }
func nobody(netip.Addr) bool    { return false }

// wire is an in-memory datagram socket: the test writes into in and reads out.
type wire struct {
	in, out chan packet
	once    sync.Once
	closed  chan struct{}
}

type packet struct {
	b    []byte
	addr net.Addr
}

func newWire() *wire {
	return &wire{in: make(chan packet, 64), out: make(chan packet, 64), closed: make(chan struct{})}
}

func (w *wire) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case p := <-w.in:
		return copy(b, p.b), p.addr, nil
	case <-w.closed:
		return 0, nil, net.ErrClosed
	}
}

func (w *wire) WriteTo(b []byte, a net.Addr) (int, error) {
	w.out <- packet{bytes.Clone(b), a}
	return len(b), nil
}

func (w *wire) Close() error                     { w.once.Do(func() { close(w.closed) }); return nil }
func (w *wire) LocalAddr() net.Addr              { return &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5060} }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// send puts a datagram of the phone's address on the wire.
func (w *wire) send(s string) {
	w.in <- packet{[]byte(s), &net.UDPAddr{IP: net.IPv4(192, 0, 2, 50), Port: 5062}}
}

// answer is the first datagram that comes back once all is quiet, "" for none.
func (w *wire) answer() string {
	synctest.Wait()
	select {
	case p := <-w.out:
		return string(p.b)
	default:
		return ""
	}
}

// serve runs sipgo behind a Screen, with handlers that answer 200 to everything.
func serve(t *testing.T, w *wire, cfg Config) (*Screen, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	s := New(cfg)
	quietLog := slog.New(QuietLog(slog.NewTextHandler(&log, nil)))
	ua, err := sipgo.NewUA(sipgo.WithUserAgentTransportLayerOptions(
		sip.WithTransportLayerReadFilter(s.Filter), sip.WithTransportLayerLogger(quietLog)))
	if err != nil {
		t.Fatal(err)
	}
	srv, err := sipgo.NewServer(ua)
	if err != nil {
		t.Fatal(err)
	}
	srv.OnNoRoute(func(req *sip.Request, tx sip.ServerTransaction) {
		if err := tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil)); err != nil {
			t.Errorf("cannot respond: %v", err)
		}
	})
	conn := s.PacketConn(w)
	done := make(chan error, 1)
	go func() { done <- srv.ServeUDP(conn) }()
	t.Cleanup(func() {
		if err := errors.Join(conn.Close(), srv.Close(), ua.Close(), <-done); err != nil {
			t.Errorf("cannot stop: %v", err)
		}
		<-time.After(time.Minute) // in the bubble: sipgo's transactions end
	})
	return s, &log
}

func TestSipgoBehindTheScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		s, _ := serve(t, w, Config{Known: everybody})
		for _, c := range []struct{ name, raw, want string }{
			{"ordinary", request("OPTIONS"), "SIP/2.0 200 "},
			{"no From (4475 3.3.1)", replaced("OPTIONS", "From: <sip:201@192.0.2.1>;tag=f1\r\n", ""), "SIP/2.0 400 "},
			{"SIP/7.0 (3.1.2.16)", replaced("OPTIONS", "SIP/2.0\r\n", "SIP/7.0\r\n"), "SIP/2.0 505 "},
			{"open quote (3.1.2.6)", replaced("OPTIONS", "To: ", "To: \""), "SIP/2.0 400 "},
			{"two lengths (3.3.9)", request("OPTIONS", "l: 0", "l: 1"), "SIP/2.0 400 "},
			{"old style (3.4.1)", old("OPTIONS"), "SIP/2.0 200 "},
			{"folds (3.1.1.1)", replaced("OPTIONS", "UDP 192.0.2.50:5062;branch=z9hG4bKabc", "UDP\r\n 192.0.2.50:5062 ; branch =\r\n z9hG4bKfold"), "SIP/2.0 200 "},
			{"keep alive", "\r\n\r\n", ""},
			{"nonsense", "hello", ""},
		} {
			w.send(c.raw)
			got := w.answer()
			if (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
				t.Errorf("%s: the answer is %q, want %q", c.name, got, c.want)
			}
			if strings.Contains(got, "2543.") || strings.Contains(got, "x-branch") {
				t.Errorf("%s: marks of ours on the wire:\n%s", c.name, got)
			}
		}
		if s.Passed() != 3 || len(s.Counts()) != 5 {
			t.Errorf("passed %d, counts %v", s.Passed(), s.Counts())
		}
	})
}

func TestStrangersAreBannedAndForgiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		s, _ := serve(t, w, Config{Known: nobody, Rules: Rules{Strangers: []string{"OPTIONS"}}})
		heard := 0
		for i := range 40 {
			w.send(strings.Replace(request("OPTIONS"), "z9hG4bKabc", "z9hG4bK"+strings.Repeat("x", i+1), 1))
			if w.answer() != "" {
				heard++
			}
		}
		if heard != strangerRate || len(s.Bans()) != 1 {
			t.Errorf("%d of 40 were heard, bans %v", heard, s.Bans())
		}
		<-time.After(strangerBan + time.Second)
		w.send(strings.Replace(request("OPTIONS"), "z9hG4bKabc", "z9hG4bKlater", 1))
		if w.answer() == "" || len(s.Bans()) != 0 {
			t.Errorf("after the ban: bans %v", s.Bans())
		}
	})
}

func TestKnownPeersAreNeverBanned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		s, _ := serve(t, w, Config{Known: everybody})
		for range 100 {
			w.send("REGISTER nonsense\r\nVia: SIP/2.0/UDP a\r\n\r\n")
			if !strings.HasPrefix(w.answer(), "SIP/2.0 400") {
				t.Fatal("not heard")
			}
		}
		if len(s.Bans()) != 0 {
			t.Errorf("bans %v", s.Bans())
		}
	})
}

func TestNewCallsAreCappedButNotUrgentOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		serve(t, w, Config{Known: everybody, Invites: 3, Urgent: func(u string) bool { return strings.HasPrefix(u, "sip:112@") }})
		invite := func(n string, i int) string {
			raw := strings.Replace(request("INVITE", contact), "sip:100@192.0.2.1 SIP", "sip:"+n+"@192.0.2.1 SIP", 1)
			return strings.Replace(raw, "z9hG4bKabc", "z9hG4bK"+n+strings.Repeat("y", i+1), 1)
		}
		codes := ""
		for i := range 5 {
			w.send(invite("100", i))
			codes += w.answer()[8:11] + " "
		}
		w.send(invite("112", 0))
		codes += w.answer()[8:11]
		if codes != "200 200 200 503 503 200" {
			t.Errorf("answers %s", codes)
		}
	})
}

func TestLimiterIsBounded(t *testing.T) {
	l := limiter{m: map[netip.Prefix]*tally{}}
	for i := range 20 * maxStrangers {
		l.allow(time.Unix(0, int64(i)), netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	if len(l.m) > maxStrangers {
		t.Errorf("%d addresses are remembered", len(l.m))
	}
}

// Sockets that sipgo opens itself are screened by the filter.
func TestFilterScreensSocketsOfSipgo(t *testing.T) {
	s := New(Config{Known: everybody})
	at := sip.TransportReadProps{Transport: "TCP", LocalAddr: end{}.LocalAddr(), RemoteAddr: end{port: 5061}.RemoteAddr()}
	raw := tcp(request("OPTIONS", "Content-Length: 0"))
	if out, err := s.Filter(at, []byte(raw[:40])); err != nil || len(out) != 0 {
		t.Fatalf("half a message gave %q, %v", out, err)
	}
	out, err := s.Filter(at, []byte(raw[40:]+raw))
	if err != nil || strings.Count(string(out), "OPTIONS sip:") != 2 {
		t.Fatalf("a message and a half gave %q, %v", out, err)
	}
	if _, err := s.Filter(at, []byte(tcp(request("OPTIONS", "l: 0", "l: 7")))); err == nil {
		t.Error("two lengths did not close the connection")
	}
	at.Transport = "UDP"
	if out, err := s.Filter(at, []byte(replaced("OPTIONS", "SIP/2.0\r\n", "SIP/7.0\r\n"))); err != nil || len(out) != 0 {
		t.Errorf("SIP/7.0 gave %q, %v", out, err)
	}
}

func TestQuietLogCutsAndSamples(t *testing.T) {
	var b bytes.Buffer
	h := QuietLog(slog.NewTextHandler(&b, nil))
	log := slog.New(h).With("caller", strings.Repeat("c", 1000))
	for range 50 {
		log.Error("failed to parse", "data", strings.Repeat("INVITE secret\r\n", 500), "error", errors.New(strings.Repeat("e", 900)))
	}
	if n := strings.Count(b.String(), "\n"); n != quietRecords {
		t.Errorf("%d lines", n)
	}
	if b.Len() > quietRecords*800 || strings.Contains(b.String(), `\r`) {
		t.Errorf("%d bytes:\n%s", b.Len(), b.String())
	}
	b.Reset()
	later := slog.NewRecord(time.Now().Add(2*quietSpan), slog.LevelError, "failed to parse", 0)
	if err := h.Handle(context.Background(), later); err != nil || !strings.Contains(b.String(), "left_out=45") {
		t.Errorf("%v %s", err, b.String())
	}
}

func BenchmarkCheck(b *testing.B) {
	raw := []byte(request("INVITE", contact, "Content-Type: application/sdp") + strings.Repeat("a=x\r\n", 30))
	r := &Rules{}
	b.ReportAllocs()
	for b.Loop() {
		if v := r.Check(raw, phone); v.Action != Pass {
			b.Fatal(v.Why)
		}
	}
}
