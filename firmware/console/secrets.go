package console

import (
	"context"
	"fmt"
	"strings"

	"github.com/centralita/centralita/firmware/tel"
)

// Secrets are what opens the doors of telephones, of others and of the wall. Each error
// is a sentence for people; what changes holds at once and is booked.
type Secrets interface {
	// RenewPhones makes another SIP password for a phone whose password the box made, all
	// of them where ext is empty, and returns their accounts. Those in left have one of
	// the document's.
	RenewPhones(who tel.Who, ext tel.Number) (accounts []Account, left []tel.Number, err error)
	// Named are the secrets that the document refers to by name, and those that it may.
	Named() ([]NamedSecret, error)
	// MayBeNamed refuses what no secret can be called.
	MayBeNamed(name string) error
	Set(who tel.Who, name, value string) error
	Remove(who tel.Who, name string) error
	// Wall returns the addresses of the wall with its token, and RenewWall those with
	// another one.
	Wall() ([]string, error)
	RenewWall(who tel.Who) ([]string, error)
}

// NamedSecret is what "secret:NAME" refers to, without its value.
type NamedSecret struct {
	Name string      `json:"name"`
	Kept bool        `json:"kept"` // false: it is referred to and missing
	Uses []SecretUse `json:"uses"`
}

// SecretUse is what refers to a secret.
type SecretUse struct {
	Kind  string `json:"kind"` // "trunk", "phone", "uplink"
	ID    string `json:"id"`
	Draft bool   `json:"draft,omitempty"` // in the draft, and not yet in the document in use
}

// kinds are what may refer to a secret, in Spanish.
var kinds = map[string]string{"trunk": "troncal", "phone": "teléfono", "uplink": "enlace"}

// In names it for people.
func (u SecretUse) In(lang tel.Lang) string {
	if lang == tel.Spanish {
		return kinds[u.Kind] + " " + u.ID
	}
	return u.Kind + " " + u.ID
}

// secretCommands are for the owner alone.
var secretCommands = []command{
	{"phones renew", "EXT|all", "otra clave SIP para un teléfono, o para todos", "another SIP password for a phone, or for all", 1, 1, false, tel.Owner, "--json", renewPhones},
	{"secret", "", "secretos con nombre y quién los usa", "named secrets and what uses them", 0, 0, false, tel.Owner, "--json", showSecrets},
	{"secret set", "NAME", "dar un secreto; pregunta su valor", "give a secret; asks its value", 1, 1, false, tel.Owner, "", setSecret},
	{"secret remove", "NAME", "olvidar un secreto que nadie usa", "forget a secret that nothing uses", 1, 1, false, tel.Owner, "", removeSecret},
	{"wall", "", "la dirección de la pared, con su clave", "the address of the wall, with its token", 0, 0, false, tel.Owner, "--json", showWall},
	{"wall renew", "", "otra clave de vista; la de ahora deja de valer", "another view token; the present one ends", 0, 0, false, tel.Owner, "--json", renewWall},
}

// renewPhones makes other SIP passwords and prints what to type into the phones.
func renewPhones(_ context.Context, s *session) int {
	d := s.c.d.Secrets
	if d == nil {
		return s.stopped()
	}
	ext := tel.Number(s.r.args[0])
	if ext == "all" {
		ext = ""
	}
	accounts, left, err := d.RenewPhones(s.who, ext)
	if err != nil {
		return s.fail(NotFine, err)
	}
	code := s.accounts(accounts)
	if s.r.json {
		return code
	}
	s.wrap("", "  ", s.t("Con la clave de antes ya no entra ninguno: escriba la nueva en cada teléfono.", "None gets in by the password of before: type the new one into each phone."))
	if len(left) > 0 {
		var exts []string
		for _, e := range left {
			exts = append(exts, string(e))
		}
		list := strings.Join(exts, ", ")
		s.wrap("", "  ", s.t("Siguen igual, su clave está en la configuración: ", "Left as they are, their password stands in the configuration: ")+list)
	}
	return code
}

// showSecrets lists the names of secrets, what refers to them and which are missing.
func showSecrets(_ context.Context, s *session) int {
	d := s.c.d.Secrets
	if d == nil {
		return s.stopped()
	}
	named, err := d.Named()
	if err != nil {
		return s.fail(NotFine, err)
	}
	if s.r.json {
		for _, n := range named {
			s.json(n)
		}
		return Fine
	}
	if len(named) == 0 {
		s.wrap("", "  ", s.t("Ninguno. `secret set NAME` da uno; la configuración lo llama secret:NAME.", "None. `secret set NAME` gives one; the configuration calls it secret:NAME."))
		return Fine
	}
	w := []int{20, 8, 50}
	s.row(w, s.t("Nombre", "Name"), s.t("Está", "Kept"), s.t("Lo usan", "Used by"))
	missing := ""
	for _, n := range named {
		kept := s.t("sí", "yes")
		if !n.Kept {
			kept = s.t("FALTA", "MISSING")
			if missing == "" {
				missing = n.Name
			}
		}
		var uses []string
		for _, u := range n.Uses {
			use := safe(u.In(s.lang))
			if u.Draft {
				use += s.t(" (borrador)", " (draft)")
			}
			uses = append(uses, use)
		}
		s.row(w, safe(n.Name), kept, strings.Join(uses, ", "))
	}
	if missing != "" {
		s.line(s.t("Para darlo: secret set ", "To give it: secret set ") + safe(missing))
	}
	return Fine
}

// setSecret asks for the value of a secret, which is never shown.
func setSecret(ctx context.Context, s *session) int {
	d := s.c.d.Secrets
	if d == nil {
		return s.stopped()
	}
	value, err := "", d.MayBeNamed(s.r.args[0])
	if err == nil {
		value, err = s.twice(ctx, "Valor del secreto", "Value of the secret")
	}
	if err == nil {
		err = d.Set(s.who, s.r.args[0], value)
	}
	if err != nil {
		return s.fail(NotFine, err)
	}
	s.done(fmt.Sprintf(s.t("%s: guardado; vale desde ahora", "%s: kept; it holds from now on"), safe(s.r.args[0])))
	return Fine
}

// removeSecret forgets a secret.
func removeSecret(_ context.Context, s *session) int {
	d := s.c.d.Secrets
	if d == nil {
		return s.stopped()
	}
	if err := d.Remove(s.who, s.r.args[0]); err != nil {
		return s.fail(NotFine, err)
	}
	s.done(fmt.Sprintf(s.t("%s: olvidado", "%s: forgotten"), safe(s.r.args[0])))
	return Fine
}

// showWall prints where the wall is looked at.
func showWall(_ context.Context, s *session) int {
	d := s.c.d.Secrets
	if d == nil {
		return s.stopped()
	}
	at, err := d.Wall()
	return s.wallAt(at, err)
}

// renewWall makes another view token.
func renewWall(_ context.Context, s *session) int {
	d := s.c.d.Secrets
	if d == nil {
		return s.stopped()
	}
	at, err := d.RenewWall(s.who)
	code := s.wallAt(at, err)
	if code == Fine && !s.r.json {
		s.wrap("", "  ", s.t("Con la clave de antes ya no se ve nada; lo que estaba abierto con ella se ha cerrado.",
			"Nothing is seen by the token of before; what was open by it has ended."))
	}
	return code
}

// wallAt prints addresses, which are never cut.
func (s *session) wallAt(at []string, err error) int {
	if err != nil {
		return s.fail(NotFine, err)
	}
	if s.r.json {
		s.json(struct {
			Addresses []string `json:"addresses"`
		}{at})
		return Fine
	}
	for _, a := range at {
		s.printf("%s\n", safe(a))
	}
	return Fine
}
