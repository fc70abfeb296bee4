package access

import (
	"context"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Seed makes the first owner of a box from what its integrator gave: a password, the
// hash of one, or only keys for SSH, when nobody knows the password that is made. It
// replaces the accounts there are, so it is for a box that has none.
func Seed(ctx context.Context, dir, name, password, hash string, keys []string) error {
	clean, err := CleanName(name)
	if err != nil {
		return err
	}
	now := time.Now()
	p := person{Name: clean, Role: tel.Owner, Hash: hash, Since: now, Changed: now}
	switch {
	case hash != "":
		if err := CheckHash(hash); err != nil {
			return err
		}
	case password == "" && len(keys) == 0:
		return fmt.Errorf("cannot make the owner %s: there is neither a password nor a key", clean)
	case password == "":
		password = hex.EncodeToString(random(sumSize))
	default:
		if err := CheckPassword(clean, password); err != nil {
			return err
		}
	}
	if hash == "" {
		if p.Hash, err = newHasher(Cost{}).hash(ctx, password); err != nil {
			return err
		}
	}
	for _, line := range keys {
		k, err := parseKey(line)
		if err != nil {
			return err
		}
		p.Keys = append(p.Keys, k)
	}
	return save(filepath.Join(dir, FileName), []person{p})
}

// CheckHash says why a text is no argon2id hash that this box can check.
func CheckHash(hash string) error {
	_, _, _, err := parseHash(hash)
	return err
}

// CheckKey says why a line is no SSH public key that may enter.
func CheckKey(line string) error {
	_, err := parseKey(line)
	return err
}
