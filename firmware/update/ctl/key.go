package ctl

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// KeyID names a key: the first 8 bytes of the SHA-256 of its public half.
type KeyID [8]byte

// String implements fmt.Stringer.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// IDOf returns the name of a key.
func IDOf(k ed25519.PublicKey) KeyID {
	s := sha256.Sum256(k)
	return KeyID(s[:8])
}

// The words that key files begin with.
const (
	publicWord = "centralita-update-key"
	secretWord = "centralita-update-secret"
)

// FormatPublic returns the one line of a *.pub file; name is for people.
func FormatPublic(k ed25519.PublicKey, name string) string {
	return strings.TrimSpace(publicWord+" "+base64.StdEncoding.EncodeToString(k)+" "+strings.Join(strings.Fields(name), "_")) + "\n"
}

// ParsePublic reads a *.pub file.
func ParsePublic(b []byte) (ed25519.PublicKey, error) {
	raw, err := parseKey(b, publicWord, ed25519.PublicKeySize)
	return raw, err
}

// FormatSecret returns the one line of a secret key's file, which nobody else may read.
func FormatSecret(k ed25519.PrivateKey) string {
	return secretWord + " " + base64.StdEncoding.EncodeToString(k.Seed()) + "\n"
}

// ParseSecret reads a secret key's file.
func ParseSecret(b []byte) (ed25519.PrivateKey, error) {
	seed, err := parseKey(b, secretWord, ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

func parseKey(b []byte, first string, size int) ([]byte, error) {
	f := strings.Fields(string(b))
	if len(f) < 2 || f[0] != first {
		return nil, fmt.Errorf("cannot read the key: its file begins with %q", first)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(f[1])
	if err != nil || len(raw) != size {
		return nil, fmt.Errorf("cannot read the key: %q is not %d bytes in base 64", first+" …", size)
	}
	return raw, nil
}

// Keys are those that a box trusts.
type Keys struct {
	keys      map[KeyID]ed25519.PublicKey
	Threshold int // distinct keys that must have signed, at least 1
}

// NewKeys returns a set that one signature satisfies.
func NewKeys(keys ...ed25519.PublicKey) *Keys {
	k := &Keys{keys: map[KeyID]ed25519.PublicKey{}, Threshold: 1}
	for _, pub := range keys {
		k.keys[IDOf(pub)] = pub
	}
	return k
}

// Len returns how many keys are trusted.
func (k *Keys) Len() int { return len(k.keys) }

// LoadKeys reads the *.pub files of a folder, on a box /etc/centralita/keys, and its
// file "threshold", a number (absent: 1). A folder that asks for more keys than it
// has, or has none, trusts nobody, and that is an error.
func LoadKeys(dir fs.FS) (*Keys, error) {
	names, err := fs.Glob(dir, "*.pub")
	if err != nil {
		return nil, fmt.Errorf("cannot read the update keys: %w", err)
	}
	k := NewKeys()
	for _, name := range names {
		b, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, fmt.Errorf("cannot read the update key: %w", err)
		}
		pub, err := ParsePublic(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		k.keys[IDOf(pub)] = pub
	}
	if b, err := fs.ReadFile(dir, "threshold"); err == nil {
		if k.Threshold, err = strconv.Atoi(string(bytes.TrimSpace(b))); err != nil || k.Threshold < 1 {
			return nil, fmt.Errorf("cannot use the update keys: threshold %q is no number above 0", bytes.TrimSpace(b))
		}
	}
	if len(k.keys) < k.Threshold {
		return nil, fmt.Errorf("cannot use the update keys: there are %d and %d must sign", len(k.keys), k.Threshold)
	}
	return k, nil
}

// context keeps a signature of ours from meaning anything elsewhere.
const context = "centralita bundle v1\x00"

// message is what is signed: the context and the SHA-256 of the manifest.
func message(manifest []byte) []byte {
	s := sha256.Sum256(manifest)
	return append([]byte(context), s[:]...)
}

// signature is one row of the signatures block.
type signature struct {
	id  KeyID
	sig [ed25519.SignatureSize]byte
}

// verify counts the distinct trusted keys whose signature fits. A trusted key whose
// signature does not fit condemns the bundle: nobody but an attacker makes one.
func (k *Keys) verify(manifest []byte, sigs []signature) error {
	good := map[KeyID]bool{}
	var strangers []KeyID
	msg := message(manifest)
	for _, s := range sigs {
		pub, ok := k.keys[s.id]
		switch {
		case !ok:
			strangers = append(strangers, s.id)
		case !ed25519.Verify(pub, msg, s.sig[:]):
			return badSignature(s.id)
		default:
			good[s.id] = true
		}
	}
	switch {
	case len(good) == 0:
		return unknownKey(strangers)
	case len(good) < k.Threshold:
		return tooFewKeys(len(good), k.Threshold)
	}
	return nil
}
