package app

import (
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/firmware/reach"
	"github.com/centralita/centralita/firmware/view"
)

// logAlarms tells the server which conditions came and went.
func (h *House) logAlarms() {
	log := h.syslog.alone()
	if log == nil {
		return
	}
	now := h.store.Get().Alarms
	came, went := alarmNews(h.signs.alarms, now)
	h.signs.alarms = now
	for _, a := range came {
		log.Warn("alarm", "id", a.ID, "what", a.EN, "hint", a.HintEN, "urgent", a.Rank == view.Urgent)
	}
	for _, a := range went {
		log.Info("alarm over", "id", a.ID, "what", a.EN)
	}
}

// alarmNews returns the conditions that came and those that went.
func alarmNews(before, now []view.Alarm) (came, went []view.Alarm) {
	has := func(list []view.Alarm, id string) bool {
		return slices.ContainsFunc(list, func(a view.Alarm) bool { return a.ID == id })
	}
	for _, a := range now {
		if !has(before, a.ID) {
			came = append(came, a)
		}
	}
	for _, a := range before {
		if !has(now, a.ID) {
			went = append(went, a)
		}
	}
	return came, went
}

// holdLog raises or clears the condition of the log's server.
func (h *House) holdLog(now time.Time) {
	r := h.syslog.now.Load()
	if r == nil {
		h.register.Hold(now, false, health.SyslogDown("", 0, "", ""))
		return
	}
	st := r.log.State()
	es, en := reach.Why(st.Err)
	h.register.Hold(now, st.Err != nil, health.SyslogDown(r.conf.Server, st.Dropped, es, en))
}
