package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/centralita/centralita/firmware/backup"
	"github.com/centralita/centralita/firmware/console"
)

// sealing is how the passphrase of a backup is told. It is never an argument: those
// are seen by everybody on the machine.
type sealing struct {
	Encrypt        bool   `help:"Ask for the passphrase of the backup; of an encrypted one that is restored it is asked anyhow."`
	PassphraseFile string `type:"existingfile" placeholder:"FILE" help:"Its first line is the passphrase."`
}

type backupCmd struct {
	File string `arg:"" help:"Where to write; - is the standard output."`
	Data string `default:"var" placeholder:"DIR" help:"Folder of the box."`
	Book bool   `help:"Put the book in as well."`
	sealing
}

type restoreCmd struct {
	File string `arg:"" help:"The backup; - is the standard input."`
	Data string `default:"var" placeholder:"DIR" help:"Folder of the box."`
	sealing
}

// leastPassphrase is how many characters one has at least.
const leastPassphrase = 10

// passphrase returns what encrypts; empty is nothing. With twice it is asked again.
func (s sealing) passphrase(twice bool) (string, error) {
	if s.PassphraseFile != "" {
		raw, err := os.ReadFile(s.PassphraseFile)
		if err != nil {
			return "", fmt.Errorf("cannot read the passphrase: %w", err)
		}
		line, _, _ := strings.Cut(string(raw), "\n")
		return fit(strings.TrimRight(line, "\r"))
	}
	if !s.Encrypt {
		return "", nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return "", errors.New("cannot ask for the passphrase: this is no terminal; use --passphrase-file")
	}
	ask := func(what string) (string, error) {
		fmt.Fprint(os.Stderr, what+": ")
		raw, err := term.ReadPassword(int(os.Stdin.Fd()))
		fmt.Fprintln(os.Stderr)
		return string(raw), err
	}
	first, err := ask("passphrase")
	if err != nil || !twice {
		return first, err
	}
	again, err := ask("again")
	if err == nil && again != first {
		err = errors.New("the two passphrases differ")
	}
	if err != nil {
		return "", err
	}
	return fit(first)
}

func fit(p string) (string, error) {
	if len([]rune(p)) < leastPassphrase {
		return "", fmt.Errorf("cannot use the passphrase: it has %d characters, at least %d are needed", len([]rune(p)), leastPassphrase)
	}
	return p, nil
}

func (c *backupCmd) run(stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := c.write(ctx, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "centralita:", err)
		return console.NotFine
	}
	return console.Fine
}

func (c *backupCmd) write(ctx context.Context, stdout, stderr io.Writer) error {
	pass, err := c.passphrase(true)
	if err != nil {
		return err
	}
	if c.File == "-" {
		_, err := writeBackup(ctx, stdout, c.Data, c.Book, pass)
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(c.File), filepath.Base(c.File)+".*.new") // created with mode 0600
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", c.File, err)
	}
	w := bufio.NewWriter(tmp)
	m, err := writeBackup(ctx, w, c.Data, c.Book, pass)
	err = errors.Join(err, w.Flush(), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), c.File)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("cannot write %s: %w", c.File, err), os.Remove(tmp.Name()))
	}
	fmt.Fprintf(stderr, "%s: site %s%s\n", c.File, m.Site, map[bool]string{true: ", with accounts and secrets, encrypted", false: ", without accounts and secrets; --encrypt puts them in"}[pass != ""])
	return nil
}

func (c *restoreCmd) run(stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := c.stage(ctx, stderr); err != nil {
		fmt.Fprintln(stderr, "centralita:", err)
		return console.NotFine
	}
	code, err := console.Run(ctx, filepath.Join(c.Data, console.SocketName), []string{"restore", "begin"}, stdout)
	if errors.Is(err, console.ErrUnreachable) {
		fmt.Fprintln(stderr, "It is put in when the appliance starts.")
		return console.Fine
	}
	if err != nil {
		fmt.Fprintln(stderr, "centralita:", err)
	}
	return code
}

func (c *restoreCmd) stage(ctx context.Context, stderr io.Writer) (err error) {
	from := os.Stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("cannot read the backup: %w", err)
		}
		defer f.Close() // nothing was written: there is nothing to lose
		from = f
	}
	in := bufio.NewReader(from)
	c.Encrypt = c.Encrypt || backup.Sealed(in) // nobody has to say what the file tells
	pass, err := c.passphrase(false)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("cannot make the data folder: %w", err)
	}
	m, err := stageRestore(ctx, c.Data, in, pass)
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "The backup of %s made %s is whole.\n", m.Site, m.Made.Format("2006-01-02 15:04 MST"))
	return nil
}
