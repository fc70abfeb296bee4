package app

import (
	"cmp"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/firmware/sipua/screen"
	"github.com/centralita/centralita/firmware/syslog"
	"github.com/centralita/centralita/firmware/view"
)

// buildSyslog sends the log to a server as well, where the configuration names one.
func (h *House) buildSyslog() error {
	c := h.cfg.Log.Syslog
	if c == nil {
		return nil
	}
	host, _ := os.Hostname() // without one the site stands for it
	l, err := syslog.New(syslog.Config{
		Server: c.Server, Transport: c.Transport, CA: c.CA, Host: cmp.Or(host, h.cfg.Site.ID), App: "centralita", Version: Version, Dial: h.out.DialLog,
	})
	if err != nil {
		return err
	}
	h.syslog = l
	h.log = slog.New(slog.NewMultiHandler(h.log.Handler(), screen.QuietLog(h.remote().Handler())))
	return nil
}

// remote is the log that goes to the server alone, under the name of the site.
func (h *House) remote() *slog.Logger {
	return slog.New(dated{h.syslog.Handler(slog.LevelInfo), h.clock.At}).With("site", h.cfg.Site.ID)
}

// logAlarms tells the server which conditions came and went.
func (h *House) logAlarms() {
	if h.syslog == nil {
		return
	}
	now := h.store.Get().Alarms
	came, went := alarmNews(h.signs.alarms, now)
	h.signs.alarms = now
	log := h.remote()
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
	if h.syslog == nil {
		return
	}
	st := h.syslog.State()
	h.register.Hold(now, st.Err != nil, health.SyslogDown(h.cfg.Log.Syslog.Server, st.Dropped))
}
