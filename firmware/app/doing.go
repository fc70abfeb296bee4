package app

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/board/simpanel"
	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/firmware/panel"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/update/slotwire"
	"github.com/centralita/centralita/firmware/view"
)

// What the front shows of what the box does.

// stopWait is how long the loop may take to stop a test; the front stands still so long.
const stopWait = time.Second

// buildPanel makes what shows the house on its fronts.
func (h *House) buildPanel() {
	h.front = simpanel.New(min(panel.MaxLamps, len(h.cfg.Lines)+len(h.cfg.Phones)))
	h.panel = panel.New(&h.store, h.front.Display(), h.front.Strip(), h.log)
	h.panel.SetClock(h.clock.Now)
	h.panel.OnStop(func(id tel.PortID) {
		ctx, cancel := context.WithTimeout(context.Background(), stopWait)
		defer cancel()
		if err := (technician{control{h.exchange}, h}).Release(ctx, id); err != nil {
			h.log.Warn("a line's test could not be stopped by a button", "line", id, "err", err)
		}
	})
	h.real.showOn(h.panel, h.frontTold)
}

// showStart shows how far the start has come, before there is a picture of the house; of
// the hardware once it was looked for.
func (h *House) showStart(looked bool) {
	book := h.book.State()
	s := &view.Snapshot{Version: Version, Lang: h.cfg.Site.Language, TimeZone: h.cfg.Site.Location.String(), Starting: &view.Starting{Row: book.Last, Missing: book.Missing}}
	if looked {
		s.Starting.Of = len(h.cfg.Lines)
		for _, l := range h.cfg.Lines {
			lost := slices.ContainsFunc(h.board.Reports(), func(r board.Report) bool { return r.Port == l.Socket && r.State != board.Loaded })
			if _, absent := h.wires[l.ID].(*board.Absent); !absent && !lost {
				s.Starting.Lines++
			}
		}
	}
	h.panel.Before(s)
}

// seeDoings adds to a picture what the box does.
func (h *House) seeDoings(s *view.Snapshot) {
	s.Held = h.held.Load()
	if _, since, waits := (boxDesk{h}).Waits(); waits {
		s.Restart = since
	}
	s.Update = h.updating()
	s.Trial = h.trial()
	c := health.ConfigTrial(0, 0)
	if t := s.Trial; t != nil {
		c = health.ConfigTrial(t.N, t.Back)
	}
	h.register.Hold(s.At, s.Trial != nil, c)
	h.seeTold(s)
}

// seeTold adds to each emergency call which uplinks have taken the row that it began
// with: those there know of it.
func (h *House) seeTold(s *view.Snapshot) {
	rows := map[tel.CallID]uint64{}
	for i := range s.Calls {
		c := &s.Calls[i]
		if !c.Emergency {
			continue
		}
		row, known := h.alerts[c.ID]
		if !known {
			row = s.Book.Last + uint64(s.Book.Pending)
		}
		rows[c.ID] = row
		for _, u := range s.Uplinks {
			if u.Acked >= row {
				c.Told = append(c.Told, u.ID)
			}
		}
	}
	h.alerts = rows
}

// trial is the configuration that is in use and not confirmed yet, nil: there is none.
func (h *House) trial() *view.Trial {
	if h.life == nil {
		return nil
	}
	x, _, _ := h.life.Status()
	if x.Trial == nil || x.Trial.Until.IsZero() {
		return nil
	}
	return &view.Trial{N: x.Trial.N, Back: x.Confirmed, Until: x.Trial.Until}
}

// updating is the update that is being written, nil: none is.
func (h *House) updating() *view.Update { return seeUpdate(h.updates.Doing()) }

func seeUpdate(d slotwire.Doing, version string) *view.Update {
	if d.What != "stage" && d.What != "start" {
		return nil
	}
	u := &view.Update{Version: version, Step: d.Progress.Step, Percent: -1}
	if d.Progress.Of > 0 {
		u.Percent = int(100 * d.Progress.Done / d.Progress.Of)
	}
	return u
}

// doingNews changes when an update or the trial of a configuration does, or who was told
// of an emergency.
func (h *House) doingNews() string {
	news := ""
	if t := h.trial(); t != nil {
		news = strconv.Itoa(t.N) + t.Until.Format(time.RFC3339)
	}
	if u := h.updating(); u != nil {
		news += u.Version + u.Step + strconv.Itoa(u.Percent)
	}
	if slices.ContainsFunc(h.store.Get().Calls, func(c view.Call) bool { return c.Emergency }) {
		for _, u := range h.uplinks.states() { // who has been told
			news += strconv.FormatUint(u.Acked, 10) + " "
		}
	}
	return news
}
