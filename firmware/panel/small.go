package panel

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// The small display.
const (
	SmallCols = 16
	SmallRows = 2
)

// beat is how long a row stays where several take turns.
const beat = turn / 2

// Small is what a display of two rows shows, as Frame has it.
type Small struct {
	Rows  [SmallRows]string
	Signs [SmallRows]uint32
	Next  time.Time
}

// RenderSmall draws the page for a display of 16×2: what a screen of four rows
// says at once, two rows say in turns. Pages are those of Render.
func RenderSmall(s *view.Snapshot, at time.Time, page Page, lang tel.Lang) Small {
	d := draw(s, at, lang, SmallCols)
	d.small = true
	switch {
	case s.Seq == 0:
		d.boot()
	case s.Held != nil:
		d.held(s.Held)
	case page.Screen == Queues && page.N*3 < len(s.Queues):
		list := s.Queues[page.N*3 : min(page.N*3+3, len(s.Queues))]
		d.smallQueue(list[d.turnOf(len(list))])
	case page.Screen == Agents && page.N*4 < len(s.Agents):
		list := s.Agents[page.N*4 : min(page.N*4+4, len(s.Agents))]
		first := d.turnOf((len(list)+1)/2) * 2
		for i, a := range list[first:min(first+2, len(list))] {
			d.smallAgent(i, a)
		}
	case page.Screen == Line && page.N < len(s.Lines):
		d.line(page.N)
		d.fold()
	case page.Screen == Alarm && page.N < len(s.Alarms):
		d.alarm(page.N)
		d.fold()
	case page.Screen == Seal && s.TLSKey != "":
		d.seal()
	default:
		d.resting(d.smallRest)
	}
	f := Small{Next: d.f.Next}
	for i := range f.Rows {
		f.Rows[i], f.Signs[i] = fit(strings.Map(visible, d.text[i]), SmallCols), d.signs[i]
	}
	return f
}

// turnOf is whose turn of n it is. An alarm is seen for two beats and then not
// for two, so that each pair begins where the last one ended.
func (d *drawing) turnOf(n int) int {
	if n < 2 {
		return 0
	}
	now, round := d.at.UnixNano(), int64(2*turn)
	d.wake(time.Unix(0, (now/int64(beat)+1)*int64(beat)))
	return int((now/round*2 + now%round/int64(beat)) % int64(n))
}

// wake makes the frame last until t at most.
func (d *drawing) wake(t time.Time) {
	if t.Before(d.f.Next) {
		d.f.Next = t
	}
}

// fold leaves the first row and lets the others take turns below it.
func (d *drawing) fold() {
	var list []int
	for i := 1; i < len(d.text); i++ {
		if strings.TrimSpace(d.text[i]) != "" {
			list = append(list, i)
		}
	}
	if len(list) > 0 {
		i := list[d.turnOf(len(list))]
		d.text[1], d.signs[1] = d.text[i], d.signs[i]
	}
}

func (d *drawing) smallRest() {
	signs := ""
	for _, l := range d.f.Lamps {
		signs += string(rune(l.Lamp.Look().Sign))
	}
	d.row(0, signs, d.clock(d.at))
	d.sign(0, 0, len(signs))
	d.atRest(1)
}

func (d *drawing) smallQueue(q view.Queue) {
	name, free := q.NameIn(d.lang), fmt.Sprintf(d.say("Lib %d", "Free %d"), min(q.Free, 99))
	if q.Lamp == view.Warn || q.Lamp == view.Dead {
		name = strings.TrimRight(fit(name, SmallCols-2-utf8.RuneCountInString(free)), " ") + "!"
	}
	d.row(0, name, free)
	longest := "-"
	if t, ok := q.Longest(); ok {
		longest = d.since(t)
	}
	d.row(1, fmt.Sprintf(d.say("Esp %d", "Wtg %d"), len(q.Waiting)), d.say("máx ", "max ")+longest)
}

func (d *drawing) smallAgent(row int, a view.Agent) {
	since := ""
	if a.Lamp != view.Off {
		since = d.since(a.Since)
	}
	d.row(row, fmt.Sprintf("%s %c", fit(view.FirstName(a.Name), 8), a.Lamp.Look().Sign), since)
	d.sign(row, 9, 1)
}

// Count is what four digits of seven segments say: how many wait and for how
// long the first has, in turns with "A" and the number of alarms and "U" and how far an
// update is; while a button is held, the seconds left. Next is when
// it changes by the clock alone.
func Count(s *view.Snapshot, at time.Time) (text string, next time.Time) {
	if s.Seq == 0 {
		return "----", at.Truncate(time.Minute).Add(time.Minute)
	}
	d := draw(s, at, tel.Spanish, 4)
	if h := s.Held; h != nil && h.Phase == view.PhaseHeld {
		d.wake(at.Truncate(time.Second).Add(time.Second))
		return fmt.Sprintf("--%2d", min(d.seconds(h.Until), 99)), d.f.Next
	}
	waiting, longest := waits(s)
	says := []string{fmt.Sprint(min(waiting, 9999))}
	if waiting > 0 {
		t := d.since(longest)
		if h, _, hours := strings.Cut(t, "h"); hours && len(t) > 4 {
			t = h + "h"
		}
		says = append(says, t)
	}
	if n := len(s.Alarms); n > 0 {
		says = append(says, fmt.Sprintf("A%3d", min(n, 999)))
	}
	if u := s.Update; u != nil && u.Percent >= 0 {
		says = append(says, fmt.Sprintf("U%3d", min(u.Percent, 100)))
	}
	text = says[d.turnOf(len(says))]
	if utf8.RuneCountInString(strings.ReplaceAll(text, ":", "")) > 4 {
		text = "99h" // a clock that jumped
	}
	return text, d.f.Next
}
