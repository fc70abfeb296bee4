package syslog

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/testbench/memnet"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server takes connections and keeps the messages it reads, frame by frame.
type server struct {
	mu    sync.Mutex
	conns []net.Conn
	got   []string
	down  error // Dial fails with it
	deaf  bool  // it reads nothing
	tls   *tls.Config
	net   *memnet.Net // nil: a pipe
}

func (s *server) Dial(context.Context, string, string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	ours, theirs := s.pair()
	if s.tls != nil {
		theirs = tls.Server(theirs, s.tls)
	}
	s.conns = append(s.conns, theirs)
	if !s.deaf {
		go s.read(theirs)
	}
	return ours, nil
}

// pair returns both ends of a connection: a pipe, whose writes end when they are
// read, or one with buffers.
func (s *server) pair() (ours, theirs net.Conn) {
	if s.net == nil {
		return net.Pipe()
	}
	l, err := s.net.Listen("10.0.0.1:6514")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	if ours, err = s.net.Dial(context.Background(), "10.0.0.2", "10.0.0.1:6514"); err != nil {
		panic(err)
	}
	if theirs, err = l.Accept(); err != nil {
		panic(err)
	}
	return ours, theirs
}

// read is a receiver of RFC 6587 section 3.4.1: MSG-LEN SP SYSLOG-MSG.
func (s *server) read(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		size, err := r.ReadString(' ')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(size, " "))
		if err != nil || n < 1 || size[0] == '0' {
			s.keep("bad frame " + size)
			return
		}
		m := make([]byte, n)
		if _, err := io.ReadFull(r, m); err != nil {
			return
		}
		s.keep(string(m))
	}
}

func (s *server) keep(m string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, m)
}

// texts returns what the messages say, after checking their grammar.
func (s *server) texts(t *testing.T) []string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, m := range s.got {
		out = append(out, parts(t, []byte(m))[8])
	}
	return out
}

func (s *server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// hangUp closes every connection.
func (s *server) hangUp() {
	s.set(func() {
		for _, c := range s.conns {
			_ = c.Close() // it may be closed already
		}
		s.conns = nil
	})
}

// bubble runs a way to a server in virtual time.
func bubble(t *testing.T, transport, ca string, s *server, check func(l *Log, log *slog.Logger)) {
	t.Helper()
	l, err := New(Config{Server: "logs.example.net:6514", Transport: transport, CA: ca, Host: "box", App: "centralita", Version: "test", Dial: s.Dial})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	check(l, slog.New(l.Handler(slog.LevelInfo)))
	began := time.Now()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 2*farewellTime {
		t.Errorf("the end took %s", took)
	}
	s.hangUp()
}

func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// Texts, attributes and groups on one line that nobody can forge.
func TestHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		bubble(t, "tcp", "", s, func(_ *Log, log *slog.Logger) {
			log.Debug("not this")
			log.With("port", "L1").WithGroup("sip").Warn("refused\n<27>1 - evil", "from", `600123456" evil="1`, "err", errors.New("no\r\nanswer from +34600123456"),
				"n", 1234567, "empty", "", slog.Group("peer", "user", "ana"), "at", time.Date(2026, 11, 28, 1, 2, 3, 0, time.UTC))
			pass(0)
			const want = `refused <27>1 - evil port=L1 sip.from="***456\" evil=\"1" sip.err="no\r\nanswer from +***456" sip.n=1234567 sip.empty="" sip.peer.user=ana sip.at=2026-11-28T01:02:03Z`
			if got := s.texts(t); len(got) != 1 || got[0] != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	})
}

// RFC 6587 section 3.4.1: frames by octet counting, also for texts whose bytes are
// more than their characters.
func TestOctetCounting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		bubble(t, "tcp", "", s, func(_ *Log, log *slog.Logger) {
			for i := range 50 {
				log.Info(strings.Repeat("ñ", i))
			}
			pass(0)
			got := s.texts(t)
			if len(got) != 50 || got[49] != bom+strings.Repeat("ñ", 49) {
				t.Errorf("%d messages, the last %q", len(got), got[len(got)-1])
			}
		})
	})
}

// A server that hangs up, or is not there for an hour, gets all that was logged
// meanwhile; how the way does is known.
func TestReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		bubble(t, "tcp", "", s, func(l *Log, log *slog.Logger) {
			log.Info("one")
			pass(0)
			s.set(func() { s.down = syscall.ECONNREFUSED })
			s.hangUp()
			pass(time.Second)
			if err := l.State().Err; err == nil || !strings.Contains(err.Error(), "cannot log to logs.example.net:6514 over tcp") {
				t.Errorf("hung up: %v", err)
			}
			log.Info("two")
			pass(time.Hour)
			s.set(func() { s.down = nil })
			pass(lastRetry)
			if got := s.texts(t); len(got) != 2 || got[1] != "two" || l.State().Err != nil || l.State().Dropped != 0 {
				t.Errorf("%q, %+v", got, l.State())
			}
		})
	})
}

// Whoever logs never waits. What a full queue drops is counted and told.
func TestNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{deaf: true}
		bubble(t, "tcp", "", s, func(l *Log, log *slog.Logger) {
			pass(time.Second)
			began := time.Now()
			for i := range queueSize + 101 {
				log.Info(fmt.Sprint("n", i))
				if i == 0 {
					synctest.Wait() // it is being written
				}
			}
			if time.Since(began) != 0 || l.State().Dropped != 100 {
				t.Errorf("waited %s, dropped %d", time.Since(began), l.State().Dropped)
			}
			s.set(func() { s.deaf = false })
			pass(writeTime + 2*time.Second)
			got := s.texts(t)
			told := 0
			for _, m := range got {
				if strings.HasPrefix(m, "101 messages were dropped") { // and the one that could not be put back
					told++
				}
			}
			if told != 1 || len(got) != queueSize+1 || l.State().Dropped != 101 {
				t.Errorf("%d messages, told %d times, dropped %d", len(got), told, l.State().Dropped)
			}
		})
	})
}

// At the end what is queued still goes out; a server that does not read keeps
// nobody from ending.
func TestFarewell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		bubble(t, "tcp", "", s, func(_ *Log, log *slog.Logger) {
			pass(time.Second)
			for range 10 {
				log.Info("last words")
			}
		})
		synctest.Wait()
		if got := s.texts(t); len(got) != 10 {
			t.Errorf("%d messages", len(got))
		}
		s = &server{deaf: true}
		bubble(t, "tcp", "", s, func(_ *Log, log *slog.Logger) {
			log.Info("to the wall")
			pass(time.Second)
		})
	})
}

// RFC 5426 section 3.1: one message a datagram, no frame.
func TestDatagrams(t *testing.T) {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	l, err := New(Config{Server: pc.LocalAddr().String(), Transport: "udp", Host: "box", App: "centralita"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	log := slog.New(l.Handler(slog.LevelInfo))
	for i := range 3 {
		log.Info(fmt.Sprint("message ", i))
		b := make([]byte, 4096)
		if err := pc.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, _, err := pc.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := parts(t, b[:n])[8]; got != fmt.Sprint("message ", i) {
			t.Errorf("got %q", got)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// authority makes a certificate for name and the file that vouches for it.
func authority(t *testing.T, name string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// RFC 5425 section 4.2: the server is authenticated; section 4.3: frames within;
// section 4.4: the end is said.
func TestTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cert, ca := authority(t, "logs.example.net")
		s := &server{net: memnet.New(1), tls: &tls.Config{Certificates: []tls.Certificate{cert}}}
		bubble(t, "tls", ca, s, func(l *Log, log *slog.Logger) {
			log.Info("in private")
			pass(time.Second)
			if got := s.texts(t); len(got) != 1 || got[0] != "in private" || l.State().Err != nil {
				t.Errorf("%q, %v", got, l.State().Err)
			}
		})
		other, _ := authority(t, "logs.example.net")
		wrong, wrongCA := authority(t, "evil.example.net")
		for name, x := range map[string]struct {
			cert tls.Certificate
			ca   string
			why  string
		}{
			"unknown authority": {other, ca, "certificate"},
			"another's name":    {wrong, wrongCA, "evil.example.net"},
		} {
			s := &server{net: memnet.New(1), tls: &tls.Config{Certificates: []tls.Certificate{x.cert}}}
			bubble(t, "tls", x.ca, s, func(l *Log, log *slog.Logger) {
				log.Info("in private")
				pass(time.Second)
				if err := l.State().Err; err == nil || !strings.Contains(err.Error(), x.why) || len(s.texts(t)) != 0 {
					t.Errorf("%s: %v, %q", name, err, s.texts(t))
				}
			})
		}
	})
}

func TestNewRefuses(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for why, c := range map[string]Config{
		"missing port":         {Server: "logs", Transport: "udp"},
		"udp, tcp or tls":      {Server: "logs:514", Transport: "carrier pigeon"},
		"no such file":         {Server: "logs:6514", Transport: "tls", CA: "/nowhere/ca.pem"},
		"holds no certificate": {Server: "logs:6514", Transport: "tls", CA: empty},
	} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
