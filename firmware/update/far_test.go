package update

import (
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// away is a transport whose every request fails.
type away struct {
	err   error
	asked int
}

func (a *away) RoundTrip(*http.Request) (*http.Response, error) { a.asked++; return nil, a.err }

// A server with an expired certificate is named plainly in both languages and asked
// once: it does not get better in a minute.
func TestAnExpiredCertificateIsNamed(t *testing.T) {
	end := time.Date(1999, 12, 1, 0, 0, 0, 0, time.UTC)
	a := &away{err: x509.CertificateInvalidError{Cert: &x509.Certificate{NotAfter: end}, Reason: x509.Expired}}
	f := &fetcher{client: &http.Client{Transport: a}, dir: t.TempDir(), rate: func() int64 { return 0 }}
	synctest.Test(t, func(t *testing.T) {
		err := f.get(t)
		said, ok := errors.AsType[interface {
			error
			In(tel.Lang) string
		}](err)
		if !ok || a.asked != 1 {
			t.Fatalf("asked %d times: %v", a.asked, err)
		}
		if es, en := said.In(tel.Spanish), said.In(tel.English); !strings.HasSuffix(es, "de updates.example: su certificado caducó el 1999-12-01") || !strings.HasSuffix(en, "from updates.example: certificate expired on 1999-12-01") {
			t.Errorf("%q, %q", es, en)
		}
	})
}
