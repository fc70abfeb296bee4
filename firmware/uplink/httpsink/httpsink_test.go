package httpsink

import (
	"compress/gzip"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/uplink"
)

func rows() []book.Row {
	at := time.Date(2026, 11, 21, 9, 41, 40, 123456000, time.UTC)
	return []book.Row{
		{Seq: 7, Boot: 2, At: at, Kind: "call.began", Hash: []byte{0xAB, 1}, Privacy: book.Person},
		{Seq: 8, Boot: 2, At: at, Kind: "call.ended", Hash: []byte{0xCD, 2}, Body: []byte(`{"kind":"call.ended","evidence":"a<b"}`)},
	}
}

// server is a TLS server on the loopback and the file of its authority.
func server(t *testing.T, h http.HandlerFunc) (*httptest.Server, string) {
	t.Helper()
	srv := httptest.NewTLSServer(h)
	t.Cleanup(srv.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return srv, ca
}

func sink(t *testing.T, cfg Config) *Sink {
	t.Helper()
	cfg.ID, cfg.Site = "sede", "centro"
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestRequestOnTheWire(t *testing.T) {
	var got string
	var head http.Header
	srv, ca := server(t, func(w http.ResponseWriter, r *http.Request) {
		head = r.Header
		zip, err := gzip.NewReader(r.Body)
		if err == nil {
			var b []byte
			b, err = io.ReadAll(zip)
			got = string(b)
		}
		if err != nil {
			t.Error(err)
		}
		io.WriteString(w, `{"ack":8}`)
	})
	ack, err := sink(t, Config{URL: srv.URL, CA: ca, Token: "s3cret"}).Send(t.Context(), rows())
	if err != nil || ack != 8 {
		t.Fatalf("ack %d, %v", ack, err)
	}
	want := `{"site":"centro","seq":7,"boot":2,"at":"2026-11-21T09:41:40.123456Z","kind":"call.began","hash":"ab01","body":null}
{"site":"centro","seq":8,"boot":2,"at":"2026-11-21T09:41:40.123456Z","kind":"call.ended","hash":"cd02","body":{"kind":"call.ended","evidence":"a<b"}}
`
	if got != want {
		t.Errorf("body\n%swant\n%s", got, want)
	}
	for k, v := range map[string]string{
		"Authorization": "Bearer s3cret", "Content-Encoding": "gzip", "Content-Type": "application/x-ndjson", "Idempotency-Key": "centro:7-8",
	} {
		if head.Get(k) != v {
			t.Errorf("%s: %q", k, head.Get(k))
		}
	}
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		code     int
		body     string
		refused  bool
		tooLarge bool
		err      string
	}{
		"not json":          {200, "hello", false, false, "not {"},
		"no ack":            {200, `{}`, false, false, "no \"ack\""},
		"negative":          {200, `{"ack":-1}`, false, false, "not {"},
		"endless":           {200, strings.Repeat(" ", maxAnswer+1), false, false, "longer than"},
		"server error":      {500, "oops", false, false, "500 Internal Server Error: oops"},
		"wait":              {429, "", false, false, "429"},
		"wrong token":       {401, "wrong\r\n\x1b[31mtoken", true, false, "wrong [31mtoken"},
		"conflict":          {409, "known with another hash", true, false, "another hash"},
		"too large":         {413, "", true, true, "413"},
		"redirect":          {302, "", true, false, "redirects are not followed"},
		"created is no ack": {201, `{"ack":8}`, false, false, "201"},
	} {
		t.Run(name, func(t *testing.T) {
			srv, ca := server(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "https://example.invalid/")
				w.WriteHeader(c.code)
				io.WriteString(w, c.body)
			})
			_, err := sink(t, Config{URL: srv.URL, CA: ca}).Send(t.Context(), rows())
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Fatalf("error %v, want %q in it", err, c.err)
			}
			no, refused := errors.AsType[*uplink.Refusal](err)
			if refused != c.refused || refused && no.TooLarge != c.tooLarge {
				t.Errorf("refusal %v (%v)", refused, err)
			}
			if strings.ContainsAny(err.Error(), "\r\n\x1b") {
				t.Errorf("raw text from the wire in %q", err)
			}
		})
	}
}

func TestStrangersCertificateIsNotTrusted(t *testing.T) {
	srv, _ := server(t, func(w http.ResponseWriter, r *http.Request) { t.Error("a row reached a stranger") })
	srv.Config.ErrorLog = nil
	if _, err := sink(t, Config{URL: srv.URL}).Send(t.Context(), rows()); err == nil {
		t.Error("a certificate of nobody was trusted")
	}
}

func TestDeadlineEndsASend(t *testing.T) {
	stop := make(chan struct{})
	srv, ca := server(t, func(w http.ResponseWriter, r *http.Request) { <-stop })
	defer close(stop)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sink(t, Config{URL: srv.URL, CA: ca}).Send(ctx, rows()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, []byte("no"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, cfg := range map[string]Config{
		"begin with https":       {URL: "http://collector.example.net/", Site: "a"},
		"must be https":          {URL: "https://user:pass@example.net/", Site: "a"},
		"is not one":             {URL: "https://[::1", Site: "a"},
		"its token":              {URL: "https://example.net/", Site: "a", Token: "x\r\nHost: y"},
		"no id":                  {URL: "https://example.net/"},
		"holds no certificate":   {URL: "https://example.net/", Site: "a", CA: bad},
		"cannot read its author": {URL: "https://example.net/", Site: "a", CA: bad + "x"},
	} {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", cfg, err, want)
		}
		if _, err := New(cfg); err != nil && strings.Contains(err.Error(), "pass@") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
	for _, url := range []string{"http://127.0.0.1:9/", "http://localhost:9/x", "http://[::1]:9/", "https://example.net/"} {
		if _, err := New(Config{URL: url, Site: "a"}); err != nil {
			t.Error(err)
		}
	}
}

func FuzzAck(f *testing.F) {
	f.Add(200, []byte(`{"ack":5}`))
	f.Add(200, []byte(`{"ack":18446744073709551616}`))
	f.Add(413, []byte("\x1b]0;x\a"))
	f.Fuzz(func(t *testing.T, code int, answer []byte) {
		n, err := ack(code, "status", answer)
		if err != nil && n != 0 {
			t.Errorf("%d beside the error %v", n, err)
		}
		if err == nil && code != 200 {
			t.Errorf("status %d acknowledged", code)
		}
	})
}
