package ctl

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Manifest says what a bundle is. Its JSON, as written, is what is signed.
type Manifest struct {
	Board   string    `json:"board"`             // of a file in board/models
	Version string    `json:"version"`           // for people: "0.9.5"
	Number  uint64    `json:"number"`            // grows with each release; what counts against older ones
	Floor   uint64    `json:"floor,omitempty"`   // the lowest number that may follow once this one is trusted; at most Number
	Made    time.Time `json:"made"`              // it is not earlier than this
	Expires time.Time `json:"expires,omitzero"`  // not accepted afterwards, where the time is known
	MinBoot uint64    `json:"min_boot,omitzero"` // of the boot script, `centralita.boot=` on the kernel's command line
	Payload Payload   `json:"payload"`
	SBOM    string    `json:"sbom_sha256,omitempty"` // of the list of parts inside, hexadecimal
	Rollout Rollout   `json:"rollout,omitempty"`
	NewsES  string    `json:"news_es,omitempty"` // one line for people
	NewsEN  string    `json:"news_en,omitempty"`
}

// Payload is the one slot image that a bundle carries.
type Payload struct {
	Size         int64  `json:"size"`   // of the slot image, bytes
	SHA256       string `json:"sha256"` // of it, hexadecimal
	Coding       string `json:"coding"` // how it is stored: "gzip" or "none"
	Stored       int64  `json:"stored"` // bytes in the bundle
	StoredSHA256 string `json:"stored_sha256"`
}

// Rollout says how many sites of each ring an automatic update reaches, in percent.
// A ring that is absent from a rollout that is not empty gets 0; an empty rollout
// reaches all. The publisher signs the manifest anew to go on.
type Rollout map[Ring]int

// Ring is how early a site takes part.
type Ring string

// The rings, earliest first.
const (
	Canary Ring = "canary"
	Early  Ring = "early"
	Broad  Ring = "broad"
)

// Limits of a manifest.
const (
	maxManifest = 64 << 10
	maxImage    = 8 << 30 // bytes: no board has larger slots
	maxNews     = 500
)

// Encode returns the canonical JSON of m: keys in the order of the struct, no
// spaces. It refuses a manifest that no box would read.
func (m Manifest) Encode() ([]byte, error) {
	m.Made, m.Expires = m.Made.UTC(), m.Expires.UTC()
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("cannot write the manifest: %w", err)
	}
	b, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("cannot write the manifest: %w", err)
	}
	if len(b) > maxManifest {
		return nil, fmt.Errorf("cannot write a manifest of %d bytes: it has at most %d", len(b), maxManifest)
	}
	return b, nil
}

// decode reads a manifest. Keys that it does not know are for newer boxes.
func decode(b []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return Manifest{}, malformed("manifest: " + err.Error())
	}
	if err := m.check(); err != nil {
		return Manifest{}, malformed("manifest: " + err.Error())
	}
	return m, nil
}

func (m Manifest) check() error {
	switch p := m.Payload; {
	case !word(m.Board):
		return fmt.Errorf("board %q", m.Board)
	case !word(m.Version):
		return fmt.Errorf("version %q", m.Version)
	case m.Number == 0:
		return fmt.Errorf("number 0")
	case m.Floor > m.Number:
		return fmt.Errorf("floor %d above its own number %d", m.Floor, m.Number)
	case m.Made.Year() < 2020 || m.Made.Year() > 9999 || m.Expires.Year() > 9999:
		return fmt.Errorf("made %s, expires %s", m.Made, m.Expires)
	case p.Size < 1 || p.Size > maxImage || p.Stored < 1 || p.Stored > maxImage:
		return fmt.Errorf("sizes %d and %d", p.Size, p.Stored)
	case p.Coding != "gzip" && p.Coding != "none":
		return fmt.Errorf("coding %q", p.Coding)
	case p.Coding == "none" && (p.Stored != p.Size || p.StoredSHA256 != p.SHA256):
		return fmt.Errorf("coding none that changes the image")
	case !sum(p.SHA256) || !sum(p.StoredSHA256) || m.SBOM != "" && !sum(m.SBOM):
		return fmt.Errorf("a sum is no SHA-256")
	case len(m.NewsES) > maxNews || len(m.NewsEN) > maxNews:
		return fmt.Errorf("news over %d bytes", maxNews)
	}
	for _, r := range []Ring{Canary, Early, Broad} {
		if m.Rollout[r] < 0 || m.Rollout[r] > 100 {
			return fmt.Errorf("rollout of %d %% for ring %s", m.Rollout[r], r)
		}
	}
	return nil
}

// word reports whether s is a short word that boot records and paths can carry.
func word(s string) bool {
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(".+~-_", c) >= 0) {
			return false
		}
	}
	return s != "" && len(s) <= 40
}

// sum reports whether s is a SHA-256 in lower-case hexadecimal.
func sum(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
