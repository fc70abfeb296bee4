package web

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// words are the texts of the pages in one language.
type words struct {
	en bool

	// In the templates.
	Queue, Waits, Longest, Agents, LastCalls, Alarms, Lines, NobodyYet, NoCalls string
	Live, Stale, AsOf, Lost, NoScript, Box, Display, Lamps                      string

	// In the picture.
	allIsWell, urgent, serviceLevel, nobodyHere, nearThreshold         string
	longHold, engaged, wrapUp, noPhone, loggedOut                      string
	callIn, callOut, callMissed, talked, leftQueue, menu, outOfService string
}

func wordsIn(lang tel.Lang) words {
	if lang == tel.English {
		return words{
			en: true, Queue: "Queue", Waits: "Waiting", Longest: "Longest", Agents: "Agents", LastCalls: "Latest calls",
			Live: "up to date", AsOf: "This is as of", Lost: "The page has lost the exchange. Calls go on. It tries again by itself.",
			NoScript: "This page counts with JavaScript; please switch it on.", Lines: "Lines", Box: "The box", Display: "Display", Lamps: "Lamps",
			Stale: "not fresh", NobodyYet: "Nobody is logged in.", NoCalls: "No calls yet.", Alarms: "Alarms",
			allIsWell: "All is well", urgent: "Act now", serviceLevel: "Service level", nobodyHere: "nobody logged in",
			nearThreshold: "near the threshold", longHold: "on hold for long", engaged: "On another call", wrapUp: "Wrapping up",
			noPhone: "No phone", loggedOut: "Logged out", callIn: "incoming", callOut: "outgoing", callMissed: "missed",
			talked: "talked", leftQueue: "left the queue", menu: "Menu", outOfService: "out of service",
		}
	}
	return words{
		Queue: "Cola", Waits: "Esperan", Longest: "La más larga", Agents: "Agentes", LastCalls: "Últimas llamadas",
		Live: "al día", AsOf: "Estos datos son de las", Lost: "La página perdió la central. Las llamadas siguen. Reintenta sola.",
		NoScript: "Esta página cuenta con JavaScript; actívelo, por favor.", Lines: "Líneas", Box: "La caja", Display: "Pantalla", Lamps: "Pilotos",
		Stale: "sin datos frescos", NobodyYet: "Nadie ha entrado.", NoCalls: "Todavía no hay llamadas.", Alarms: "Alarmas",
		allIsWell: "Todo en orden", urgent: "Actúe ya", serviceLevel: "Nivel de servicio", nobodyHere: "nadie conectado",
		nearThreshold: "cerca del umbral", longHold: "retenida mucho tiempo", engaged: "En otra llamada", wrapUp: "Cierra ficha",
		noPhone: "Sin teléfono", loggedOut: "Fuera", callIn: "entrante", callOut: "saliente", callMissed: "perdida",
		talked: "atendida", leftQueue: "colgó en cola", menu: "Menú", outOfService: "sin servicio",
	}
}

func (t words) say(es, en string, args ...any) string {
	if t.en {
		return fmt.Sprintf(en, args...)
	}
	return fmt.Sprintf(es, args...)
}

func (t words) calmSince(at string) string {
	return t.say("Sin alarmas desde las %s", "No alarms since %s", at)
}
func (t words) since(at string) string    { return t.say("Desde %s.", "Since %s.", at) }
func (t words) more(n int) string         { return fmt.Sprintf("+%d", n) }
func (t words) max(d string) string       { return t.say("máx. %s", "max %s", d) }
func (t words) threshold(n int) string    { return t.say("umbral %d", "threshold %d", n) }
func (t words) limit(d string) string     { return t.say("más de %s", "over %s", d) }
func (t words) ringing(who string) string { return t.say("suena a %s", "ringing %s", who) }
func (t words) waiting(n int) string      { return t.say("Esperan %d", "%d waiting", n) }

func (t words) level(target, goal int) string {
	return t.say("En %d s (meta %d)", "In %d s (goal %d)", target, goal)
}

// percent has a thin space in Spanish and none in English.
func (t words) percent(n int) string { return t.say("%d\u202f%%", "%d%%", n) }

func (t words) flag(l view.Lamp) string {
	if l == view.Dead {
		return t.urgent
	}
	return t.say("Atención", "Attention")
}

func (t words) sound(lines int) string {
	if lines == 1 {
		return t.say("1 línea sana", "1 line healthy")
	}
	return t.say("%d líneas sanas", "%d lines healthy", lines)
}

func (t words) uplink(pending uint64) string {
	if pending == 0 {
		return t.say("enlace al día", "uplink up to date")
	}
	return t.say("%d por enviar", "%d to send", pending)
}

func (t words) free(n int) string {
	switch n {
	case 0:
		return t.say("nadie libre", "nobody free")
	case 1:
		return t.say("1 agente libre", "1 agent free")
	}
	return t.say("%d agentes libres", "%d agents free", n)
}

func (t words) channelsFree(n int) string {
	if n == 1 {
		return t.say("1 libre", "1 free")
	}
	return t.say("%d libres", "%d free", n)
}

func (t words) channelsUsed(used, size int) string {
	return t.say("%d de %d en uso", "%d of %d in use", used, size)
}

func (t words) trunksDown(n int) string { return t.say("%d sin servicio", "%d out of service", n) }

func (t words) phonesUp(up, all int) string {
	return t.say("%d de %d teléfonos", "%d of %d phones", up, all)
}

// health says what the health LED shows, by its name in data.
func (t words) health(name string) string {
	switch name {
	case view.Sound.String():
		return t.say("todo en orden", "all is well")
	case view.NeedsAttention.String():
		return t.say("atención", "attention")
	case view.Failed.String():
		return t.say("avería", "failure")
	case view.Unclaimed.String():
		return t.say("sin reclamar", "unclaimed")
	case view.Accepted.String():
		return t.say("aceptado", "accepted")
	}
	return t.say("no se sabe", "not known")
}

// cause says why a call ended without anybody talking.
func (t words) cause(c tel.Cause) string {
	switch c {
	case tel.CauseNoAnswer:
		return t.say("no contestó nadie", "nobody answered")
	case tel.CauseBusy:
		return t.say("comunicaba", "busy")
	case tel.CauseRefused:
		return t.say("rechazada", "refused")
	case tel.CauseUnreachable:
		return t.say("sin teléfono", "no phone")
	case tel.CauseInvalid:
		return t.say("no existe el número", "no such number")
	case tel.CauseForbidden:
		return t.say("número no permitido", "number not permitted")
	case tel.CauseCongestion:
		return t.say("todo ocupado", "all lines busy")
	case tel.CauseClosed:
		return t.say("fuera de horario", "closed")
	case tel.CausePowerLost:
		return t.say("corte de luz", "power lost")
	case tel.CauseShutdown:
		return t.say("central parada", "exchange stopped")
	case tel.CauseTimeout, tel.CauseLimit:
		return t.say("llegó al límite", "reached a limit")
	case tel.CauseFlow:
		return t.menu
	}
	return t.say("colgó", "hung up")
}

// join puts two facts in one line; an empty one is left out.
func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " · " + b
}

// lower changes the first letter only: names inside stay.
func lower(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}
