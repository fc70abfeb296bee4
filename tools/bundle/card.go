package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/centralita/centralita/firmware/provision"
)

// signCard writes the signature of a site's file beside it, for cards that were built
// with -setup-keys.
func signCard(args []string, out io.Writer) error {
	f := flag.NewFlagSet("card", flag.ContinueOnError)
	var keys keyFiles
	f.Var(&keys, "key", "file of a secret key, one")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() != 1 || len(keys) != 1 {
		return errors.New("cannot sign without a file and one key: bundle card --key FILE centralita.yaml")
	}
	if name := filepath.Base(f.Arg(0)); name != provision.FileName {
		return fmt.Errorf("cannot sign %s: a card looks for %s", name, provision.FileName)
	}
	data, err := os.ReadFile(f.Arg(0))
	if err != nil {
		return fmt.Errorf("cannot read what is to be signed: %w", err)
	}
	to := filepath.Join(filepath.Dir(f.Arg(0)), provision.SigName)
	if err := os.WriteFile(to, provision.Sign(keys[0], data), 0o644); err != nil {
		return fmt.Errorf("cannot write the signature: %w", err)
	}
	fmt.Fprintf(out, "%s: copy it to the card beside %s, and change neither\n", to, provision.FileName)
	return nil
}
