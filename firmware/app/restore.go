package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"

	"github.com/centralita/centralita/firmware/access"
	"github.com/centralita/centralita/firmware/backup"
	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/config/secret"
	"github.com/centralita/centralita/firmware/durable"
	"github.com/centralita/centralita/firmware/prompt"
	"github.com/centralita/centralita/firmware/tel"
)

// Folders of a restore in the data folder. What is unpacked stands in the first until
// all of it was checked; then it takes the second name, which makes the next house
// begin with it. One that was ready before and is so no more has the third until it is
// gone; the one that is being put in has the fourth. What it replaces is kept in the
// fifth until the next restore.
const (
	unpacking     = "restore.new"
	readyRestore  = "restore.ready"
	staleRestore  = "restore.stale.new"
	goingRestore  = "restore.going"
	beforeRestore = "before-restore"
	manifestName  = "manifest.json"
	restoreLock   = "restore.lock" // is held by the one that unpacks
)

// lockRestore lets one at a time unpack, of all programs on this machine.
func lockRestore(dir string) (unlock func() error, err error) {
	f, err := os.OpenFile(filepath.Join(dir, restoreLock), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot unpack the backup: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = refused("another backup is being checked; wait for its end and try again", "se está comprobando otra copia; espere a que acabe y pruebe de nuevo")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f.Close, nil // which frees it
}

// stageRestore unpacks a backup beside the box and checks all of it; the box is not
// touched. One at a time does so.
func stageRestore(ctx context.Context, dir string, r io.Reader, passphrase string) (m *backup.Manifest, err error) {
	unlock, err := lockRestore(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	tmp := filepath.Join(dir, unpacking)
	if err := errors.Join(os.RemoveAll(tmp), os.Mkdir(tmp, 0o700)); err != nil {
		return nil, fmt.Errorf("cannot unpack the backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(tmp))
		}
	}()
	root, err := os.OpenRoot(tmp)
	if err != nil {
		return nil, fmt.Errorf("cannot unpack the backup: %w", err)
	}
	m, err = backup.Read(r, passphrase, func(f backup.File, in io.Reader) error {
		if err := roomFor(dir, f.Size); err != nil {
			return err
		}
		return unpackFile(root, f.Path, in)
	})
	if err = errors.Join(err, root.Close()); err != nil {
		return nil, err
	}
	if err := checkRestore(ctx, tmp, m); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if err := durable.WriteFile(filepath.Join(tmp, manifestName), raw, 0o600); err != nil {
		return nil, err
	}
	if err := makeReady(dir); err != nil {
		return nil, fmt.Errorf("cannot make the backup ready: %w", err)
	}
	return m, durable.SyncFolder(dir)
}

// makeReady gives what was checked its name. The one before goes at once and not bit by
// bit: a house may begin at any moment.
func makeReady(dir string) error {
	ready, stale := filepath.Join(dir, readyRestore), filepath.Join(dir, staleRestore)
	if err := os.RemoveAll(stale); err != nil {
		return err
	}
	if err := os.Rename(ready, stale); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(os.Rename(filepath.Join(dir, unpacking), ready), os.RemoveAll(stale))
}

// unpackFile writes one file below root, to the disk.
func unpackFile(root *os.Root, name string, in io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, in)
	return errors.Join(err, f.Sync(), f.Close())
}

// checkRestore looks whether a box could work by what was unpacked in dir.
func checkRestore(ctx context.Context, dir string, m *backup.Manifest) error {
	doc, err := life.ConfirmedIn(dir)
	if err != nil {
		return fmt.Errorf("cannot use the backup: %w", err)
	}
	pack, err := prompt.Load(os.DirFS(filepath.Join(dir, "prompts")), nil)
	if err != nil {
		return fmt.Errorf("cannot use the backup: %w", err)
	}
	if _, problems := config.Parse("the backup's configuration", doc, pack.Has); len(problems) > 0 {
		return fmt.Errorf("cannot use the backup: its configuration has %d problems, the first: %s", len(problems), problems[0])
	}
	if _, err := secret.Open(dir); err != nil {
		return fmt.Errorf("cannot use the backup: %w", err)
	}
	if err := access.Check(dir); err != nil {
		return refused("cannot use the backup: nobody could enter by its accounts: %v; nothing was changed", "la copia no sirve: con sus cuentas no entraría nadie: %v; no se cambió nada", err)
	}
	if !m.Book {
		return nil
	}
	b, err := book.Read(dir)
	if err != nil {
		return fmt.Errorf("cannot use the backup: %w", err)
	}
	_, err = b.Verify(ctx)
	if err = errors.Join(err, b.Close()); err != nil {
		return fmt.Errorf("cannot use the backup: its book is damaged: %w", err)
	}
	return nil
}

// restorePending reports whether a checked backup waits for the next house, or was
// being put in when the power went.
func restorePending(dir string) bool {
	for _, name := range []string{readyRestore, goingRestore} {
		if _, err := os.Stat(filepath.Join(dir, name, manifestName)); err == nil {
			return true
		}
	}
	return false
}

// takeRestore takes the backup that is ready out of the way of those that are checked
// meanwhile. One that was being put in when the power went comes first.
func takeRestore(dir string) error {
	going := filepath.Join(dir, goingRestore)
	if _, err := os.Stat(filepath.Join(going, manifestName)); err == nil {
		return nil
	}
	if err := errors.Join(os.RemoveAll(going), os.RemoveAll(filepath.Join(dir, beforeRestore)), os.Rename(filepath.Join(dir, readyRestore), going)); err != nil {
		return err
	}
	return durable.SyncFolder(dir)
}

// restoreNow puts a checked backup in the place of the box. Nothing of the box may be
// open but its lock. After a power cut it goes on where it was.
func restoreNow(dir string) (*backup.Manifest, error) {
	if err := takeRestore(dir); err != nil {
		return nil, fmt.Errorf("cannot restore: %w", err)
	}
	ready, old := filepath.Join(dir, goingRestore), filepath.Join(dir, beforeRestore)
	raw, err := os.ReadFile(filepath.Join(ready, manifestName))
	if err != nil {
		return nil, fmt.Errorf("cannot restore: %w", err)
	}
	var m backup.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("cannot restore: %w", err)
	}
	if err := os.MkdirAll(old, 0o700); err != nil {
		return nil, fmt.Errorf("cannot restore: %w", err)
	}
	list, err := os.ReadDir(ready)
	if err != nil {
		return nil, fmt.Errorf("cannot restore: %w", err)
	}
	for _, e := range list {
		if e.Name() == manifestName {
			continue
		}
		names := []string{e.Name()}
		if e.Name() == book.FileName {
			names = []string{book.FileName + "-wal", book.FileName + "-shm", book.FileName}
		}
		for _, n := range names {
			var err error
			if _, there := os.Lstat(filepath.Join(old, n)); there == nil { // moved before the power went
				err = os.RemoveAll(filepath.Join(dir, n))
			} else {
				err = os.Rename(filepath.Join(dir, n), filepath.Join(old, n))
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("cannot restore %s: %w", n, err)
			}
		}
		if err := os.Rename(filepath.Join(ready, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			return nil, fmt.Errorf("cannot restore %s: %w", e.Name(), err)
		}
	}
	if err := errors.Join(durable.SyncFolder(old), durable.SyncFolder(dir), os.RemoveAll(ready)); err != nil {
		return nil, fmt.Errorf("cannot restore: %w", err)
	}
	return &m, durable.SyncFolder(dir)
}

// restored puts a backup that waits in the place of the box and opens its versions
// anew. l is the versions' keeper before; it is closed then.
func (c *runCmd) restored(l *life.Life, log *slog.Logger) (*life.Life, error) {
	if !restorePending(c.Data) {
		return l, nil
	}
	c.seats.vacate() // the accounts are others
	if err := l.Close(); err != nil {
		return l, err
	}
	m, err := restoreNow(c.Data)
	if err != nil {
		return l, err
	}
	next, err := life.Open(durable.Disk{}, c.Data, log)
	if err != nil {
		return l, err
	}
	digest := ""
	if c.Config != "" { // the file was taken over before; the backup stands above it
		doc, err := config.ReadFile(c.Config)
		if err != nil {
			return next, fmt.Errorf("cannot read %s: %w", c.Config, err)
		}
		digest = life.Digest(doc)
	}
	return next, next.Restored(fmt.Sprintf("backup of %s made %s", m.Site, m.Made.Format(time.RFC3339)), digest)
}

// answerTime is how long the house stands after an order that ends it: whoever gave it over the
// network hears the answer before his connection ends.
const answerTime = time.Second

// Restore implements console.Config: the house ends as soon as no call goes on, and
// the next begins with the backup that was checked.
func (d configDesk) Restore(who tel.Who) (calls int, err error) {
	if !restorePending(d.h.dir) {
		return 0, refused("no backup was checked: centralita restore FILE does that", "no hay copia comprobada: centralita restore FICHERO la comprueba")
	}
	calls = len(d.h.store.Get().Calls)
	ctx, cancel := context.WithCancel(context.Background())
	d.h.restores.replace(cancel)
	go func() {
		defer cancel()
		if err := d.h.whenIdle(ctx, idleLimit); err != nil {
			d.h.log.Warn("the backup waits for the next start", "err", err)
			return
		}
		<-time.After(answerTime)
		d.h.startAnew("restore from a backup by " + person(who).String())
	}()
	return calls, nil
}
