package console

import (
	"context"
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Time is the clock of the house.
type Time interface {
	Clock() ClockState
	// SetTime sets it; its error is a sentence for people.
	SetTime(ctx context.Context, who tel.Who, at time.Time) error
}

// ClockState is what time it is, and who says so.
type ClockState struct {
	Time    time.Time     `json:"time"`
	Zone    string        `json:"zone"`
	State   string        `json:"state"`
	Trusted bool          `json:"trusted"`
	Floor   time.Time     `json:"floor"` // the last time that was trusted: none below it is believed
	Changed time.Time     `json:"changed"`
	By      string        `json:"changed_by,omitempty"`
	System  time.Time     `json:"system"` // what the machine's clock shows
	Synced  bool          `json:"system_synchronised"`
	Offset  float64       `json:"offset_s"`            // of the time over the system's clock
	Beside  string        `json:"beside,omitempty"`    // why the system's clock was not set
	RTC     string        `json:"rtc_error,omitempty"` // why the clock with the battery tells nothing
	Sources []ClockSource `json:"sources"`
}

// ClockSource is the last word of one source.
type ClockSource struct {
	Source  string    `json:"source"`
	Says    time.Time `json:"says"`     // what it would show now
	Offset  float64   `json:"offset_s"` // over the time in force
	Age     float64   `json:"heard_s_ago"`
	Used    bool      `json:"used"`
	Doubt   string    `json:"doubt,omitempty"`
	DoubtES string    `json:"-"`
}

var timeCommands = []command{
	{"time set", "YYYY-MM-DD HH:MM[:SS]", "pone la hora a mano", "set the time by hand", 2, 2, false, tel.Technician, "--json", setTime},
	{"time zone", "[Area/City]", "la zona horaria, y dónde se cambia", "the time zone, and where to change it", 0, 1, false, tel.Nobody, "--json", showZone},
	{"time", "", "qué hora es y quién lo dice", "what time it is, and who says so", 0, 0, false, tel.Nobody, "--json", showTime},
}

// clockSource names a source for people.
func clockSource(s *session, source string) string {
	switch source {
	case "ntpd":
		return s.t("red (sistema)", "network (system)")
	case "net":
		return s.t("red (consulta)", "network (asked)")
	case "hand":
		return s.t("a mano", "by hand")
	case "rtc":
		return s.t("reloj con pila", "battery clock")
	case "system":
		return s.t("reloj del sistema", "system clock")
	case "callerid":
		return s.t("llamante", "caller id")
	case "saved":
		return s.t("último guardado", "last saved")
	}
	return source
}

func showTime(_ context.Context, s *session) int {
	if s.c.d.Time == nil {
		return s.stopped()
	}
	c := s.c.d.Time.Clock()
	if s.r.json {
		s.json(c)
		return Fine
	}
	full := func(t time.Time) string { return t.In(s.c.d.Location).Format("2006-01-02 15:04:05") }
	s.line(fmt.Sprintf("%s %s  (%s)", full(c.Time), safe(c.Zone), clockWord(s, c.State)))
	synced := s.t("sin sincronizar", "not synchronised")
	if c.Synced {
		synced = s.t("sincronizado", "synchronised")
	}
	s.line(fmt.Sprintf("%s %s %s, %+.3f s", s.t("Sistema", "System"), full(c.System), synced, -c.Offset))
	if c.By != "" {
		s.wrap("", "  ", fmt.Sprintf("%s %s: %s", s.t("Último cambio", "Last change"), full(c.Changed), safe(c.By)))
	}
	w := []int{18, 19, -14, -9, 18}
	s.row(w, s.t("Fuente", "Source"), s.t("Dice", "Says"), s.t("Diferencia", "Difference"), s.t("Hace", "Ago"), "")
	for _, x := range c.Sources {
		state := ""
		switch {
		case x.Doubt != "":
			state = s.t("no se cree", "not believed")
		case x.Used:
			state = s.t("en uso", "in use")
		}
		s.row(w, clockSource(s, x.Source), full(x.Says), fmt.Sprintf("%+.1f s", x.Offset), span(seconds(x.Age)), state)
		if x.Doubt != "" {
			s.wrap("  ", "  ", s.t(x.DoubtES, x.Doubt))
		}
	}
	if c.RTC != "" {
		s.wrap("", "  ", s.t("Reloj con pila: ", "Battery clock: ")+safe(s.plain(c.RTC)))
	}
	if c.Beside != "" {
		s.wrap("", "  ", s.t("El reloj del sistema no se pudo poner; la hora se lleva aparte: ", "The system's clock could not be set; the time is kept beside it: ")+safe(c.Beside))
	}
	return Fine
}

// setTime sets the time that a person typed, in the zone of the house.
func setTime(ctx context.Context, s *session) int {
	if s.c.d.Time == nil {
		return s.stopped()
	}
	typed := s.r.args[0] + " " + s.r.args[1]
	at, err := time.ParseInLocation("2006-01-02 15:04:05", typed, s.c.d.Location)
	if err != nil {
		at, err = time.ParseInLocation("2006-01-02 15:04", typed, s.c.d.Location)
	}
	if err != nil {
		return s.fail(Usage, usageError{fmt.Sprintf("%q no es una hora; se escribe: time set 2026-11-29 01:23", safe(typed)),
			fmt.Sprintf("%q is no time; write: time set 2026-11-29 01:23", safe(typed))})
	}
	if got := at.Format("2006-01-02 15:04"); len(typed) >= len(got) && got != typed[:len(got)] {
		return s.fail(Usage, usageError{fmt.Sprintf("a esa hora no hay las %s: el reloj salta", typed[11:16]), fmt.Sprintf("that day has no %s: the clocks jump", typed[11:16])})
	}
	if err := s.c.d.Time.SetTime(ctx, s.who, at); err != nil {
		return s.fail(NotFine, err)
	}
	s.now = s.c.d.Now()
	return showTime(ctx, s)
}

// showZone says the zone; it is a line of the configuration.
func showZone(_ context.Context, s *session) int {
	if s.c.d.Time == nil {
		return s.stopped()
	}
	c := s.c.d.Time.Clock()
	if len(s.r.args) == 1 {
		name := s.r.args[0]
		if _, err := time.LoadLocation(name); err != nil || name == "Local" {
			return s.fail(Usage, usageError{fmt.Sprintf("no hay zona %q; una es America/Bogota", safe(name)), fmt.Sprintf("there is no zone %q; one is America/Bogota", safe(name))})
		}
		if name == c.Zone {
			return Fine
		}
		return s.fail(NotFine, usageError{
			"La zona es parte de la configuración; pista: timezone: " + name + " en site.",
			"The zone is part of the configuration; hint: timezone: " + name + " in site.",
		})
	}
	if s.r.json {
		s.json(map[string]string{"zone": c.Zone})
		return Fine
	}
	name, off := c.Time.In(s.c.d.Location).Zone()
	s.line(fmt.Sprintf("%s  %s  UTC%+03d:%02d", safe(c.Zone), name, off/3600, max(off, -off)/60%60))
	return Fine
}
