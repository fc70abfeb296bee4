package panel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

func (d *drawing) line(n int) {
	l := d.s.Lines[n]
	since := ""
	if l.Lamp != view.Idle && l.Lamp != view.Off {
		since = d.since(l.Since)
	}
	d.row(0, string(l.ID)+" "+strings.ToLower(l.Lamp.In(d.lang)), since)
	d.lineRows(l)
	if d.small {
		return
	}
	left, right := "", ""
	if n > 0 {
		left = "[<]" + string(d.s.Lines[n-1].ID)
	}
	if n+1 < len(d.s.Lines) {
		right = string(d.s.Lines[n+1].ID) + "[>]"
	}
	d.row(3, left, right)
}

// lineRows are what is on a line, and what is known of it: both in turns where a call is
// on it. On a small display they take turns anyway.
func (d *drawing) lineRows(l view.Line) {
	known := d.known(l)
	talk := d.onLine(l)
	switch {
	case talk == nil && len(known) == 0:
		talk = [][2]string{{d.say("Sin llamada", "No call"), ""}}
		if l.Number != "" {
			talk = append(talk, [2]string{d.say("Número ", "Number ") + public(l.Number), ""})
		}
	case talk == nil:
		talk, known = known, nil
	case len(known) > 0 && !d.small:
		if d.wake(d.at.Truncate(turn).Add(turn)); d.at.UnixNano()/int64(turn)%2 == 1 {
			talk = known
		}
		known = nil
	}
	for i, r := range append(talk, known...) {
		d.row(1+i, r[0], r[1])
	}
}

// onLine is with whom the line speaks, and for which queue; nil: there is no call on it.
func (d *drawing) onLine(l view.Line) [][2]string {
	for _, c := range d.s.Calls {
		if l.Call == "" || c.ID != l.Call {
			continue
		}
		word, who := d.say("De ", "From "), c.From
		if c.Direction == tel.Outbound {
			word, who = d.say("A ", "To "), c.To
		}
		rows := [][2]string{{word + public(who), d.agentName(c.Agent)}}
		if queue := d.queueName(c.Queue); queue != "" {
			rows = append(rows, [2]string{queue, ""})
		}
		return rows
	}
	return nil
}

// known are how the line is, by its last test or by what calls have shown, and by which
// sign it is known most often that somebody has hung up.
func (d *drawing) known(l view.Line) (rows [][2]string) {
	ill, erl := "", 0.0
	if l.Traits != nil {
		erl = l.Traits.ERL
	}
	if l.Exam != nil {
		ill, erl = d.ill(l.Exam), cmp.Or(l.Exam.ERL, erl)
	}
	echo := ""
	if erl > 0 {
		echo = fmt.Sprintf(d.say("eco %.0f dB", "echo %.0f dB"), erl)
	}
	switch {
	case ill != "":
		rows = append(rows, [2]string{ill, echo})
	case echo != "":
		rows = append(rows, [2]string{echo, ""})
	}
	if l.Traits != nil && len(l.Traits.Endings) > 0 {
		most := slices.MaxFunc(l.Traits.Endings, func(a, b view.Ending) int { return a.Seen - b.Seen })
		sign := most.Sign
		if es := endings[sign]; es != "" && !d.en {
			sign = es
		}
		rows = append(rows, [2]string{d.say("Cuelga: ", "Ends: ") + strings.TrimSuffix(sign, " tone"), ""})
	}
	return rows
}

// ill is the first measurement of a test that is not as it should be, "" when all are;
// the echo stands beside it anyway.
func (d *drawing) ill(x *view.Exam) string {
	for _, f := range x.Findings {
		if f.Rank == "ok" {
			continue
		}
		switch f.ID {
		case "battery":
			return fmt.Sprintf(d.say("Tensión %.0fV", "Battery %.0fV"), x.VoltsOnHook)
		case "loop":
			return fmt.Sprintf(d.say("Bucle %.0fmA", "Loop %.0fmA"), x.MilliAmps)
		case "dial-tone":
			if x.DialTone {
				return d.say("Tono dudoso", "Doubtful tone")
			}
			return d.say("Sin tono", "No tone")
		case "hum":
			return fmt.Sprintf(d.say("Zumbido%.0f", "Hum%.0f"), x.Hum)
		case "noise":
			return fmt.Sprintf(d.say("Ruido%.0f", "Noise%.0f"), x.Noise)
		case "clicks":
			return fmt.Sprintf(d.say("Clics %d", "Clicks %d"), x.Clicks)
		}
	}
	return ""
}

// endings are short words for how calls end, by the texts that profiles keep.
var endings = map[string]string{
	"loop drop": "corte", "reversal": "inversión", "busy tone": "ocupado", "congestion tone": "congestión", "disconnect tone": "desconexión",
	"unobtainable tone": "sin acceso", "howler": "aullido", "dial tone": "tono", "strange tone": "tono propio", "silence": "silencio",
	"longest": "máximo", "hardware": "avería",
}
