package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/clock"
)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// certified serves "ok" with a certificate of an authority of its own, each good between
// two days.
func certified(t *testing.T, root, leaf [2]time.Time) (address string, roots *x509.CertPool) {
	t.Helper()
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	ca, own := key(), key()
	top := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: root[0], NotAfter: root[1],
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, top, top, &ca.PublicKey, ca)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	one := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: leaf[0], NotAfter: leaf[1], IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if der, err = x509.CreateCertificate(rand.Reader, one, parsed, &own.PublicKey, ca); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := w.Write([]byte("ok")); err != nil {
			t.Error(err)
		}
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: own}}, MinVersion: tls.VersionTLS12}
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	return s.URL, roots
}

// Research, security 6.6: a certificate is judged by the clock of the house, whatever the
// system's says; where nothing vouches for it, by the last time that was trusted.
func TestCertificatesOfDownloads(t *testing.T) {
	long := [2]time.Time{day(2020, 1, 1), day(2060, 1, 1)}
	for name, c := range map[string]struct {
		root, leaf [2]time.Time
		at         time.Time
		trusted    bool
		want       string // of the error
	}{
		"good today, years from the system's clock": {long, [2]time.Time{day(2040, 1, 1), day(2041, 1, 1)}, day(2040, 6, 1), true, ""},
		"ended":                                        {long, [2]time.Time{day(2039, 1, 1), day(2040, 1, 1)}, day(2040, 6, 1), true, "expired"},
		"not yet, by a trusted clock":                  {long, [2]time.Time{day(2041, 1, 1), day(2042, 1, 1)}, day(2040, 6, 1), true, "not yet valid"},
		"no clock, made since":                         {long, [2]time.Time{day(2041, 1, 1), day(2042, 1, 1)}, day(2040, 6, 1), false, ""},
		"no clock, authority made since too":           {[2]time.Time{day(2040, 12, 1), day(2060, 1, 1)}, [2]time.Time{day(2041, 1, 1), day(2042, 1, 1)}, day(2040, 6, 1), false, ""},
		"no clock, ended before the last trusted time": {long, [2]time.Time{day(2039, 1, 1), day(2040, 1, 1)}, day(2040, 6, 1), false, "no earlier than 2040-06-01"},
		"no clock, authority ended before its own":     {[2]time.Time{day(2020, 1, 1), day(2040, 12, 1)}, [2]time.Time{day(2041, 1, 1), day(2042, 1, 1)}, day(2040, 6, 1), false, "expired"},
	} {
		t.Run(name, func(t *testing.T) {
			address, roots := certified(t, c.root, c.leaf)
			tr := road{now: func() (time.Time, bool) { return c.at, c.trusted }, roots: roots}.transport()
			defer tr.CloseIdleConnections()
			resp, err := (&http.Client{Transport: tr}).Get(address)
			if err == nil {
				err = resp.Body.Close()
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got %v", c.want, err)
			}
			if _, others := certified(t, long, long); err == nil { // of nobody we know
				tr := road{now: func() (time.Time, bool) { return c.at, c.trusted }, roots: others}.transport()
				defer tr.CloseIdleConnections()
				if resp, err := (&http.Client{Transport: tr}).Get(address); err == nil {
					t.Errorf("a stranger was believed: %v", resp.Body.Close())
				}
			}
		})
	}
}

func TestTheClockThatCertificatesAreJudgedBy(t *testing.T) {
	for name, c := range map[string]struct {
		system  clock.Reading
		want    time.Time
		trusted bool
	}{
		"1970":                    {clock.Reading{Wall: day(1970, 1, 1)}, written, false},
		"2038, nobody vouches":    {clock.Reading{Wall: day(2038, 1, 1)}, written, false},
		"a daemon has the time":   {clock.Reading{Wall: day(2027, 5, 1), Synced: true}, day(2027, 5, 1), true},
		"a daemon of before this": {clock.Reading{Wall: day(2019, 5, 1), Synced: true}, written, false},
	} {
		now := time.Now()
		tm := &Time{m: clock.New(now, clock.Begin{Build: written, System: c.system})}
		at, trusted := tm.Certified()
		if trusted != c.trusted || at.Sub(c.want).Abs() > time.Minute {
			t.Errorf("%s: %s, %v; want %s, %v", name, at, trusted, c.want, c.trusted)
		}
	}
}
