package app

import (
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/panel"
	"github.com/centralita/centralita/firmware/reach"
	"github.com/centralita/centralita/firmware/uplink"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/web"
)

// complete adds to a picture what only the other rooms know.
func (h *House) complete(s *view.Snapshot) {
	s.Started, s.Clock, s.Board = h.started, string(h.clock.State()), h.parts()
	late := h.engine.Lateness()
	s.Media = view.Media{
		Shards: h.shards, Legs: h.engine.Legs(), Ticks: late.Ticks,
		LateMS: millis(late.P99), MaxMS: millis(late.Max),
	}
	s.Media.Tardy = int(h.tardy.Load())
	s.Media.Late = h.stutters.Load()
	st := h.book.State()
	s.Book.Last, s.Book.Pending, s.Book.Lost, s.Book.Missing = st.Last, st.Pending, st.Lost, st.Missing
	s.Machine = h.machine.Load()
	if st.Err != nil {
		s.Book.Error = st.Err.Error()
	}
	for _, u := range h.uplinks.states() {
		s.Uplinks = append(s.Uplinks, seeUplink(u))
	}
	h.register.House(s.At, s)
	h.checks.Apply(s.At, &h.register)
	h.holdDog(s.At)
	h.holdLog(s.At)
	h.holdFront(s.At)
	h.holdClock(s.At)
	h.holdCrash(s.At)
	h.holdUpdates(s.At)
	h.holdListening(s.At)
	h.seeDoors(s)
	h.seeDoings(s)
	s.Alarms, s.Calm = h.register.Alarms(), h.register.Calm()
	s.Times(h.clock.At)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func seeUplink(u uplink.State) view.Uplink {
	v := view.Uplink{ID: u.ID, State: u.State, Since: u.Since, Pending: u.Pending, Acked: u.Acked, Error: u.Error, Next: u.Next, Lamp: view.Idle}
	v.WhyES, v.WhyEN = reach.Why(u.Err)
	switch u.State {
	case uplink.Sending:
		v.Lamp = view.Talk
	case uplink.Waiting:
		v.Lamp = view.Warn
	case uplink.Refused:
		v.Lamp = view.Dead
	}
	return v
}

// frontPicture is the box as a person before it sees it.
func (h *House) frontPicture() web.Front {
	rows, s := h.front.Rows(), h.store.Get()
	f := web.Front{Changes: h.front.Changes() + s.Seq, Rows: slices.Clone(rows[:]), Light: h.front.Light().String()}
	if s.Unclaimed != nil {
		hideCode(f.Rows, s.Unclaimed.Code)
	}
	for _, l := range panel.Lamps(s) {
		f.Lamps = append(f.Lamps, web.FrontLamp{ID: l.ID, State: l.Lamp.String()})
	}
	f.Lamps = append(f.Lamps, web.FrontLamp{ID: "health", State: s.Health().String()})
	return f
}
