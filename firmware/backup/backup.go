// Package backup puts a box into one file and checks such a file to the last byte
// before anything of it is used.
//
// The file is a gzip'd tar. Its first entry, manifest.json, names every other with
// its size and SHA-256, in their order; an entry too many, too few, out of order or
// not as named makes the whole file refused. With a passphrase all of it stands in an
// age file (age-encryption.org/v1, scrypt recipient), which `age -d` opens too.
//
// Secrets, accounts and certificates are only in encrypted files: there is no option
// to write them in the clear.
package backup

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"time"

	"filippo.io/age"
)

// Format is the number of the form of files that this program writes.
const Format = 1

// Bounds of a file.
const (
	mostFiles    = 20_000
	mostSmall    = 64 << 20 // bytes of anything but the book
	mostBook     = 16 << 30
	mostManifest = 8 << 20
	workFactor   = 15 // of scrypt: 2^15 blocks of 1 KiB, 32 MiB of memory
	mostWork     = 17 // that is accepted
)

// Manifest is what a file says of itself.
type Manifest struct {
	Format  int       `json:"format"`
	Program string    `json:"program"` // version that made it
	Made    time.Time `json:"made"`
	Site    string    `json:"site"`
	Secrets bool      `json:"secrets"` // accounts, secrets and certificates are in it
	Book    bool      `json:"book"`
	Files   []File    `json:"files"`
}

// File is one entry.
type File struct {
	Path   string `json:"path"` // in the data folder
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // hex
}

// Source is one file to be put in.
type Source struct {
	Path string
	Size int64
	Open func() (io.ReadCloser, error)
}

// Bytes is a source that is in memory.
func Bytes(path string, b []byte) Source {
	return Source{path, int64(len(b)), func() (io.ReadCloser, error) { return io.NopCloser(newReader(b)), nil }}
}

// OnDisk is the file name of the data folder root.
func OnDisk(root *os.Root, name string) (Source, error) {
	info, err := root.Stat(name)
	if err != nil {
		return Source{}, err
	}
	return Source{name, info.Size(), func() (io.ReadCloser, error) { return root.Open(name) }}, nil
}

// places are the paths that a file may hold; whatever else is named is refused.
var places = regexp.MustCompile(`^(config/index\.json|config/index\.copy\.json|config/[0-9a-f]{64}\.yaml|secrets\.json|access\.json|book\.db|` +
	`tls/[A-Za-z0-9._-]{1,64}|lines/[A-Za-z0-9_-]{1,64}\.json|prompts/([A-Za-z0-9_-][A-Za-z0-9._-]{0,63}/){0,4}[A-Za-z0-9_-][A-Za-z0-9._-]{0,63})$`)

// secretPlaces are those that only an encrypted file may hold.
var secretPlaces = regexp.MustCompile(`^(secrets\.json|access\.json|tls/.*)$`)

// Permitted reports whether a path may be in a file.
func Permitted(p string) bool { return fs.ValidPath(p) && path.Clean(p) == p && places.MatchString(p) }

// Secret reports whether a path may only be in an encrypted file.
func Secret(p string) bool { return secretPlaces.MatchString(p) }

func most(p string) int64 {
	if p == "book.db" {
		return mostBook
	}
	return mostSmall
}

// Write writes m and sources to w, encrypted when passphrase is not empty. It reads
// every source twice: for the manifest and for the file.
func Write(w io.Writer, m Manifest, sources []Source, passphrase string) (err error) {
	m.Format, m.Files = Format, nil
	for _, s := range sources {
		if !Permitted(s.Path) {
			return fmt.Errorf("cannot put %q into a backup: it has no place there", s.Path)
		}
		if passphrase == "" && Secret(s.Path) {
			return fmt.Errorf("cannot put %s into a backup without a passphrase: it holds secrets", s.Path)
		}
		sum, err := digest(s)
		if err != nil {
			return fmt.Errorf("cannot put %s into a backup: %w", s.Path, err)
		}
		m.Files = append(m.Files, File{s.Path, s.Size, sum})
		m.Secrets, m.Book = m.Secrets || Secret(s.Path), m.Book || s.Path == "book.db"
	}
	if passphrase != "" {
		to, err := age.NewScryptRecipient(passphrase)
		if err != nil {
			return fmt.Errorf("cannot encrypt a backup: %w", err)
		}
		to.SetWorkFactor(workFactor)
		sealed, err := age.Encrypt(w, to)
		if err != nil {
			return fmt.Errorf("cannot encrypt a backup: %w", err)
		}
		if err := pack(sealed, m, sources); err != nil {
			return err
		}
		return sealed.Close()
	}
	return pack(w, m, sources)
}

// pack writes the tar.
func pack(w io.Writer, m Manifest, sources []Source) error {
	zip := gzip.NewWriter(w)
	out := tar.NewWriter(zip)
	head, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	if err := entry(out, "manifest.json", int64(len(head)), m.Made, newReader(head)); err != nil {
		return err
	}
	for i, s := range sources {
		in, err := s.Open()
		if err != nil {
			return fmt.Errorf("cannot put %s into a backup: %w", s.Path, err)
		}
		sum := sha256.New()
		err = errors.Join(entry(out, s.Path, s.Size, m.Made, io.TeeReader(in, sum)), in.Close())
		if err == nil && hex.EncodeToString(sum.Sum(nil)) != m.Files[i].SHA256 {
			err = errors.New("it changed meanwhile; try again")
		}
		if err != nil {
			return fmt.Errorf("cannot put %s into a backup: %w", s.Path, err)
		}
	}
	return errors.Join(out.Close(), zip.Close())
}

func entry(out *tar.Writer, name string, size int64, at time.Time, in io.Reader) error {
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: at, Typeflag: tar.TypeReg, Format: tar.FormatPAX}); err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(in, size))
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func digest(s Source) (string, error) {
	in, err := s.Open()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(in, s.Size))
	if err == nil && n != s.Size {
		err = io.ErrUnexpectedEOF
	}
	return hex.EncodeToString(sum.Sum(nil)), errors.Join(err, in.Close())
}
