package console

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/update/slotwire"
)

// Updates are new versions of the whole box. Each error is a sentence for people.
type Updates interface {
	Status(ctx context.Context) (slotwire.Status, error)
	Found(ctx context.Context) ([]slotwire.Found, error)
	// Stage writes a bundle into the slot that does not run; present is somebody who
	// stands at the box and wants one that is older than what runs, or below the floor.
	Stage(ctx context.Context, who tel.Who, source string, present bool, progress func(slotwire.Progress)) (slotwire.Result, error)
	Start(ctx context.Context, who tel.Who, present bool) (slotwire.Result, error)
	Commit(ctx context.Context, who tel.Who) (slotwire.State, error)
	Rollback(ctx context.Context, who tel.Who, present bool) (slotwire.Result, error)
	Postpone(who tel.Who, days int) error
}

var updateCommands = []command{
	{"update status", "", "qué versión hay, cuál espera, qué pasó", "which version runs, which waits, what happened", 0, 0, false, tel.AgentRole, "--json", showUpdate},
	{"update slots", "", "las ranuras A y B", "the slots A and B", 0, 0, false, tel.Technician, "--json", showSlots},
	{"update usb", "", "los paquetes de la memoria USB", "the bundles on the USB stick", 0, 0, false, tel.Technician, "--json", showSticks},
	{"update stage", "FILE|URL|usb[:NAME] [older]", "escribe una versión en la otra ranura", "write a version into the other slot", 1, 2, false, tel.Technician, "--json", stageUpdate},
	{"update start", "[older]", "la arranca a prueba cuando nadie hable", "start it on trial when nobody talks", 0, 1, false, tel.Technician, "--json", startUpdate},
	{"update commit", "", "da por buena la que funciona", "declare good what runs", 0, 0, false, tel.Technician, "--json", commitUpdate},
	{"update rollback", "[older]", "vuelve a la de antes", "go back to the one before", 0, 1, false, tel.Technician, "--json", rollUpdate},
	{"update postpone", "DAYS", "no arranca ninguna por sí sola en DAYS días", "none starts by itself for DAYS days", 1, 1, false, tel.Technician, "--json", postponeUpdate},
}

// updates are those of the house; without them an exit code is to be returned.
func (s *session) updates() (Updates, int, bool) {
	if s.c.d.Updates == nil {
		return nil, s.stopped(), false
	}
	return s.c.d.Updates, Fine, true
}

// held says what a slot holds.
func (s *session) held(h slotwire.Slot) string {
	if h.Number == 0 {
		return s.t("vacía", "empty")
	}
	return fmt.Sprintf("%s (%d)", h.Version, h.Number)
}

func showUpdate(ctx context.Context, s *session) int {
	u, code, ok := s.updates()
	if !ok {
		return code
	}
	st, err := u.Status(ctx)
	if err != nil {
		return s.fail(NotFine, err)
	}
	if s.r.json {
		s.json(st)
		return Fine
	}
	x := st.Slots
	s.fact(s.t("funciona", "runs"), s.held(x.Of(x.Running))+s.t(", ranura ", ", slot ")+x.Running)
	s.fact(s.t("en la otra", "in the other"), s.held(x.Of(x.Other())))
	if st.Trial != "" {
		s.fact(s.t("prueba", "trial"), st.Trial)
	}
	if st.Armed {
		s.fact(s.t("espera", "waits"), s.t("arranca la otra cuando nadie hable; `update rollback` lo impide", "starts the other when nobody talks; `update rollback` prevents it"))
	}
	if st.Doing.What != "" {
		s.fact(s.t("ahora", "now"), st.Doing.What+" "+s.progress(st.Doing.Progress))
	}
	s.automatic(st)
	for _, n := range st.Notices {
		s.wrap("! ", "  ", s.t(n.ES, n.EN)+". "+s.t(n.HintES, n.HintEN))
	}
	return Fine
}

// fact prints one named thing.
func (s *session) fact(name, text string) {
	s.wrap(cell(name, 14), strings.Repeat(" ", 14), safe(text))
}

// automatic says what is done without being ordered.
func (s *session) automatic(st slotwire.Status) {
	name := s.t("por sí sola", "by itself")
	switch {
	case st.URL == "":
		s.fact(name, s.t("no busca; `update: url:` de la configuración dice dónde", "looks nowhere; `update: url:` of the configuration says where"))
		return
	case !st.Auto:
		s.fact(name, s.t("apagado (`update: off`)", "off (`update: off`)"))
		return
	}
	s.fact(name, s.t("anillo ", "ring ")+st.Ring+": "+st.URL)
	if !st.Checked.IsZero() {
		s.fact(s.t("miró", "looked"), s.day(st.Checked))
	}
	if st.Offered != nil {
		s.fact(s.t("hay", "there is"), fmt.Sprintf("%s (%d) %s", st.Offered.Version, st.Offered.Number, s.t(st.Offered.NewsES, st.Offered.NewsEN)))
	}
	if st.Postponed.After(s.now) {
		s.fact(s.t("aplazada", "postponed"), s.day(st.Postponed))
	}
	if st.Why != "" {
		s.fact(s.t("porque", "because"), s.plain(st.Why))
	}
}

func showSlots(ctx context.Context, s *session) int {
	u, code, ok := s.updates()
	if !ok {
		return code
	}
	st, err := u.Status(ctx)
	if err != nil {
		return s.fail(NotFine, err)
	}
	x := st.Slots
	if s.r.json {
		s.json(x)
		return Fine
	}
	for _, id := range []string{"a", "b"} {
		var marks []string
		if x.Running == id {
			marks = append(marks, s.t("funciona", "runs"))
		}
		if x.Good == id {
			marks = append(marks, s.t("buena", "good"))
		}
		if x.Try == id {
			marks = append(marks, s.t("a prueba", "on trial"))
		}
		s.row([]int{2, 26, 50}, id, s.held(x.Of(id)), strings.Join(marks, ", "))
	}
	s.fact(s.t("placa", "board"), fmt.Sprintf("%s, %s %d", x.Board, s.t("arrancador", "boot script"), x.Boot))
	s.fact(s.t("suelo", "floor"), s.t(fmt.Sprintf("ninguna por debajo de %d", x.Floor), fmt.Sprintf("none below %d", x.Floor)))
	s.fact(s.t("claves", "keys"), s.t(fmt.Sprintf("%d; deben firmar %d", x.Keys, x.Threshold), fmt.Sprintf("%d; %d must sign", x.Keys, x.Threshold)))
	if x.Record != "" {
		s.fact(s.t("registro", "record"), s.plain(x.Record))
	}
	return Fine
}

func showSticks(ctx context.Context, s *session) int {
	u, code, ok := s.updates()
	if !ok {
		return code
	}
	found, err := u.Found(ctx)
	if err != nil {
		return s.fail(NotFine, err)
	}
	if s.r.json {
		s.json(found)
		return Fine
	}
	for _, f := range found {
		text := ""
		if f.News != nil {
			text = fmt.Sprintf("%s (%d) %s", f.News.Version, f.News.Number, f.News.Board)
		} else if f.Refused != nil {
			text = s.t(f.Refused.ES, f.Refused.EN)
		}
		s.wrap(cell(safe(f.File), 24)+" ", "  ", safe(text))
	}
	if len(found) == 0 {
		s.line(s.t("ningún paquete .ctl en la memoria USB", "no .ctl bundle on the USB stick"))
	}
	return Fine
}

// progress says how far something is.
func (s *session) progress(p slotwire.Progress) string {
	words := map[string]string{
		slotwire.Fetching: s.t("baja", "downloads"), slotwire.Checking: s.t("comprueba", "checks"),
		slotwire.Writing: s.t("escribe", "writes"), slotwire.Verifying: s.t("relee", "reads back"),
	}
	if p.Of == 0 {
		return words[p.Step]
	}
	return fmt.Sprintf("%s %d %%, %d/%d MiB", words[p.Step], p.Done*100/p.Of, p.Done>>20, p.Of>>20)
}

// older reports whether who asks wants a version against which the box is protected.
// That takes a word, and somebody who stands at the box.
func (s *session) older(words []string) (bool, error) {
	switch {
	case len(words) == 0:
		return false, nil
	case words[0] != "older":
		return false, usageError{"«" + words[0] + "» no es older", "\"" + words[0] + "\" is not older"}
	case s.who.Via != tel.DoorSerial:
		return false, usageError{"older solo se puede en la consola serie, delante de la caja", "older is possible only at the serial console, in front of the box"}
	}
	return true, nil
}

func stageUpdate(ctx context.Context, s *session) int {
	u, code, ok := s.updates()
	if !ok {
		return code
	}
	older, err := s.older(s.r.args[1:])
	if err != nil {
		return s.fail(Usage, err)
	}
	step, tenth := "", int64(-1)
	r, err := u.Stage(ctx, s.who, s.r.args[0], older, func(p slotwire.Progress) {
		if p.Of == 0 || s.r.json || p.Step == step && p.Done*10/p.Of == tenth {
			return
		}
		step, tenth = p.Step, p.Done*10/p.Of
		s.line(s.progress(p))
	})
	if err != nil {
		return s.fail(NotFine, err)
	}
	return s.result(r, s.t("escrita y releída: ", "written and read back: "), s.t("; `update start` la arranca", "; `update start` starts it"))
}

// result says what came of an order.
func (s *session) result(r slotwire.Result, before, after string) int {
	if s.r.json {
		s.json(r)
		return Fine
	}
	s.wrap("", "  ", before+s.held(r.Held)+s.t(", ranura ", ", slot ")+r.Slot+after)
	return Fine
}

func startUpdate(ctx context.Context, s *session) int {
	u, code, ok := s.updates()
	if !ok {
		return code
	}
	older, err := s.older(s.r.args)
	if err != nil {
		return s.fail(Usage, err)
	}
	r, err := u.Start(ctx, s.who, older)
	if err != nil {
		return s.fail(NotFine, err)
	}
	return s.result(r, s.t("arranca cuando nadie hable: ", "starts when nobody talks: "), s.t("; si falla, vuelve sola", "; if it fails, the old one comes back by itself"))
}

func commitUpdate(ctx context.Context, s *session) int {
	u, code, ok := s.updates()
	if !ok {
		return code
	}
	x, err := u.Commit(ctx, s.who)
	if err != nil {
		return s.fail(NotFine, err)
	}
	return s.result(slotwire.Result{Slot: x.Running, Held: x.Of(x.Running)}, s.t("queda: ", "stays: "),
		s.t(fmt.Sprintf("; ninguna por debajo de %d se acepta ya", x.Floor), fmt.Sprintf("; none below %d is accepted any more", x.Floor)))
}

func rollUpdate(ctx context.Context, s *session) int {
	u, code, ok := s.updates()
	if !ok {
		return code
	}
	older, err := s.older(s.r.args)
	if err != nil {
		return s.fail(Usage, err)
	}
	r, err := u.Rollback(ctx, s.who, older)
	if err != nil {
		return s.fail(NotFine, err)
	}
	return s.result(r, s.t("vuelve a: ", "back to: "), s.t(", cuando nadie hable", ", when nobody talks"))
}

func postponeUpdate(_ context.Context, s *session) int {
	u, code, ok := s.updates()
	if !ok {
		return code
	}
	days, err := strconv.Atoi(s.r.args[0])
	if err != nil || days < 0 || days > 365 {
		return s.fail(Usage, usageError{"DAYS es un número de 0 a 365", "DAYS is a number from 0 to 365"})
	}
	if err := u.Postpone(s.who, days); err != nil {
		return s.fail(NotFine, err)
	}
	if s.r.json {
		s.json(map[string]int{"days": days})
	} else if days == 0 {
		s.line(s.t("ya no se aplaza", "postponed no longer"))
	} else {
		s.line(s.t(fmt.Sprintf("ninguna arranca por sí sola en %d días", days), fmt.Sprintf("none starts by itself for %d days", days)))
	}
	return Fine
}
