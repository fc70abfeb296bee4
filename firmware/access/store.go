package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/centralita/centralita/firmware/durable"
	"github.com/centralita/centralita/firmware/tel"
)

// FileName is the file in the data folder.
const FileName = "access.json"

// maxFile bounds what is read of it.
const maxFile = 2 << 20

// person is one account.
type person struct {
	Name    string
	Role    tel.Role
	Hash    string // of the password
	Keys    []key
	Since   time.Time
	Changed time.Time // the password
	Entered time.Time // last; not kept on disk
}

// key is one SSH public key.
type key struct {
	Line  string // as in authorized_keys
	Print string // SHA256:…
	Note  string
	wire  []byte
}

// document is the file.
type document struct {
	Version int      `json:"version"`
	People  []record `json:"people"`
}

type record struct {
	Name    string    `json:"name"`
	Role    string    `json:"role"`
	Hash    string    `json:"hash"`
	Keys    []string  `json:"keys,omitempty"`
	Since   time.Time `json:"since"`
	Changed time.Time `json:"changed"`
}

// Check says why no box could work by the accounts in the data folder dir; nil when one
// could, also where there are none.
func Check(dir string) error {
	_, err := read(filepath.Join(dir, FileName))
	return err
}

// load reads the accounts; a missing file is a box without an owner. Any other
// trouble is an error: a box must not become free to claim by a broken file.
func load(path string) ([]person, error) {
	people, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("cannot use %s: %w", path, err)
	}
	return people, nil
}

// read is load, and says only what is wrong.
func read(path string) ([]person, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() // nothing was written: there is nothing to lose
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others may read it (mode %#o); chmod 600 it", info.Mode().Perm())
	}
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	return parse(raw)
}

// parse reads and checks the document.
func parse(raw []byte) ([]person, error) {
	if len(raw) > maxFile {
		return nil, fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	var doc document
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("it is not whole: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows behind its end")
	}
	if doc.Version != 1 {
		return nil, fmt.Errorf("it is of version %d, version 1 is known here", doc.Version)
	}
	if len(doc.People) == 0 || len(doc.People) > MaxPeople {
		return nil, fmt.Errorf("it has %d people, from 1 to %d are possible", len(doc.People), MaxPeople)
	}
	var people []person
	owners := 0
	for i, r := range doc.People {
		p, err := r.person()
		if err != nil {
			return nil, fmt.Errorf("person %d: %w", i+1, err)
		}
		if slices.ContainsFunc(people, func(q person) bool { return q.Name == p.Name }) {
			return nil, fmt.Errorf("person %d: %q is there twice", i+1, p.Name)
		}
		if p.Role == tel.Owner {
			owners++
		}
		people = append(people, p)
	}
	if owners == 0 {
		return nil, errors.New("it has no owner")
	}
	return people, nil
}

func (r record) person() (person, error) {
	p := person{Name: r.Name, Hash: r.Hash, Since: r.Since, Changed: r.Changed}
	if n, err := CleanName(r.Name); err != nil || n != r.Name {
		return p, fmt.Errorf("%q is no name", r.Name)
	}
	var ok bool
	if p.Role, ok = tel.ParseRole(r.Role); !ok {
		return p, fmt.Errorf("%q is no role", r.Role)
	}
	if _, _, _, err := parseHash(r.Hash); err != nil {
		return p, err
	}
	if len(r.Keys) > MaxKeys {
		return p, fmt.Errorf("%d keys, %d are possible", len(r.Keys), MaxKeys)
	}
	for _, line := range r.Keys {
		k, err := parseKey(line)
		if err != nil {
			return p, err
		}
		p.Keys = append(p.Keys, k)
	}
	return p, nil
}

// kinds of keys that are taken; DSA and the ones of certificates are not.
var keyKinds = []string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSA, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256}

// parseKey reads one line of authorized_keys without options.
func parseKey(line string) (key, error) {
	refuse := func(es, en string) (key, error) { return key{}, bad(es, en) }
	if len(line) > 8<<10 {
		return refuse("la llave es demasiado larga", "the key is too long")
	}
	pub, note, options, rest, err := ssh.ParseAuthorizedKey([]byte(line))
	switch {
	case err != nil && strings.Contains(line, "PRIVATE KEY"):
		return refuse("eso es una llave privada: no la dé a nadie; aquí va la pública (.pub)", "that is a private key: give it to nobody; the public one (.pub) goes here")
	case err != nil || len(options) > 0 || len(bytes.TrimSpace(rest)) > 0:
		return refuse("eso no es una llave pública de SSH; es una línea como «ssh-ed25519 AAAA… nombre»", "that is no SSH public key; it is a line such as \"ssh-ed25519 AAAA… name\"")
	case !slices.Contains(keyKinds, pub.Type()):
		return refuse(fmt.Sprintf("las llaves %s no sirven; pista: ssh-keygen -t ed25519", pub.Type()), fmt.Sprintf("keys of the kind %s will not do; hint: ssh-keygen -t ed25519", pub.Type()))
	}
	if c, ok := pub.(ssh.CryptoPublicKey); ok && pub.Type() == ssh.KeyAlgoRSA {
		if n, ok := c.CryptoPublicKey().(interface{ Size() int }); !ok || n.Size() < 256 {
			return refuse("una llave RSA tiene 2048 bits o más; pista: ssh-keygen -t ed25519", "an RSA key has 2048 bits or more; hint: ssh-keygen -t ed25519")
		}
	}
	note = tel.CleanText(note).String()
	text := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(pub)))
	if note != "" {
		text += " " + note
	}
	return key{Line: text, Print: ssh.FingerprintSHA256(pub), Note: note, wire: pub.Marshal()}, nil
}

// save writes the accounts as a whole.
func save(path string, people []person) error {
	doc := document{Version: 1}
	for _, p := range people {
		r := record{Name: p.Name, Role: p.Role.String(), Hash: p.Hash, Since: p.Since.UTC(), Changed: p.Changed.UTC()}
		for _, k := range p.Keys {
			r.Keys = append(r.Keys, k.Line)
		}
		doc.People = append(doc.People, r)
	}
	raw, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot save the accounts: %w", err)
	}
	if err := durable.WriteFile(path, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("cannot save the accounts: %w", err)
	}
	return nil
}
