package office

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/testbench/voicemodem"
)

// A board without a clock battery and without a network boots in the year 2000. The
// date of the first caller id sets the clock: the call itself, which began before, is
// booked at the right time, the schedule knows the hour, and an appliance whose clock
// is good does not look at such a date.
func TestCallerIDSetsTheClock(t *testing.T) {
	doc := strings.Replace(modems(), "    start: menu\n", "    start: horario\n", 1)
	doc = strings.Replace(doc, "    nodes:\n", "    nodes:\n      horario: {schedule: oficina, open: menu, closed: fin}\n", 1)
	doc = strings.Replace(doc, "flows:\n", "schedules:\n  - {id: oficina, week: {mon-fri: [\"09:00-14:00\"]}}\nflows:\n", 1)
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		clock, shown string
		began        time.Time
		node         string
	}{
		// A Tuesday at eleven, by the exchange: open. The first of January 2000 was a Saturday.
		"unset": {"unset", "callerid", time.Date(2026, 12, 1, 11, 30, 0, 0, madrid), "menu"},
		"good":  {"ntp", "ntp", time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), "fin"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				exchange := &voicemodem.Exchange{}
				modem := voicemodem.New(voicemodem.Full(), exchange)
				exchange.Attach(modem)
				o := OpenWith(t, 5, doc, pack, plug(modem))
				o.Stop()
				o.Clock = c.clock
				o.Start()
				modem.Today("1201", "1130")
				exchange.Call("600123456", "JUAN")
				o.Until("the line is answered", 10*time.Second, modem.OffHook)
				exchange.Hush()
				o.Until("the flow has chosen", 5*time.Second, func() bool {
					calls := o.House().View().Calls
					return len(calls) == 1 && calls[0].Node == c.node
				})
				if got := o.House().View().Clock; got != c.shown {
					o.T.Errorf("the picture has the clock %q, want %q", got, c.shown)
				}
				exchange.HangUp()
				o.Until("the call is over", time.Minute, func() bool { return len(o.House().View().Calls) == 0 })
				o.Stop()
				r := o.Records()
				if len(r) != 1 || r[0].Began.Sub(c.began).Abs() > time.Minute || r[0].Ended.Before(r[0].Began) || r[0].Ended.Sub(c.began) > 2*time.Minute {
					o.T.Errorf("booked are %+v", r)
				}
				o.clockBooked(c.shown == "callerid")
			})
		})
	}
}

// clockBooked looks whether the book says that caller id set the clock.
func (o *Office) clockBooked(want bool) {
	o.T.Helper()
	found := false
	for _, row := range o.Facts() {
		f, err := row.Fact()
		if err != nil {
			o.T.Fatal(err)
		}
		if f.Kind == call.Clock {
			found = true
			if f.Reason != "callerid" || f.Evidence != "caller id on L1: 12-01 11:30" || f.Millis < 26*365*24*3600*1000 || f.Node != "unset" {
				o.T.Errorf("booked is %+v", f)
			}
		}
	}
	if found != want {
		o.T.Errorf("the book says %t that the clock was set", found)
	}
}
