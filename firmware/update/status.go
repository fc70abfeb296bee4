package update

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/update/slotwire"
)

// Status tells what runs, what waits and what was.
func (u *Updater) Status(ctx context.Context) (slotwire.Status, error) {
	s, err := u.Slots(ctx)
	if err != nil {
		return slotwire.Status{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	out := slotwire.Status{Slots: s, Doing: u.doing, Armed: u.armed, URL: shown(u.c.URL), Auto: u.c.URL != "" && !u.c.Auto.Off, Ring: string(u.c.Auto.Ring),
		Postponed: u.mem.Postponed, Checked: u.checked, Why: u.why, Failed: u.mem.Failed}
	if u.offered.Number > s.Of(s.Running).Number {
		m := u.offered
		out.Offered = &m
	}
	if u.machine != nil && s.Trial {
		out.Trial = u.machine.Describe(time.Now())
	}
	out.Notices = u.notices(s)
	return out, nil
}

// Notices are what a person should know, from what the keeper said last. The result
// is the same as long as nothing changes.
func (u *Updater) Notices() []slotwire.Notice {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.notices(u.state)
}

// whys are the ways a trial ends, in a person's words. %s is the version.
var whys = map[string][2]string{
	"ended":      {"La %s no dio señales en 5 min.", "%s gave no sign in 5 min."},
	"unbootable": {"La %s no se pudo cargar.", "%s could not be loaded."},
	"gate":       {"La %s no pasó las pruebas en 5 min: %s.", "%s did not pass the checks in 5 min: %s."},
}

// checkWords are the checks in Spanish.
var checkWords = strings.NewReplacer("ports", "puertos", "book", "libro", "late", "tarde", "silence", "el programa no arranca", "busy", "nunca hubo un momento libre", "loader", "el cargador no la arrancó", "+", ", ")

func (u *Updater) notices(s slotwire.State) (out []slotwire.Notice) {
	running, other := s.Of(s.Running), s.Of(s.Other())
	id, why, _ := strings.Cut(s.Why, "/")
	why, checks, _ := strings.Cut(why, "/")
	if words, ok := whys[why]; ok && id != s.Running && fallMark(s) != u.mem.Acked {
		failed := s.Of(id).Version
		args := []any{failed}
		argsES := []any{failed}
		if why == "gate" {
			args, argsES = append(args, strings.ReplaceAll(checks, "+", ", ")), append(argsES, checkWords.Replace(checks))
		}
		out = append(out, slotwire.Notice{ID: "update.fell", Urgent: true,
			ES: "Volvió a " + running.Version, EN: "Back to " + running.Version,
			HintES: fmt.Sprintf(words[0], argsES...), HintEN: fmt.Sprintf(words[1], args...)})
	}
	if s.Running != "" && s.Good != "" && s.Good != s.Running && !s.Trial && id != s.Running {
		out = append(out, slotwire.Notice{ID: "update.slot", Urgent: true,
			ES: "La ranura " + s.Good + " no arranca", EN: "Slot " + s.Good + " does not start",
			HintES: "Funciona la otra. `update commit` la deja por buena.", HintEN: "The other one runs. `update commit` keeps it."})
	}
	switch {
	case s.Trial:
		out = append(out, slotwire.Notice{ID: "update.trial", ES: "A prueba: " + running.Version, EN: "On trial: " + running.Version,
			HintES: "Si algo falla vuelve sola.", HintEN: "If anything fails it goes back by itself."})
	case u.armed || s.Try != "":
		next := s.Of(s.Try).Version
		out = append(out, slotwire.Notice{ID: "update.start", ES: "Espera para actualizar a " + next, EN: "Waits to update to " + next,
			HintES: "Cuando nadie hable.", HintEN: "When nobody talks."})
	case other.Number > running.Number && running.Number > 0 && s.Why == "":
		out = append(out, slotwire.Notice{ID: "update.staged", ES: "Lista la versión " + other.Version, EN: "Version " + other.Version + " is ready",
			HintES: "`update start` la arranca.", HintEN: "`update start` starts it."})
	}
	return out
}
