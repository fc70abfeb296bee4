package console

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// doPhone answers `phone EXT` and `phone EXT messages N`.
func doPhone(ctx context.Context, s *session) int {
	v, ok := s.picture()
	if !ok || s.c.d.Control == nil {
		return s.stopped()
	}
	at := slices.IndexFunc(v.Phones, func(p view.Phone) bool { return string(p.Ext) == s.r.args[0] })
	if at < 0 {
		var exts []string
		for _, p := range v.Phones {
			exts = append(exts, string(p.Ext))
		}
		who, list := tel.CleanText(s.r.args[0]).String(), strings.Join(exts, ", ")
		return s.fail(Usage, usageError{fmt.Sprintf("no hay interno %q; pista: %s", who, list), fmt.Sprintf("there is no extension %q; hint: %s", who, list)})
	}
	if len(s.r.args) == 1 {
		return s.showPhone(v, v.Phones[at])
	}
	wrong := usageError{"se escribe: phone EXT messages N", "write: phone EXT messages N"}
	if len(s.r.args) != 3 || s.r.args[1] != "messages" {
		return s.fail(Usage, wrong)
	}
	n, err := strconv.Atoi(s.r.args[2])
	if err != nil {
		return s.fail(Usage, wrong)
	}
	if err := s.c.d.Control.Messages(ctx, v.Phones[at].Ext, n); err != nil {
		return s.fail(NotFine, err)
	}
	s.done(s.t(fmt.Sprintf("%s: le esperan %d mensajes", v.Phones[at].Ext, n), fmt.Sprintf("%s: %d messages wait", v.Phones[at].Ext, n)))
	return Fine
}

// detalles are the words of a telephone's machine for what it does without a call.
var detalles = map[string]string{
	"dial tone": "con tono de marcar", "collecting": "marcando", "disconnect pulse": "cortando",
	"off hook, released": "descolgado, la otra parte colgó", "off hook, howling": "descolgado, suena el aviso",
	"off hook, parked": "descolgado y olvidado", "sending messages": "avisando de mensajes",
}

// showPhone tells of one phone.
func (s *session) showPhone(v *view.Snapshot, p view.Phone) int {
	if s.r.json {
		s.json(p)
		return Fine
	}
	w := []int{12, 60}
	s.row(w, s.t("Interno", "Extension"), sign(p.Lamp)+" "+string(p.Ext)+" "+safe(p.Name))
	socket := s.t("teléfono SIP", "SIP phone")
	if p.Port != "" {
		socket = s.t("puerto ", "port ") + string(p.Port)
	}
	s.row(w, s.t("Conexión", "Connection"), socket)
	if p.Agent != "" {
		s.row(w, s.t("Agente", "Agent"), name(v, p.Agent))
	}
	if p.Call != "" {
		s.row(w, s.t("Llamada", "Call"), string(p.Call)+", "+s.since(p.Since))
	}
	if p.Detail != "" {
		what := p.Detail
		if es, ok := detalles[what]; ok {
			what = s.t(es, what)
		}
		s.row(w, s.t("Estado", "State"), what+", "+s.since(p.Since))
	}
	s.row(w, s.t("Mensajes", "Messages"), strconv.Itoa(p.Messages))
	return Fine
}
