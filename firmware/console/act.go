package console

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// showPhones prints what to type into the SIP phones.
func showPhones(_ context.Context, s *session) int {
	if s.c.d.Phones == nil {
		return s.stopped()
	}
	return s.accounts(s.c.d.Phones())
}

// accounts prints what to type into SIP phones. Beside it only the wall's address shows
// a secret.
func (s *session) accounts(accounts []Account) int {
	if s.r.json {
		for _, a := range accounts {
			s.json(a)
		}
		return Fine
	}
	lamps := map[tel.Number]view.Lamp{}
	if v, ok := s.picture(); ok {
		for _, p := range v.Phones {
			lamps[p.Ext] = p.Lamp
		}
	}
	w := []int{1, 5, 12, 10, 21, 26}
	s.row(w, "", s.t("Ext.", "Ext."), s.t("Nombre", "Name"), s.t("Usuario", "User"), s.t("Servidor", "Server"), s.t("Clave", "Secret"))
	for _, a := range accounts {
		secret := a.Secret
		if safe(secret) != secret {
			secret = strconv.Quote(secret)
		}
		// The secret is never cut: a long one leaves the screen instead.
		s.printf("%s %s %s %s %s %s\n", sign(lamps[a.Ext]), cell(string(a.Ext), w[1]), cell(safe(a.Name), w[2]), cell(safe(a.User), w[3]),
			cell(safe(a.Server), w[4]), secret)
	}
	return Fine
}

// showPanel draws the front of the box, again at each change: as data, a line each.
func showPanel(ctx context.Context, s *session) int {
	if s.c.d.Panel == nil || s.c.d.View == nil {
		return s.stopped()
	}
	if s.r.json {
		return s.redraw(ctx, func(int) string { return s.drawn(func(d *session) { d.frontData() }) })
	}
	return s.redraw(ctx, func(int) string { return s.front() })
}

// frontData is one picture as data.
func (s *session) frontData() {
	rows, lamps := s.c.d.Panel(s.c.d.View(), s.c.d.Now().In(s.c.d.Location))
	s.json(struct {
		Lamps string    `json:"lamps"`
		Rows  [4]string `json:"rows"`
	}{lamps, rows})
}

// front is one picture: the lamps above the display.
func (s *session) front() string {
	rows, lamps := s.c.d.Panel(s.c.d.View(), s.c.d.Now().In(s.c.d.Location))
	edge := "+" + strings.Repeat("-", 20) + "+"
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", lamps, edge)
	for _, r := range rows {
		fmt.Fprintf(&b, "|%s|\n", cell(r, 20))
	}
	b.WriteString(edge)
	return b.String()
}

// agentByName finds an agent by id or first name.
func (s *session) agentByName() (tel.AgentID, error) {
	v, ok := s.picture()
	if !ok {
		return "", nil
	}
	asked := s.r.args[0]
	var names []string
	for _, a := range v.Agents {
		if string(a.ID) == asked || strings.EqualFold(a.Name, asked) {
			return a.ID, nil
		}
		names = append(names, safe(string(a.ID)))
	}
	who, list := tel.CleanText(asked), strings.Join(names, ", ")
	return "", usageError{fmt.Sprintf("no hay agente %q; pista: %s", who, list), fmt.Sprintf("there is no agent %q; hint: %s", who, list)}
}

// ask finds the agent, asks the control, and says what came of it.
func (s *session) ask(do func(tel.AgentID) error, es, en string) int {
	if s.c.d.Control == nil || s.c.d.View == nil {
		return s.stopped()
	}
	id, err := s.agentByName()
	if err != nil {
		return s.fail(Usage, err)
	}
	if err := do(id); err != nil {
		return s.fail(NotFine, err)
	}
	s.done(fmt.Sprintf("%s: %s", name(s.c.d.View(), id), s.t(es, en)))
	return Fine
}

// done says that something was done.
func (s *session) done(text string) {
	if s.r.json {
		s.json(map[string]bool{"ok": true})
		return
	}
	s.line(text)
}

func agentLogin(ctx context.Context, s *session) int {
	var ext tel.Number
	if len(s.r.args) == 2 {
		var ok bool
		if ext, ok = tel.CleanNumber(s.r.args[1]); !ok || ext == "" {
			return s.fail(Usage, usageError{"EXT es el número de un teléfono de la casa", "EXT is the number of a phone of the house"})
		}
	}
	return s.ask(func(id tel.AgentID) error { return s.c.d.Control.Login(ctx, id, ext) }, "en su puesto", "logged in")
}

func agentLogout(ctx context.Context, s *session) int {
	return s.ask(func(id tel.AgentID) error { return s.c.d.Control.Logout(ctx, id) }, "fuera (al terminar, si habla)", "logged out (after the call, if talking)")
}

func agentPause(ctx context.Context, s *session) int {
	reason := ""
	if len(s.r.args) == 2 {
		reason = tel.CleanText(s.r.args[1]).String()
	}
	return s.ask(func(id tel.AgentID) error { return s.c.d.Control.Pause(ctx, id, reason) }, "en pausa (al terminar, si habla)", "paused (after the call, if talking)")
}

func agentUnpause(ctx context.Context, s *session) int {
	return s.ask(func(id tel.AgentID) error { return s.c.d.Control.Unpause(ctx, id) }, "libre", "ready")
}

// setSchedule turns the night switch of a schedule.
func setSchedule(ctx context.Context, s *session) int {
	id, mode := tel.CleanText(s.r.args[0]).String(), s.r.args[1]
	words := map[string][2]string{
		"auto": {"sigue su horario", "follows its hours"}, "open": {"abierto hasta nueva orden", "open until told otherwise"},
		"closed": {"cerrado hasta nueva orden", "closed until told otherwise"},
	}
	word, ok := words[mode]
	if !ok {
		return s.fail(Usage, usageError{"se escribe: schedule ID auto|open|closed", "write: schedule ID auto|open|closed"})
	}
	if s.c.d.Control == nil {
		return s.stopped()
	}
	if err := s.c.d.Control.Schedule(ctx, id, mode); err != nil {
		return s.fail(NotFine, err)
	}
	s.done(fmt.Sprintf("%s: %s", id, s.t(word[0], word[1])))
	return Fine
}
