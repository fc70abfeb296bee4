package console

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// watchmaker is a Time that remembers.
type watchmaker struct {
	state ClockState
	set   time.Time
	who   tel.Who
	err   error
}

func (w *watchmaker) Clock() ClockState { return w.state }
func (w *watchmaker) SetTime(_ context.Context, who tel.Who, at time.Time) error {
	w.set, w.who = at, who
	return w.err
}

func TestTimeGolden(t *testing.T) {
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 29, 0, 23, 5, 0, time.UTC)
	state := ClockState{
		Time: at, Zone: "Europe/Madrid", State: "rtc", Trusted: true, Floor: at.Add(-time.Minute), Changed: at.Add(-time.Hour), By: "caller id on L1: 12-01 11:30",
		System: at.Add(-3 * time.Second), Offset: 3, Beside: "cannot set the system's clock: operation not permitted", RTC: "",
		Sources: []ClockSource{
			{Source: "ntpd", Says: at.AddDate(1, 0, 0), Offset: 365 * 86400, Age: 65, Doubt: "more than a day from a time that is trusted", DoubtES: "a más de un día de la hora segura"},
			{Source: "rtc", Says: at, Age: 3600, Used: true},
			{Source: "saved", Says: at.Add(-75 * time.Minute), Offset: -4500, Age: 3600},
		},
	}
	for _, cmd := range []string{"time", "time --json", "time zone", "time zone America/Bogota", "time zone Marte/Colonia", "time set 2026-11-29 01:23", "time set mañana 01:23", "time set 2027-03-28 02:30"} {
		for _, lang := range []string{"es", "en"} {
			name := strings.NewReplacer(" ", "-", "--", "", "/", "", ":", "", "ñ", "n").Replace(cmd) + "." + lang
			t.Run(name, func(t *testing.T) {
				c := New(Deps{Time: &watchmaker{state: state}, Location: madrid})
				var out strings.Builder
				code := c.Exec(t.Context(), append(strings.Fields(cmd), "--lang", lang), &out)
				golden(t, name, fmt.Sprintf("$ centralita %s --lang %s\n%s-> %d\n", cmd, lang, &out, code))
				seemly(t, out.String(), strings.Contains(cmd, "--json"))
			})
		}
	}
}

// What a person types is in the zone of the house, and stands under his name.
func TestTimeSet(t *testing.T) {
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	w := &watchmaker{}
	c := New(Deps{Time: w, Location: madrid})
	var out strings.Builder
	who := tel.Who{Name: "ana", Role: tel.Technician, Via: tel.DoorSerial}
	if code := c.ExecAs(t.Context(), who, []string{"time", "set", "2026-07-29", "01:23:45"}, &out); code != Fine ||
		!w.set.Equal(time.Date(2026, 7, 28, 23, 23, 45, 0, time.UTC)) || w.who != who {
		t.Errorf("%d, %s by %v: %s", code, w.set, w.who, &out)
	}
	w.err = usageError{"lo lleva la red", "the network keeps it"}
	out.Reset()
	if code := c.ExecAs(t.Context(), who, []string{"time", "set", "2026-07-29", "01:23"}, &out); code != NotFine || !strings.Contains(out.String(), "la red") {
		t.Errorf("%d: %s", code, &out)
	}
}
