// Command bundle makes, signs and reads update bundles (*.ctl; the format is in the
// comment of firmware/update/ctl).
//
//	bundle key FILE                      a new key: FILE (secret, mode 0600) and FILE.pub
//	bundle make --image slot.img --board rpi4 --version 0.9.5 --number 42 --key FILE --out x.ctl
//	bundle sign --key FILE x.ctl         one more signature, beside those it has
//	bundle sign --key FILE --rollout early=50 x.ctl   another manifest, signed anew
//	bundle show [--keys DIR] x.ctl       what it says; with keys also whether a box would believe it
//	bundle card --key FILE centralita.yaml   signs a site's file for cards that want it signed: centralita.yaml.sig
//
// Secret keys do not belong into a repository, so none is made inside one. Several
// --key sign together. --rollout canary=100,early=20,broad=0 says how many percent of
// each ring's sites an automatic update reaches.
package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/update/ctl"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("cannot guess what to do: key, make, sign, show or card; go doc ./tools/bundle tells")
	}
	switch args[0] {
	case "key":
		return makeKey(args[1:], out)
	case "make":
		return makeBundle(args[1:], out)
	case "sign":
		return sign(args[1:], out)
	case "show":
		return show(args[1:], out)
	case "card":
		return signCard(args[1:], out)
	}
	return fmt.Errorf("cannot %q: key, make, sign, show or card", args[0])
}

// makeKey writes a key pair outside of every repository.
func makeKey(args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("cannot make a key without its file: bundle key FILE")
	}
	path, err := filepath.Abs(args[0])
	if err != nil {
		return fmt.Errorf("cannot find %s: %w", args[0], err)
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return fmt.Errorf("cannot make a key in the repository %s: a secret key belongs outside", dir)
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	pub, sec, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("cannot make a key: %w", err)
	}
	if err := fresh(path, ctl.FormatSecret(sec), 0o600); err != nil {
		return err
	}
	if err := fresh(path+".pub", ctl.FormatPublic(pub, filepath.Base(path)), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(out, "key %s: secret %s, public %s.pub\n", ctl.IDOf(pub), path, path)
	return nil
}

// fresh writes a file that was not there, in a folder that it makes.
func fresh(path, text string, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("cannot write the key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("cannot write the key: %w", err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("cannot write the key: %w", err)
	}
	return nil
}

// keyFiles are the flags --key, one or more.
type keyFiles []ed25519.PrivateKey

func (k *keyFiles) String() string { return strconv.Itoa(len(*k)) }

func (k *keyFiles) Set(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	sec, err := ctl.ParseSecret(b)
	if err == nil {
		*k = append(*k, sec)
	}
	return err
}

// rollout is the flag of that name.
type rollout struct {
	set bool
	to  ctl.Rollout
}

func (r *rollout) String() string { return fmt.Sprint(r.to) }

func (r *rollout) Set(s string) error {
	r.set, r.to = true, ctl.Rollout{}
	if s == "all" {
		r.to = nil
		return nil
	}
	for part := range strings.SplitSeq(s, ",") {
		ring, percent, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(percent)
		if name := ctl.Ring(ring); err != nil || name != ctl.Canary && name != ctl.Early && name != ctl.Broad {
			return fmt.Errorf("%q is not RING=PERCENT with canary, early or broad", part)
		}
		r.to[ctl.Ring(ring)] = n
	}
	return nil
}

// instant is a flag of a day or an instant.
type instant struct{ time.Time }

func (i *instant) Set(s string) error {
	var err error
	if i.Time, err = time.Parse(time.DateOnly, s); err != nil {
		i.Time, err = time.Parse(time.RFC3339, s)
	}
	return err
}

// flags of make and sign.
type flags struct {
	*flag.FlagSet
	keys    keyFiles
	rollout rollout
	expires instant
	out     string
}

func newFlags(name string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError)}
	f.Var(&f.keys, "key", "file of a secret key; may be given again")
	f.Var(&f.rollout, "rollout", "percent by ring, or all: canary=100,early=20")
	f.Var(&f.expires, "expires", "day after which no box accepts it, 2027-11-28; none: it does not expire")
	f.StringVar(&f.out, "out", "", "the bundle to write")
	return f
}
