package reach

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// shake returns the client's error of a TLS handshake with a server whose certificate,
// for the name box.example, is good from and to; trusted says that it is known.
func shake(t *testing.T, from, to time.Time, trusted bool, name string) error {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: to, IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"box.example"}}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if trusted {
		pool.AddCert(cert)
	}
	ours, theirs := net.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- tls.Server(theirs, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}).Handshake()
	}()
	err = tls.Client(ours, &tls.Config{ServerName: name, RootCAs: pool}).Handshake()
	ours.Close()
	<-done
	return err
}

func TestCertificatesInPlainWords(t *testing.T) {
	now, day := time.Now(), 24*time.Hour
	ago, later := now.Add(-day), now.Add(day)
	for _, c := range []struct {
		from, to time.Time
		trusted  bool
		name     string
		es, en   string
	}{
		{now.Add(-9 * day), ago, true, "box.example", "su certificado caducó el " + ago.UTC().Format("2006-01-02"), "certificate expired on " + ago.UTC().Format("2006-01-02")},
		{later, later.Add(day), true, "box.example", "su certificado vale desde el " + later.UTC().Format("2006-01-02") + "; mire la hora", "certificate begins on " + later.UTC().Format("2006-01-02") + "; look at the time"},
		{ago, later, false, "box.example", "su certificado es de una autoridad desconocida", "certificate is by an unknown authority"},
		{ago, later, true, "other.example", "su certificado es de otro nombre", "certificate is for another name"},
	} {
		err := fmt.Errorf("cannot send: %w", shake(t, c.from, c.to, c.trusted, c.name))
		if es, en := Why(err); es != c.es || en != c.en || !Certificate(err) {
			t.Errorf("%v: %q, %q; want %q", err, es, en, c.en)
		}
	}
	if err := shake(t, ago, later, true, "box.example"); err != nil {
		t.Errorf("a good one: %v", err)
	}
}

func TestOtherReasonsInPlainWords(t *testing.T) {
	dial := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)}
	}
	for _, c := range []struct {
		err error
		en  string
	}{
		{dial(syscall.ECONNREFUSED), "nobody listens at that port"},
		{dial(syscall.ENETUNREACH), "there is no way to it"},
		{dial(syscall.ETIMEDOUT), "it does not answer"},
		{os.ErrDeadlineExceeded, "it does not answer"},
		{&net.DNSError{Err: "no such host", IsNotFound: true}, "nobody knows that name"},
		{&net.DNSError{Err: "i/o timeout", IsTimeout: true}, "the name server does not answer"},
		{dial(syscall.ECONNRESET), "it broke the connection off"},
		{io.ErrUnexpectedEOF, "it broke the connection off"},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "it does not speak TLS"},
		{errors.New("401 wrong token"), ""},
		{nil, ""},
	} {
		es, en := Why(c.err)
		if en != c.en || (es == "") != (en == "") || es != "" && es == en || Certificate(c.err) {
			t.Errorf("%v: %q, %q; want %q", c.err, es, en, c.en)
		}
	}
}
