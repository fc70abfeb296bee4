package console

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/console/edit"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// showLines prints lines and trunks.
func showLines(_ context.Context, s *session) int {
	v, ok := s.picture()
	if !ok {
		return s.stopped()
	}
	if s.r.json {
		for _, l := range v.Lines {
			s.json(l)
		}
		for _, t := range v.Trunks {
			s.json(t)
		}
		return Fine
	}
	s.lines(v)
	return Fine
}

// linesWide are the columns of the table of lines.
var linesWide = []int{1, 10, 16, 14, -8, 10, 15}

// lines prints the table. A detail that is too long for its column stands below.
func (s *session) lines(v *view.Snapshot) {
	s.row(linesWide, "", s.t("Línea", "Line"), s.t("Número", "Number"), s.t("Estado", "State"), s.t("Desde", "For"), s.t("Llamada", "Call"), s.t("Detalle", "Detail"))
	for _, l := range v.Lines {
		s.lineRow(l.Lamp, string(l.ID), string(l.Number), s.since(l.Since), string(l.Call), s.plain(l.Detail))
	}
	for _, t := range v.Trunks {
		s.lineRow(t.Lamp, string(t.ID), fmt.Sprintf("SIP %d/%d", t.Used, t.Size), s.since(t.Since), "", t.Why)
	}
}

func (s *session) lineRow(lamp view.Lamp, id, number, since, call, detail string) {
	detail, below := safe(detail), ""
	if edit.Columns(detail) > linesWide[len(linesWide)-1] {
		detail, below = "", detail
	}
	s.row(linesWide, sign(lamp), id, number, lamp.In(s.lang), since, call, detail)
	if below != "" {
		s.wrap("   ", "   ", below)
	}
}

// watchLines shows the table live: the whole of it where it can be drawn over, or as
// JSON; else each line that changed, with the time.
func watchLines(ctx context.Context, s *session) int {
	if s.c.d.View == nil {
		return s.stopped()
	}
	if s.r.json {
		return s.redraw(ctx, func(int) string { return s.drawn(func(d *session) { showLines(ctx, d) }) })
	}
	if s.draws() {
		return s.redraw(ctx, func(int) string { return s.drawn(func(d *session) { d.lines(d.c.d.View()) }) })
	}
	last := map[tel.PortID]string{}
	return s.redraw(ctx, func(n int) string {
		v := s.c.d.View()
		if n == 0 {
			for _, l := range v.Lines {
				last[l.ID] = s.doing(l)
			}
			return s.drawn(func(d *session) { d.lines(v) })
		}
		return s.drawn(func(d *session) {
			for _, l := range v.Lines {
				if text := s.doing(l); last[l.ID] != text {
					last[l.ID] = text
					d.wrap(d.clock(s.c.d.Now()), "         ", text)
				}
			}
		})
	})
}

// doing is what a line does, in one sentence without times.
func (s *session) doing(l view.Line) string {
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s %s", sign(l.Lamp), l.ID, l.Lamp.In(s.lang), l.Call, safe(s.plain(l.Detail)))), " ")
}

// drawn is what do prints, without the last line's end.
func (s *session) drawn(do func(*session)) string {
	var b bytes.Buffer
	d := *s
	d.out, d.now = &b, s.c.d.Now()
	do(&d)
	return strings.TrimSuffix(b.String(), "\n")
}

// draws reports whether pictures replace each other on the person's screen.
func (s *session) draws() bool { return s.sh == nil || s.sh.ansi }

// redraw shows a picture again at each change, twice a second at most, until the person
// has had enough; n counts the pictures. A picture without a word is none.
func (s *session) redraw(ctx context.Context, picture func(n int) string) int {
	s.watching()
	tick := time.NewTicker(time.Second / 2)
	defer tick.Stop()
	shown := ""
	for n := 0; ; n++ {
		text := picture(n)
		if text == shown {
			text = ""
		}
		if text != "" || n%10 == 0 {
			if s.err = s.frame(text); s.err != nil {
				return Fine // the reader went away
			}
		}
		if text != "" {
			shown = text
		}
		if s.r.once {
			return Fine
		}
		select {
		case <-ctx.Done():
			return Fine
		case <-tick.C:
		}
	}
}
