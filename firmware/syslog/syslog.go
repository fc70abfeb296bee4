// Package syslog sends the log to a server elsewhere: RFC 5424 messages over UDP
// (RFC 5426), TCP with octet counting (RFC 6587 section 3.4.1) or TLS (RFC 5425).
//
// Whoever logs never waits: a bounded queue stands between, what finds it full is
// dropped and counted, and the server is told how many.
package syslog

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/redact"
)

// Config says where messages go.
type Config struct {
	Server    string // host:port
	Transport string // "udp", "tcp", "tls"
	CA        string // tls: file with the PEM of a private authority; empty: the system's authorities
	Host, App string // of the header
	Version   string
	// Dial opens the connection, for tests without a network. Nil: the network.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Times and limits of the way.
const (
	queueSize    = 512 // messages, 1 MiB at most
	dialTime     = 10 * time.Second
	writeTime    = 10 * time.Second
	farewellTime = time.Second // for what is in the queue at the end
	firstRetry   = time.Second
	lastRetry    = time.Minute
)

// Log is the way to one server. Make it with New; messages flow while Run does.
type Log struct {
	cfg    Config
	header header
	tls    *tls.Config // nil: plain
	queue  chan []byte

	mu      sync.Mutex
	number  uint64 // of the last message
	dropped uint64
	told    uint64 // dropped ones that the server knows of
	err     error
}

// State is how the way does.
type State struct {
	Err     error // why messages do not go out; nil while they do
	Dropped uint64
}

// New checks cfg and returns a way that takes messages at once.
func New(cfg Config) (*Log, error) {
	l := &Log{cfg: cfg, queue: make(chan []byte, queueSize),
		header: header{host: cfg.Host, app: cfg.App, proc: strconv.Itoa(os.Getpid()), version: cfg.Version}}
	host, _, err := net.SplitHostPort(cfg.Server)
	if err != nil {
		return nil, fmt.Errorf("cannot log to %q: %w", cfg.Server, err)
	}
	switch cfg.Transport {
	case "udp", "tcp":
	case "tls":
		l.tls = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
		if cfg.CA != "" {
			pem, err := os.ReadFile(cfg.CA)
			if err != nil {
				return nil, fmt.Errorf("cannot log to %s: %w", cfg.Server, err)
			}
			l.tls.RootCAs = x509.NewCertPool()
			if !l.tls.RootCAs.AppendCertsFromPEM(pem) {
				return nil, fmt.Errorf("cannot log to %s: %s holds no certificate", cfg.Server, cfg.CA)
			}
		}
	default:
		return nil, fmt.Errorf("cannot log to %s over %q: udp, tcp or tls", cfg.Server, cfg.Transport)
	}
	if l.cfg.Dial == nil {
		l.cfg.Dial = (&net.Dialer{Timeout: dialTime}).DialContext
	}
	return l, nil
}

// State returns how the way does.
func (l *Log) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return State{Err: l.err, Dropped: l.dropped}
}

// put queues a message, or counts it as dropped.
func (l *Log) put(at time.Time, sev int, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.number++
	select {
	case l.queue <- l.header.message(at, sev, l.number, text):
	default:
		l.dropped++
	}
}

// Run sends until ctx ends, then what is still in the queue for a second at most.
func (l *Log) Run(ctx context.Context) error {
	wait := firstRetry
	for ctx.Err() == nil {
		c, err := l.connect(ctx)
		if err == nil {
			var sent int
			sent, err = l.send(ctx, c)
			err = errors.Join(err, c.Close())
			if sent > 0 {
				wait = firstRetry
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		l.note(fmt.Errorf("cannot log to %s over %s: %w", l.cfg.Server, l.cfg.Transport, err))
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, lastRetry)
	}
	return nil
}

func (l *Log) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

// errGone is told when the server hangs up.
var errGone = errors.New("the server closed the connection")

// connect opens the connection.
func (l *Log) connect(ctx context.Context) (net.Conn, error) {
	network := "tcp"
	if l.cfg.Transport == "udp" {
		network = "udp"
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	c, err := l.cfg.Dial(ctx, network, l.cfg.Server)
	if err != nil || l.tls == nil {
		return c, err
	}
	t := tls.Client(c, l.tls)
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return t, nil
}

// send sends what comes until ctx or the connection ends; sent is how many
// messages went out. A message that was being written when the connection broke is
// sent again by the next one.
func (l *Log) send(ctx context.Context, c net.Conn) (sent int, err error) {
	hurry := context.AfterFunc(ctx, func() { _ = c.SetWriteDeadline(time.Now().Add(farewellTime)) }) // a write that hangs ends then
	defer hurry()
	datagrams := l.cfg.Transport == "udp"
	gone := make(chan struct{})
	if !datagrams {
		l.note(nil)
		go func() { // a server says nothing; what it does is hang up
			defer close(gone)
			_, _ = io.Copy(io.Discard, c) // ends with the connection, whatever the reason
		}()
		defer func() {
			err = errors.Join(err, c.SetReadDeadline(time.Now())) // ends the reader
			<-gone
		}()
	}
	for {
		if err := l.tellDropped(ctx, c); err != nil {
			return sent, err
		}
		select {
		case <-ctx.Done():
			return sent, l.farewell(ctx, c)
		case <-gone:
			return sent, errGone
		case m := <-l.queue:
			if err := l.write(ctx, c, m); err != nil {
				l.again(m)
				return sent, err
			}
			if sent++; datagrams && sent > 1 { // that the first found nobody is told to the second
				l.note(nil)
			}
		}
	}
}

// again puts a message back that did not go out; the order of those behind it
// changes, their numbers tell.
func (l *Log) again(m []byte) {
	select {
	case l.queue <- m:
	default:
		l.mu.Lock()
		l.dropped++
		l.mu.Unlock()
	}
}

// tellDropped tells the server how many messages it will never see.
func (l *Log) tellDropped(ctx context.Context, c net.Conn) error {
	l.mu.Lock()
	all, n := l.dropped, l.dropped-l.told
	if n == 0 {
		l.mu.Unlock()
		return nil
	}
	l.number++
	m := l.header.message(time.Now(), sevWarning, l.number, fmt.Sprintf("%d messages were dropped: they came faster than they could be sent", n))
	l.mu.Unlock()
	if err := l.write(ctx, c, m); err != nil {
		return err
	}
	l.mu.Lock()
	l.told = all
	l.mu.Unlock()
	return nil
}

// farewell sends what is in the queue.
func (l *Log) farewell(ctx context.Context, c net.Conn) error {
	end := time.Now().Add(farewellTime)
	for time.Now().Before(end) {
		select {
		case m := <-l.queue:
			if err := l.write(ctx, c, m); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// write sends one message: a datagram (RFC 5426 section 3.1), or a frame that
// begins with its length (RFC 6587 section 3.4.1, RFC 5425 section 4.3).
func (l *Log) write(ctx context.Context, c net.Conn, m []byte) error {
	if l.cfg.Transport != "udp" {
		m = frame(m)
	}
	err := c.SetWriteDeadline(time.Now().Add(writeTime))
	if ctx.Err() != nil {
		err = c.SetWriteDeadline(time.Now().Add(farewellTime))
	}
	if err != nil {
		return err
	}
	_, err = c.Write(m)
	return err
}

// frame puts the length before a message: MSG-LEN SP SYSLOG-MSG.
func frame(m []byte) []byte {
	b := strconv.AppendInt(make([]byte, 0, len(m)+8), int64(len(m)), 10)
	b = append(b, ' ')
	return append(b, m...)
}

// Handler returns a handler whose records go to the server; it never blocks. Texts
// are on one line, and numbers of callers are masked.
func (l *Log) Handler(least slog.Level) slog.Handler {
	return redact.Handler(least, func(at time.Time, lv slog.Level, text string) { l.put(at, severity(lv), text) })
}
