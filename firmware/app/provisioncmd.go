package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/centralita/centralita/firmware/access"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/config/secret"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/durable"
	"github.com/centralita/centralita/firmware/lan"
	"github.com/centralita/centralita/firmware/prompt"
	"github.com/centralita/centralita/firmware/provision"
	"github.com/centralita/centralita/firmware/wipe"
)

// provisionCmd is what the box's init runs before the program: it finishes a factory
// reset and takes over a file of the boot partition.
type provisionCmd struct {
	Boot string `type:"existingdir" placeholder:"DIR" help:"The boot partition, mounted for writing; without it no file is looked for."`
	Data string `required:"" placeholder:"DIR" help:"The program's data folder; made when missing."`
	User string `placeholder:"NAME" help:"Give the data folder to this user, by name or number."`
	Keys string `default:"/etc/centralita/provision" placeholder:"DIR" help:"Public keys of integrators, *.pub; with one, the file must be signed."`
}

// fromCard is who a configuration of a provisioning file is by.
var fromCard = life.Person{Name: "provision"}

func (c *provisionCmd) run(stdout, stderr io.Writer) int {
	code, err := c.provision(context.Background(), stdout)
	if c.User != "" {
		err = errors.Join(err, giveTo(c.Data, c.User))
	}
	if err != nil {
		fmt.Fprintln(stderr, "centralita:", err)
		return console.NotFine
	}
	return code
}

func (c *provisionCmd) provision(ctx context.Context, stdout io.Writer) (int, error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return 0, fmt.Errorf("cannot make the data folder: %w", err)
	}
	erased, err := wipe.Finish(c.Data)
	if err != nil {
		return 0, err
	}
	if erased {
		fmt.Fprintln(stdout, "La caja se ha borrado y está como de fábrica.\nThe box was erased and is as it left the factory.")
	}
	if c.Boot == "" {
		return console.Fine, nil
	}
	keys, err := provision.LoadKeys(c.Keys)
	if err != nil {
		return 0, err
	}
	pack, err := prompts(c.Data, slog.New(slog.DiscardHandler))
	if err != nil {
		return 0, err
	}
	rec, err := provision.Run(provision.Config{
		Boot: c.Boot, Data: c.Data, Keys: keys, Now: time.Now,
		Check:   cardCheck(pack),
		Claimed: c.claimed,
		Take:    func(p *provision.Plan) error { return c.take(ctx, p) },
	})
	if err != nil {
		return 0, err
	}
	stdout.Write(rec.Text()) // a console that takes nothing changes nothing
	if rec.Untold != "" {
		fmt.Fprintf(stdout, "No se pudo escribir %s: %s\nCannot write %[1]s: %[2]s\n", provision.ResultName, rec.Untold)
	}
	if rec.State == provision.Refused {
		return console.NotFine, nil
	}
	return console.Fine, nil
}

// cardCheck is what the house knows of what may stand in the file of a card.
func cardCheck(pack *prompt.Pack) provision.Check {
	return provision.Check{
		Document: func(name string, doc []byte) []place.Problem {
			_, problems := config.Parse(name, doc, pack.Has)
			return problems
		},
		Name:     func(name string) error { _, err := access.CleanName(name); return err },
		Password: access.CheckPassword, Hash: access.CheckHash, Key: access.CheckKey,
	}
}

// claimed reports whether the box has accounts, good or not.
func (c *provisionCmd) claimed() bool {
	_, err := os.Lstat(filepath.Join(c.Data, access.FileName))
	return !errors.Is(err, fs.ErrNotExist)
}

// take puts a plan into the data folder, the account last: with it the box is set up.
// Done twice it comes to the same.
func (c *provisionCmd) take(ctx context.Context, p *provision.Plan) error {
	if len(p.Secrets) > 0 {
		s, err := secret.Open(c.Data)
		if err == nil {
			err = s.Seal(p.Secrets)
		}
		if err != nil {
			return err
		}
	}
	if p.Net != nil {
		if err := lan.Save(filepath.Join(c.Data, lan.FileName), *p.Net); err != nil {
			return err
		}
	}
	if p.Document != nil {
		if err := c.adopt(p.Document); err != nil {
			return err
		}
	}
	if o := p.Owner; o != nil && !c.claimed() { // else a cut came behind it, or somebody was faster: he is not thrown out
		return access.Seed(ctx, c.Data, o.Name, o.Password, o.Hash, o.Keys)
	}
	return nil
}

// adopt makes doc the configuration, unless it is already.
func (c *provisionCmd) adopt(doc []byte) error {
	l, err := life.Open(durable.Disk{}, c.Data, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if used := l.Candidates(); len(used) > 0 { // the first is the one that would be used
		if old, err := l.Document(used[0]); err == nil && life.Digest(old) == life.Digest(doc) {
			return l.Close()
		}
	}
	return errors.Join(l.Take(doc, "provision", "", fromCard), l.Close())
}

// giveTo gives a folder and all in it to a user. It follows no link.
func giveTo(dir, name string) error {
	uid, gid, err := account(name)
	if err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = os.Lchown(path, uid, gid)
		}
		if err != nil {
			return fmt.Errorf("cannot give %s to %s: %w", path, name, err)
		}
		return nil
	})
}
