// Package httpsink is an upstream sink over HTTPS: a batch of rows is one POST
// of gzipped JSON lines with an idempotency key, and the answer {"ack": N}
// says up to which number the far side has everything.
//
// One line is one row: site, seq, boot, at, kind, hash, body (null once erased).
package httpsink

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/uplink"
)

// Config of a sink.
type Config struct {
	ID    string        // names the cursor in the book
	Site  string        // with the number the identity of a row
	URL   string        // https, or http to the loopback only
	Token string        // sent as bearer; empty: none
	CA    string        // PEM file of a private authority; empty: the system's authorities
	Batch int           // for uplink.Options
	Every time.Duration // for uplink.Options

	// Dial opens the connection, for tests without a network. Nil: the network.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Limits of one exchange.
const (
	maxAnswer     = 64 << 10
	exchangeTime  = time.Minute
	headerTime    = 30 * time.Second
	handshakeTime = 10 * time.Second
)

// Sink is a far side over HTTPS. It is an uplink.Sink.
type Sink struct {
	cfg    Config
	client *http.Client
}

var _ uplink.Sink = (*Sink)(nil)

// New checks the configuration and makes the sink. It does not connect.
func New(cfg Config) (*Sink, error) {
	fail := func(format string, args ...any) (*Sink, error) {
		return nil, fmt.Errorf("cannot use the uplink %s: %w", cfg.ID, fmt.Errorf(format, args...))
	}
	u, err := url.Parse(cfg.URL)
	switch {
	case err != nil:
		return fail("its url is not one: %w", err)
	case u.Host == "" || u.User != nil:
		return fail("its url %q must be https://HOST/PATH without a user; hint: the secret goes into token", u.Redacted())
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return fail("its url %q must begin with https; http is for the loopback only", cfg.URL)
	case strings.ContainsFunc(cfg.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fail("its token holds a space or a character that is not plain ASCII")
	case cfg.Site == "":
		return fail("the site has no id")
	}
	roots, err := authority(cfg.CA)
	if err != nil {
		return fail("%w", err)
	}
	dial := cfg.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: handshakeTime}).DialContext
	}
	return &Sink{cfg: cfg, client: &http.Client{
		Timeout:       exchangeTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:            dial,
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    handshakeTime,
			ResponseHeaderTimeout:  headerTime,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: maxAnswer,
			MaxConnsPerHost:        1,
		},
	}}, nil
}

// loopback reports whether host can only be this machine.
func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// authority reads the private authority, nil for the system's.
func authority(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read its authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("its authority %s holds no certificate in PEM form", file)
	}
	return pool, nil
}

// Close lets go of the kept connection.
func (s *Sink) Close() { s.client.CloseIdleConnections() }

// Line is one row on the wire.
type Line struct {
	Site string          `json:"site"`
	Seq  uint64          `json:"seq"`
	Boot uint64          `json:"boot"`
	At   time.Time       `json:"at"`
	Kind string          `json:"kind"`
	Hash string          `json:"hash"` // hex
	Body json.RawMessage `json:"body"` // null once erased
}

// Send posts rows and returns the acknowledged number. A status 4xx but 408,
// 425 and 429, and any redirect, is a *uplink.Refusal.
func (s *Sink) Send(ctx context.Context, rows []book.Row) (uint64, error) {
	body, err := s.pack(rows)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("cannot make the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("Content-Encoding", "gzip")
	req.Header.Set("Idempotency-Key", fmt.Sprintf("%s:%d-%d", s.cfg.Site, rows[0].Seq, rows[len(rows)-1].Seq))
	req.Header.Set("User-Agent", "centralita")
	if s.cfg.Token != "" {
		req.Header.Set("Authorization", "Bearer "+s.cfg.Token)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, plain(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return 0, fmt.Errorf("the answer broke off: %w", err)
	}
	return ack(resp.StatusCode, resp.Status, answer)
}

// pack writes rows as gzipped JSON lines.
func (s *Sink) pack(rows []book.Row) ([]byte, error) {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	enc := json.NewEncoder(zip)
	enc.SetEscapeHTML(false)
	for i := range rows {
		r := &rows[i]
		l := Line{Site: s.cfg.Site, Seq: r.Seq, Boot: r.Boot, At: r.At, Kind: string(r.Kind), Hash: hex.EncodeToString(r.Hash), Body: r.Body}
		if r.Erased() {
			l.Body = json.RawMessage("null")
		}
		if err := enc.Encode(l); err != nil {
			return nil, fmt.Errorf("cannot pack number %d: %w", r.Seq, err)
		}
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("cannot pack the batch: %w", err)
	}
	return out.Bytes(), nil
}

// ack reads an answer.
func ack(code int, status string, answer []byte) (uint64, error) {
	if code != http.StatusOK {
		why := fmt.Sprintf("the server answered %s: %s", tel.CleanText(status), tel.CleanText(string(answer)))
		switch {
		case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests:
		case code >= 300 && code < 400:
			return 0, &uplink.Refusal{Why: why + "; hint: redirects are not followed, put the final url into the configuration"}
		case code >= 400 && code < 500:
			return 0, &uplink.Refusal{Why: why, TooLarge: code == http.StatusRequestEntityTooLarge}
		}
		return 0, errors.New(why)
	}
	if len(answer) > maxAnswer {
		return 0, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	var a struct {
		Ack *uint64 `json:"ack"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return 0, fmt.Errorf("the answer is not {\"ack\": NUMBER}: %w", err)
	}
	if a.Ack == nil {
		return 0, errors.New(`the answer has no "ack"`)
	}
	return *a.Ack, nil
}

// plain takes the url out of a client's error: people see it in the state.
func plain(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("cannot reach the server: %w", e.Err)
	}
	return fmt.Errorf("cannot reach the server: %w", err)
}
