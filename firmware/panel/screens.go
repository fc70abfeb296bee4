package panel

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// drawing is one frame in the making.
type drawing struct {
	s     *view.Snapshot
	at    time.Time
	en    bool
	lang  tel.Lang
	cols  int
	small bool      // of two rows: no keys are drawn
	text  [8]string // rows; a display of four shows the first four
	signs [8]uint32 // as Frame.Signs
	f     Frame
}

// say chooses the language.
func (d *drawing) say(es, en string) string {
	if d.en {
		return en
	}
	return es
}

// done makes every row exactly as wide as the display.
func (d *drawing) done() Frame {
	for i := range d.f.Rows {
		d.f.Rows[i], d.f.Signs[i] = fit(strings.Map(visible, d.text[i]), Cols), d.signs[i]
	}
	return d.f
}

// visible keeps what takes one place on a display and moves no cursor.
func visible(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return '?'
}

// row sets row n: left from the left, cut where right begins, right at the end.
func (d *drawing) row(n int, left, right string) {
	room := d.cols - utf8.RuneCountInString(right)
	if right != "" {
		left = fit(left, room-1) + " "
	}
	d.text[n] = fit(left, room) + right
}

// sign marks the runes of row n from column on as lamp signs.
func (d *drawing) sign(n, column, count int) {
	d.signs[n] |= (1<<count - 1) << column
}

// since counts from t on, in at most five columns, and wakes each second.
func (d *drawing) since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	d.f.Next = d.at.Truncate(time.Second).Add(time.Second)
	if e := d.at.Sub(t); e >= time.Hour {
		return fmt.Sprintf("%dh%02d", int(e.Hours()), int(e.Minutes())%60)
	}
	return view.Duration(d.at.Sub(t))
}

func (d *drawing) clock(t time.Time) string { return view.TimeOfDay(t.In(d.at.Location())) }

func (d *drawing) rest() {
	s := d.s
	d.row(0, s.Site, d.clock(d.at))
	pips, label := d.sip()
	numbers, signs := "", ""
	for i, l := range d.f.Lamps {
		numbers += fmt.Sprint(i + 1)
		signs += string(rune(l.Lamp.Look().Sign))
	}
	d.row(1, numbers, label)
	d.row(2, signs, pips)
	d.sign(2, 0, len(signs))
	d.sign(2, Cols-len(pips), len(pips))
	d.atRest(3)
}

// waits returns how many callers wait in all queues and since when the longest does.
func waits(s *view.Snapshot) (waiting int, longest time.Time) {
	for _, q := range s.Queues {
		waiting += len(q.Waiting)
		if t, ok := q.Longest(); ok && (longest.IsZero() || t.Before(longest)) {
			longest = t
		}
	}
	return waiting, longest
}

// sip returns the signs of the trunks' channels and "SIP 6/10"; without trunks
// those of the SIP phones and "Tel 2/4", how many can be rung.
func (d *drawing) sip() (pips, label string) {
	var lamps []view.Lamp
	used, size := 0, 0
	for _, t := range d.s.Trunks {
		used, size = used+t.Used, size+t.Size
		lamps = append(lamps, d.s.TrunkLamps(t)...)
	}
	label = "SIP"
	if len(d.s.Trunks) == 0 {
		label = "Tel"
		for _, p := range d.s.Phones {
			if p.Port != "" {
				continue
			}
			size++
			if p.Lamp != view.Off && p.Lamp != view.Dead && p.Lamp != view.Unknown {
				used++
			}
			lamps = append(lamps, p.Lamp)
		}
	}
	if size == 0 {
		return "", ""
	}
	for _, l := range lamps[:min(len(lamps), 10)] {
		pips += string(rune(l.Look().Sign))
	}
	return pips, fmt.Sprintf("%s %d/%d", label, used, size)
}

func (d *drawing) queues(page int) {
	d.text[0] = d.say("Cola    Esp Max  Lib", "Queue   Wtg Max Free")
	for i, q := range d.s.Queues[page*3 : min(page*3+3, len(d.s.Queues))] {
		name := fit(q.NameIn(d.lang), 8)
		if q.Lamp == view.Warn || q.Lamp == view.Dead {
			name = fit(strings.TrimRight(fit(q.NameIn(d.lang), 7), " ")+"!", 8)
		}
		longest := "-"
		if t, ok := q.Longest(); ok {
			longest = d.since(t)
		}
		d.text[i+1] = fmt.Sprintf("%s%3d%5s%4d", name, min(len(q.Waiting), 999), longest, min(q.Free, 999))
	}
}

func (d *drawing) agents(page int) {
	for i, a := range d.s.Agents[page*4 : min(page*4+4, len(d.s.Agents))] {
		since := ""
		if a.Lamp != view.Off {
			since = d.since(a.Since)
		}
		d.text[i] = fmt.Sprintf("%s %c%5s %s", fit(view.FirstName(a.Name), 6), a.Lamp.Look().Sign, since, fit(d.place(a), 6))
		d.sign(i, 7, 1)
	}
}

// place is what an agent is busy with: the queue of his call, why he pauses,
// or the queue he waits for.
func (d *drawing) place(a view.Agent) string {
	if a.Lamp == view.Pause {
		return a.ReasonIn(d.lang)
	}
	for _, c := range d.s.Calls {
		if a.Call != "" && c.ID == a.Call {
			return d.queueName(c.Queue)
		}
	}
	if len(a.Queues) > 0 {
		return d.queueName(a.Queues[0])
	}
	return ""
}

func (d *drawing) queueName(id tel.QueueID) string {
	for _, q := range d.s.Queues {
		if q.ID == id {
			return q.NameIn(d.lang)
		}
	}
	return ""
}

func (d *drawing) agentName(id tel.AgentID) string {
	for _, a := range d.s.Agents {
		if a.ID == id {
			return view.FirstName(a.Name)
		}
	}
	return ""
}

// public is a number by its last three digits, in ASCII.
func public(n tel.Number) string {
	if n == "" {
		return "?"
	}
	return strings.ReplaceAll(view.Mask(n), "··· ", "...")
}

// fit cuts or fills s to exactly n runes.
func fit(s string, n int) string {
	if n <= 0 {
		return ""
	}
	k := 0
	for i := range s {
		if k == n {
			return s[:i]
		}
		k++
	}
	return s + strings.Repeat(" ", n-k)
}
