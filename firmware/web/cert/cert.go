// Package cert keeps the certificate that the box shows to browsers: one it makes
// for itself, ECDSA on P-256 with a key that stays the same for ever so that its
// fingerprint can be checked against the display; or the site's own, from files. It
// renews its own in time, reads the site's anew when they change, and says in words
// what is wrong with them. It serves nothing.
package cert

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Files in the folder "tls" of the data folder.
const (
	Folder   = "tls"
	keyFile  = "key.pem"
	certFile = "cert.pem"
)

// Times of our own certificate. Browsers take at most 398 days (CA/Browser Forum
// Baseline Requirements, 6.3.2).
const (
	life  = 397 * 24 * time.Hour
	early = 30 * 24 * time.Hour // before its end it is renewed
	slack = 24 * time.Hour      // clocks of browsers may be behind ours
	look  = time.Minute         // how often files and dates are looked at
)

// Options say which certificate it is.
type Options struct {
	Cert, Key string    // the site's own files; empty: the box makes one
	Floor     time.Time // no earlier clock can be right
	Now       func() time.Time

	// Names are host names and addresses of our own certificate now, beside localhost: of
	// others a new one is made for the same key. nil: there are no more.
	Names func() []string
}

// Store is the certificate. It may be used by many at once.
type Store struct {
	dir string
	opt Options

	mu     sync.Mutex
	key    *ecdsa.PrivateKey // of our own
	cert   *tls.Certificate  // shown now
	own    bool              // it is the box's, not the site's
	looked time.Time
	stamps [2]stamp
	fault  error
}

// stamp tells whether a file changed.
type stamp struct {
	at   time.Time
	size int64
}

// Open reads the certificate, or makes one in the data folder dir. With files of the
// site that cannot be used it shows its own and Fault says why. An error is our own
// key that cannot be read: another would be another box, so none is made.
func Open(dir string, opt Options) (*Store, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Names == nil {
		opt.Names = func() []string { return nil }
	}
	s := &Store{dir: filepath.Join(dir, Folder), opt: opt}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refresh(s.now()); err != nil {
		return nil, err
	}
	return s, nil
}

// now is the clock, or the floor while the clock cannot be right.
func (s *Store) now() time.Time {
	if now := s.opt.Now(); now.After(s.opt.Floor) {
		return now
	}
	return s.opt.Floor
}

// Get returns the certificate, for tls.Config.GetCertificate.
func (s *Store) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.current(); err != nil && s.cert == nil {
		return nil, err
	}
	return s.cert, nil
}

// current looks at dates and files now and then. The caller holds mu.
func (s *Store) current() error {
	now := s.now()
	if d := now.Sub(s.looked); d >= 0 && d < look {
		return nil
	}
	return s.refresh(now)
}

// refresh chooses the certificate anew. The caller holds mu.
func (s *Store) refresh(now time.Time) error {
	s.looked, s.fault = now, nil
	if s.opt.Cert != "" {
		if err := s.site(now); err != nil {
			s.fault = err
		}
		if s.cert != nil && !s.own {
			return nil
		}
	}
	return s.self(now)
}

// site reads the site's files when they changed, and judges their dates.
func (s *Store) site(now time.Time) error {
	var stamps [2]stamp
	for i, name := range []string{s.opt.Cert, s.opt.Key} {
		info, err := os.Stat(name)
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", name, bare(err))
		}
		stamps[i] = stamp{info.ModTime(), info.Size()}
	}
	if stamps != s.stamps || s.cert == nil || s.own {
		pair, err := tls.LoadX509KeyPair(s.opt.Cert, s.opt.Key)
		if err != nil {
			return fmt.Errorf("cannot use %s with %s: %w", s.opt.Cert, s.opt.Key, bare(err))
		}
		s.cert, s.own, s.stamps = &pair, false, stamps
	}
	switch leaf := s.cert.Leaf; {
	case now.After(leaf.NotAfter):
		return &Dated{File: s.opt.Cert, Until: leaf.NotAfter, Over: true}
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("%s is good from %s on, and it is %s", s.opt.Cert, leaf.NotBefore.Format(time.DateOnly), now.Format(time.DateOnly))
	case leaf.NotAfter.Sub(now) < early/2:
		return &Dated{File: s.opt.Cert, Until: leaf.NotAfter}
	}
	return nil
}

// Dated is the fault of a certificate of the site that is over, or soon will be.
type Dated struct {
	File  string
	Until time.Time
	Over  bool
}

func (e *Dated) Error() string {
	if e.Over {
		return fmt.Sprintf("the certificate %s ended on %s", e.File, e.Until.Format(time.DateOnly))
	}
	return fmt.Sprintf("the certificate %s ends on %s", e.File, e.Until.Format(time.DateOnly))
}

// bare drops the path that our sentence has already.
func bare(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// State is what people may know of the certificate.
type State struct {
	Own         bool      // it is the box's, not the site's
	Fingerprint string    // SHA-256 of the certificate, as browsers show it
	Groups      string    // of the key: stays when our own is renewed
	Until       time.Time // its end
	Fault       error     // of the site's files
}

// State returns the certificate as it is now.
func (s *Store) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.current()
	st := State{Own: s.own, Fault: errors.Join(s.fault, err)}
	if s.cert == nil {
		return st
	}
	sum := sha256.Sum256(s.cert.Certificate[0])
	var pairs []string
	for _, b := range sum {
		pairs = append(pairs, fmt.Sprintf("%02X", b))
	}
	st.Fingerprint, st.Until, st.Groups = strings.Join(pairs, ":"), s.cert.Leaf.NotAfter, Groups(s.cert.Leaf.PublicKey)
	return st
}

// alphabet has no letter that looks like a digit.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Groups writes the first 120 bits of the SHA-256 of a public key (its
// SubjectPublicKeyInfo, RFC 5280, 4.1) as six groups of four letters, to be read
// aloud and compared.
func Groups(public any) string {
	raw, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "" // a key that x509 read has a form
	}
	sum := sha256.Sum256(raw)
	var b strings.Builder
	bits, n := uint(0), 0
	for _, c := range sum[:15] {
		bits, n = bits<<8|uint(c), n+8
		for n >= 5 {
			n -= 5
			if b.Len()%5 == 4 {
				b.WriteByte('-')
			}
			b.WriteByte(alphabet[bits>>n&31])
		}
	}
	return b.String()
}
