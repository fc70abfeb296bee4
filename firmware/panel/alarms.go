package panel

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/view"
)

// alarm draws alarm n: what, since when, what to do, and the keys.
func (d *drawing) alarm(n int) {
	a := d.s.Alarms[n]
	if d.own(a) {
		return
	}
	kind, id, _ := strings.Cut(a.ID, ".")
	what, hint := a.Text(d.lang)
	title, time := strings.ToUpper(what), d.clock(a.Since)
	switch {
	case a.ID == "provision":
		title, time = d.say("TARJETA RECHAZADA", "CARD FILE REFUSED"), ""
		hint = d.say("Por qué: centralita-result.txt", "Why: centralita-result.txt")
	case a.ID == "provision.left":
		title, time = d.say("ARCHIVO EN TARJETA", "FILE STILL ON CARD"), ""
	}
	if kind == "clock" {
		time = "" // it is what we do not know
	}
	if kind == "line" && utf8.RuneCountInString(title) > d.cols-3-len(time) {
		title = id + " " + strings.ToUpper(view.Dead.In(d.lang))
	}
	d.head(a, title, time)
	d.hint(1, wrap(hint, d.cols))
}

// own draws an alarm that has a screen of its own.
func (d *drawing) own(a view.Alarm) bool {
	kind, id, _ := strings.Cut(a.ID, ".")
	switch kind {
	case "queue":
		for _, q := range d.s.Queues {
			if string(q.ID) == id && len(q.Waiting) > 0 {
				d.queueAlarm(a, q)
				return true
			}
		}
	case "emergency":
		for _, c := range d.s.Calls {
			if c.Emergency && string(c.ID) == id {
				d.emergency(c)
				return true
			}
		}
	case "config":
		if t := d.s.Trial; t != nil {
			d.trial(a, t)
			return true
		}
	case "uplink":
		for _, u := range d.s.Uplinks {
			if u.ID == id {
				d.noLink(a, u)
				return true
			}
		}
	}
	return false
}

// noLink draws an uplink that cannot be reached: what waits, and why where that is known
// in plain words.
func (d *drawing) noLink(a view.Alarm, u view.Uplink) {
	d.head(a, d.say("SIN ENLACE", "NO LINK"), d.clock(a.Since))
	why := d.say(u.WhyES, u.WhyEN)
	if why == "" {
		d.row(1, fmt.Sprintf(d.say("%d por enviar", "%d to send"), u.Pending), "")
		d.hint(2, []string{d.say("A salvo aquí", "Safe here")})
		return
	}
	d.row(1, fmt.Sprintf(d.say("%d a salvo aquí", "%d safe here"), u.Pending), "")
	d.hint(2, words(why, d.cols))
}

// hint writes rows from row n on as far as there is room, and the keys where some is left.
func (d *drawing) hint(n int, rows []string) {
	room := Rows - n
	if d.small {
		room = len(d.text) - n
	}
	for i, r := range rows[:min(len(rows), room)] {
		d.row(n+i, r, "")
	}
	if len(rows) < room {
		d.keys()
	}
}

// head is the first row: the sign of the rank, the title, the time.
func (d *drawing) head(a view.Alarm, title, right string) {
	lamp := view.Warn
	if a.Rank >= view.Urgent {
		lamp = view.Dead
	}
	wide := 2 + utf8.RuneCountInString(title)
	if wide+1+utf8.RuneCountInString(right) > d.cols && (d.small || wide <= d.cols) {
		right = "" // what it is before since when
	}
	d.row(0, string(rune(lamp.Look().Sign))+" "+title, right)
	d.sign(0, 0, 1)
}

func (d *drawing) queueAlarm(a view.Alarm, q view.Queue) {
	since, _ := q.Longest()
	if d.small {
		d.head(a, strings.ToUpper(q.NameIn(d.lang)), d.since(since))
		d.row(1, fmt.Sprintf(d.say("Esperan %d", "Waiting %d"), len(q.Waiting)), "")
	} else {
		d.head(a, strings.ToUpper(q.NameIn(d.lang)), fmt.Sprintf(d.say("%d esperan", "%d waiting"), len(q.Waiting)))
		d.row(1, d.say("La más larga", "Longest"), d.since(since))
	}
	if q.Free == 0 {
		d.row(2, d.say("Nadie libre", "Nobody free"), "")
	} else {
		d.row(2, fmt.Sprintf(d.say("Libres %d", "Free %d"), q.Free), "")
	}
	if q.CanHelp == "" {
		d.keys()
		return
	}
	ok := "[OK]"
	if d.small {
		ok = ""
	}
	d.row(3, d.say("Puede: ", "Help: ")+view.FirstName(q.CanHelp), ok)
}

// keys is the last row: OK marks the alarm seen, [>] goes to the others.
func (d *drawing) keys() {
	if d.small {
		return
	}
	d.text[3] = d.say("[OK]vista", "[OK]seen")
	if n := len(d.s.Alarms) - 1; n > 0 {
		d.text[3] = fit(d.text[3], 14) + fmt.Sprintf("[>]+%d", n)
	}
}

// wrap breaks a hint into rows: a new one for each sentence as long as they
// fit, else between words.
func wrap(hint string, cols int) []string {
	var rows []string
	for _, s := range strings.SplitAfter(hint, ". ") {
		s = strings.TrimSpace(s)
		if utf8.RuneCountInString(strings.TrimSuffix(s, ".")) > cols {
			return words(hint, cols)
		}
		if s != "" {
			rows = append(rows, strings.TrimSuffix(s, "."))
		}
	}
	return rows
}

func words(text string, cols int) []string {
	var rows []string
	row := ""
	for _, w := range strings.Fields(strings.TrimSuffix(text, ".")) {
		for utf8.RuneCountInString(w) > cols { // a file's name, say
			head := string([]rune(w)[:cols])
			if i := strings.LastIndexByte(head, '-'); i > 0 {
				head = head[:i+1]
			}
			if row != "" {
				rows = append(rows, row)
			}
			rows, row, w = append(rows, head), "", w[len(head):]
		}
		switch {
		case row == "":
			row = w
		case utf8.RuneCountInString(row)+1+utf8.RuneCountInString(w) <= cols:
			row += " " + w
		default:
			rows = append(rows, row)
			row = w
		}
	}
	return append(rows, row)
}
