package console

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// showStatus prints the house on one screen.
func showStatus(_ context.Context, s *session) int {
	v, ok := s.picture()
	if !ok {
		return s.stopped()
	}
	code := Fine
	for _, a := range v.Alarms {
		if s.r.check && a.Rank >= view.Urgent {
			code = NotFine
		}
	}
	if s.r.json {
		s.json(v)
		return code
	}
	s.line(fmt.Sprintf("%s  Centralita %s  %s  %s %s", safe(v.Site), safe(v.Version), s.day(s.now), s.t("en marcha", "up"), s.since(v.Started)))
	s.line(strings.TrimSpace(s.lamps(v)))
	s.line(fmt.Sprintf("%s %d  %s %d  %s %d", s.t("Llamadas", "Calls"), len(v.Calls), s.t("Esperan", "Waiting"), waiting(v),
		s.t("Agentes libres", "Agents free"), free(v)))
	s.line(fmt.Sprintf("%s %s  %s %d%s", s.t("Reloj", "Clock"), clockWord(s, v.Clock), s.t("Libro", "Book"), v.Book.Last, trouble(v.Book.Error)))
	s.line(fmt.Sprintf("%s %d  %s %.1f ms, %s %.1f ms  %s %.1f ms", s.t("Audio: ramas", "Audio: legs"), v.Media.Legs,
		s.t("retraso p99", "late p99"), v.Media.LateMS, s.t("máx", "max"), v.Media.MaxMS, s.t("Bucle máx", "Loop max"), v.Loop.MaxMS))
	s.door(v)
	if m := v.Machine; m != nil && m.Storage != nil && !m.Storage.Sealed {
		s.line(s.t("Datos sin cifrar en ", "Data not encrypted on ") + safe(m.Storage.Device) + s.t(": quien se lo lleve los lee", ": whoever takes it can read them"))
	}
	for _, u := range v.Uplinks {
		s.uplink(u)
	}
	s.missing(v)
	s.alarms(v)
	return code
}

// lamps is the row of signs of lines, trunks, phones and agents.
func (s *session) lamps(v *view.Snapshot) string {
	var b strings.Builder
	group := func(name string, n int, lamp func(int) view.Lamp) {
		if n == 0 {
			return
		}
		fmt.Fprintf(&b, "%s ", name)
		for i := range n {
			b.WriteString(sign(lamp(i)))
		}
		b.WriteString("  ")
	}
	group(s.t("Líneas", "Lines"), len(v.Lines), func(i int) view.Lamp { return v.Lines[i].Lamp })
	group(s.t("Troncales", "Trunks"), len(v.Trunks), func(i int) view.Lamp { return v.Trunks[i].Lamp })
	group(s.t("Teléfonos", "Phones"), len(v.Phones), func(i int) view.Lamp { return v.Phones[i].Lamp })
	group(s.t("Colas", "Queues"), len(v.Queues), func(i int) view.Lamp { return v.Queues[i].Lamp })
	group(s.t("Agentes", "Agents"), len(v.Agents), func(i int) view.Lamp { return v.Agents[i].Lamp })
	return b.String()
}

func waiting(v *view.Snapshot) (n int) {
	for _, q := range v.Queues {
		n += len(q.Waiting)
	}
	return n
}

func free(v *view.Snapshot) (n int) {
	for _, a := range v.Agents {
		if a.Lamp == view.Idle {
			n++
		}
	}
	return n
}

func trouble(err string) string {
	if err == "" {
		return ""
	}
	return " ! " + safe(err)
}

func clockWord(s *session, clock string) string {
	switch clock {
	case "ntp":
		return s.t("en hora (red)", "right (network)")
	case "set":
		return s.t("puesto a mano", "set by hand")
	case "rtc":
		return s.t("de su pila", "from its battery")
	case "callerid":
		return s.t("de las llamadas", "from caller id")
	case "restored":
		return s.t("aproximado", "about right")
	case "system":
		return s.t("el de esta máquina", "that of this machine")
	}
	return s.t("sin hora", "not set")
}

func (s *session) uplink(u view.Uplink) {
	word := map[string]string{
		"up to date": s.t("al día", "up to date"), "sending": s.t("enviando", "sending"),
		"waiting": s.t("sin enlace; a salvo aquí", "no link; safe here"), "refused": s.t("rechazado", "refused"),
	}[u.State]
	if word == "" {
		word = safe(u.State)
	}
	text := fmt.Sprintf("%s, %s %s, %d %s", word, s.t("desde", "since"), s.clock(u.Since), u.Pending, s.t("por enviar", "to send"))
	switch {
	case u.WhyES != "":
		text += ": " + s.t(u.WhyES, u.WhyEN)
	case u.Error != "":
		text += ": " + safe(u.Error)
	}
	s.wrap(sign(u.Lamp)+" "+s.t("Enlace", "Uplink")+" "+safe(u.ID)+":", "  ", text)
}

func (s *session) alarms(v *view.Snapshot) {
	if len(v.Alarms) == 0 {
		text := s.t("Todo en orden", "All is well")
		if !v.Calm.IsZero() {
			text += s.t(". Sin alarmas desde las ", ". No alarms since ") + s.clock(v.Calm)
		}
		s.line(text)
		return
	}
	for _, a := range v.Alarms {
		mark := sign(view.Warn)
		if a.Rank >= view.Urgent {
			mark = sign(view.Dead)
		}
		s.wrap(mark+" "+s.clock(a.Since), "  ", safe(s.t(a.ES, a.EN))+" "+safe(s.t(a.HintES, a.HintEN)))
	}
}

// showQueues prints queues with their callers in order.
func showQueues(_ context.Context, s *session) int {
	v, ok := s.picture()
	if !ok {
		return s.stopped()
	}
	if s.r.json {
		for _, q := range v.Queues {
			s.json(q)
		}
		return Fine
	}
	w := []int{1, 14, -7, -14, -13, -6, -9, -9}
	s.row(w, "", s.t("Cola", "Queue"), s.t("Esperan", "Waiting"), s.t("Más larga/máx", "Longest/max"),
		s.t("Servicio/meta", "Service/goal"), s.t("Libres", "Free"), s.t("Atendidas", "Answered"), s.t("Abandono", "Abandoned"))
	for _, q := range v.Queues {
		level := "—"
		if pct, ok := q.ServiceLevel(); ok {
			level = fmt.Sprint(pct)
		}
		longest := "—"
		if len(q.Waiting) > 0 {
			longest = s.since(oldest(q.Waiting))
		}
		s.row(w, sign(q.Lamp), safe(s.t(q.NameES, q.NameEN)), fmt.Sprintf("%d/%d", len(q.Waiting), q.Threshold),
			longest+"/"+span(time.Duration(q.MaxWait)*time.Second), fmt.Sprintf("%s/%d %%", level, q.Goal),
			fmt.Sprintf("%d/%d", q.Free, q.Logged), fmt.Sprint(q.Answered), fmt.Sprint(q.Abandoned))
		for _, c := range q.Waiting {
			text := fmt.Sprintf("    %d. %s  %s", c.Position, c.Call, s.since(c.Since))
			if c.VIP {
				text += "  VIP"
			}
			if c.Offered != "" {
				text += "  " + s.t("suena en ", "rings at ") + name(v, c.Offered)
			}
			s.line(text)
		}
		if q.CanHelp != "" {
			s.line("    " + s.t("puede: ", "can help: ") + safe(q.CanHelp))
		}
	}
	return Fine
}

func oldest(ws []view.Waiting) time.Time {
	t := ws[0].Since
	for _, w := range ws {
		if w.Since.Before(t) {
			t = w.Since
		}
	}
	return t
}

// name is how an agent is called.
func name(v *view.Snapshot, id tel.AgentID) string {
	for _, a := range v.Agents {
		if a.ID == id {
			return safe(a.Name)
		}
	}
	return safe(string(id))
}

// showAgents prints the agents.
func showAgents(_ context.Context, s *session) int {
	v, ok := s.picture()
	if !ok {
		return s.stopped()
	}
	if s.r.json {
		for _, a := range v.Agents {
			s.json(a)
		}
		return Fine
	}
	w := []int{1, 14, 6, 16, -8, 14, 10, -4}
	s.row(w, "", s.t("Agente", "Agent"), s.t("Puesto", "Phone"), s.t("Estado", "State"), s.t("Desde", "For"),
		s.t("Razón", "Reason"), s.t("Llamada", "Call"), s.t("Hoy", "Day"))
	for _, a := range v.Agents {
		s.row(w, sign(a.Lamp), safe(a.Name), string(a.Ext), s.state(a.State), s.since(a.Since), s.reason(a.Reason), string(a.Call), fmt.Sprint(a.Today))
	}
	return Fine
}

// state says an agent's state.
func (s *session) state(state string) string {
	if s.lang == tel.English {
		return safe(state)
	}
	es := map[string]string{
		"logged out": "fuera", "not ready": "en pausa", "ready": "libre", "reserved": "le suena", "talking": "hablando",
		"acw": "cierre", "unreachable": "no responde", "engaged": "otra llamada",
	}[state]
	if es == "" {
		return safe(state)
	}
	return es
}

// reason says why an agent is in his state. The ids of pauses are the office's
// own words and stay.
func (s *session) reason(why string) string {
	es := map[string]string{
		"login": "entrada", "logout": "salida", "phone taken": "puesto ocupado", "moved": "otro puesto",
		"phone not reachable": "sin teléfono", "no answer": "no contestó", "refused": "rechazó", "busy": "ocupado",
		"call over": "fin de llamada", "offer": "oferta", "connected": "conectado", "done": "hecho", "limit": "límite",
	}[why]
	if s.lang == tel.English || es == "" {
		return safe(why)
	}
	return es
}
