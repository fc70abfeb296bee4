package panel

import (
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/view"
)

// said is what the last row of a screen at rest says in its turn.
type said struct{ left, right string }

// restSays are what the row at rest says one after the other: who waits, or how the
// house is; who answers; how fast callers were answered today. While somebody waits,
// that has every second turn.
func (d *drawing) restSays() []said {
	waiting, longest := waits(d.s)
	first := func() said {
		switch n := len(d.s.Alarms); {
		case waiting > 0 && d.small:
			return said{fmt.Sprintf(d.say("Esp %d", "Wtg %d"), waiting), d.say("máx ", "max ") + d.since(longest)}
		case waiting > 0:
			return said{fmt.Sprintf(d.say("Esperan %d", "Waiting %d"), waiting), d.say("máx ", "max ") + d.since(longest)}
		case n == 1:
			return said{d.say("1 alarma", "1 alarm"), ""}
		case n > 1:
			return said{fmt.Sprintf(d.say("%d alarmas", "%d alarms"), n), ""}
		}
		return said{d.say("Todo en orden", "All is well"), ""}
	}()
	list := []said{first}
	if !d.s.Restart.IsZero() {
		list = append(list, said{d.say("Reinicio pedido", "Restart ordered"), ""})
	}
	if ready, busy := d.s.Ready(); ready+busy > 0 {
		list = append(list, said{fmt.Sprintf(d.say("Libres %d", "Free %d"), ready), fmt.Sprintf(d.say("ocup. %d", "busy %d"), busy)})
	}
	if pct, ok := d.s.ServiceLevel(); ok {
		if waiting > 0 && len(list) > 1 {
			list = append(list, first)
		}
		list = append(list, said{d.say("Servicio hoy", "Service today"), fmt.Sprintf("%d%%", pct)})
	}
	return list
}

// atRest writes what is said now in row n; each stays for a round of rest and alarm.
func (d *drawing) atRest(n int) {
	list := d.restSays()
	i := 0
	if len(list) > 1 {
		round := d.at.UnixNano() / int64(2*turn)
		i = int(round % int64(len(list)))
		d.wake(time.Unix(0, (round+1)*int64(2*turn)))
	}
	d.row(n, list[i].left, list[i].right)
}

// claim shows the code with which the box gets its owner, and where it is typed. While
// too many were wrong there is none.
func (d *drawing) claim() {
	c := d.s.Unclaimed
	left := d.left(c.Until)
	d.row(0, "Centralita", d.clock(d.at))
	if c.Code == "" {
		d.row(1, d.say("Códigos erróneos", "Too many wrong codes"), "")
		d.row(2, d.say("Espere", "Wait"), left)
	} else {
		d.row(1, d.say("Código de reclamo:", "Claim code:"), "")
		d.row(2, c.Code, left)
	}
	d.row(3, c.Where(Cols), "")
	if d.small {
		d.row(0, d.say("Reclamar", "Claim"), left)
		d.row(1, c.Code, "")
		if c.Code == "" {
			d.row(1, d.say("Espere", "Wait"), "")
		}
		host, port := c.Where(d.cols), ""
		if i := strings.LastIndexByte(host, ':'); i > 0 && len(host) > d.cols {
			host, port = host[:i], d.say("puerto ", "port ")+host[i+1:]
		}
		d.row(2, host, "")
		d.row(3, port, "")
		d.fold()
	}
}

// left counts down to t, and wakes each second.
func (d *drawing) left(t time.Time) string {
	if t.IsZero() || !t.After(d.at) {
		return ""
	}
	d.wake(d.at.Truncate(time.Second).Add(time.Second))
	return view.Duration(t.Sub(d.at))
}

// emergency shows an emergency call: by which way it goes out, since when, and whose it is.
func (d *drawing) emergency(c view.Call) {
	d.row(0, d.say("EMERGENCIA ", "EMERGENCY ")+string(c.To), "")
	d.row(1, d.say("Sale por ", "Going out by ")+c.Way, d.since(c.Began))
	who := string(c.From)
	for _, p := range d.s.Phones {
		if p.Ext == c.From && p.Name != "" {
			who = view.FirstName(p.Name) + d.say(", interno ", ", ext. ") + string(p.Ext)
		}
	}
	d.row(2, who, "")
	if len(c.Told) == 0 {
		d.keys()
		return
	}
	ok := "[OK]"
	if d.small {
		ok = ""
	}
	d.row(3, d.say("Avisado: ", "Told: ")+strings.Join(c.Told, ", "), ok)
}
