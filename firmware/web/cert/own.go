package cert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/durable"
)

// self takes our own certificate from the disk, or makes one for our key.
func (s *Store) self(now time.Time) error {
	if s.key == nil {
		key, err := s.ownKey()
		if err != nil {
			return err
		}
		s.key = key
	}
	if s.cert == nil || !s.own {
		if pair, err := tls.LoadX509KeyPair(filepath.Join(s.dir, certFile), filepath.Join(s.dir, keyFile)); err == nil {
			s.cert = &pair
		} else {
			s.cert = nil // missing, half written or of another key: it is made anew
		}
		s.own = true
	}
	if s.cert != nil && s.good(s.cert.Leaf, now) {
		return nil
	}
	cert, err := s.issue(now)
	if err != nil {
		return err
	}
	s.cert = cert
	return nil
}

// good reports whether our own certificate can be shown as it is.
func (s *Store) good(leaf *x509.Certificate, now time.Time) bool {
	if now.Before(leaf.NotBefore) || leaf.NotAfter.Sub(now) < early {
		return false
	}
	for _, n := range s.opt.Names() {
		if leaf.VerifyHostname(n) != nil {
			return false
		}
	}
	return true
}

// ownKey reads our key, or makes it. One that is there and cannot be read is an
// error: whoever checked the fingerprint must not meet another without a word.
func (s *Store) ownKey() (*ecdsa.PrivateKey, error) {
	path := filepath.Join(s.dir, keyFile)
	hint := "; mend it, or remove it and the box makes another with another fingerprint"
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s.newKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the key %s: %w%s", path, bare(err), hint)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("cannot use the key %s: others may read it; chmod 600 it", path)
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("cannot use the key %s: it is no PEM%s", path, hint)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("cannot use the key %s: %w%s", path, err, hint)
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok || ec.Curve != elliptic.P256() {
		return nil, fmt.Errorf("cannot use the key %s: it is no ECDSA key on P-256%s", path, hint)
	}
	return ec, nil
}

func (s *Store) newKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot make a key: %w", err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("cannot make a key: %w", err)
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the folder of the key: %w", err)
	}
	if err := durable.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600); err != nil {
		return nil, fmt.Errorf("cannot keep the key: %w", err)
	}
	return key, nil
}

// issue makes a certificate for our key, good from a day ago.
func (s *Store) issue(now time.Time) (*tls.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, fmt.Errorf("cannot make a certificate: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "centralita " + Groups(&s.key.PublicKey)[:9]},
		NotBefore: now.Add(-slack), NotAfter: now.Add(life), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, n := range append([]string{"localhost", "127.0.0.1", "::1"}, s.opt.Names()...) {
		if ip := net.ParseIP(n); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else if !slices.Contains(t.DNSNames, n) {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	raw, err := x509.CreateCertificate(rand.Reader, t, t, &s.key.PublicKey, s.key)
	if err != nil {
		return nil, fmt.Errorf("cannot make a certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, fmt.Errorf("cannot make a certificate: %w", err)
	}
	if err := durable.WriteFile(filepath.Join(s.dir, certFile), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o644); err != nil {
		return nil, fmt.Errorf("cannot keep the certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: s.key, Leaf: leaf}, nil
}
