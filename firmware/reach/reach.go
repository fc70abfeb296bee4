// Package reach says in plain words, in both languages, why a server far away could not
// be reached: what a technician can act on instead of what a library said.
package reach

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// reason is one of the sentences.
type reason struct{ es, en string }

// Certificate reports whether err is a certificate that will not do: asking again soon is
// no use, somebody has to act.
func Certificate(err error) bool {
	_, ok := certificate(err)
	return ok
}

// certificate is what is wrong with the certificate of the other side (RFC 5280 section 6).
func certificate(err error) (reason, bool) {
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if e.Reason != x509.Expired {
			return reason{"su certificado no vale para esto", "certificate is not fit for this"}, true
		}
		day := func(t time.Time) string { return t.UTC().Format("2006-01-02") }
		switch {
		case e.Cert == nil:
			return reason{"su certificado caducó", "certificate has expired"}, true
		case time.Now().Before(e.Cert.NotBefore):
			return reason{"su certificado vale desde el " + day(e.Cert.NotBefore) + "; mire la hora",
				"certificate begins on " + day(e.Cert.NotBefore) + "; look at the time"}, true
		}
		return reason{"su certificado caducó el " + day(e.Cert.NotAfter), "certificate expired on " + day(e.Cert.NotAfter)}, true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return reason{"su certificado es de una autoridad desconocida", "certificate is by an unknown authority"}, true
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return reason{"su certificado es de otro nombre", "certificate is for another name"}, true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return reason{"su certificado no vale", "certificate is not valid"}, true
	}
	return reason{}, false
}

// Why says why err happened, without the server's name; empty where no plain word is
// known, and for nil.
func Why(err error) (es, en string) {
	r, _ := certificate(err)
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	name, lookup := errors.AsType[*net.DNSError](err)
	late, timed := errors.AsType[net.Error](err)
	switch {
	case err == nil || r.es != "":
	case plain:
		r = reason{"no habla TLS", "it does not speak TLS"}
	case lookup && name.IsNotFound:
		r = reason{"nadie conoce ese nombre", "nobody knows that name"}
	case lookup:
		r = reason{"el servidor de nombres no responde", "the name server does not answer"}
	case errors.Is(err, syscall.ECONNREFUSED):
		r = reason{"nadie atiende en ese puerto", "nobody listens at that port"}
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		r = reason{"no hay camino hasta él", "there is no way to it"}
	case timed && late.Timeout():
		r = reason{"no responde", "it does not answer"}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		r = reason{"cortó la conexión", "it broke the connection off"}
	}
	return r.es, r.en
}
