package update

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/update/ctl"
)

func testKey(n byte) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte{n})
	return ed25519.NewKeyFromSeed(seed[:])
}

func testKeys() *ctl.Keys { return ctl.NewKeys(testKey(1).Public().(ed25519.PublicKey)) }

// testImage is a slot image that gzip cannot make small.
func testImage(version string, size int) []byte {
	b := []byte("SYSTEM " + version + "\n")
	for s := sha256.Sum256(b); len(b) < size; s = sha256.Sum256(s[:]) {
		b = append(b, s[:]...)
	}
	return b
}

// testBundle makes a signed bundle; change may alter its manifest first.
func testBundle(t testing.TB, version string, number uint64, size int, change func(*ctl.Manifest)) []byte {
	t.Helper()
	var payload, b bytes.Buffer
	p, err := ctl.Pack(&payload, bytes.NewReader(testImage(version, size)), "none")
	if err != nil {
		t.Fatal(err)
	}
	m := ctl.Manifest{Board: "qemu", Version: version, Number: number, Floor: 1, Made: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Payload: p}
	if change != nil {
		change(&m)
	}
	h, err := ctl.NewHeader(m)
	if err == nil {
		h, err = h.Signed(testKey(1))
	}
	if err == nil {
		_, err = h.WriteTo(&b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), payload.Bytes()...)
}

// site is a web server behind a bad line: a transport without sockets.
type site struct {
	mu    sync.Mutex // of file and of what is counted
	file  []byte
	tag   string        // ETag
	cut   int           // bytes after which the line breaks; 0: never
	dumb  bool          // knows no ranges
	code  int           // answers this instead; 0: the file
	mute  int           // requests that are never answered past the header
	slow  time.Duration // for each read
	asked []string      // Range of each request
	sent  int
}

func (s *site) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Header.Get("Range"))
	if s.dumb {
		r.Header.Del("Range")
	}
	w := httptest.NewRecorder()
	if s.tag != "" {
		w.Header().Set("ETag", s.tag)
	}
	if s.code != 0 {
		w.WriteHeader(s.code)
	} else {
		http.ServeContent(w, r, "x.ctl", time.Time{}, bytes.NewReader(s.file))
	}
	resp := w.Result()
	resp.Body = &line{s: s, ctx: r.Context(), r: resp.Body, left: s.cut, mute: s.mute > 0}
	s.mute--
	return resp, nil
}

// line is a body that breaks.
type line struct {
	s    *site
	ctx  context.Context
	r    io.Reader
	left int
	mute bool
}

var errLine = errors.New("the line broke")

func (l *line) Read(b []byte) (int, error) {
	if l.mute {
		<-l.ctx.Done()
		return 0, l.ctx.Err()
	}
	if l.s.slow > 0 && !wait(l.ctx, l.s.slow) {
		return 0, l.ctx.Err()
	}
	if l.s.cut > 0 {
		if l.left == 0 {
			return 0, errLine
		}
		b = b[:min(len(b), l.left)]
	}
	n, err := l.r.Read(b)
	l.left -= n
	l.s.mu.Lock()
	l.s.sent += n
	l.s.mu.Unlock()
	return n, err
}

func (l *line) Close() error { return nil }

const addr = "https://updates.example/qemu.ctl"

// fetchTest is a fetcher in a folder before a site.
func fetchTest(t *testing.T, s *site) *fetcher {
	t.Helper()
	return &fetcher{client: &http.Client{Transport: s}, dir: t.TempDir(), rate: func() int64 { return 0 }}
}

func accepts(h ctl.Header) (ctl.Manifest, error) { return h.Verify(testKeys()) }

func (f *fetcher) get(t *testing.T) error {
	t.Helper()
	return f.Get(t.Context(), addr, accepts, func(int64, int64) {})
}

// has checks that the whole bundle lies there and nothing else.
func (f *fetcher) has(t *testing.T, want []byte) {
	t.Helper()
	got, err := os.ReadFile(f.path(DoneName))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
	}
	left, err := os.ReadDir(f.dir)
	if err != nil || len(left) != 1 {
		t.Errorf("beside it lies %v, %v", left, err)
	}
}

func TestADownloadGoesOnWhereTheLineBroke(t *testing.T) {
	b := testBundle(t, "0.9.5", 5, 400_000, nil)
	s := &site{file: b, tag: `"one"`, cut: 90_000}
	f := fetchTest(t, s)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := f.get(t); err != nil {
			t.Fatal(err)
		}
		f.has(t, b)
		if s.sent != len(b) || len(s.asked) != 5 || s.asked[1] != "bytes=90000-" {
			t.Errorf("%d bytes were sent of %d, asked for %v", s.sent, len(b), s.asked)
		}
		if took := time.Since(began); took != 4*pauseMin {
			t.Errorf("paused for %s", took)
		}
	})
}

func TestADownloadGoesOnAfterARestart(t *testing.T) {
	b := testBundle(t, "0.9.5", 5, 400_000, nil)
	s := &site{file: b, tag: `"one"`, slow: time.Second}
	f := fetchTest(t, s)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5500*time.Millisecond)
		defer cancel()
		if err := f.Get(ctx, addr, accepts, func(int64, int64) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("stopped with %v", err)
		}
		had := f.size()
		if had == 0 {
			t.Fatal("nothing has come")
		}
		again := &fetcher{client: f.client, dir: f.dir, rate: f.rate}
		if err := again.get(t); err != nil {
			t.Fatal(err)
		}
		f.has(t, b)
		if s.sent > len(b)+piece {
			t.Errorf("%d bytes were sent of %d, %d were there", s.sent, len(b), had)
		}
	})
}

func TestAFileThatChangedBeginsAnew(t *testing.T) {
	old, b := testBundle(t, "0.9.5", 5, 300_000, nil), testBundle(t, "0.9.6", 6, 300_000, nil)
	for name, change := range map[string]func(*site){
		"another tag":       func(s *site) { s.tag = `"two"` },
		"no tag any more":   func(s *site) { s.tag = "" },
		"knows no ranges":   func(s *site) { s.dumb = true },
		"a weak tag before": func(s *site) { s.tag = `W/"one"` },
	} {
		s := &site{file: old, tag: `"one"`, cut: 100_000}
		f := fetchTest(t, s)
		synctest.Test(t, func(t *testing.T) {
			if name == "a weak tag before" {
				s.tag = `W/"one"`
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := f.Get(ctx, addr, accepts, func(int64, int64) {}); err == nil || f.size() != 100_000 {
				t.Fatalf("%s: %v with %d bytes", name, err, f.size())
			}
			s.file, s.cut = b, 0
			change(s)
			if err := f.get(t); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			f.has(t, b)
		})
	}
}

func TestDownloadsThatAreRefusedLeaveNothing(t *testing.T) {
	good := testBundle(t, "0.9.5", 5, 300_000, nil)
	flipped := bytes.Clone(good)
	flipped[len(flipped)-1] ^= 1
	for want, b := range map[ctl.Code][]byte{
		ctl.NotABundle: bytes.Repeat([]byte("<html>"), 30_000),
		ctl.Signature:  append(append(bytes.Clone(good[:40]), good[40]^1), good[41:]...),
		ctl.Damaged:    flipped,
		ctl.Trailing:   append(bytes.Clone(good), make([]byte, 1<<20)...),
		ctl.Truncated:  good[:len(good)-10],
	} {
		s := &site{file: b, tag: `"one"`}
		f := fetchTest(t, s)
		synctest.Test(t, func(t *testing.T) {
			err := f.get(t)
			var r *ctl.Refusal
			if !errors.As(err, &r) || r.Code != want {
				t.Errorf("got %v, want %s", err, want)
			}
			if left, err := os.ReadDir(f.dir); err != nil || len(left) > 0 {
				t.Errorf("%s: left %v, %v", want, left, err)
			}
			if s.sent > len(good)+ctl.MaxHeader {
				t.Errorf("%s: %d bytes were taken of %d", want, s.sent, len(good))
			}
		})
	}
}

func TestWhatIsNotDownloaded(t *testing.T) {
	for want, c := range map[string]struct {
		address string
		s       *site
	}{
		"https, not http":      {"http://updates.example/x.ctl", &site{}},
		"https, not ftp":       {"ftp://updates.example/x.ctl", &site{}},
		"no address":           {"https://", &site{}},
		"answers 404":          {addr, &site{code: http.StatusNotFound}},
		"answers 503":          {addr, &site{code: http.StatusServiceUnavailable}},
		"the server fell sile": {addr, &site{file: testBundle(t, "1", 1, 1000, nil), mute: 1000}},
	} {
		f := fetchTest(t, c.s)
		synctest.Test(t, func(t *testing.T) {
			if err := f.Get(t.Context(), c.address, accepts, func(int64, int64) {}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q", err, want)
			}
			tries := map[string]int{"answers 404": 1, "answers 503": hurdles + 1, "the server fell sile": hurdles + 1}[want]
			if len(c.s.asked) != tries {
				t.Errorf("%s: asked %d times, want %d", want, len(c.s.asked), tries)
			}
		})
	}
}

// dead answers nothing.
type dead struct{}

func (dead) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("no route") }

// An address may hold a key; neither log nor book nor screen shows it.
func TestAnAddressKeepsItsKey(t *testing.T) {
	const secret = "https://u:canary1@updates.example/x.ctl?key=canary2"
	f := &fetcher{client: &http.Client{Transport: dead{}}, dir: t.TempDir(), rate: func() int64 { return 0 }}
	_, err := f.Head(t.Context(), secret)
	if err == nil || !strings.Contains(err.Error(), "updates.example: no route") || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
	if err := checkURL("//\x7f?key=canary3"); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
	if got := shown(secret); got != "https://updates.example/x.ctl?***" {
		t.Error(got)
	}
}

func TestAServerThatFallsSilentOnceIsNoHarm(t *testing.T) {
	b := testBundle(t, "0.9.5", 5, 100_000, nil)
	s := &site{file: b, mute: 1}
	f := fetchTest(t, s)
	synctest.Test(t, func(t *testing.T) {
		if err := f.get(t); err != nil {
			t.Fatal(err)
		}
		f.has(t, b)
	})
}

func TestADownloadKeepsToItsRate(t *testing.T) {
	b := testBundle(t, "0.9.5", 5, 500_000, nil)
	f := fetchTest(t, &site{file: b})
	f.rate = func() int64 { return 50_000 }
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var last int64
		err := f.Get(t.Context(), addr, accepts, func(done, of int64) {
			if done < last || of != int64(len(b)) {
				t.Errorf("progress %d of %d after %d", done, of, last)
			}
			last = done
		})
		if err != nil || last != int64(len(b)) {
			t.Fatalf("%v, the last progress was %d", err, last)
		}
		if took := time.Since(began); took < 9*time.Second || took > 11*time.Second {
			t.Errorf("%d bytes took %s", len(b), took)
		}
	})
}

func TestAHeaderIsReadAlone(t *testing.T) {
	b := testBundle(t, "0.9.5", 5, 500_000, nil)
	s := &site{file: b}
	f := fetchTest(t, s)
	h, err := f.Head(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := accepts(h); err != nil || m.Version != "0.9.5" || s.sent > ctl.MaxHeader {
		t.Errorf("%+v, %v after %d bytes", m, err, s.sent)
	}
}
