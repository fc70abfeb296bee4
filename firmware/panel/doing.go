package panel

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/view"
)

// What the box does that a person before it should see: it starts, a button is held, an
// update is written, a line is tested, a configuration waits to be confirmed.

func (d *drawing) boot() {
	d.row(0, "Centralita", d.s.Version)
	d.row(1, d.say("Arrancando...", "Starting..."), "")
	if s := d.s.Starting; s != nil {
		d.row(2, d.say("Libro: sin huecos", "Book: no gaps"), "")
		if s.Missing > 0 {
			d.row(2, fmt.Sprintf(d.say("Libro: faltan %d", "Book: %d missing"), s.Missing), "")
		}
		if s.Of > 0 {
			d.row(3, fmt.Sprintf(d.say("Líneas: %d de %d", "Lines: %d of %d"), s.Lines, s.Of), "")
		}
	}
	if d.small && d.text[3] != "" {
		d.row(0, d.text[1], "")
		d.row(1, d.text[3], "")
	}
}

// bar is a bar of n places, done from 0 to 1.
func bar(n int, done float64, full, empty string) string {
	k := int(math.Round(max(0, min(1, done)) * float64(n)))
	return strings.Repeat(full, k) + strings.Repeat(empty, n-k)
}

// held shows what a button does that is held, and how long still.
func (d *drawing) held(h *view.Held) {
	long := ""
	if whole := h.Until.Sub(h.Since); h.Phase == view.PhaseHeld {
		long = fmt.Sprintf(d.say("Mantenga %d s", "Hold %d s"), int(whole.Seconds()))
		if h.OK {
			long = fmt.Sprintf(d.say("Mantenga OK %d s", "Hold OK %d s"), int(whole.Seconds()))
		}
	}
	erase := d.say("¿Borrar todo?", "Erase everything?")
	if d.small { // beside it stands how long
		erase = d.say("¿Borrar?", "Erase all?")
	}
	var rows []string
	switch {
	case h.Does == view.DeedErase && h.Phase == view.PhaseTold:
		rows = []string{erase, d.say("Encienda la caja con", "Switch the box on"),
			d.say("esta tecla pulsada", "with this key down"), fmt.Sprintf(d.say("y espere %d s", "and wait %d s"), int(EraseHold/time.Second))}
	case h.Does == view.DeedErase && h.Phase == view.PhaseDone:
		rows = []string{d.say("Borrando todo...", "Erasing..."), d.say("No desconecte", "Leave it plugged in"), d.calls("")}
	case h.Does == view.DeedErase:
		rows = []string{erase, long}
	case h.Does == view.DeedKeep && h.Phase == view.PhaseDone:
		rows = []string{d.say("Reinicio anulado", "Restart cancelled")}
	case h.Does == view.DeedKeep:
		rows = []string{d.say("Reinicio pedido", "Restart ordered"), d.calls(d.say("Ya", "Now")), fmt.Sprintf(d.say("Anula: mantenga %d s", "Hold %d s: cancel"), int(RestartHold/time.Second))}
	case h.Phase == view.PhaseDone:
		rows = []string{d.say("Reinicio pedido", "Restart ordered"), d.calls(d.say("Ya", "Now"))}
	case h.Phase == view.PhaseTold:
		rows = []string{d.say("¿Reiniciar?", "Restart?"), fmt.Sprintf(d.say("Mantenga %d s", "Hold %d s"), int(RestartHold/time.Second)), d.calls(d.say("Nadie habla: ya", "No call: at once"))}
	default:
		rows = []string{d.say("¿Reiniciar?", "Restart?"), long}
	}
	if d.small {
		rows = append(rows[:1], words(strings.Join(rows[1:], " "), d.cols)...)
	}
	for i, r := range rows[:min(len(rows), len(d.text))] {
		d.row(i, r, "")
	}
	if h.Phase == view.PhaseHeld {
		d.holding(h)
	} else if d.small {
		d.fold()
	}
	if !h.Until.IsZero() && h.Until.After(d.at) {
		d.wake(h.Until)
	}
}

// holding draws how long a button was held, which moves four times a second.
func (d *drawing) holding(h *view.Held) {
	done := float64(d.at.Sub(h.Since)) / float64(h.Until.Sub(h.Since))
	d.wake(d.at.Truncate(time.Second / 4).Add(time.Second / 4))
	no := d.say("Suelte para no", "Let go for no")
	if d.small {
		d.row(0, d.text[0], fmt.Sprintf("%d s", d.seconds(h.Until)))
		d.row(1, "["+bar(SmallCols-2, done, "#", ".")+"]", "")
		return
	}
	d.row(2, "["+bar(16, done, "#", ".")+"]", "")
	d.row(3, no, "")
}

// seconds is how many are left until t, begun ones too.
func (d *drawing) seconds(t time.Time) int {
	return int(math.Ceil(max(0, t.Sub(d.at).Seconds())))
}

// calls says which calls are waited for; none when there is none.
func (d *drawing) calls(none string) string {
	switch n := len(d.s.Calls); n {
	case 0:
		return none
	case 1:
		return d.say("Tras 1 llamada", "After 1 call")
	default:
		return fmt.Sprintf(d.say("Tras %d llamadas", "After %d calls"), n)
	}
}

// update shows that an update is being written.
func (d *drawing) update(u *view.Update) {
	share := ""
	if u.Percent >= 0 {
		share = fmt.Sprintf("%d %%", min(u.Percent, 100))
	}
	d.row(0, d.say("Actualizando ", "Updating ")+u.Version, "")
	step := updateSteps[u.Step]
	switch {
	case u.Version == "" && step.es != "" && d.small:
		d.row(0, d.say(step.es, step.en), "")
	case u.Version == "" && step.es != "":
		d.row(0, d.say("Actualiza: ", "Update: ")+d.say(step.es, step.en), "")
	case d.small:
		d.row(0, d.say("Actualiza ", "Update ")+u.Version, "")
	}
	d.row(1, bar(d.cols-6, float64(u.Percent)/100, "#", "-"), share)
	if !d.small {
		d.row(2, d.say("No desconecte. Las", "Do not unplug it."), "")
		d.row(3, d.say("llamadas siguen.", "Calls go on."), "")
	}
}

// updateSteps are the steps of an update in words.
var updateSteps = map[string]struct{ es, en string }{
	"fetching": {"descarga", "fetching"}, "checking": {"comprueba", "checking"}, "writing": {"escribe", "writing"}, "verifying": {"relee", "reading back"},
}

// testShown is the line whose test stands where the house rests, nil: none does. The code
// of a box without an owner and an update come first.
func testShown(s *view.Snapshot) *view.Line {
	if s.Unclaimed != nil || s.Update != nil {
		return nil
	}
	for i := range s.Lines {
		if s.Lines[i].Test != nil {
			return &s.Lines[i]
		}
	}
	return nil
}

// test shows a test of a line: how long it goes on, and what it has found.
func (d *drawing) test(l *view.Line) {
	t := l.Test
	d.wake(d.at.Truncate(time.Second).Add(time.Second))
	spent := max(0, min(t.Longest, int(d.at.Sub(t.Since).Seconds())))
	head, time := d.say("Médico ", "Doctor ")+string(l.ID), fmt.Sprintf("%d/%d s", spent, t.Longest)
	if d.small {
		head = string(l.ID) + " " + d.say("prueba", "test")
	}
	d.row(0, head, time)
	now := t.NowES
	if d.en {
		now = t.NowEN
	}
	var rows [][2]string
	if t.Found != nil {
		rows = d.found(t.Found)
	}
	if d.small || len(rows) < 2 {
		rows = append(rows, [2]string{now + "...", ""})
	}
	room := Rows - 2
	if d.small {
		room = len(d.text) - 1
	}
	for i, r := range rows[max(0, len(rows)-room):] {
		d.row(1+i, r[0], r[1])
	}
	if d.small {
		d.fold()
		return
	}
	d.row(Rows-1, d.say("[OK]parar", "[OK]stop"), "")
}

// found are the measurements of a test so far, each with what it is worth.
func (d *drawing) found(x *view.Exam) (rows [][2]string) {
	for _, f := range x.Findings {
		what := ""
		switch f.ID {
		case "battery":
			what = fmt.Sprintf(d.say("Tensión %.0f V", "Battery %.0f V"), x.VoltsOnHook)
		case "loop":
			what = fmt.Sprintf(d.say("Bucle %.0f mA", "Loop %.0f mA"), x.MilliAmps)
		case "dial-tone":
			what = d.say("Sin tono", "No dial tone")
			if len(x.DialHz) > 0 {
				what = fmt.Sprintf(d.say("Tono %.0f Hz", "Tone %.0f Hz"), x.DialHz[0])
			}
		case "hum":
			what = fmt.Sprintf(d.say("Zumbido %.0f", "Hum %.0f"), x.Hum)
		case "noise":
			what = fmt.Sprintf(d.say("Ruido %.0f dBm0", "Noise %.0f dBm0"), x.Noise)
		case "clicks":
			what = fmt.Sprintf(d.say("Chasquidos %d", "Clicks %d"), x.Clicks)
		case "echo":
			what = fmt.Sprintf(d.say("Eco %.0f dB", "Echo %.0f dB"), x.ERL)
		default:
			continue
		}
		rows = append(rows, [2]string{what, map[string]string{"ok": "ok", "look": "!", "bad": "X"}[f.Rank]})
	}
	return rows
}

// trial shows a configuration that waits to be confirmed; a is its alarm.
func (d *drawing) trial(a view.Alarm, t *view.Trial) {
	d.head(a, fmt.Sprintf(d.say("CONFIGURACIÓN %d", "CONFIGURATION %d"), t.N), "")
	if d.small {
		d.head(a, fmt.Sprintf("CONFIG %d", t.N), "")
	}
	d.row(1, d.say("Confirme en", "Confirm within"), d.left(t.Until))
	if d.small {
		d.row(1, d.say("Confirme", "Confirm in"), d.left(t.Until))
	}
	switch {
	case t.Back > 0 && d.small:
		d.row(2, fmt.Sprintf(d.say("Si no, la %d", "Else back to %d"), t.Back), "")
	case t.Back > 0:
		d.row(2, fmt.Sprintf(d.say("Si no, vuelve la %d", "Else %d comes back"), t.Back), "")
	}
	d.keys()
}

// seal shows by what people know the certificate of the pages.
func (d *drawing) seal() {
	d.row(0, d.say("Llave de las páginas", "Key of the pages"), "")
	groups := strings.Split(d.s.TLSKey, "-")
	for i := range 2 {
		from := min(3*i, len(groups))
		d.row(1+i, strings.Join(groups[from:min(from+3, len(groups))], "-"), "")
	}
	if d.small {
		d.row(0, d.text[1], "")
		d.row(1, d.text[2], "")
	} else if c := d.s.Unclaimed; c != nil {
		d.row(3, c.Where(d.cols), "")
	}
}

// resting draws the screen of nobody asking for another.
func (d *drawing) resting(rest func()) {
	switch l := testShown(d.s); {
	case d.s.Unclaimed != nil:
		d.claim()
	case d.s.Update != nil:
		d.update(d.s.Update)
	case l != nil:
		d.test(l)
	default:
		rest()
	}
}
