package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// road leads to where updates come from. Certificates are judged by the clock of the house
// where it is trusted. Where it is not, all that is known is that it is no earlier than
// the last time that was: a certificate that had ended by then is refused, and one that
// begins later says nothing but that time has gone on. The system's clock, which
// may stand in 1970 or where a stranger's packet put it, is not asked.
type road struct {
	now   func() (at time.Time, trusted bool)
	roots *x509.CertPool // nil: the system's
}

// handshakeTime is how long a server may take to say who it is.
const handshakeTime = 15 * time.Second

// transport is the usual one of HTTP over our own TLS.
func (r road) transport() *http.Transport {
	return &http.Transport{DialTLSContext: r.dial, TLSHandshakeTimeout: handshakeTime, ResponseHeaderTimeout: time.Minute, IdleConnTimeout: time.Minute,
		DialContext: (&net.Dialer{Timeout: handshakeTime}).DialContext}
}

// dial opens a connection to a server whose certificate is good.
func (r road) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	at, trusted := r.now()
	for try := 0; ; try++ {
		conn, err := r.dialAt(ctx, network, addr, at)
		bad, ok := errors.AsType[x509.CertificateInvalidError](err)
		if !ok || bad.Reason != x509.Expired || trusted {
			return conn, err
		}
		if bad.Cert == nil || !bad.Cert.NotBefore.After(at) || try == 3 { // its own, and two authorities'
			return nil, fmt.Errorf("%w; hint: the time is not known here, only that it is no earlier than %s; `time set` tells it", err, at.UTC().Format(time.DateOnly))
		}
		at = bad.Cert.NotBefore
	}
}

// dialAt does that at an instant.
func (r road) dialAt(ctx context.Context, network, addr string, at time.Time) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	d := tls.Dialer{Config: &tls.Config{RootCAs: r.roots, MinVersion: tls.VersionTLS12, Time: func() time.Time { return at }}}
	return d.DialContext(ctx, network, addr)
}

// Certified is the instant by which certificates are judged: the time where it is
// trusted, else the last that was.
func (t *Time) Certified() (at time.Time, trusted bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.m.State().Trusted() {
		return t.m.Time(time.Now()), true
	}
	return t.m.Floor(), false
}

// updateRoad is that of a house.
func (h *House) updateRoad() http.RoundTripper {
	if h.out.Updates != nil {
		return h.out.Updates
	}
	return road{now: h.clock.Certified}.transport()
}
