package console

import (
	"fmt"
	"strings"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// learned prints what a line has shown of itself.
func (s *session) learned(p *view.Learned) {
	var parts []string
	add := func(es, en, format string, args ...any) {
		parts = append(parts, s.t(es, en)+" "+fmt.Sprintf(format, args...))
	}
	for _, e := range p.Endings {
		parts = append(parts, fmt.Sprintf("%d %s", e.Seen, s.sign(e.Sign)))
	}
	for _, t := range p.Tones {
		add("tono de fin propio", "own release tone", "%s", t)
	}
	if p.CallerID != "" {
		add("identificación", "caller id", "%s", p.CallerID)
	}
	if p.Ring != "" {
		add("timbre", "bell", "%s ms", p.Ring)
	}
	if p.DialTone != "" {
		add("invitación a marcar", "dial tone", "%s Hz", p.DialTone)
	}
	for _, n := range []struct {
		es, en, unit string
		v            float64
	}{{"nivel de entrada", "level in", "dBm0", p.LevelIn}, {"de salida", "out", "dBm0", p.LevelOut}, {"eco", "ERL", "dB", p.ERL}, {"desnivel", "twist", "dB", p.TwistDB},
		{"ganancia puesta, entrada", "gain set, in", "dB", p.GainIn}, {"ganancia puesta, salida", "gain set, out", "dB", p.GainOut}} {
		if n.v != 0 {
			add(n.es, n.en, "%.1f %s", n.v, n.unit)
		}
	}
	if p.Impedance != "" {
		add("impedancia puesta", "impedance set", "%s", p.Impedance)
	}
	first := fmt.Sprintf(s.t("Aprendido en %d llamadas", "Learned in %d calls"), p.Calls)
	if p.Calls == 1 {
		first = s.t("Aprendido en 1 llamada", "Learned in 1 call")
	}
	if p.Frozen {
		first += s.t(", congelado", ", frozen")
	}
	first += ":"
	s.wrap(first, "  ", safe(strings.Join(parts, ", ")))
	if p.LastNews != "" {
		s.wrap(s.t("Último cambio:", "Last change:"), "  ", safe(p.LastNews))
	}
}

// signs are the words for how calls ended, by the texts that profiles keep.
var signs = map[string]string{
	"loop drop": "corte de bucle", "reversal": "inversión", "busy tone": "tono de ocupado", "congestion tone": "tono de congestión",
	"disconnect tone": "tono de desconexión", "unobtainable tone": "número no accesible", "howler": "aullido", "dial tone": "tono de marcar",
	"strange tone": "tono desconocido", "silence": "silencio", "longest": "duración máxima", "hardware": "avería del puerto",
}

func (s *session) sign(sign string) string {
	if es, ok := signs[sign]; ok && s.lang == tel.Spanish {
		return es
	}
	return sign
}

// exam prints a test for people.
func (s *session) exam(id tel.PortID, x *view.Exam) {
	s.line(fmt.Sprintf("%s %s, %.0f s", s.t("Prueba del", "Test of"), s.day(x.At), x.Seconds))
	for _, f := range x.Findings {
		mark := map[string]string{"ok": "  ", "look": "~ ", "bad": "! "}[f.Rank]
		s.wrap(mark, "  ", f.In(s.lang))
	}
	for _, m := range x.Sweep {
		s.line(fmt.Sprintf("  %s %s: %.0f dB", s.t("eco con", "echo with"), safe(m.Impedance), m.ERL))
	}
	if a := x.Advice(s.lang); a != "" {
		s.wrap("> ", "  ", fmt.Sprintf("%s: %s. `line %s apply` %s", s.t("Se aconseja", "Advised"), a, id, s.t("lo pone.", "sets it.")))
	}
}
