// Package panel turns the picture of the house into what the front of the box
// shows: lamps in their rhythms, the screens of a character display of 20×4 or
// 16×2, and who waits on four digits. Render, RenderSmall and Count are pure;
// Panel drives the hardware with them.
package panel

import (
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// The display that the screens are written for.
const (
	Cols = 20
	Rows = 4
)

// MaxLamps is how many port lamps the box has.
const MaxLamps = 8

// Screen is one kind of screen.
type Screen uint8

// Screens, in the order in which the key [>] walks them.
const (
	Rest   Screen = iota
	Queues        // N is the page of three
	Agents        // N is the page of four
	Line          // N is the line, from 0
	Alarm         // N is the alarm, from 0
	Seal          // by which people know the certificate; beside rest while the box has no owner, else last
)

// Page is a screen and which of its pages.
type Page struct {
	Screen Screen
	N      int
}

// LampState is one port lamp.
type LampState struct {
	ID   string
	Lamp view.Lamp
}

// Signal is a lamp of the whole house beside that of its health.
type Signal uint8

// Signals.
const (
	Upstream  Signal = iota // rows go to those who get the book
	QueueOver               // a queue is near its threshold, or over it
	signals
)

// Frame is what the front shows. Rows are Cols runes wide; Signs marks with one
// bit a column where a rune is a lamp's sign, which a display may draw as the
// lamp's own glyph. Next is when the frame can change by the clock alone.
type Frame struct {
	Rows    [Rows]string
	Signs   [Rows]uint32
	Lamps   []LampState
	Signals [signals]view.Lamp
	Health  view.Health
	Next    time.Time
}

// Render draws page of the picture s at the instant at, in the zone of at. A
// page that does not exist (any more) is drawn as Rest; before the first
// picture the box says that it is starting.
func Render(s *view.Snapshot, at time.Time, page Page, lang tel.Lang) Frame {
	d := draw(s, at, lang, Cols)
	if s.Seq == 0 {
		d.boot()
		return d.done()
	}
	switch {
	case s.Held != nil:
		d.held(s.Held)
	case page.Screen == Queues && page.N*3 < len(s.Queues):
		d.queues(page.N)
	case page.Screen == Agents && page.N*4 < len(s.Agents):
		d.agents(page.N)
	case page.Screen == Line && page.N < len(s.Lines):
		d.line(page.N)
	case page.Screen == Alarm && page.N < len(s.Alarms):
		d.alarm(page.N)
	case page.Screen == Seal && s.TLSKey != "":
		d.seal()
	default:
		d.resting(d.rest)
	}
	return d.done()
}

// draw begins a drawing.
func draw(s *view.Snapshot, at time.Time, lang tel.Lang, cols int) *drawing {
	d := &drawing{s: s, at: at, en: lang == tel.English, lang: lang, cols: cols}
	d.f.Lamps, d.f.Health = Lamps(s), s.Health()
	d.f.Signals = [signals]view.Lamp{Upstream: s.UpstreamLamp(), QueueOver: s.QueueLamp()}
	d.f.Next = at.Truncate(time.Minute).Add(time.Minute)
	return d
}

// Lamps returns the port lamps of the box: the lines, then the analog phones,
// at most MaxLamps.
func Lamps(s *view.Snapshot) []LampState {
	var lamps []LampState
	for _, l := range s.Lines {
		lamps = append(lamps, LampState{string(l.ID), l.Lamp})
	}
	for _, p := range s.Phones {
		if p.Port != "" {
			lamps = append(lamps, LampState{string(p.Ext), p.Lamp})
		}
	}
	return lamps[:min(len(lamps), MaxLamps)]
}

// healthLamp is the lamp state whose sign stands for the health LED in text.
func healthLamp(h view.Health) view.Lamp {
	switch h {
	case view.Sound:
		return view.Talk
	case view.NeedsAttention, view.Accepted:
		return view.Warn
	case view.Failed:
		return view.Dead
	}
	return view.Unknown
}

// Text prints the frame for a terminal: the display in a box, below it the
// lamps by their signs, the health LED last in brackets.
func Text(f Frame) string {
	var b strings.Builder
	edge := "+" + strings.Repeat("-", Cols) + "+\n"
	b.WriteString(edge)
	for _, r := range f.Rows {
		b.WriteString("|" + r + "|\n")
	}
	b.WriteString(edge)
	for _, l := range f.Lamps {
		b.WriteString(l.ID + " " + string(rune(l.Lamp.Look().Sign)) + "  ")
	}
	b.WriteString("(" + string(rune(healthLamp(f.Health).Look().Sign)) + ")\n")
	return b.String()
}
