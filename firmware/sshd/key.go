package sshd

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"github.com/centralita/centralita/firmware/durable"
)

// KeyFile is where the host key stands in the data folder: ed25519, made once a box has
// its owner, in the form of OpenSSH.
const KeyFile = "tls/ssh_host_ed25519_key"

// HostKey reads the host key of a data folder, or makes one.
func HostKey(dir string) (ssh.Signer, error) {
	path := filepath.Join(dir, KeyFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		raw, err = makeKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot use the host key of SSH: %w", err)
	}
	key, err := ssh.ParsePrivateKey(raw)
	if err != nil {
		return nil, fmt.Errorf("cannot read the host key of SSH in %s: %w; hint: remove the file, another is made, and tell everyone its fingerprint", path, err)
	}
	return key, nil
}

func makeKey(path string) ([]byte, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(key, "centralita")
	if err != nil {
		return nil, err
	}
	raw := pem.EncodeToMemory(block)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return raw, durable.WriteFile(path, raw, 0o600)
}
