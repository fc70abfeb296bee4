package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Account is one that a site's file brings along, so that a box is born with its
// people. It holds no password: Hash is argon2id in the form that all its programs
// share (`argon2 SALT -id -e` of Debian's package).
type Account struct {
	Name string
	Role tel.Role
	Hash string
	Keys []string // lines of authorized_keys
}

// Provision writes the first accounts into the data folder dir, whose box nobody has
// claimed. It checks all that Open checks, and leaves what is there alone.
func Provision(dir string, accounts []Account, now time.Time) error {
	path := filepath.Join(dir, FileName)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot bring accounts along: %s is there already; a box has its first accounts once", path)
	}
	doc := document{Version: 1}
	for _, a := range accounts {
		doc.People = append(doc.People, record{Name: a.Name, Role: a.Role.String(), Hash: a.Hash, Keys: a.Keys, Since: now.UTC(), Changed: now.UTC()})
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("cannot bring accounts along: %w", err)
	}
	people, err := parse(raw)
	if err != nil {
		return fmt.Errorf("cannot bring accounts along: %w", err)
	}
	return save(path, people)
}
