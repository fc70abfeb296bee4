package console

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Box is the machine as a whole. Each error is a sentence for people.
type Box interface {
	// Whole reports whether the machine can be restarted; else only the program can.
	Whole() bool
	// Restart starts anew at once; calls are ended in order.
	Restart(ctx context.Context, who tel.Who) error
	// WhenIdle starts anew as soon as there is no call; an order before is replaced.
	WhenIdle(who tel.Who) error
	// Cancel takes the order of WhenIdle back; false: there was none.
	Cancel(who tel.Who) bool
	// Waits is who ordered WhenIdle and when; ok is false when nobody did.
	Waits() (who tel.Who, since time.Time, ok bool)
	// PowerOff switches the machine off.
	PowerOff(ctx context.Context, who tel.Who) error
	// Erase waits until there is no call, then erases the data folder and starts anew.
	Erase(ctx context.Context, who tel.Who) error
}

var boxCommands = []command{
	{"reboot", "[now|when-idle|cancel]", "reiniciar, ya o cuando no haya llamadas", "restart, now or when there is no call", 0, 1, false, tel.Technician, "--json", reboot},
	{"poweroff", "now", "apagar la caja", "switch the box off", 1, 1, false, tel.Technician, "", powerOff},
	{"factory-reset", "[erase]", "borrarlo todo (línea serie, o dueño)", "erase everything (serial line, or owner)", 0, 1, false, tel.Nobody, "", factoryReset},
}

// reboot starts anew.
func reboot(ctx context.Context, s *session) int {
	b := s.c.d.Box
	if b == nil {
		return s.stopped()
	}
	how := ""
	if len(s.r.args) > 0 {
		how = s.r.args[0]
	}
	what := s.t("La caja se reinicia", "The box restarts")
	if !b.Whole() {
		what = s.t("El programa (aquí no la máquina) se reinicia", "The program (not the machine, here) restarts")
	}
	var err error
	switch how {
	case "":
		return s.rebootState(b)
	case "now":
		if err = b.Restart(ctx, s.who); err == nil {
			s.line(what + s.t(" ahora.", " now."))
		}
	case "when-idle":
		if err = b.WhenIdle(s.who); err == nil {
			s.wrap("", "  ", what+s.t(" en cuanto no haya llamadas; lo anula: reboot cancel", " as soon as there is no call; this takes it back: reboot cancel"))
		}
	case "cancel":
		if !b.Cancel(s.who) {
			err = usageError{"no había ningún reinicio pendiente", "no restart was waiting"}
		} else {
			s.line(s.t("Anulado.", "Cancelled."))
		}
	default:
		return s.fail(Usage, usageError{"se escribe: reboot now, reboot when-idle o reboot cancel", "write: reboot now, reboot when-idle or reboot cancel"})
	}
	if err != nil {
		return s.fail(NotFine, err)
	}
	return Fine
}

// rebootState says what a restart would do, and whether one waits.
func (s *session) rebootState(b Box) int {
	calls := 0
	if v, ok := s.picture(); ok {
		calls = len(v.Calls)
	}
	who, since, waits := b.Waits()
	if s.r.json {
		out := map[string]any{"machine": b.Whole(), "calls": calls, "waiting": waits}
		if waits {
			out["by"], out["since"] = who.Name, since
		}
		s.json(out)
		return Fine
	}
	if waits {
		s.wrap("", "  ", fmt.Sprintf(s.t("Se reiniciará cuando acaben las llamadas (%d ahora); lo pidió %s hace %s. Lo anula: reboot cancel",
			"It will restart when the calls are over (%d now); %s asked for it %s ago. This takes it back: reboot cancel"), calls, safe(who.Name), s.since(since)))
		return Fine
	}
	s.wrap("", "  ", fmt.Sprintf(s.t("Hay %d llamadas, que `reboot now` cortaría; `reboot when-idle` espera a que acaben.",
		"There are %d calls, which `reboot now` would end; `reboot when-idle` waits for their end."), calls))
	return Fine
}

func powerOff(ctx context.Context, s *session) int {
	switch {
	case s.c.d.Box == nil:
		return s.stopped()
	case s.r.args[0] != "now":
		return s.fail(Usage, usageError{"se escribe: poweroff now", "write: poweroff now"})
	}
	if err := s.c.d.Box.PowerOff(ctx, s.who); err != nil {
		return s.fail(NotFine, err)
	}
	s.wrap("", "  ", s.t("La caja se apaga. Para encenderla hay que quitarle y darle la corriente.", "The box goes off. To switch it on, take its power away and give it back."))
	return Fine
}

// resetWait is how long a factory reset can still be taken back.
const resetWait = 10 * time.Second

// factoryReset erases everything. Who stands at the box may do it without a log-in: a
// lost password must not make it waste, and he reads nothing by it.
func factoryReset(ctx context.Context, s *session) int {
	b := s.c.d.Box
	if s.who.Role < tel.Owner && s.who.Via != tel.DoorSerial {
		return s.fail(NotFine, usageError{"factory-reset es para el dueño, o para quien está ante la línea serie",
			"factory-reset is for the owner, or for whoever is at the serial line"})
	}
	if b == nil {
		return s.stopped()
	}
	if s.r.json {
		return s.fail(Usage, usageError{"factory-reset no da datos", "factory-reset gives no data"})
	}
	s.resetText(b)
	word := ""
	if len(s.r.args) == 1 {
		word = s.r.args[0]
	} else {
		var err error
		if word, err = s.question(ctx, "Escriba BORRAR para seguir", "Type ERASE to go on"); errors.Is(err, errNobody) {
			return s.fail(Usage, usageError{"para seguir, escriba: factory-reset erase", "to go on, write: factory-reset erase"})
		} else if err != nil {
			return s.fail(NotFine, err)
		}
	}
	if w := strings.ToLower(strings.TrimSpace(word)); w != "erase" && w != "borrar" {
		return s.fail(NotFine, usageError{"no es la palabra; no se hizo nada", "this is not the word; nothing was done"})
	}
	if !s.countDown(ctx) {
		return s.fail(NotFine, usageError{"anulado; no se hizo nada", "cancelled; nothing was done"})
	}
	if err := b.Erase(ctx, s.who); err != nil {
		return s.fail(NotFine, err)
	}
	s.wrap("", "  ", s.t("Se borra y se reinicia. Después no tiene dueño: claim.", "It is erased and starts anew. After that it has no owner: claim."))
	return Fine
}

// resetText says what goes and what stays.
func (s *session) resetText(b Box) {
	s.wrap("", "", s.t("Se borra todo de esta caja: cuentas y contraseñas, claves, certificados, configuración con todas sus versiones, "+
		"el libro con sus llamadas, grabaciones, perfiles de líneas, dirección de red y registro. Lo que ya se envió arriba se queda arriba. "+
		"No hay vuelta atrás: antes guarde una copia si la necesita.",
		"Everything on this box is erased: accounts and passwords, keys, certificates, the configuration with all its versions, "+
			"the book with its calls, recordings, line profiles, network address and log. What was sent upstream already stays there. "+
			"There is no way back: keep a backup first if you need one."))
	s.wrap("", "", s.t("Claves y contraseñas se sobrescriben, pero una tarjeta de memoria puede conservar sectores viejos: si ha de ser seguro, destruya la tarjeta.",
		"Keys and passwords are written over, but a memory card may keep old sectors: if it has to be safe, destroy the card."))
	if b.Whole() {
		s.wrap("", "", s.t("Se queda el programa con sus actualizaciones.", "The program with its updates stays."))
	}
}

// countDown waits, and reports that nobody took the order back: not by ctx, and not
// by going away.
func (s *session) countDown(ctx context.Context) bool {
	s.line(fmt.Sprintf(s.t("Borrando en %d s; Ctrl-C lo anula.", "Erasing in %d s; Ctrl-C takes it back."), int(resetWait/time.Second)))
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for left := int(resetWait / time.Second); left > 0; left-- {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
		if left%2 == 1 && left > 1 {
			s.line(fmt.Sprintf("%d s", left-1)) // it also shows whether he is still there
		}
		if s.err != nil {
			return false
		}
	}
	return ctx.Err() == nil
}
