package console

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// Accounts are the accounts of the people who enter. Each error is a sentence for
// people; from is where the order comes from.
type Accounts interface {
	People() []view.Account
	// RoleOf is the role that an account has now; Nobody when there is none.
	RoleOf(name string) tel.Role
	// Passwd sets a password; one's own needs the old one, except at the socket.
	Passwd(ctx context.Context, by tel.Who, name, old, password, from string) error
	Add(ctx context.Context, by tel.Who, name string, role tel.Role, password, from string) error
	Remove(ctx context.Context, by tel.Who, name, from string) error
	SetRole(ctx context.Context, by tel.Who, name string, role tel.Role, from string) error
	// AddKey takes a line of authorized_keys, RemoveKey its fingerprint.
	AddKey(ctx context.Context, by tel.Who, name, line, from string) error
	RemoveKey(ctx context.Context, by tel.Who, name, print, from string) error
}

// peopleCommands are the accounts. They hold for the next log-in and, as to roles, at
// once.
var peopleCommands = []command{
	{"claim", "[NAME]", "hacerse dueño de una centralita sin dueño", "become the owner of a box without one", 0, 1, false, tel.Nobody, "", doClaim},
	{"passwd", "[NAME]", "cambiar una contraseña", "change a password", 0, 1, false, tel.AgentRole, "", passwd},
	{"people", "", "quién puede entrar", "who may enter", 0, 0, false, tel.Owner, "--json", listPeople},
	{"people list", "", "quién puede entrar", "who may enter", 0, 0, false, tel.Owner, "--json", listPeople},
	{"people add", "NAME ROLE", "cuenta nueva; pregunta la contraseña", "a new account; asks the password", 2, 2, false, tel.Owner, "", addPerson},
	{"people remove", "NAME", "borrar una cuenta", "remove an account", 1, 1, false, tel.Owner, "", removePerson},
	{"people role", "NAME ROLE", "owner, technician, supervisor, agent", "owner, technician, supervisor, agent", 2, 2, false, tel.Owner, "", setRole},
	{"people key", "NAME KEY|@FILE", "añadir una llave pública de SSH", "add an SSH public key", 2, 6, false, tel.Owner, "", addKey},
	{"people unkey", "NAME SHA256:…", "quitar una llave de SSH", "remove an SSH key", 2, 2, false, tel.Owner, "", removeKey},
}

// doClaim makes the first owner. Whoever types it stands before the box, so the code
// is not asked.
func doClaim(ctx context.Context, s *session) int {
	a := s.c.d.Access
	switch {
	case a == nil:
		return s.stopped()
	case a.Claimed():
		return s.fail(NotFine, usageError{"ya tiene dueño; pista: login", "it has an owner already; hint: login"})
	}
	if !s.canAsk() {
		return s.fail(NotFine, errNobody)
	}
	s.wrap("", "", s.t("Elija el nombre y la contraseña del dueño. Nadie más los conoce: si se pierden, solo queda `factory-reset`.",
		"Choose the owner's name and password. Nobody else knows them: if they are lost only `factory-reset` is left."))
	name, err := "", error(nil)
	if len(s.r.args) == 1 {
		name = s.r.args[0]
	} else if name, err = s.question(ctx, "Nombre", "Name"); err != nil {
		return s.fail(NotFine, err)
	}
	password, err := s.newSecret(ctx)
	if err != nil {
		return s.fail(NotFine, err)
	}
	who, err := a.Claim(ctx, "", name, password, s.who.Via)
	if err != nil {
		return s.fail(NotFine, err)
	}
	if s.sh != nil && s.sh.d.Who.Role == tel.Nobody {
		s.sh.who, s.sh.ended = who, a.Standing(who.Name)
	}
	s.wrap("", "  ", fmt.Sprintf(s.t("Hecho: %s es el dueño.", "Done: %s is the owner."), safe(who.Name)))
	return Fine
}

// door says how the box is known and whether it has an owner, where there are doors.
func (s *session) door(v *view.Snapshot) {
	if v.Unclaimed != nil {
		s.line(s.t("Sin dueño todavía: claim", "No owner yet: claim"))
	}
	if v.TLSKey != "" {
		s.line(s.t("Llave de las páginas: ", "Key of the pages: ") + safe(v.TLSKey))
	}
}

// staying does something to an account that ends its sessions. Where it is one's own,
// the session that did it stays.
func (s *session) staying(name string, do func() error) error {
	if s.sh == nil || s.sh.ended == nil || name != s.who.Name {
		return do()
	}
	s.sh.stays.Store(true)
	err := do()
	if err == nil {
		s.sh.ended = s.c.d.Access.Standing(name)
	}
	return err
}

// from is where the person sits.
func (s *session) from() string {
	switch {
	case s.sh != nil && s.sh.d.From != "":
		return s.sh.d.From
	case s.stream != nil && s.stream.From != "":
		return s.stream.From
	}
	return string(s.who.Via)
}

// passwd changes a password, one's own or, by the owner, another's.
func passwd(ctx context.Context, s *session) int {
	a := s.c.d.Accounts
	if a == nil {
		return s.stopped()
	}
	name := s.who.Name
	if len(s.r.args) == 1 {
		name = strings.ToLower(s.r.args[0])
	} else if s.who.Via == tel.DoorSocket {
		return s.fail(Usage, usageError{"aquí se escribe: passwd NAME", "write here: passwd NAME"})
	}
	old := ""
	if name == s.who.Name && s.who.Via != tel.DoorSocket {
		var err error
		if old, err = s.secret(ctx, "Contraseña de ahora", "Present password"); err != nil {
			return s.fail(NotFine, err)
		}
	} else if s.who.Role < tel.Owner {
		return s.forbiddenAs(tel.Owner)
	}
	password, err := s.newSecret(ctx)
	if err == nil {
		err = s.staying(name, func() error { return a.Passwd(ctx, s.who, name, old, password, s.from()) })
	}
	if err != nil {
		return s.fail(NotFine, err)
	}
	s.done(fmt.Sprintf(s.t("%s: contraseña cambiada; sus demás sesiones se cerraron", "%s: password changed; all other sessions of it were closed"), safe(name)))
	return Fine
}

// listPeople shows the accounts.
func listPeople(_ context.Context, s *session) int {
	a := s.c.d.Accounts
	if a == nil {
		return s.stopped()
	}
	people := a.People()
	if s.r.json {
		for _, p := range people {
			s.json(p)
		}
		return Fine
	}
	w := []int{16, 12, 11, 11, 14, 8}
	s.row(w, s.t("Nombre", "Name"), s.t("Papel", "Role"), s.t("Desde", "Since"), s.t("Clave", "Password"), s.t("Última entrada", "Last seen"), s.t("Sesiones", "Sessions"))
	for _, p := range people {
		role, _ := tel.ParseRole(p.Role)
		seen := ""
		if !p.Entered.IsZero() {
			seen = s.day(p.Entered)
		}
		s.row(w, safe(p.Name), s.role(role), p.Since.In(s.c.d.Location).Format(time.DateOnly), p.Password.In(s.c.d.Location).Format(time.DateOnly), seen, fmt.Sprint(p.Sessions))
		for _, k := range p.Keys {
			s.line("  " + safe(k.Print+" "+k.Note))
		}
	}
	return Fine
}

// person does something to an account and says what came of it.
func (s *session) person(do func(a Accounts, name string) error, es, en string) int {
	a := s.c.d.Accounts
	if a == nil {
		return s.stopped()
	}
	name := strings.ToLower(s.r.args[0])
	if err := s.staying(name, func() error { return do(a, name) }); err != nil {
		return s.fail(NotFine, err)
	}
	s.done(fmt.Sprintf("%s: %s", safe(name), s.t(es, en)))
	return Fine
}

func addPerson(ctx context.Context, s *session) int {
	role, _ := tel.ParseRole(s.r.args[1]) // what is no role is refused as nobody's
	return s.person(func(a Accounts, name string) error {
		if role == tel.Nobody {
			return usageError{fmt.Sprintf("no hay papel %q: son owner, technician, supervisor, agent", s.r.args[1]), fmt.Sprintf("there is no role %q: owner, technician, supervisor, agent", s.r.args[1])}
		}
		password, err := s.newSecret(ctx)
		if err != nil {
			return err
		}
		return a.Add(ctx, s.who, name, role, password, s.from())
	}, "cuenta creada", "account made")
}

func removePerson(ctx context.Context, s *session) int {
	return s.person(func(a Accounts, name string) error { return a.Remove(ctx, s.who, name, s.from()) }, "cuenta borrada; sus sesiones se cerraron", "account removed; its sessions were closed")
}

func setRole(ctx context.Context, s *session) int {
	role, _ := tel.ParseRole(s.r.args[1]) // what is no role is refused as nobody's
	return s.person(func(a Accounts, name string) error { return a.SetRole(ctx, s.who, name, role, s.from()) }, "papel cambiado; sus sesiones se cerraron", "role changed; its sessions were closed")
}

func addKey(ctx context.Context, s *session) int {
	line := strings.Join(s.r.args[1:], " ")
	return s.person(func(a Accounts, name string) error { return a.AddKey(ctx, s.who, name, line, s.from()) }, "llave añadida", "key added")
}

func removeKey(ctx context.Context, s *session) int {
	return s.person(func(a Accounts, name string) error {
		return a.RemoveKey(ctx, s.who, name, s.r.args[1], s.from())
	}, "llave quitada; las sesiones de la cuenta se cerraron", "key removed; the sessions of the account were closed")
}
