package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/access"
	"github.com/centralita/centralita/firmware/backup"
	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/config/secret"
)

// writeBackup writes the box of the data folder dir to w. It needs no daemon and
// disturbs none. Without a passphrase nothing that is secret is in it.
func writeBackup(ctx context.Context, w io.Writer, dir string, withBook bool, passphrase string) (m backup.Manifest, err error) {
	m = backup.Manifest{Program: Version, Made: time.Now().UTC().Truncate(time.Second)}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return m, fmt.Errorf("cannot back up %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	sources, site, err := packConfig(dir, passphrase != "")
	if err != nil {
		return m, err
	}
	m.Site = site
	kept, err := boxFiles(root, passphrase != "")
	if err != nil {
		return m, err
	}
	sources = append(sources, kept...)
	if withBook {
		copied, done, bad := copiedBook(ctx, root, dir)
		if bad != nil {
			return m, bad
		}
		defer func() { err = errors.Join(err, done()) }()
		sources = append(sources, copied)
	}
	m.Book, m.Secrets = withBook, passphrase != ""
	return m, backup.Write(w, m, sources, passphrase)
}

// boxFiles are profiles and prompts, and with secrets what opens the box's doors.
func boxFiles(root *os.Root, secrets bool) (sources []backup.Source, err error) {
	folders, files := []string{profileFolder, "prompts"}, []string(nil)
	if secrets {
		folders = append(folders, "tls")
		files = append(files, secret.FileName, access.FileName)
	}
	for _, f := range folders {
		more, err := folder(root, f)
		if err != nil {
			return nil, fmt.Errorf("cannot back up %s: %w", f, err)
		}
		sources = append(sources, more...)
	}
	for _, f := range files {
		s, err := backup.OnDisk(root, f)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot back up %s: %w", f, err)
		}
		sources = append(sources, s)
	}
	return sources, nil
}

// copiedBook is the book as it is at one instant, in a copy beside it that done removes.
func copiedBook(ctx context.Context, root *os.Root, dir string) (s backup.Source, done func() error, err error) {
	if info, err := root.Stat(book.FileName); err == nil { // else there is none yet
		if err := roomFor(dir, info.Size()); err != nil {
			return s, nil, err
		}
	}
	if err := sweepCopies(dir); err != nil {
		return s, nil, err
	}
	tmp, err := os.MkdirTemp(dir, copies)
	if err != nil {
		return s, nil, fmt.Errorf("cannot copy the book: %w", err)
	}
	done = func() error { return os.RemoveAll(tmp) }
	if err := book.Copy(ctx, dir, filepath.Join(tmp, book.FileName)); err != nil {
		return s, nil, errors.Join(err, done())
	}
	copied, err := os.OpenRoot(tmp)
	if err != nil {
		return s, nil, errors.Join(err, done())
	}
	done = func() error { return errors.Join(copied.Close(), os.RemoveAll(tmp)) }
	if s, err = backup.OnDisk(copied, book.FileName); err != nil {
		return s, nil, errors.Join(err, done())
	}
	return s, done, nil
}

// copies are the folders in which a copy of the book is made.
const copies = "backup.*.new"

// sweepCopies removes copies of the book that a power cut has left: no backup takes a
// day.
func sweepCopies(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, copies))
	for _, name := range left {
		if info, serr := os.Stat(name); serr == nil && time.Since(info.ModTime()) > 24*time.Hour {
			err = errors.Join(err, os.RemoveAll(name))
		}
	}
	return err
}

// packConfig returns the versions of the configuration and the name of the site.
func packConfig(dir string, secrets bool) (out []backup.Source, site string, err error) {
	files, err := life.Pack(dir, func(doc []byte) bool {
		masked, err := config.Masked(doc)
		return !secrets && (err != nil || !bytes.Equal(masked, doc))
	})
	if err != nil {
		return nil, "", err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out = append(out, backup.Bytes(path.Join(life.Folder, name), files[name]))
	}
	doc, err := life.ConfirmedIn(dir)
	if err != nil {
		return nil, "", err
	}
	if cfg, _ := config.Parse("confirmed", doc, nil); cfg != nil {
		site = cfg.Site.ID
	}
	return out, site, nil
}

// folder returns the files below a folder that may be in a backup.
func folder(root *os.Root, name string) (out []backup.Source, err error) {
	err = fs.WalkDir(root.FS(), name, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && p == name {
			return fs.SkipAll
		}
		if err != nil || !d.Type().IsRegular() || !backup.Permitted(p) {
			return err
		}
		s, err := backup.OnDisk(root, p)
		if err == nil {
			out = append(out, s)
		}
		return err
	})
	return out, err
}
