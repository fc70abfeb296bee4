package console

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/config/spanish"
	"github.com/centralita/centralita/firmware/tel"
)

// Config is what the console asks of the configuration's life. Its errors are
// sentences for people; one that is a usage of the wrong moment has both languages.
type Config interface {
	// Status returns the versions, which of them is in use, whether the one before is
	// still being put back, and how many calls a restart waits for.
	Status() (x life.Index, inUse int, returning bool, calls int)
	// Show returns the document of a version, 0 the one in use, without its secrets.
	Show(n int) ([]byte, error)
	// Draft returns the document that is being edited without its secrets; ok is
	// false when there is none.
	Draft() (doc []byte, ok bool, err error)
	// Diff returns what the draft would change, or with n how version n differs from
	// the one in use.
	Diff(n int) ([]config.Change, error)
	// Set and Unset change the draft and return what that changed and every problem
	// that the draft has now.
	Set(who tel.Who, path, value string) ([]config.Change, []config.Problem, error)
	Unset(who tel.Who, path string) ([]config.Change, []config.Problem, error)
	Discard(who tel.Who) error
	// Check returns the problems of a document called name; nil doc is the draft, or
	// the version in use when there is none.
	Check(name string, doc []byte) ([]config.Problem, error)
	// Apply puts a document to use for a while, nil the draft.
	Apply(ctx context.Context, who tel.Who, doc []byte, name string, wait time.Duration) (life.Version, error)
	Confirm(who tel.Who) (life.Version, error)
	// RollBack gives up what is tried. When nothing is, version n is tried, with 0 the
	// one that was confirmed before.
	RollBack(ctx context.Context, who tel.Who, n int, wait time.Duration) (life.Version, error)
	// Restore puts the backup in that was checked, when no call goes on; calls is how
	// many do.
	Restore(who tel.Who) (calls int, err error)
}

// restoreBegin puts a checked backup in.
func restoreBegin(_ context.Context, s *session) int {
	return s.withConfig(func(c Config) error {
		calls, err := c.Restore(s.who)
		if err != nil {
			return err
		}
		if s.r.json {
			s.json(map[string]int{"calls": calls})
			return nil
		}
		s.line(s.t(fmt.Sprintf("Se restaura sin llamadas; espera a %d.", calls), fmt.Sprintf("It is put in when idle: waiting for %d calls.", calls)))
		return nil
	})
}

// defaultWait is how long a version waits to be confirmed unless said otherwise.
const defaultWait = 5 * time.Minute

// configCommands are the life of the configuration.
var configCommands = []command{
	{"config show", "[N|draft]", "la que se usa, la versión N o el borrador", "the one in use, version N or the draft", 0, 1, false, tel.Technician, "--json", configShow},
	{"config versions", "", "las versiones que se guardan", "the versions that are kept", 0, 0, false, tel.Technician, "--json", configVersions},
	{"config diff", "[N]", "qué cambia el borrador, o la versión N", "what the draft changes, or version N", 0, 1, false, tel.Technician, "--json", configDiff},
	{"config set", "PATH VALUE", "cambia el borrador: lines.L2.country FR", "change the draft: lines.L2.country FR", 2, 2, false, tel.Technician, "--json", configSet},
	{"config unset", "PATH", "quita un valor del borrador", "take a value out of the draft", 1, 1, false, tel.Technician, "--json", configUnset},
	{"config check", "[FILE|-]", "los problemas del borrador o de un fichero", "every problem of the draft or a file", 0, 2, false, tel.Technician, "--json", configCheck},
	{"config apply", "[FILE|-] [5m]", "usa el borrador, o un fichero, hasta confirmar", "use the draft, or a file, until confirmed", 0, 3, false, tel.Technician, "--json", configApply},
	{"config confirm", "[5m]", "lo deja; o aplica el borrador por 5m", "keep it; or apply the draft for 5m", 0, 1, false, tel.Technician, "--json", configConfirm},
	{"config rollback", "[N]", "vuelve a lo de antes, o a la versión N", "back to what was before, or to version N", 0, 1, false, tel.Technician, "--json", configRollback},
	{"restore begin", "", "pone la copia de seguridad comprobada", "put the checked backup in", 0, 0, false, tel.Owner, "--json", restoreBegin},
	{"config discard", "", "tira el borrador", "throw the draft away", 0, 0, false, tel.Technician, "", configDiscard},
}

// withConfig runs f when there is a configuration's life here.
func (s *session) withConfig(f func(c Config) error) int {
	if s.c.d.Config == nil {
		return s.stopped()
	}
	if err := f(s.c.d.Config); err != nil {
		if p, ok := errors.AsType[problems](err); ok {
			return s.problems(p)
		}
		return s.fail(NotFine, err)
	}
	return Fine
}

// problems are what is wrong with a document.
type problems []config.Problem

func (p problems) Error() string { return fmt.Sprintf("%d problems", len(p)) }

// problems prints every problem on its line, whole.
func (s *session) problems(list problems) int {
	for _, p := range list {
		if s.r.json {
			s.json(map[string]any{"file": safe(p.File), "line": p.Line, "col": p.Col, "what": safe(p.What), "why": safe(p.Why), "hint": safe(p.Hint)})
		} else {
			s.printf("%s\n", safe(s.problem(p)))
		}
	}
	return NotFine
}

// problem says a problem in the language of the session.
func (s *session) problem(p config.Problem) string {
	if s.lang == tel.Spanish {
		p = spanish.Problem(p)
	}
	return p.String()
}

// number reads the number of a version.
func number(arg string) (int, error) {
	n, err := strconv.Atoi(arg)
	if err != nil || n < 1 {
		return 0, usageError{"N es el número de una versión; config versions las enumera", "N is the number of a version; config versions lists them"}
	}
	return n, nil
}

func configShow(_ context.Context, s *session) int {
	return s.withConfig(func(c Config) error {
		n, doc, err := 0, []byte(nil), error(nil)
		switch {
		case len(s.r.args) == 0:
			doc, err = c.Show(0)
		case s.r.args[0] == "draft":
			var ok bool
			if doc, ok, err = c.Draft(); err == nil && !ok {
				err = usageError{"no hay borrador; config set empieza uno", "there is no draft; config set begins one"}
			}
		default:
			if n, err = number(s.r.args[0]); err == nil {
				doc, err = c.Show(n)
			}
		}
		if err != nil {
			return err
		}
		if s.r.json {
			s.json(map[string]any{"version": n, "document": string(doc)})
			return nil
		}
		for line := range strings.Lines(string(doc)) { // no character of it moves the cursor: the document was checked
			s.printf("%s\n", strings.TrimRight(line, "\r\n"))
		}
		return nil
	})
}

// estados are the states of versions in Spanish.
var estados = map[life.State]string{
	life.Asked: "espera", life.Live: "a prueba", life.Confirmed: "confirmada", life.Former: "anterior", life.RolledBack: "abandonada",
}

func configVersions(_ context.Context, s *session) int {
	return s.withConfig(func(c Config) error {
		x, inUse, returning, calls := c.Status()
		for _, v := range x.Versions {
			if s.r.json {
				s.json(v)
				continue
			}
			mark := " "
			if v.N == inUse {
				mark = "●"
			}
			state := string(v.State)
			if s.lang == tel.Spanish {
				state = estados[v.State]
			}
			s.line(fmt.Sprintf("%s %s %s %s %s", mark, cell(strconv.Itoa(v.N), -3), cell(s.day(v.At), 13), cell(state, 11), safe(v.By.String()+", "+s.origin(v.From))))
			if v.Why != "" {
				s.wrap("      ", "      ", safe(s.plain(v.Why)))
			}
		}
		if s.r.json {
			return nil
		}
		s.trial(x, returning, calls)
		if d := x.Draft; d != nil {
			s.line(s.t("Hay un borrador de ", "There is a draft by ") + safe(d.By.String()) + s.t(": config diff lo muestra", ": config diff shows it"))
		}
		return nil
	})
}

// origin says where a version came from.
func (s *session) origin(text string) string {
	for en, es := range map[string]string{"factory": "de fábrica", "draft": "borrador", "backup": "copia de seguridad"} {
		if text == en {
			return s.t(es, en)
		}
	}
	if text == "provision" {
		return s.t("tarjeta", "card")
	}
	if name, ok := strings.CutPrefix(text, "file "); ok {
		return s.t("fichero ", "file ") + name
	}
	if n, ok := strings.CutPrefix(text, "version "); ok {
		return s.t("versión ", "version ") + n
	}
	return text
}

// trial says what is being tried, and what it waits for.
func (s *session) trial(x life.Index, returning bool, calls int) {
	waits := s.t(fmt.Sprintf("espera a %d llamadas", calls), fmt.Sprintf("waiting for %d calls", calls))
	switch t := x.Trial; {
	case returning:
		s.line(s.t("Se vuelve a la versión ", "Going back to version ") + strconv.Itoa(x.Confirmed) + ": " + waits)
	case t != nil && t.Until.IsZero():
		s.line(s.t("Versión ", "Version ") + strconv.Itoa(t.N) + ": " + waits)
	case t != nil:
		left := time.Until(t.Until).Round(time.Second)
		s.line(s.t("La versión ", "Version ") + strconv.Itoa(t.N) + s.t(" está a prueba ", " is being tried for ") + span(left) + s.t(" más: config confirm la deja", " more: config confirm keeps it"))
	}
}

// changes prints differences as people read them.
func (s *session) changes(list []config.Change) {
	for _, c := range list {
		if s.r.json {
			s.json(c)
			continue
		}
		path, old, now := safe(c.Path), safe(c.Old), safe(c.New)
		text := path + ": " + old + " → " + now
		switch c.Kind {
		case "added":
			text = "+ " + path + ": " + now
		case "removed":
			text = "- " + path + ": " + old
		case "order":
			text = path + s.t(", el orden: ", ", the order: ") + old + " → " + now
		}
		if c.Secret && c.Old != "" && c.New != "" && c.Old == c.New {
			text = path + s.t(": cambiado (secreto)", ": changed (secret)")
		}
		if c.Restart {
			text += s.t(" (reinicia sin llamadas)", " (restarts when idle)")
		}
		s.wrap("", "    ", text)
	}
}

func configDiff(_ context.Context, s *session) int {
	return s.withConfig(func(c Config) error {
		n := 0
		if len(s.r.args) > 0 {
			var err error
			if n, err = number(s.r.args[0]); err != nil {
				return err
			}
		}
		list, err := c.Diff(n)
		if err != nil {
			return err
		}
		if len(list) == 0 && !s.r.json {
			s.line(s.t("No hay diferencias.", "There is no difference."))
		}
		s.changes(list)
		return nil
	})
}

// staged prints what a change of the draft did.
func (s *session) staged(list []config.Change, bad []config.Problem, err error) error {
	if err != nil {
		return err
	}
	s.changes(list)
	if s.r.json {
		return nil
	}
	for _, p := range bad {
		s.printf("%s\n", safe(s.problem(p)))
	}
	if len(bad) > 0 {
		s.line(s.t("El borrador aún no se puede aplicar.", "The draft cannot be applied yet."))
	} else {
		s.line(s.t("En el borrador; config apply lo usa.", "In the draft; config apply uses it."))
	}
	return nil
}

func configSet(_ context.Context, s *session) int {
	return s.withConfig(func(c Config) error { return s.staged(c.Set(s.who, s.r.args[0], s.r.args[1])) })
}

func configUnset(_ context.Context, s *session) int {
	return s.withConfig(func(c Config) error { return s.staged(c.Unset(s.who, s.r.args[0])) })
}

func configDiscard(_ context.Context, s *session) int {
	return s.withConfig(func(c Config) error {
		if err := c.Discard(s.who); err != nil {
			return err
		}
		s.done(s.t("El borrador ya no está.", "The draft is gone."))
		return nil
	})
}

// document returns what a file that was sent says, and what it is called.
func (s *session) document(args []string) (doc []byte, name string, err error) {
	if len(args) == 0 {
		return nil, "", nil
	}
	if !strings.Contains(args[0], "\n") {
		return nil, "", usageError{
			"un fichero se lee donde se escribe la orden: centralita config check FILE",
			"a file is read where the command is typed: centralita config check FILE"}
	}
	name = "-"
	if len(args) > 1 {
		name = tel.CleanText(args[1]).String()
	}
	return []byte(args[0]), name, nil
}

func configCheck(_ context.Context, s *session) int {
	return s.withConfig(func(c Config) error {
		doc, name, err := s.document(s.r.args)
		if err != nil {
			return err
		}
		list, err := c.Check(name, doc)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			return problems(list)
		}
		if !s.r.json {
			s.line(s.t("No hay problemas.", "There is no problem."))
		}
		return nil
	})
}

// wait takes a time such as 5m from the end of args.
func wait(args []string) ([]string, time.Duration, error) {
	if len(args) == 0 {
		return args, defaultWait, nil
	}
	last := args[len(args)-1]
	d, err := time.ParseDuration(last)
	if err != nil {
		return args, defaultWait, nil
	}
	if d < 10*time.Second || d > 24*time.Hour {
		return nil, 0, usageError{"el tiempo va de 10s a 24h", "the time is from 10s to 24h"}
	}
	return args[:len(args)-1], d, nil
}

func configApply(ctx context.Context, s *session) int {
	return s.withConfig(func(c Config) error {
		args, d, err := wait(s.r.args)
		if err != nil {
			return err
		}
		doc, name, err := s.document(args)
		if err != nil {
			return err
		}
		return s.apply(ctx, c, doc, name, d)
	})
}

// apply tries a document, the draft where doc is nil. Of one with problems each is
// printed on its line, as config check does.
func (s *session) apply(ctx context.Context, c Config, doc []byte, name string, d time.Duration) error {
	if list, err := c.Check(name, doc); err == nil && len(list) > 0 {
		return problems(list)
	}
	v, err := c.Apply(ctx, s.who, doc, name, d)
	return s.tried(c, v, d, err)
}

// tried says what became of a version that was to be tried.
func (s *session) tried(c Config, v life.Version, d time.Duration, err error) error {
	if err != nil {
		return err
	}
	if s.r.json && v.State != life.RolledBack {
		s.json(v)
		return nil
	}
	_, _, _, calls := c.Status()
	n := strconv.Itoa(v.N)
	switch v.State {
	case life.RolledBack:
		return usageError{"la versión " + n + " no se pudo usar: " + s.plain(v.Why) + "; pista: corríjalo, y config rollback " + n + " la prueba otra vez",
			"version " + n + " could not be used: " + v.Why + "; hint: put that right, and config rollback " + n + " tries it again"}
	case life.Asked:
		s.wrap("", "  ", s.t(fmt.Sprintf("La versión %s espera a %d llamadas; entra sin llamadas y se confirma en %s.", n, calls, short(d)),
			fmt.Sprintf("Version %s: waiting for %d calls; it comes in when idle and is to be confirmed in %s.", n, calls, short(d))))
	default:
		s.wrap("", "  ", s.t(fmt.Sprintf("La versión %s está en uso %s: config confirm la deja.", n, short(d)),
			fmt.Sprintf("Version %s is in use for %s: config confirm keeps it.", n, short(d))))
	}
	return nil
}

// short says 5m as it is typed.
func short(d time.Duration) string {
	s := d.String()
	if t, ok := strings.CutSuffix(s, "m0s"); ok {
		s = t + "m"
	}
	if t, ok := strings.CutSuffix(s, "h0m"); ok {
		s = t + "h"
	}
	return s
}

func configConfirm(ctx context.Context, s *session) int {
	return s.withConfig(func(c Config) error {
		args, d, err := wait(s.r.args)
		if err != nil {
			return err
		}
		if len(args) > 0 {
			return usageError{"se escribe: config confirm [5m]", "write: config confirm [5m]"}
		}
		if x, _, _, _ := c.Status(); x.Trial == nil && x.Draft != nil {
			return s.apply(ctx, c, nil, "", d)
		}
		v, err := c.Confirm(s.who)
		if err != nil {
			return err
		}
		if s.r.json {
			s.json(v)
			return nil
		}
		s.done(s.t(fmt.Sprintf("La versión %d queda.", v.N), fmt.Sprintf("Version %d stays.", v.N)))
		return nil
	})
}

func configRollback(ctx context.Context, s *session) int {
	return s.withConfig(func(c Config) error {
		n := 0
		if len(s.r.args) > 0 {
			var err error
			if n, err = number(s.r.args[0]); err != nil {
				return err
			}
		}
		x, _, _, _ := c.Status()
		tried := x.Trial != nil
		v, err := c.RollBack(ctx, s.who, n, defaultWait)
		if err != nil || !tried {
			return s.tried(c, v, defaultWait, err)
		}
		if s.r.json {
			s.json(v)
			return nil
		}
		s.done(s.t(fmt.Sprintf("Se vuelve a la versión %d.", v.N), fmt.Sprintf("Back to version %d.", v.N)))
		return nil
	})
}
