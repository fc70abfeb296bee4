package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

func newReader(b []byte) io.Reader { return bytes.NewReader(b) }

// sealedMark begins an age file.
const sealedMark = "age-encryption.org/v1\n"

// Sealed reports whether a file is encrypted; it takes nothing of it.
func Sealed(in *bufio.Reader) bool {
	head, _ := in.Peek(len(sealedMark)) // a shorter one is none
	return string(head) == sealedMark
}

// ErrPassphrase is a file that is encrypted and was given none.
var ErrPassphrase = errors.New("cannot read the backup: it is encrypted; give its passphrase")

// Read checks a file from its first byte to its last and hands each entry to keep,
// in their order; keep reads it whole or fails. Only when Read has returned without an
// error was the file as it was written: until then nothing of it may be used.
func Read(r io.Reader, passphrase string, keep func(f File, in io.Reader) error) (*Manifest, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	if _, err := in.Peek(1); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("cannot read the backup: %w", err)
	}
	if !Sealed(in) {
		m, err := unpack(in, keep)
		if err == nil && m.Secrets {
			err = errors.New("cannot use the backup: it holds secrets and is not encrypted")
		}
		return m, err
	}
	if passphrase == "" {
		return nil, ErrPassphrase
	}
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, fmt.Errorf("cannot read the backup: %w", err)
	}
	id.SetMaxWorkFactor(mostWork)
	plain, err := age.Decrypt(in, id)
	if _, wrong := errors.AsType[*age.NoIdentityMatchError](err); wrong {
		return nil, fmt.Errorf("cannot open the backup: wrong passphrase, or the beginning of the file is damaged")
	} else if err != nil {
		return nil, fmt.Errorf("cannot open the backup: it is damaged: %w", err)
	}
	return unpack(bufio.NewReader(plain), keep)
}

// unpack reads the tar and holds it to its manifest.
func unpack(in *bufio.Reader, keep func(File, io.Reader) error) (*Manifest, error) {
	zip, err := gzip.NewReader(in)
	if err != nil {
		return nil, said(err, "it is no backup, or damaged at its beginning")
	}
	zip.Multistream(false)
	t := tar.NewReader(zip)
	m, err := manifest(t)
	if err != nil {
		return nil, err
	}
	for _, f := range m.Files {
		h, err := t.Next()
		if err != nil {
			return nil, said(err, "it ends before "+f.Path)
		}
		if h.Typeflag != tar.TypeReg || h.Name != f.Path || h.Size != f.Size {
			return nil, fmt.Errorf("cannot use the backup: it holds %q where its manifest has %s", clip(h.Name), f.Path)
		}
		sum := sha256.New()
		body := &exact{in: io.TeeReader(t, sum)}
		if err := keep(f, body); err != nil {
			if body.err == nil {
				return nil, fmt.Errorf("cannot unpack %s: %w", f.Path, err) // nothing is wrong with the file
			}
			return nil, said(err, "at "+f.Path)
		}
		if body.n != f.Size || hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
			return nil, fmt.Errorf("cannot use the backup: %s is damaged: it does not match its digest", f.Path)
		}
	}
	if h, err := t.Next(); err == nil {
		return nil, fmt.Errorf("cannot use the backup: it holds %q, which its manifest does not name", clip(h.Name))
	} else if !errors.Is(err, io.EOF) {
		return nil, said(err, "at its end")
	}
	if n, err := io.Copy(io.Discard, io.LimitReader(zip, 1<<20)); err != nil || n >= 1<<20 { // zeros that fill the tar, and the sum of gzip
		return nil, said(errors.Join(err, errors.New("the end is too long")), "at its end")
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		return nil, errors.New("cannot use the backup: something stands behind its end")
	}
	return m, nil
}

// manifest reads and checks the first entry.
func manifest(t *tar.Reader) (*Manifest, error) {
	h, err := t.Next()
	if err != nil {
		return nil, said(err, "it has no manifest")
	}
	if h.Name != "manifest.json" || h.Typeflag != tar.TypeReg || h.Size > mostManifest {
		return nil, fmt.Errorf("cannot use the backup: it begins with %q, not with its manifest", clip(h.Name))
	}
	raw, err := io.ReadAll(t)
	if err != nil {
		return nil, said(err, "in its manifest")
	}
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, said(err, "in its manifest")
	}
	if m.Format > Format {
		return nil, fmt.Errorf("cannot use the backup: a newer program made it (%s, format %d; this one knows %d); update this one first", clip(m.Program), m.Format, Format)
	}
	if m.Format < 1 || len(m.Files) > mostFiles {
		return nil, fmt.Errorf("cannot use the backup: its manifest has format %d and %d files", m.Format, len(m.Files))
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		switch {
		case !Permitted(f.Path):
			return nil, fmt.Errorf("cannot use the backup: %q has no place in a box", clip(f.Path))
		case seen[f.Path]:
			return nil, fmt.Errorf("cannot use the backup: %s stands twice", f.Path)
		case f.Size < 0 || f.Size > most(f.Path):
			return nil, fmt.Errorf("cannot use the backup: %s has %d bytes, at most %d are possible", f.Path, f.Size, most(f.Path))
		case Secret(f.Path) && !m.Secrets:
			return nil, fmt.Errorf("cannot use the backup: it says that it holds no secrets, and names %s", f.Path)
		}
		seen[f.Path] = true
	}
	return &m, nil
}

// exact counts what is read and remembers what was wrong with it.
type exact struct {
	in  io.Reader
	n   int64
	err error
}

func (e *exact) Read(b []byte) (int, error) {
	n, err := e.in.Read(b)
	e.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		e.err = err
	}
	return n, err
}

// said says plainly what became of a file in the reading.
func said(err error, where string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("cannot use the backup: it is cut off, %s", where)
	}
	return fmt.Errorf("cannot use the backup: it is damaged, %s: %w", where, err)
}

// clip makes a text of a stranger fit to be shown.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return s
}
