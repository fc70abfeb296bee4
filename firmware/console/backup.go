package console

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/stick"
	"github.com/centralita/centralita/firmware/tel"
)

// Backups makes one file of the box, and a box of a file. Each error is a sentence for
// people.
type Backups interface {
	// Write writes one to w.
	Write(ctx context.Context, who tel.Who, w io.Writer, wish BackupWish) error
	// ToStick writes one to the only USB stick; an empty name is one of its own.
	ToStick(ctx context.Context, who tel.Who, name string, wish BackupWish, progress func(stick.Progress)) (stick.Moved, error)
	// Restore checks one to its end and puts it in the place of the box when no call
	// goes on. passphrase is asked for only where it is encrypted.
	Restore(ctx context.Context, who tel.Who, r io.Reader, passphrase func() (string, error)) (Restored, error)
	// FromStick is Restore of a file on a USB stick; an empty name is the only backup.
	FromStick(ctx context.Context, who tel.Who, name string, passphrase func() (string, error), progress func(stick.Progress)) (Restored, error)
}

// BackupWish is what is to be in a backup.
type BackupWish struct {
	Book       bool
	Passphrase string // empty: accounts, secrets and certificates stay out
}

// Restored is a backup that was checked and waits for the end of calls.
type Restored struct {
	Site  string    `json:"site"`
	Made  time.Time `json:"made"`
	Calls int       `json:"calls"` // that go on now
}

// backupCommands are the box as one file.
var backupCommands = []command{
	{"backup", "[--encrypt] [--book]", "la caja en un fichero: ssh … backup > FICHERO", "the box as one file: ssh … backup > FILE", 0, 0, false, tel.Owner, "--encrypt --book", backupOut},
	{"backup usb", "[NAME] [--encrypt] …", "lo mismo en la memoria USB", "the same on the USB stick", 0, 1, false, tel.Owner, "--json --encrypt --book", backupUSB},
	{"restore", "[usb[:NAME]]", "pone una copia: ssh … restore < FICHERO", "put a backup in: ssh … restore < FILE", 0, 1, false, tel.Owner, "--json --encrypt", restoreIn},
}

// wish is what of a backup was asked for.
func (s *session) wish(ctx context.Context) (w BackupWish, err error) {
	w.Book = s.r.book
	if s.r.encrypt {
		w.Passphrase, err = s.passphrase(ctx, true)
	}
	return w, err
}

// backupOut writes a backup to whoever can take bytes.
func backupOut(ctx context.Context, s *session) int {
	b := s.c.d.Backups
	switch {
	case b == nil:
		return s.stopped()
	case !s.raw():
		return s.fail(Usage, usageError{"aquí solo pasa texto; pista: backup usb, o ssh NOMBRE@CAJA backup > FICHERO", "only text comes through here; hint: backup usb, or ssh NAME@BOX backup > FILE"})
	}
	s.beside()
	w, err := s.wish(ctx)
	if err == nil {
		err = b.Write(ctx, s.who, s.stream.Out, w)
	}
	if err != nil {
		return s.fail(NotFine, err)
	}
	s.inIt(w)
	return Fine
}

// inIt says what a backup lacks.
func (s *session) inIt(w BackupWish) {
	if w.Passphrase == "" {
		s.wrap("", "  ", s.t("Sin cuentas, claves ni certificados; --encrypt los incluye.", "Without accounts, secrets and certificates; --encrypt puts them in."))
	}
}

// backupUSB writes a backup to the stick.
func backupUSB(ctx context.Context, s *session) int {
	b := s.c.d.Backups
	if b == nil {
		return s.stopped()
	}
	name := ""
	if len(s.r.args) == 1 {
		name = s.r.args[0]
	}
	w, err := s.wish(ctx)
	if err != nil {
		return s.fail(NotFine, err)
	}
	m, err := b.ToStick(ctx, s.who, name, w, s.tellStick())
	if err != nil {
		return s.fail(NotFine, err)
	}
	if code := s.onStick(m); code != Fine || s.r.json {
		return code
	}
	s.inIt(w)
	return Fine
}

// tellStick returns what tells a person how far it is, each tenth.
func (s *session) tellStick() func(stick.Progress) {
	if s.r.json {
		return func(stick.Progress) {}
	}
	words := map[string]string{stick.Writing: s.t("escribe", "writes"), stick.Verifying: s.t("relee", "reads back"), stick.Reading: s.t("lee", "reads")}
	step, tenth := "", int64(0)
	return func(p stick.Progress) {
		if p.Step != step {
			step, tenth = p.Step, 0
		}
		if p.Of > 0 && p.Done*10/p.Of > tenth && p.Done < p.Of {
			tenth = p.Done * 10 / p.Of
			s.line(fmt.Sprintf("%s %d %%", words[p.Step], tenth*10))
		}
	}
}

// onStick says what is on the stick now.
func (s *session) onStick(m stick.Moved) int {
	if s.r.json {
		s.json(m)
		return Fine
	}
	s.line(safe(m.File))
	s.line(fmt.Sprintf(s.t("%d kB en la memoria USB (%s), releídos; ya se puede sacar", "%d kB on the USB stick (%s), read back; it may be pulled out now"), (m.Size+999)/1000, safe(m.Device)))
	return Fine
}

// restoreIn puts a backup in, from the stick or from what is sent along.
func restoreIn(ctx context.Context, s *session) int {
	b := s.c.d.Backups
	if b == nil {
		return s.stopped()
	}
	name, usb := "", len(s.r.args) == 1
	if usb {
		var named, ok bool
		if name, named = strings.CutPrefix(s.r.args[0], "usb:"); !named {
			name, ok = "", s.r.args[0] == "usb"
		}
		if !ok && (!named || name == "") {
			return s.fail(Usage, usageError{"se escribe: restore usb, o restore usb:NOMBRE", "write: restore usb, or restore usb:NAME"})
		}
	}
	done, err := Restored{}, error(nil)
	switch {
	case usb:
		done, err = b.FromStick(ctx, s.who, name, func() (string, error) { return s.passphrase(ctx, false) }, s.tellStick())
	case !s.raw() || s.stream.In == nil:
		return s.fail(Usage, usageError{"aquí solo pasa texto; pista: restore usb, o ssh NOMBRE@CAJA restore < FICHERO", "only text comes through here; hint: restore usb, or ssh NAME@BOX restore < FILE"})
	default:
		done, err = s.restoreSent(ctx, b)
	}
	switch {
	case err != nil:
		return s.fail(NotFine, err)
	case s.r.json:
		s.json(done)
	default:
		s.line(fmt.Sprintf(s.t("La copia de %s, hecha %s, está entera.", "The backup of %s made %s is whole."), safe(done.Site), s.day(done.Made)))
		s.line(s.t(fmt.Sprintf("Se restaura sin llamadas; espera a %d.", done.Calls), fmt.Sprintf("It is put in when idle: waiting for %d calls.", done.Calls)))
	}
	return Fine
}

// restoreSent takes a backup that is sent along; with --encrypt its passphrase is the
// line before.
func (s *session) restoreSent(ctx context.Context, b Backups) (Restored, error) {
	phrase := func() (string, error) {
		return "", usageError{"la copia está cifrada; pista: restore --encrypt, con la frase de paso como primera línea", "the backup is encrypted; hint: restore --encrypt, with the passphrase as the first line"}
	}
	if s.r.encrypt {
		word, err := s.passphrase(ctx, false)
		if err != nil {
			return Restored{}, err
		}
		phrase = func() (string, error) { return word, nil }
	}
	return b.Restore(ctx, s.who, s.stream.In, phrase)
}
