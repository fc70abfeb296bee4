package cert

import "crypto/tls"

// Config is how the box speaks TLS: 1.2 and 1.3, Go's own choice of suites.
func Config(s *Store) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.Get, NextProtos: []string{"http/1.1"}}
}
