package exchange

import (
	"fmt"
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// What is wrong in the house, said as sentences in both languages.

// seeAlarms lists what a person must know, the urgent first; each keeps the
// instant it began.
func (e *Exchange) seeAlarms(s *view.Snapshot) []view.Alarm {
	var out []view.Alarm
	for i := range s.Queues {
		out = e.queueAlarm(s.Queues[i], out)
	}
	for _, p := range e.order {
		out = e.portAlarm(p, out)
	}
	for _, a := range s.Agents {
		if a.State == acd.Unreachable.String() {
			out = append(out, view.Alarm{ID: "agent." + string(a.ID), Rank: view.Attention, Since: a.Since,
				ES: a.Name + " no tiene teléfono", EN: a.Name + " has no phone",
				HintES: "El interno " + string(a.Ext) + " no responde. Revise su cable o su registro.", HintEN: "Extension " + string(a.Ext) + " does not answer. Look at its cable or registration."})
		}
	}
	for _, t := range s.Trunks {
		if t.Lamp == view.Dead {
			out = append(out, view.Alarm{ID: "trunk." + string(t.ID), Rank: view.Attention, Since: t.Since,
				ES: "Troncal " + string(t.ID) + " sin servicio", EN: "Trunk " + string(t.ID) + " out of service",
				HintES: "Motivo: " + t.Why, HintEN: "Reason: " + t.Why})
		}
	}
	out = append(out, e.picture.conditions...)
	for i := range out {
		if j := slices.IndexFunc(e.picture.alarms, func(a view.Alarm) bool { return a.ID == out[i].ID }); j >= 0 {
			out[i].Since = e.picture.alarms[j].Since
		} else if out[i].Since.IsZero() {
			out[i].Since = e.now
		}
	}
	slices.SortStableFunc(out, func(a, b view.Alarm) int { return int(b.Rank) - int(a.Rank) })
	return out
}

func (e *Exchange) queueAlarm(q view.Queue, out []view.Alarm) []view.Alarm {
	if q.Lamp != view.Dead {
		return out
	}
	longest := time.Duration(0)
	if len(q.Waiting) > 0 {
		longest = e.now.Sub(q.Waiting[0].Since)
	}
	n, wait := len(q.Waiting), view.Duration(longest)
	a := view.Alarm{ID: "queue." + string(q.ID), Rank: view.Urgent, Since: e.now,
		ES: fmt.Sprintf("%s: %d esperan, %s", q.NameES, n, wait), EN: fmt.Sprintf("%s: %d waiting, %s", q.NameEN, n, wait),
		HintES: fmt.Sprintf("Umbral %d.", q.Threshold), HintEN: fmt.Sprintf("Threshold %d.", q.Threshold)}
	if n == 1 {
		a.ES = fmt.Sprintf("%s: 1 espera, %s", q.NameES, wait)
	}
	switch {
	case q.CanHelp != "":
		a.HintES += " " + q.CanHelp + " puede ayudar."
		a.HintEN += " " + q.CanHelp + " can help."
	case q.Logged == 0:
		a.HintES += " Nadie ha entrado en esta cola."
		a.HintEN += " Nobody is logged in to this queue."
	default:
		a.HintES += " Nadie libre."
		a.HintEN += " Nobody free."
	}
	return append(out, a)
}

func (e *Exchange) portAlarm(p *portState, out []view.Alarm) []view.Alarm {
	s, since := p.state()
	if s != line.Dead {
		return out
	}
	if p.fxs != nil {
		return append(out, view.Alarm{ID: "phone." + string(p.ext), Rank: view.Attention, Since: since,
			ES: "Teléfono " + string(p.ext) + " sin puerto", EN: "Phone " + string(p.ext) + " has lost its port",
			HintES: "El equipo del puerto no responde: " + p.deadWhy, HintEN: "The port's hardware does not answer: " + p.deadWhy})
	}
	id := string(p.id)
	a := view.Alarm{ID: "line." + id, Rank: view.Urgent, Since: since, ES: "Línea " + id + " muerta", EN: "Line " + id + " dead"}
	a.HintES, a.HintEN = "Revise el cable o llame al operador.", "Look at the cable or call the carrier."
	if other := e.otherLine(p.id); other != "" {
		a.HintES, a.HintEN = "Sale por "+string(other)+".", "Going out by "+string(other)+"."
	}
	return append(out, a)
}

// otherLine names a line that outgoing calls take instead.
func (e *Exchange) otherLine(dead tel.PortID) tel.PortID {
	for _, p := range e.order {
		if p.fxo == nil || p.id == dead || !p.conf.Out {
			continue
		}
		if s, _ := p.state(); s != line.Dead {
			return p.id
		}
	}
	return ""
}
