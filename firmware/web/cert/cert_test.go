package cert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)

// clock is one that tests move.
type clock struct{ now time.Time }

func (c *clock) read() time.Time { return c.now }

func open(t *testing.T, dir string, c *clock, opt Options) *Store {
	t.Helper()
	opt.Now = c.read
	s, err := Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// shown returns what a browser gets.
func shown(t *testing.T, s *Store) *x509.Certificate {
	t.Helper()
	c, err := s.Get(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf
}

func TestItMakesItsOwn(t *testing.T) {
	dir, c := t.TempDir(), &clock{start}
	s := open(t, dir, c, Options{Names: named("192.168.1.40", "centralita.local")})
	leaf := shown(t, s)
	for _, n := range []string{"localhost", "127.0.0.1", "::1", "192.168.1.40", "centralita.local"} {
		if err := leaf.VerifyHostname(n); err != nil {
			t.Error(err)
		}
	}
	key, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() || leaf.NotAfter.Sub(leaf.NotBefore) > 398*24*time.Hour || leaf.IsCA {
		t.Errorf("%T until %s", leaf.PublicKey, leaf.NotAfter)
	}
	info, err := os.Stat(filepath.Join(dir, Folder, keyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	st := s.State()
	if !st.Own || st.Fault != nil || !regexp.MustCompile(`^([0-9A-F]{2}:){31}[0-9A-F]{2}$`).MatchString(st.Fingerprint) ||
		!regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$`).MatchString(st.Groups) {
		t.Errorf("%+v", st)
	}
	if again := open(t, dir, c, Options{}).State(); again.Fingerprint != st.Fingerprint {
		t.Error("a restart made another certificate")
	}
	if other := open(t, t.TempDir(), c, Options{}).State(); other.Groups == st.Groups {
		t.Error("two boxes have one key")
	}
}

// Its own certificate is renewed in time, expired or not, with the same key.
func TestItsOwnIsRenewedWithTheSameKey(t *testing.T) {
	dir, c := t.TempDir(), &clock{start}
	s := open(t, dir, c, Options{})
	first := s.State()
	for _, d := range []time.Duration{life - early - slack, early + 2*slack, 3 * life, 10 * life} {
		c.now = c.now.Add(d)
		leaf := shown(t, s)
		if left := leaf.NotAfter.Sub(c.now); left < early || c.now.Before(leaf.NotBefore) {
			t.Errorf("on %s it is good from %s to %s", c.now, leaf.NotBefore, leaf.NotAfter)
		}
	}
	last := s.State()
	if last.Groups != first.Groups || last.Fingerprint == first.Fingerprint {
		t.Errorf("%+v became %+v", first, last)
	}
	// Off for years, and after a clock that ran ahead.
	for _, at := range []time.Time{start.AddDate(9, 0, 0), start} {
		c.now = at
		leaf := shown(t, open(t, dir, c, Options{}))
		if at.Before(leaf.NotBefore) || at.After(leaf.NotAfter) {
			t.Errorf("at %s it is good from %s to %s", at, leaf.NotBefore, leaf.NotAfter)
		}
	}
}

// A board without a clock starts in 1970: the certificate is good for the floor.
func TestAClockThatCannotBeRight(t *testing.T) {
	c := &clock{time.Unix(5, 0)}
	s := open(t, t.TempDir(), c, Options{Floor: start})
	leaf := shown(t, s)
	if leaf.NotBefore.Year() != 2026 || start.After(leaf.NotAfter) {
		t.Errorf("good from %s to %s", leaf.NotBefore, leaf.NotAfter)
	}
	c.now = start.Add(time.Hour)
	if again := shown(t, s); again.SerialNumber.Cmp(leaf.SerialNumber) != 0 {
		t.Error("the true time made another certificate")
	}
}

func TestAnotherNameMakesAnother(t *testing.T) {
	dir, c := t.TempDir(), &clock{start}
	first := open(t, dir, c, Options{Names: named("10.0.0.1")}).State()
	second := open(t, dir, c, Options{Names: named("10.0.0.2")})
	if err := shown(t, second).VerifyHostname("10.0.0.2"); err != nil || second.State().Groups != first.Groups {
		t.Errorf("%v", err)
	}
}

// An address that comes while the box runs is in the certificate within a minute; the
// key, and so the fingerprint that somebody checked, stays.
func TestALateAddressIsNamed(t *testing.T) {
	c, names := &clock{start}, []string(nil)
	s := open(t, t.TempDir(), c, Options{Names: func() []string { return names }})
	before := s.State().Groups
	names = []string{"192.168.1.40"}
	c.now = c.now.Add(look)
	if err := shown(t, s).VerifyHostname("192.168.1.40"); err != nil {
		t.Error(err)
	}
	again := shown(t, s).SerialNumber
	names = nil // the cable is out: that is no reason for another
	c.now = c.now.Add(look)
	if leaf := shown(t, s); leaf.SerialNumber.Cmp(again) != 0 || s.State().Groups != before {
		t.Errorf("serial %v, was %v; key %s, was %s", leaf.SerialNumber, again, s.State().Groups, before)
	}
}

// named are names that stay.
func named(names ...string) func() []string { return func() []string { return names } }

// A key that is there and cannot be used is named, never replaced.
func TestABrokenKeyIsNamed(t *testing.T) {
	good, err := os.ReadFile(filepath.Join(made(t), keyFile))
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(p384)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body string
		mode os.FileMode
		want string
	}{
		"empty":       {"", 0o600, "no PEM"},
		"half":        {string(good[:len(good)/2]), 0o600, "no PEM"},
		"garbage":     {string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})), 0o600, "cannot use the key"},
		"other curve": {string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), 0o600, "P-256"},
		"open":        {string(good), 0o644, "chmod 600"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, Folder, keyFile)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(c.body), c.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
		if now, _ := os.ReadFile(path); string(now) != c.body {
			t.Errorf("%s: the key was written", name)
		}
	}
	// A certificate that is broken is nobody's loss.
	dir := t.TempDir()
	c := &clock{start}
	first := open(t, dir, c, Options{}).State()
	if err := os.WriteFile(filepath.Join(dir, Folder, certFile), []byte("-----BEGIN"), 0o644); err != nil {
		t.Fatal(err)
	}
	if again := open(t, dir, c, Options{}).State(); again.Groups != first.Groups || again.Fault != nil {
		t.Errorf("%+v", again)
	}
}

// made returns the folder of a fresh box's files.
func made(t *testing.T) string {
	dir := t.TempDir()
	open(t, dir, &clock{start}, Options{})
	return filepath.Join(dir, Folder)
}

// site writes a certificate of the site.
func site(t *testing.T, dir string, from, to time.Time) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(from.Unix()), NotBefore: from, NotAfter: to, DNSNames: []string{"box.example"}}
	raw, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "site.pem"), filepath.Join(dir, "site.key")
	for name, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: raw}, key: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestTheSitesOwn(t *testing.T) {
	dir, c := t.TempDir(), &clock{start}
	cert, key := site(t, dir, start.AddDate(0, -1, 0), start.AddDate(0, 2, 0))
	s := open(t, dir, c, Options{Cert: cert, Key: key})
	if st := s.State(); st.Own || st.Fault != nil || shown(t, s).VerifyHostname("box.example") != nil {
		t.Fatalf("%+v", st)
	}
	c.now = start.AddDate(0, 2, -10)
	soon, ok := errors.AsType[*Dated](s.State().Fault)
	if !ok || soon.Over {
		t.Errorf("ten days before its end: %v", s.State().Fault)
	}
	c.now = start.AddDate(0, 2, 1)
	over, ok := errors.AsType[*Dated](s.State().Fault)
	if !ok || !over.Over || s.State().Own {
		t.Errorf("after its end: %v", s.State().Fault)
	}
	site(t, dir, c.now.AddDate(0, -1, 0), c.now.AddDate(1, 0, 0)) // somebody put a new one there
	c.now = c.now.Add(2 * time.Minute)
	if st := s.State(); st.Fault != nil || st.Own {
		t.Errorf("the new one: %+v", st)
	}
	if err := os.WriteFile(key, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.now = c.now.Add(2 * time.Minute)
	if st := s.State(); st.Fault == nil || st.Own || !strings.Contains(st.Fault.Error(), key) {
		t.Errorf("a key broken under way leaves what was good: %+v", st)
	}
	if st := open(t, dir, c, Options{Cert: cert, Key: key}).State(); st.Fault == nil || !st.Own {
		t.Errorf("broken at the start: %+v", st)
	}
	if st := open(t, dir, c, Options{Cert: filepath.Join(dir, "none.pem"), Key: key}).State(); st.Fault == nil || !st.Own || !strings.Contains(st.Fault.Error(), "none.pem") {
		t.Errorf("missing: %+v", st)
	}
	c.now = start.AddDate(-1, 0, 0)
	cert, key = site(t, t.TempDir(), start, start.AddDate(1, 0, 0))
	if st := open(t, dir, c, Options{Cert: cert, Key: key}).State(); st.Fault == nil || !strings.Contains(st.Fault.Error(), "good from") {
		t.Errorf("not yet: %+v", st)
	}
}

// A real handshake, with the certificate pinned as a person does by its fingerprint.
func TestHandshake(t *testing.T) {
	s := open(t, t.TempDir(), &clock{time.Now()}, Options{})
	a, b := net.Pipe()
	srv := tls.Server(a, Config(s))
	done := make(chan error, 1)
	go func() {
		_, err := io.WriteString(srv, "hola")
		done <- errors.Join(err, srv.Close())
	}()
	roots := x509.NewCertPool()
	roots.AddCert(shown(t, s))
	cl := tls.Client(b, &tls.Config{RootCAs: roots, ServerName: "localhost"})
	got, err := io.ReadAll(cl)
	if err != nil || string(got) != "hola" || cl.ConnectionState().Version != tls.VersionTLS13 {
		t.Errorf("%q, %v", got, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	a, b = net.Pipe()
	go func() { _ = tls.Server(a, Config(s)).Handshake(); _ = a.Close() }() // refuses; the client's error is what counts
	if err := tls.Client(b, &tls.Config{RootCAs: roots, ServerName: "localhost", MaxVersion: tls.VersionTLS11}).Handshake(); err == nil {
		t.Error("TLS 1.1 was spoken")
	}
}
