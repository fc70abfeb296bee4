package health

import (
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// QueueOver is the condition of a queue over its threshold. The page adds how
// long the first caller waits. helper is somebody who could come, or empty.
func QueueOver(q view.Queue, helper string) Condition {
	n := len(q.Waiting)
	c := Condition{
		ID: "queue." + string(q.ID), Rank: view.Urgent,
		ES:     fmt.Sprintf("%s: %d %s", q.NameIn(tel.Spanish), n, plural(n, "espera", "esperan")),
		EN:     fmt.Sprintf("%s: %d waiting", q.NameIn(tel.English), n),
		HintES: fmt.Sprintf("Umbral %d.", q.Threshold),
		HintEN: fmt.Sprintf("Threshold %d.", q.Threshold),
	}
	switch {
	case helper != "":
		c.HintES += " " + helper + " puede ayudar."
		c.HintEN += " " + helper + " can help."
	case q.Free == 0:
		c.HintES += " Nadie libre."
		c.HintEN += " Nobody free."
	}
	return c
}

// LineDead is the condition of a line without battery or device. via is the
// line that calls go out by meanwhile, or empty when there is none.
func LineDead(line, via tel.PortID, whyES, whyEN string) Condition {
	c := Condition{
		ID: "line." + string(line), Rank: view.Urgent,
		ES: "Línea " + bare(line) + " muerta", EN: "Line " + bare(line) + " dead",
		HintES: whyES + ".", HintEN: whyEN + ".",
	}
	if via != "" {
		c.HintES += " Sale por " + string(via) + "."
		c.HintEN += " Going out by " + string(via) + "."
	} else {
		c.HintES += " No hay otra línea."
		c.HintEN += " There is no other line."
	}
	return c
}

// Emergency is the condition of an emergency call that is going on.
func Emergency(c view.Call) Condition {
	ext := "el " + c.Port
	a := Condition{
		ID: "emergency." + string(c.ID), Rank: view.Urgent,
		ES: "Llamada de emergencia " + string(c.To), EN: "Emergency call " + string(c.To),
		HintES: "Desde " + ext + ".", HintEN: "From " + c.Port + ".",
	}
	if c.Way != "" {
		a.HintES += " Sale por " + c.Way + "."
		a.HintEN += " Going out by " + c.Way + "."
	}
	return a
}

// TrunkDown is the condition of a SIP trunk that cannot be reached.
func TrunkDown(id tel.TrunkID) Condition {
	return Condition{
		ID: "trunk." + string(id), Rank: view.Urgent,
		ES: "Troncal " + string(id) + " sin servicio", EN: "Trunk " + string(id) + " out of service",
		HintES: "Reintenta sola.", HintEN: "It tries again by itself.",
	}
}

// PhonesLost is the condition of agents whose phones do not answer: one for
// all of them, so that a morning without network leaves place for the rest.
// The two lists go together and are not empty.
func PhonesLost(names []string, exts []tel.Number) Condition {
	es, en := strings.Join(names, ", "), strings.Join(names, ", ")
	if n := len(names); n > 3 {
		es, en = fmt.Sprintf("%d agentes", n), fmt.Sprintf("%d agents", n)
	}
	hintES, hintEN := fmt.Sprintf("No responden %d teléfonos.", len(exts)), fmt.Sprintf("No answer from %d phones.", len(exts))
	if len(exts) <= 4 {
		list := string(exts[0])
		for _, e := range exts[1:] {
			list += ", " + string(e)
		}
		hintES, hintEN = plural(len(exts), "No responde el ", "No responden ")+list+".", "No answer from "+list+"."
	}
	return Condition{
		ID: "phones", Rank: view.Attention,
		ES: "Sin teléfono: " + es, EN: "No phone: " + en,
		HintES: hintES, HintEN: hintEN,
	}
}

// ClockUnset is the condition of a boot that does not know the time yet.
func ClockUnset() Condition {
	return Condition{
		ID: "clock", Rank: view.Attention,
		ES: "Reloj sin hora", EN: "Clock not set",
		HintES: "Se corrige sola al tener red. Las horas se arreglan después.",
		HintEN: "It sets itself when there is a network. Times are mended afterwards.",
	}
}

// ClockRestored is the condition of a boot that knows only that it was so late once.
func ClockRestored() Condition {
	return Condition{
		ID: "clock", Rank: view.Attention,
		ES: "Hora sin confirmar", EN: "Time not confirmed",
		HintES: "Sigue desde el último minuto guardado. Ponga red, o: time set.",
		HintEN: "It goes on from the last saved minute. A network helps, or: time set.",
	}
}

// ClockDoubt is the condition of a network whose time is not believed: what it says,
// and why not.
func ClockDoubt(says time.Time, whyES, whyEN string) Condition {
	day := says.Format("2006-01-02 15:04")
	return Condition{
		ID: "time.doubt", Rank: view.Attention,
		ES: "La red da otra hora", EN: "The network tells another time",
		HintES: "Dice " + day + ": " + whyES + ".",
		HintEN: "It says " + day + ": " + whyEN + ".",
	}
}

// ConfigTrial is the condition of version n of the configuration, which is in use and waits
// for somebody to confirm it; else version back comes back.
func ConfigTrial(n, back int) Condition {
	c := Condition{
		ID: "config", Rank: view.Attention,
		ES: fmt.Sprintf("Configuración %d a prueba", n), EN: fmt.Sprintf("Configuration %d on trial", n),
		HintES: "Hay que confirmarla.", HintEN: "It wants to be confirmed.",
	}
	if back > 0 {
		c.HintES += fmt.Sprintf(" Si no, vuelve la %d.", back)
		c.HintEN += fmt.Sprintf(" Else %d comes back.", back)
	}
	return c
}

// LoopLate is the condition of a control loop that does not check in.
func LoopLate() Condition {
	return Condition{
		ID: "loop", Rank: view.Urgent,
		ES: "La central no responde", EN: "The exchange does not respond",
		HintES: "Se reinicia sola si no vuelve.", HintEN: "It restarts if it does not come back.",
	}
}

// MediaLate is the condition of an audio engine that does not check in.
func MediaLate() Condition {
	return Condition{
		ID: "media", Rank: view.Urgent,
		ES: "El audio va tarde", EN: "Audio is late",
		HintES: "La placa no da abasto.", HintEN: "The board cannot keep up.",
	}
}

// WriterLate is the condition of a writer of the book that does not check in.
func WriterLate() Condition {
	return Condition{
		ID: "writer", Rank: view.Urgent,
		ES: "El libro va tarde", EN: "The book is late",
		HintES: "El disco está lento.", HintEN: "The disk is slow.",
	}
}

// DiskLow is the condition of a disk with little left.
func DiskLow(free uint64) Condition {
	return Condition{
		ID: "disk", Rank: view.Attention,
		ES: "Disco casi lleno", EN: "Disk nearly full",
		HintES: fmt.Sprintf("Quedan %d MB.", free>>20), HintEN: fmt.Sprintf("%d MB are left.", free>>20),
	}
}

// StorageWorn is the condition of a device near the end of its life.
func StorageWorn(d view.Storage) Condition {
	c := Condition{
		ID: "wear", Rank: view.Attention,
		ES: "Memoria flash gastada", EN: "Flash storage is worn",
		HintES: d.Device + ". Haga copia y cámbiela.", HintEN: d.Device + ". Back up and replace it.",
	}
	switch {
	case d.Spares == "urgent":
		c.Rank = view.Urgent
		c.HintES, c.HintEN = "Casi sin bloques de reserva. "+c.HintES, "Nearly no spare blocks. "+c.HintEN
	case d.Used != nil:
		c.HintES = fmt.Sprintf("Hasta el %d %% de su vida. ", *d.Used) + c.HintES
		c.HintEN = fmt.Sprintf("Up to %d %% of its life. ", *d.Used) + c.HintEN
	}
	return c
}

// StorageBusy is the condition of a device to which so much is written that it does
// not last.
func StorageBusy(d view.Storage) Condition {
	return Condition{
		ID: "writes", Rank: view.Attention,
		ES: "Se escribe demasiado", EN: "Too much is written",
		HintES: fmt.Sprintf("%d MB al día en %s. Mire qué escribe.", d.PerDay/1e6, d.Device),
		HintEN: fmt.Sprintf("%d MB a day to %s. Look what writes.", d.PerDay/1e6, d.Device),
	}
}

// MemoryLow is the condition of a machine with little memory left.
func MemoryLow(free uint64) Condition {
	return Condition{
		ID: "memory", Rank: view.Attention,
		ES: "Poca memoria", EN: "Little memory left",
		HintES: fmt.Sprintf("Quedan %d MB. Reinicie cuando esté libre.", free>>20), HintEN: fmt.Sprintf("%d MB are left. Restart when idle.", free>>20),
	}
}

// TicksLate is the condition of an audio engine whose ticks come late.
func TicksLate(perMille int) Condition {
	return Condition{
		ID: "ticks", Rank: view.Attention,
		ES: "El audio se entrecorta", EN: "Audio stutters",
		HintES: fmt.Sprintf("%d de 1000 pasos tarde. Placa muy cargada.", perMille), HintEN: fmt.Sprintf("%d of 1000 steps late. The board is busy.", perMille),
	}
}

// Heat is the condition of a machine that is too hot.
func Heat(celsius float64) Condition {
	return Condition{
		ID: "heat", Rank: view.Attention,
		ES: "La caja está caliente", EN: "The box is hot",
		HintES: fmt.Sprintf("%.0f grados. Dele aire.", celsius), HintEN: fmt.Sprintf("%.0f degrees. Give it air.", celsius),
	}
}

// PowerLow is the condition of a power supply that is too weak.
func PowerLow() Condition {
	return Condition{
		ID: "power", Rank: view.Attention,
		ES: "Tensión baja", EN: "Low voltage",
		HintES: "Cambie la fuente o el cable.", HintEN: "Replace the power supply or its cable.",
	}
}

// PortLate is the condition of a port whose driver does not give its audio back.
func PortLate(id tel.PortID) Condition {
	return Condition{
		ID: "driver." + string(id), Rank: view.Urgent,
		ES: string(id) + " no responde", EN: string(id) + " does not respond",
		HintES: "El controlador está colgado.", HintEN: "Its driver hangs.",
	}
}

// Crashed is the condition of a program that had to be started again.
func Crashed() Condition {
	return Condition{
		ID: "crash", Rank: view.Attention,
		ES: "Se reinició tras una avería", EN: "Restarted after a crash",
		HintES: "Por qué: log. Para enviar: support bundle.", HintEN: "Why: log. To send: support bundle.",
	}
}

// NotProvisioned is the condition of a file on the card that was not taken over.
func NotProvisioned() Condition {
	return Condition{
		ID: "provision", Rank: view.Attention,
		ES: "No se tomó el archivo de la tarjeta", EN: "The card's file was not taken over",
		HintES: "Por qué: centralita-result.txt en la tarjeta.", HintEN: "Why: centralita-result.txt on the card.",
	}
}

// NotWiped is the condition of a file on the card that was taken over and is still there.
func NotWiped() Condition {
	return Condition{
		ID: "provision.left", Rank: view.Attention,
		ES: "El archivo sigue en la tarjeta", EN: "The file is still on the card",
		HintES: "Puede tener claves: bórrelo a mano.", HintEN: "It may hold keys: erase it by hand.",
	}
}

// WatchdogAbsent is the condition of a watchdog that is wanted and cannot be had.
func WatchdogAbsent() Condition {
	return Condition{
		ID: "watchdog", Rank: view.Attention,
		ES: "Sin perro guardián", EN: "No watchdog",
		HintES: "Si se cuelga no se reinicia sola.", HintEN: "A hung box does not restart by itself.",
	}
}

// WatchdogUnfed is the condition of a watchdog that does not take its food.
func WatchdogUnfed() Condition {
	return Condition{
		ID: "watchdog.unfed", Rank: view.Urgent,
		ES: "El perro guardián no come", EN: "The watchdog is not fed",
		HintES: "La caja se va a reiniciar.", HintEN: "The box is going to restart.",
	}
}

// bare returns "3" for "L3": people say "line 3".
func bare(p tel.PortID) string {
	if s := string(p); len(s) > 1 && (s[0] == 'L' || s[0] == 'F') {
		return s[1:]
	}
	return string(p)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
