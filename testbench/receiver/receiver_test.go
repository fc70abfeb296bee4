package receiver

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/uplink"
	"github.com/centralita/centralita/firmware/uplink/httpsink"
)

const site = "centro"

var seeds = flag.Int("seeds", 2, "seeds of TestExactlyOnceUnderFaults")

// wire is a listener in memory: Dial gives one end of a pipe to Accept. While
// cut, nobody gets through.
type wire struct {
	conns chan net.Conn
	mu    sync.Mutex
	cut   bool
	open  []net.Conn
}

func newWire() *wire { return &wire{conns: make(chan net.Conn)} }

func (w *wire) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	w.mu.Lock()
	cut := w.cut
	w.mu.Unlock()
	if cut {
		return nil, fmt.Errorf("no route to host")
	}
	here, there := net.Pipe()
	select {
	case w.conns <- there:
		w.mu.Lock()
		w.open = append(w.open, here, there)
		w.mu.Unlock()
		return here, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// sever cuts every connection and, while on, lets no new one through.
func (w *wire) sever(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = on
	for _, c := range w.open {
		c.Close()
	}
	w.open = nil
}

// acceptor is the receiver's end of a wire, which outlives one server.
type acceptor struct {
	w    *wire
	done chan struct{}
	once sync.Once
}

func (a *acceptor) Accept() (net.Conn, error) {
	select {
	case c := <-a.w.conns:
		return c, nil
	case <-a.done:
		return nil, net.ErrClosed
	}
}
func (a *acceptor) Close() error   { a.once.Do(func() { close(a.done) }); return nil }
func (a *acceptor) Addr() net.Addr { return &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// far is a receiver that can be restarted.
type far struct {
	t    *testing.T
	w    *wire
	file string
	f    *Faults
	r    *Receiver
	srv  *http.Server
	done chan struct{}
}

func (f *far) start() {
	r, err := Open(f.file, "token")
	if err != nil {
		f.t.Fatal(err)
	}
	f.r, f.done = r, make(chan struct{})
	f.srv = &http.Server{Handler: f.f.Wrap(r)}
	go func() { defer close(f.done); f.srv.Serve(&acceptor{w: f.w, done: make(chan struct{})}) }()
}

// stop ends the receiver in the middle of whatever it does.
func (f *far) stop() {
	f.srv.Close()
	f.w.sever(false)
	<-f.done
	synctest.Wait() // handlers notice the cut
	if err := f.r.Close(); err != nil {
		f.t.Error(err)
	}
}

// near is a daemon's book and uplink that can be restarted.
type near struct {
	t      *testing.T
	w      *wire
	dir    string
	seed   uint64
	b      *book.Book
	sink   *httpsink.Sink
	cancel context.CancelFunc
	done   chan error
}

func (n *near) start() {
	b, err := book.Open(n.t.Context(), n.dir, book.Options{Site: site})
	if err != nil {
		n.t.Fatal(err)
	}
	s, err := httpsink.New(httpsink.Config{ID: "sede", Site: site, URL: "http://127.0.0.1/events", Token: "token", Dial: n.w.dial})
	if err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(n.t.Context())
	n.seed++
	u := uplink.New("sede", b, s, uplink.Options{Batch: 20, Every: time.Second, Seed: n.seed})
	n.b, n.sink, n.cancel, n.done = b, s, cancel, make(chan error, 1)
	go func() { n.done <- u.Run(ctx) }()
}

func (n *near) stop() {
	n.cancel()
	if err := <-n.done; err != nil {
		n.t.Error(err)
	}
	n.sink.Close()
	if err := n.b.Close(); err != nil {
		n.t.Error(err)
	}
}

// TestExactlyOnceUnderFaults writes for some hours of virtual time while
// connections are cut before and after storing, requests are worked twice, old
// answers come again, the server fails, and both ends restart by chance. In
// the end the far side has each (site, number) once, and nothing else.
func TestExactlyOnceUnderFaults(t *testing.T) {
	for seed := uint64(1); seed <= uint64(*seeds); seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { exactlyOnce(t, seed) })
		})
	}
}

func exactlyOnce(t *testing.T, seed uint64) {
	w := newWire()
	dice := rand.New(rand.NewPCG(seed, 7))
	faults := &Faults{CutBefore: 0.1, CutAfter: 0.2, Error: 0.1, ErrorLate: 0.1, Twice: 0.2, Stale: 0.1, Slow: 0.1, SlowFor: 90 * time.Second}
	f := &far{t: t, w: w, file: filepath.Join(t.TempDir(), "received.db"), f: faults.Seed(seed)}
	n := &near{t: t, w: w, dir: t.TempDir(), seed: seed}
	f.start()
	n.start()
	again, restarts := 0, 0
	for i := range 150 {
		for range dice.IntN(8) {
			n.b.Append(call.Fact{Kind: call.PhoneState, Ext: "201", State: "up", Reason: fmt.Sprint("change ", i)})
		}
		<-time.After(time.Duration(dice.IntN(60)) * time.Second)
		switch dice.IntN(40) {
		case 0:
			again += f.r.Count().Again
			f.stop()
			f.start()
			restarts++
		case 1:
			n.stop()
			n.start()
			restarts++
		case 2:
			w.sever(true)
		case 3, 4, 5, 6:
			w.sever(false)
		}
	}
	w.sever(false)
	f.f.Calm()
	if err := n.b.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-time.After(uplink.MaxBackoff + 3*time.Minute)
	compare(t, n.b, f.r)
	again += f.r.Count().Again
	if again == 0 || restarts == 0 {
		t.Errorf("too calm a test: %d rows came again, %d restarts", again, restarts)
	}
	n.stop()
	f.stop()
}

// compare checks that the far side has exactly the rows of the book.
func compare(t *testing.T, b *book.Book, r *Receiver) {
	t.Helper()
	want, err := b.Rows(t.Context(), 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Rows(t.Context(), site)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("the far side has %d rows, the book %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Seq != want[i].Seq || got[i].Hash != hex.EncodeToString(want[i].Hash) || string(got[i].Body) != string(want[i].Body) {
			t.Fatalf("row %d differs: %+v", want[i].Seq, got[i])
		}
	}
	if acked, err := b.Cursor(t.Context(), "sede"); err != nil || acked != uint64(len(want)) {
		t.Errorf("cursor %d of %d, %v", acked, len(want), err)
	}
}

// TestRealTLS does the same once over a real socket with a private authority.
func TestRealTLS(t *testing.T) {
	dir := t.TempDir()
	r, err := Open(filepath.Join(dir, "received.db"), "token")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cert, pem, err := Certificate()
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer((&Faults{CutAfter: 0.5}).Seed(3).Wrap(r))
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	srv.StartTLS()
	defer srv.Close()

	b, err := book.Open(t.Context(), filepath.Join(dir, "data"), book.Options{Site: site})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for i := range 50 {
		b.Append(call.Fact{Kind: call.Node, Call: "1-1", Node: fmt.Sprint(i)})
	}
	if err := b.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := httpsink.New(httpsink.Config{ID: "sede", Site: site, URL: srv.URL, CA: ca, Token: "token"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for acked := uint64(0); acked < b.Last(); {
		rows, err := b.Rows(t.Context(), acked, 10)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := s.Send(t.Context(), rows); err == nil {
			acked = n
			if err := b.SetCursor(t.Context(), "sede", n); err != nil {
				t.Fatal(err)
			}
		}
	}
	compare(t, b, r)
}

// post sends raw bytes as a batch.
func post(r *Receiver, key string, packed []byte) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(packed))
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("Content-Encoding", "gzip")
	req.Header.Set("Authorization", "Bearer token")
	req.Header.Set("Idempotency-Key", key)
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, req)
	return rec
}

func pack(lines string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(lines))
	z.Close()
	return b.Bytes()
}

func TestReceiverAcknowledgesWithoutGapOnly(t *testing.T) {
	r, err := Open(filepath.Join(t.TempDir(), "r.db"), "token")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	line := func(seq int, hash string) string {
		return fmt.Sprintf(`{"site":"a","seq":%d,"boot":1,"at":"2026-11-21T10:00:00Z","kind":"k","hash":%q,"body":null}`+"\n", seq, hash)
	}
	for i, c := range []struct {
		key, lines, want string
		code             int
	}{
		{"a:1-2", line(1, "x") + line(2, "y"), `{"ack":2}`, 200},
		{"a:5-5", line(5, "z"), `{"ack":2}`, 200},
		{"a:3-4", line(3, "p") + line(4, "q"), `{"ack":5}`, 200},
		{"a:2-2", line(2, "y"), `{"ack":5}`, 200},
		{"a:2-2", line(2, "other"), "another hash", 409},
		{"a:6-8", line(6, "x") + line(8, "y"), "without a gap", 400},
		{"a:6-7", line(6, "x"), "not that of the rows", 400},
		{"", line(6, "x"), "no Idempotency-Key", 400},
		{"a:6-6", "{", "not JSON lines", 400},
		{"a:6-6", "", "no rows", 400},
		{"a:6-6", `{"site":"a","seq":6,"hash":"x"}`, "lacks a field", 400},
	} {
		rec := post(r, c.key, pack(c.lines))
		if rec.Code != c.code || !strings.Contains(rec.Body.String(), c.want) {
			t.Errorf("%d: %d %s, want %d %s", i, rec.Code, rec.Body, c.code, c.want)
		}
	}
	req := httptest.NewRequest(http.MethodPost, "/", nil)
	rec := httptest.NewRecorder()
	if r.ServeHTTP(rec, req); rec.Code != http.StatusUnauthorized {
		t.Errorf("without a token: %d", rec.Code)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(pack(`{"site":"a","seq":1,"boot":1,"at":"2026-11-21T10:00:00Z","kind":"k","hash":"x","body":{}}`))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := unpack(bytes.NewReader(b))
		if err == nil && len(rows) == 0 {
			t.Error("no rows and no error")
		}
	})
}
