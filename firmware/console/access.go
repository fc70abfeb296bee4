package console

import (
	"context"
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Access knows who may enter. Each error is a sentence for people; who waits for a
// lock-out waits inside.
type Access interface {
	// Claimed reports whether the box has an owner.
	Claimed() bool
	// Code is what the web asks before there is one, and until when it holds.
	Code() (code string, until time.Time)
	// Claim makes the first owner. At the serial line the code is not asked: being
	// there is the proof.
	Claim(ctx context.Context, code, name, password string, via tel.Door) (tel.Who, error)
	// Login lets a person in at a door; from is where he comes from.
	Login(ctx context.Context, name, password string, via tel.Door, from string) (tel.Who, error)
	// RoleOf is what an account may do now; Nobody when there is none.
	RoleOf(name string) tel.Role
	// Standing is closed as soon as the sessions of a person that have begun by now must
	// end, wherever they are; it is closed already where there is no such account.
	Standing(name string) <-chan struct{}
}

// shellCommands are those of a session at a terminal.
var shellCommands = []command{
	{"login", "[NAME]", "entrar con nombre y contraseña", "enter with name and password", 0, 1, false, tel.Nobody, "", doLogin},
	{"exit", "", "cerrar la sesión", "end the session", 0, 0, false, tel.Nobody, "", doExit},
	{"logout", "", "cerrar la sesión", "end the session", 0, 0, false, tel.Nobody, "", doExit},
	{"lang", "es|en", "idioma de la sesión", "language of the session", 1, 1, false, tel.Nobody, "", setLang},
	{"page", "on|off", "parar tras cada pantalla", "stop after each screenful", 1, 1, false, tel.Nobody, "", setPage},
	{"rows", "N", "filas de esta pantalla, 24 si no", "rows of this screen, else 24", 1, 1, false, tel.Nobody, "", setRows},
	{"ansi", "on|off", "redibujar en vivo con ANSI", "draw anew with ANSI", 1, 1, false, tel.Nobody, "", setANSI},
}

// inSession reports whether a command needs a session at a terminal.
func inSession(c *command) bool {
	for i := range shellCommands {
		if shellCommands[i].name == c.name {
			return true
		}
	}
	return false
}

// doLogin lets a person in.
func doLogin(ctx context.Context, s *session) int {
	if s.sh == nil {
		return s.fail(NotFine, errNobody)
	}
	a := s.c.d.Access
	if a == nil || s.sh.d.Who.Role > tel.Nobody {
		return s.fail(NotFine, usageError{"en esta puerta ya se ha entrado", "at this door you are in already"})
	}
	if !a.Claimed() {
		return s.fail(NotFine, usageError{"todavía no tiene dueño; pista: claim", "it has no owner yet; hint: claim"})
	}
	name, err := "", error(nil)
	if len(s.r.args) == 1 {
		name = s.r.args[0]
	} else if name, err = s.question(ctx, "Nombre", "Name"); err != nil {
		return s.fail(NotFine, err)
	}
	password, err := s.secret(ctx, "Contraseña", "Password")
	if err != nil {
		return s.fail(NotFine, err)
	}
	standing := a.Standing(name) // before it is judged: what changes meanwhile ends the session
	who, err := a.Login(ctx, name, password, s.who.Via, s.sh.d.From)
	if err != nil {
		return s.fail(NotFine, err)
	}
	s.sh.who, s.sh.ended = who, standing
	s.line(fmt.Sprintf(s.t("Hola, %s (%s).", "Welcome, %s (%s)."), safe(who.Name), s.role(who.Role)))
	return Fine
}

// role names a role.
func (s *session) role(r tel.Role) string {
	es := map[tel.Role]string{tel.Nobody: "nadie", tel.AgentRole: "agente", tel.Supervisor: "supervisión", tel.Technician: "técnica", tel.Owner: "dueño"}
	return s.t(es[r], r.String())
}

func doExit(_ context.Context, s *session) int {
	if s.sh == nil {
		return s.fail(NotFine, errNobody)
	}
	s.sh.out = true
	return Fine
}

// setting changes something of the session.
func setting(s *session, set func(*shell) error) int {
	if s.sh == nil {
		return s.fail(NotFine, errNobody)
	}
	if err := set(s.sh); err != nil {
		return s.fail(Usage, err)
	}
	return Fine
}

func setLang(_ context.Context, s *session) int {
	return setting(s, func(sh *shell) error {
		l := tel.Lang(s.r.args[0])
		if l != tel.Spanish && l != tel.English {
			return usageError{"el idioma es es o en", "the language is es or en"}
		}
		sh.lang = l
		return nil
	})
}

// onOff reads an on or off.
func onOff(s *session, to *bool) error {
	switch s.r.args[0] {
	case "on":
		*to = true
	case "off":
		*to = false
	default:
		return usageError{"se escribe on u off", "write on or off"}
	}
	return nil
}

func setPage(_ context.Context, s *session) int {
	return setting(s, func(sh *shell) error { return onOff(s, &sh.page) })
}

func setANSI(_ context.Context, s *session) int {
	return setting(s, func(sh *shell) error { return onOff(s, &sh.ansi) })
}

func setRows(_ context.Context, s *session) int {
	return setting(s, func(sh *shell) error {
		n, err := s.r.count(usualRows)
		if err != nil || n < 4 || n > mostRows {
			return usageError{fmt.Sprintf("las filas son de 4 a %d", mostRows), fmt.Sprintf("rows are 4 to %d", mostRows)}
		}
		sh.rows = n
		return nil
	})
}
