package app

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/secret"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/sipua"
	"github.com/centralita/centralita/firmware/tel"
)

// maxSecret bounds the value of a secret, in bytes: longer than any token in use.
const maxSecret = 512

// secretDesk is what opens doors, as the console asks for it. What changes is kept
// first; then the parts of the house that use it take it over while calls go on, as they
// do of another configuration.
type secretDesk struct{ h *House }

// keyed are the parts of the house that use secrets, ready to take over others.
type keyed struct {
	sip     sipua.Config
	uplinks []*oneUplink
}

// keyed makes those of cfg ready to work by secrets, or says why they cannot.
func (h *House) keyed(cfg *config.Config, secrets *secret.Store) (k keyed, err error) {
	if k.sip, err = sipSettings(cfg, secrets, h.out); err != nil {
		return k, err
	}
	k.uplinks, err = h.uplinks.prepare(h, cfg, secrets)
	return k, err
}

// rekey has them work by the secrets that are kept.
func (h *House) rekey() error {
	k, err := h.keyed(h.conf(), h.secrets)
	if err != nil {
		return err
	}
	if err := h.sip.Apply(k.sip); err != nil {
		return err
	}
	h.uplinks.swap(k.uplinks)
	return nil
}

// RenewPhones implements console.Secrets.
func (d secretDesk) RenewPhones(who tel.Who, ext tel.Number) (accounts []console.Account, left []tel.Number, err error) {
	h := d.h
	h.taking.Lock()
	defer h.taking.Unlock()
	var exts, known []string
	for _, f := range h.conf().Phones {
		if !f.SIP {
			continue
		}
		known = append(known, string(f.Ext))
		switch {
		case ext != "" && f.Ext != ext:
		case f.Password == "":
			exts = append(exts, string(f.Ext))
		default:
			left = append(left, f.Ext)
			if ext != "" {
				return nil, left, itsOwn(f)
			}
		}
	}
	switch list := strings.Join(known, ", "); {
	case len(known) == 0:
		return nil, nil, refused("there is no SIP phone", "no hay teléfonos SIP")
	case len(exts) == 0 && ext == "":
		return nil, left, refused("the box made none of the passwords: they stand in the configuration; change them there", "ninguna clave la hizo la caja: están en la configuración; cámbielas allí")
	case len(exts) == 0:
		typed := tel.CleanText(string(ext)).String()
		return nil, nil, refused("there is no SIP phone %q; hint: %s, all", "no hay teléfono SIP %q; pista: %s, all", typed, list)
	}
	if err := h.secrets.Renew(exts...); err != nil {
		return nil, nil, roomy(err)
	}
	h.booked(who, "phone password", strings.Join(exts, ", "))
	accounts = slices.DeleteFunc(h.accounts(), func(a console.Account) bool { return !slices.Contains(exts, string(a.Ext)) })
	return accounts, left, h.rekey()
}

// itsOwn refuses to change a password that the document gives.
func itsOwn(f config.Phone) error {
	if name, ok := secret.Name(f.Password); ok {
		return refused("the password of %s is the secret %s; hint: secret set %[2]s", "la clave de %s es el secreto %s; pista: secret set %[2]s", f.Ext, name)
	}
	return refused("the password of %s stands in the configuration: change it there; hint: config set phones.%[1]s.password …, or config unset it and the box makes one",
		"la clave de %s está en la configuración: cámbiela allí; pista: config set phones.%[1]s.password …, o quítela con config unset y la caja hace una", f.Ext)
}

// uses are what of cfg refers to secrets, by their names.
func uses(cfg *config.Config, draft bool, into map[string][]console.SecretUse) {
	add := func(kind, id, value string) {
		name, ok := secret.Name(value)
		there := func(u console.SecretUse) bool { return u.Kind == kind && u.ID == id }
		if ok && !slices.ContainsFunc(into[name], there) {
			into[name] = append(into[name], console.SecretUse{Kind: kind, ID: id, Draft: draft})
		}
	}
	for _, f := range cfg.Phones {
		add("phone", string(f.Ext), f.Password)
	}
	for _, t := range cfg.Trunks {
		add("trunk", string(t.ID), t.Password)
	}
	for _, u := range cfg.Uplinks {
		add("uplink", u.ID, u.Token)
	}
}

// inUse are the document in use, and while one is on trial the one that is put back when
// nobody confirms it.
func (d secretDesk) inUse() ([]*config.Config, error) {
	out := []*config.Config{d.h.conf()}
	if d.h.life == nil {
		return out, nil
	}
	x, n, _ := d.h.life.Status()
	if x.Confirmed == n || x.Confirmed == 0 {
		return out, nil
	}
	doc, err := d.h.life.Document(x.Confirmed)
	if err != nil {
		return nil, err
	}
	cfg, err := d.h.parse(versionName(d.h.dir, x.Confirmed), doc)
	return append(out, cfg), err
}

// used are the uses of secrets by the documents in use.
func (d secretDesk) used() (map[string][]console.SecretUse, error) {
	docs, err := d.inUse()
	if err != nil {
		return nil, err
	}
	out := map[string][]console.SecretUse{}
	for _, cfg := range docs {
		uses(cfg, false, out)
	}
	return out, nil
}

// Named implements console.Secrets.
func (d secretDesk) Named() ([]console.NamedSecret, error) {
	by, err := d.used()
	if err != nil {
		return nil, err
	}
	if d.h.life != nil {
		doc, ok, err := d.h.life.Draft()
		if err != nil {
			return nil, err
		}
		if ok {
			if cfg, _ := config.Parse("draft", doc, d.h.prompts.Has); cfg != nil { // as far as it can be understood
				uses(cfg, true, by)
			}
		}
	}
	kept := d.h.secrets.Names()
	names := slices.Clone(kept)
	for name := range by {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []console.NamedSecret
	for _, name := range slices.Compact(names) {
		n := console.NamedSecret{Name: name, Kept: slices.Contains(kept, name), Uses: by[name]}
		if n.Uses == nil {
			n.Uses = []console.SecretUse{} // in JSON a list
		}
		out = append(out, n)
	}
	return out, nil
}

// MayBeNamed implements console.Secrets.
func (d secretDesk) MayBeNamed(name string) error {
	if name == "" || !flow.Word(name) {
		return refused("a secret cannot be called %q: a name has letters, digits, - and _", "un secreto no puede llamarse %q: un nombre tiene letras, cifras, - y _", tel.CleanText(name).String())
	}
	return nil
}

// Set implements console.Secrets.
func (d secretDesk) Set(who tel.Who, name, value string) error {
	if err := d.MayBeNamed(name); err != nil {
		return err
	}
	if value == "" || len(value) > maxSecret || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		return refused("the value of a secret has 1 to %d characters on one line", "el valor de un secreto tiene de 1 a %d caracteres en una línea", maxSecret)
	}
	h := d.h
	h.taking.Lock()
	defer h.taking.Unlock()
	docs, err := d.inUse()
	if err != nil {
		return err
	}
	for _, cfg := range docs {
		if _, err := h.keyed(cfg, h.secrets.With(name, value)); err != nil { // else no house could begin with it
			return fmt.Errorf("cannot use the secret %s: %w", name, err)
		}
	}
	if err := h.secrets.Seal(map[string]string{name: value}); err != nil {
		return roomy(err)
	}
	h.booked(who, "secret set", name)
	return h.rekey()
}

// Remove implements console.Secrets.
func (d secretDesk) Remove(who tel.Who, name string) error {
	h := d.h
	h.taking.Lock()
	defer h.taking.Unlock()
	by, err := d.used()
	if err != nil {
		return err
	}
	if used := by[name]; len(used) > 0 {
		var es, en []string
		for _, u := range used {
			es, en = append(es, u.In(tel.Spanish)), append(en, u.In(tel.English))
		}
		return &exchange.Refusal{EN: fmt.Sprintf("cannot forget %s: it is used by %s", name, strings.Join(en, ", ")), ES: fmt.Sprintf("no se puede olvidar %s: lo usan %s", name, strings.Join(es, ", "))}
	}
	if !slices.Contains(h.secrets.Names(), name) {
		return refused("there is no secret %q", "no hay secreto %q", tel.CleanText(name).String())
	}
	if err := h.secrets.Remove(name); err != nil {
		return roomy(err)
	}
	h.booked(who, "secret removed", name)
	return nil
}

// errNoToken is where no token is asked for.
func errNoToken() error {
	return refused("the pages are for this machine alone and ask for no token; hint: listen: {web: …}", "las páginas son solo para esta máquina y no piden clave; pista: listen: {web: …}")
}

// Wall implements console.Secrets.
func (d secretDesk) Wall() ([]string, error) {
	if !pagesLeave(d.h.cfg.Listen) {
		return nil, errNoToken()
	}
	token, err := d.h.secrets.Wall()
	if err != nil {
		return nil, roomy(err)
	}
	return d.h.wallAt(token), nil
}

// RenewWall implements console.Secrets.
func (d secretDesk) RenewWall(who tel.Who) ([]string, error) {
	if !pagesLeave(d.h.cfg.Listen) {
		return nil, errNoToken()
	}
	d.h.taking.Lock()
	defer d.h.taking.Unlock()
	token, err := d.h.secrets.RenewWall()
	if err != nil {
		return nil, roomy(err)
	}
	d.h.booked(who, "view token", "renewed")
	return d.h.wallAt(token), d.h.web.Renew(token)
}

// wallAt are the addresses that other machines look at the wall by.
func (h *House) wallAt(token string) (out []string) {
	query := "/wall?" + url.Values{"token": {token}}.Encode()
	if at := h.claimAt(); at != "" && !h.cfg.Listen.HTTPS.Addr().IsLoopback() {
		out = append(out, "https://"+at+query)
	}
	if !h.cfg.Listen.Web.Addr().IsLoopback() {
		_, at := h.reached()
		out = append(out, "http://"+at+query)
	}
	return out
}
