package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/centralita/centralita/firmware/provision"
)

// offered is a card with a file of an integrator on it, and what must come of it.
type offered struct {
	what    string
	file    string
	name    string // of the file; "": as it must be called
	signer  string // who signed it; "": nobody
	keys    bool   // the card that wants a signature
	full    bool   // no room is left
	console []string
	taken   bool
}

const (
	setUpWords = "La caja se configuró con el archivo centralita.yaml."
	notTaken   = "NO se tomó el archivo: "
)

// oddFile has a key that no configuration has.
var oddFile = strings.Replace(siteFile, "operator:", "colour: red\noperator:", 1)

func offers() []offered {
	odd := strings.Count(oddFile[:strings.Index(oddFile, "colour")], "\n") + 1
	return []offered{
		{what: "a site's file", file: siteFile, console: []string{setUpWords}, taken: true},
		{what: "a site's file, no room beside it", file: siteFile, full: true, console: []string{setUpWords}, taken: true},
		{what: "half a file", file: siteFile[:len(siteFile)/2], console: []string{notTaken + "el archivo tiene", "centralita.yaml:"}},
		{what: "an unknown key, no room for the result", file: oddFile, full: true,
			console: []string{notTaken + "el archivo tiene un problema", fmt.Sprintf("centralita.yaml:%d:1: ", odd), "colour", "No se pudo escribir centralita-result.txt"}},
		{what: "a file of another name", file: siteFile, name: "centralita-norte.yaml", console: []string{notTaken + "el archivo se llama centralita-norte.yaml; llámelo centralita.yaml"}},
		{what: "a signed file", file: siteFile, signer: "site", keys: true, console: []string{setUpWords}, taken: true},
		{what: "a file that a stranger signed", file: siteFile, signer: "stranger", keys: true, console: []string{notTaken + "la firma no es de ninguna clave de esta imagen"}},
		{what: "a file that nobody signed", file: siteFile, keys: true, console: []string{notTaken + "falta la firma"}},
	}
}

// provisioned starts cards with files of integrators, right and wrong ones.
func (r *rig) provisioned(ctx context.Context) error {
	for _, o := range offers() {
		if err := ctx.Err(); err != nil {
			return err
		}
		said, err := r.offered(ctx, o)
		r.held("card: "+o.what, err, "%s", said)
	}
	return nil
}

// offered starts one card. It returns what the console said of the file.
func (r *rig) offered(ctx context.Context, o offered) (said string, err error) {
	number := fmt.Sprint(first)
	if o.keys {
		number = fmt.Sprint(second)
	}
	card, err := r.cardOf("site.img", r.path(number, "qemu", "centralita-qemu.img"))
	if err != nil {
		return "", err
	}
	files := map[string][]byte{provision.FileName: []byte(o.file)}
	if o.name != "" {
		files = map[string][]byte{o.name: []byte(o.file)}
	}
	if o.signer != "" {
		if files[provision.SigName], err = os.ReadFile(r.path(o.signer + ".sig")); err != nil {
			return "", err
		}
	}
	if err := r.provide(ctx, card, files); err != nil {
		return "", err
	}
	if o.full {
		if err := r.fill(ctx, card); err != nil {
			return "", err
		}
	}
	err = r.with(ctx, plain(card), func(b *box) error {
		if _, err := b.started(ctx); err != nil {
			return err
		}
		serial := strings.ReplaceAll(b.serial(), "\r", "")
		if said, err = provisionWords(serial); err != nil {
			return err
		}
		for _, w := range o.console {
			if !strings.Contains(serial, w) {
				return fmt.Errorf("the console does not say %q, but: %s", w, said)
			}
		}
		if o.taken {
			return b.setUpBySite(ctx)
		}
		if !strings.Contains(serial, "Todavía no tiene dueño") {
			return errors.New("the box has an owner")
		}
		return nil
	})
	return said, errors.Join(err, r.left(ctx, card, o))
}

// provisionWords are the lines by which the console tells what came of a file.
func provisionWords(serial string) (string, error) {
	_, rest, ok := strings.Cut(serial, "\nCentralita\n")
	if !ok {
		return "", errors.New("the console says nothing of the file")
	}
	rest, _, _ = strings.Cut(rest, "centralita: slot")
	var lines []string
	for l := range strings.Lines(rest) {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	if len(lines) < 2 {
		return "", fmt.Errorf("the console says of the file: %s", rest)
	}
	said := lines[1] // the first one is the time
	for _, l := range lines[2:] {
		if strings.HasPrefix(l, provision.FileName) || strings.HasPrefix(l, "No se pudo") {
			said += " / " + l
		}
	}
	return said, nil
}

// setUpBySite looks at a box that the file set up: owner, house, address.
func (b *box) setUpBySite(ctx context.Context) error {
	if err := b.loginAs(ctx, siteOwner, sitePassword); err != nil {
		return err
	}
	for command, want := range map[string]string{"lines": "910000002", "net show": siteAddress, "config versions": "provision, tarjeta"} {
		said, err := b.ask(ctx, command)
		if err == nil && !strings.Contains(said, want) {
			err = fmt.Errorf("%s: %s", command, said)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// left looks at the card afterwards: of a file that was taken over nothing is left, the
// result stands beside it where there is room, and no half one where there is none.
func (r *rig) left(ctx context.Context, card string, o offered) error {
	names, err := r.listed(ctx, card)
	if err != nil {
		return err
	}
	result, err := r.onBoot(ctx, card, provision.ResultName)
	if err != nil {
		return err
	}
	switch words := o.console[0]; {
	case o.full && !o.taken:
		if slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, provision.ResultName) }) {
			return fmt.Errorf("the full partition has %v", names)
		}
	case !strings.Contains(result, words):
		return fmt.Errorf("%s says %q, not %q", provision.ResultName, result, words)
	}
	if !o.taken {
		return nil
	}
	for _, n := range []string{provision.FileName, provision.SigName} {
		if slices.Contains(names, n) {
			return fmt.Errorf("%s is still on the boot partition", n)
		}
	}
	// The data keeps the uplink's secret, for the program's eyes alone; of the password it
	// has no more than a hash.
	there, err := found(card, boot, bootSize, siteSecret)
	if err != nil {
		return err
	}
	everywhere, err := found(card, 0, cardSize, sitePassword)
	if there = append(there, everywhere...); err == nil && len(there) > 0 {
		err = fmt.Errorf("the card still holds %q", there)
	}
	return err
}
