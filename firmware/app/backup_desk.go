package app

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/centralita/centralita/firmware/backup"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/keeper"
	"github.com/centralita/centralita/firmware/stick"
	"github.com/centralita/centralita/firmware/support"
	"github.com/centralita/centralita/firmware/tel"
)

// backupDesk is the box as one file, as the console asks for it.
type backupDesk struct{ h *House }

// atStick lets one at a time use the folder through which files go to a stick. It is the
// process's: a house that ends may still be writing there when the next one stands.
var atStick sync.Mutex

// Write implements console.Backups.
func (b backupDesk) Write(ctx context.Context, who tel.Who, w io.Writer, wish console.BackupWish) error {
	if err := fitting(wish.Passphrase); err != nil {
		return err
	}
	return b.h.give(who, "backup", w, func(w io.Writer) error {
		_, err := writeBackup(ctx, w, b.h.dir, wish.Book, wish.Passphrase)
		return roomy(err)
	})
}

// fitting refuses a passphrase that is too short; none is none.
func fitting(phrase string) error {
	if n := len([]rune(phrase)); n > 0 && n < leastPassphrase {
		return refused("the passphrase has %d characters, at least %d are needed", "la frase de paso tiene %d letras, hacen falta %d", n, leastPassphrase)
	}
	return nil
}

// roomy says plainly that the box is full.
func roomy(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return refused("there is no room for it on the box", "en la caja no hay sitio para ello")
	}
	return err
}

// ToStick implements console.Backups.
func (b backupDesk) ToStick(ctx context.Context, who tel.Who, name string, wish console.BackupWish, progress func(stick.Progress)) (stick.Moved, error) {
	if err := fitting(wish.Passphrase); err != nil {
		return stick.Moved{}, err
	}
	name = cmp.Or(name, b.h.fileName("backup"))
	if !strings.HasSuffix(strings.ToLower(name), stick.Ending) {
		name += stick.Ending
	}
	m, err := b.h.toStick(ctx, name, progress, func(w io.Writer) error {
		_, err := writeBackup(ctx, w, b.h.dir, wish.Book, wish.Passphrase)
		return err
	})
	if err == nil {
		b.h.took(who, "backup", "usb "+m.Device+" "+m.File, m.Size, nil)
	}
	return m, err
}

// fileName names a file of this site that is made now.
func (h *House) fileName(what string) string {
	b := support.Bundle{At: h.Now(), Site: h.cfg.Site.ID}
	return strings.TrimSuffix(b.Name(), ".tar.gz") + "." + what
}

// toStick lets make write a file and has the keeper put it on the stick.
func (h *House) toStick(ctx context.Context, name string, progress func(stick.Progress), make func(io.Writer) error) (m stick.Moved, err error) {
	if err := stick.CheckName(name); err != nil {
		return m, err
	}
	dir, free, err := h.stickFolder()
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, free()) }()
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return m, fmt.Errorf("cannot write %s: %w", name, err)
	}
	w := bufio.NewWriterSize(f, 64<<10)
	if err := errors.Join(make(w), w.Flush(), f.Close()); err != nil {
		return m, roomy(err)
	}
	return m, h.keeper.Do(ctx, stick.Put, stick.PutAsked{File: name}, told(progress), &m)
}

// told reads the steps of the keeper.
func told(progress func(stick.Progress)) func(json.RawMessage) {
	return func(raw json.RawMessage) {
		var p stick.Progress
		if json.Unmarshal(raw, &p) == nil {
			progress(p)
		}
	}
}

// stickFolder gives the folder through which files go to a stick, empty, to one at a
// time. free empties it.
func (h *House) stickFolder() (dir string, free func() error, err error) {
	if !h.keeper.Present() {
		return "", nil, keeper.ErrAbsent
	}
	if !atStick.TryLock() {
		return "", nil, refused("another command is at the USB stick; wait for its end", "otra orden está usando la memoria USB; espere a que acabe")
	}
	dir = filepath.Join(h.dir, stick.Folder)
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
		atStick.Unlock()
		return "", nil, fmt.Errorf("cannot make the folder %s: %w", dir, err)
	}
	return dir, func() error {
		defer atStick.Unlock()
		return os.RemoveAll(dir)
	}, nil
}

// Restore implements console.Backups.
func (b backupDesk) Restore(ctx context.Context, who tel.Who, r io.Reader, passphrase func() (string, error)) (console.Restored, error) {
	return b.restore(ctx, who, r, passphrase, string(who.Via))
}

// FromStick implements console.Backups.
func (b backupDesk) FromStick(ctx context.Context, who tel.Who, name string, passphrase func() (string, error), progress func(stick.Progress)) (done console.Restored, err error) {
	if name != "" {
		if err := stick.CheckName(name); err != nil {
			return done, err
		}
	}
	dir, free, err := b.h.stickFolder()
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, free()) }()
	var m stick.Moved
	if err := b.h.keeper.Do(ctx, stick.Get, stick.GetAsked{File: name}, told(progress), &m); err != nil {
		return done, err
	}
	if err := stick.CheckName(m.File); err != nil {
		return done, err
	}
	f, err := os.Open(filepath.Join(dir, m.File))
	if err != nil {
		return done, fmt.Errorf("cannot read what the stick gave: %w", err)
	}
	defer f.Close() // nothing was written
	return b.restore(ctx, who, f, passphrase, "usb "+m.Device+" "+m.File)
}

func (b backupDesk) restore(ctx context.Context, who tel.Who, r io.Reader, passphrase func() (string, error), from string) (done console.Restored, err error) {
	in, phrase := bufio.NewReaderSize(r, 64<<10), ""
	if backup.Sealed(in) {
		if phrase, err = passphrase(); err != nil {
			return done, err
		}
	}
	m, err := stageRestore(ctx, b.h.dir, in, phrase)
	if err != nil {
		return done, roomy(err)
	}
	b.h.booked(who, "restore", from+", of "+m.Site+" made "+m.Made.Format(time.RFC3339))
	calls, err := (configDesk{b.h, b.h.life}).Restore(who)
	return console.Restored{Site: m.Site, Made: m.Made, Calls: calls}, err
}

// backups returns nil where versions are not kept.
func (h *House) backups() console.Backups {
	if h.life == nil {
		return nil
	}
	return backupDesk{h}
}

// ToStick implements console.Support.
func (b bundler) ToStick(ctx context.Context, who tel.Who, name string, progress func(stick.Progress)) (stick.Moved, error) {
	x := b.bundle()
	m, err := b.h.toStick(ctx, cmp.Or(name, x.Name()), progress, func(w io.Writer) error { return x.Write(ctx, w) })
	if err == nil {
		b.h.took(who, "support bundle", "usb "+m.Device+" "+m.File, m.Size, nil)
	}
	return m, err
}
