package provision

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// context begins what is signed, so that no signature of anything else counts.
const context = "centralita provision v1\x00"

// maxKeyFile bounds what is read of a key or a signature.
const maxKeyFile = 4 << 10

// Sign signs a file; the text is what stands in FileName + ".sig".
func Sign(key ed25519.PrivateKey, data []byte) []byte {
	return []byte(base64.StdEncoding.EncodeToString(ed25519.Sign(key, message(data))) + "\n")
}

func message(data []byte) []byte {
	sum := sha256.Sum256(data)
	return append([]byte(context), sum[:]...)
}

// LoadKeys reads the integrators' public keys of an image: files *.pub with an
// ed25519 key in base64 each. A folder that is not there has none.
func LoadKeys(dir string) ([]ed25519.PublicKey, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.pub"))
	if err != nil {
		return nil, fmt.Errorf("cannot list the keys in %s: %w", dir, err)
	}
	var keys []ed25519.PublicKey
	for _, name := range names {
		raw, err := readSmall(name, maxKeyFile)
		if err != nil {
			return nil, fmt.Errorf("cannot read the key %s: %w", name, err)
		}
		key := keyIn(strings.Fields(string(raw)))
		if key == nil {
			return nil, fmt.Errorf("cannot read the key %s: it has no ed25519 key of 32 bytes in base64", name)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// keyIn is the one word that is a key; the file may name it before or behind, as those
// of tools/bundle do.
func keyIn(words []string) (key ed25519.PublicKey) {
	for _, w := range words {
		raw, err := base64.StdEncoding.DecodeString(w)
		if err != nil || len(raw) != ed25519.PublicKeySize {
			continue
		}
		if key != nil { // which one is it
			return nil
		}
		key = raw
	}
	return key
}

// verify holds a file against its signature and the keys of the image.
func verify(keys []ed25519.PublicKey, data, sig []byte) error {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(sig)))
	if err != nil || len(raw) != ed25519.SignatureSize {
		return failure{"la firma no es una firma ed25519 en base64", "the signature is no ed25519 signature in base64"}
	}
	for _, k := range keys {
		if ed25519.Verify(k, message(data), raw) {
			return nil
		}
	}
	return failure{"la firma no es de ninguna clave de esta imagen, o el archivo cambió después", "the signature is of none of this image's keys, or the file was changed after it"}
}

// readSmall reads a file of at most limit bytes; a symbolic link is none.
func readSmall(path string, limit int64) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no file")
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("it has %d bytes, %d is the most", info.Size(), limit)
	}
	raw, err := os.ReadFile(path)
	if err == nil && int64(len(raw)) > limit {
		err = fs.ErrInvalid
	}
	return raw, err
}

// failure is a reason in both languages.
type failure struct{ es, en string }

// Error implements error.
func (f failure) Error() string { return f.en }
