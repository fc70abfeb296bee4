package flow

import (
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests name zones

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/tel"
)

// schedule reads one schedule that must be sound.
func schedule(t *testing.T, text string) *Schedule {
	t.Helper()
	sink := place.NewSink("t")
	s := ParseSchedule(sink, place.Parse(sink, []byte(text)), time.UTC)
	for _, p := range sink.Problems() {
		t.Fatal(p)
	}
	return &s
}

// J8: the clock is that of the named zone, on days of 23 and 25 hours too.
func TestStatusOnTheClockOfItsZone(t *testing.T) {
	office := `{id: a, timezone: Europe/Madrid, week: {mon-fri: ["09:00-14:00", "16:00-19:00"], sat: ["10:00-13:00"], sun: ["02:00-03:00"]},
 holidays: [{date: "02-29", name: leap}, {date: "12-24", name: eve, open: ["09:00-13:00"]}, {date: "2027-12-24", name: other eve}, {date: "12-25", name: xmas},
 {date: "2027-01-06", name: kings late}, {date: "01-06", name: kings}]}`
	night := `{id: b, timezone: America/Sao_Paulo, week: {sat: ["22:00-24:00"], sun: ["00:00-01:00", "03:00-04:00"]}}`
	for _, c := range []struct {
		text, at string
		open     bool
		holiday  string
	}{
		{office, "2026-11-23T07:59:59Z", false, ""}, // 08:59:59 in Madrid
		{office, "2026-11-23T08:00:00Z", true, ""},
		{office, "2026-11-23T12:59:59Z", true, ""},
		{office, "2026-11-23T13:00:00Z", false, ""}, // the end is not in it
		{office, "2026-11-23T15:00:00Z", true, ""},
		{office, "2026-07-20T07:00:00Z", true, ""}, // 09:00 in summer
		{office, "2026-11-21T08:30:00Z", false, ""},
		{office, "2026-11-21T09:30:00Z", true, ""},
		{office, "2026-11-22T23:30:00Z", false, ""}, // Monday already
		// 2026-03-29: 02:00 to 03:00 does not exist
		{office, "2026-03-29T00:59:59Z", false, ""},
		{office, "2026-03-29T01:00:00Z", false, ""},
		// 2026-10-25: 02:00 to 03:00 comes twice
		{office, "2026-10-24T23:59:59Z", false, ""},
		{office, "2026-10-25T00:30:00Z", true, ""},
		{office, "2026-10-25T01:30:00Z", true, ""},
		{office, "2026-10-25T02:00:00Z", false, ""},
		// 29 February
		{office, "2028-02-28T09:00:00Z", true, ""},
		{office, "2028-02-29T09:00:00Z", false, "leap"},
		{office, "2027-03-01T09:00:00Z", true, ""},
		// holidays: with other hours; of one year above those of every year; by the zone's date
		{office, "2026-12-24T09:00:00Z", true, "eve"},
		{office, "2026-12-24T15:30:00Z", false, "eve"},
		{office, "2027-12-24T09:00:00Z", false, "other eve"},
		{office, "2027-01-06T09:00:00Z", false, "kings late"},
		{office, "2028-01-06T09:00:00Z", false, "kings"},
		{office, "2026-12-24T22:59:59Z", false, "eve"},
		{office, "2026-12-24T23:00:00Z", false, "xmas"},
		// a day that begins at 01:00: 2018-11-04 in Brazil
		{night, "2018-11-04T02:59:59Z", true, ""},
		{night, "2018-11-04T03:00:00Z", false, ""}, // 01:00
		{night, "2018-11-04T05:30:00Z", true, ""},  // 03:30
		{night, "2018-11-11T02:30:00Z", true, ""},  // 00:30 a week later
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		open, h := schedule(t, c.text).Status(at)
		name := ""
		if h != nil {
			name = h.Name
		}
		if open != c.open || name != c.holiday {
			t.Errorf("%s: open %v, holiday %q, want %v, %q", c.at, open, name, c.open, c.holiday)
		}
	}
}

func TestNightSwitchStandsAboveTheWeek(t *testing.T) {
	for word, want := range map[string]bool{"open": true, "closed": false} {
		s := schedule(t, `{id: a, week: {mon-sun: ["12:00-24:00"]}, holidays: [{date: "12-25"}], override: `+word+"}")
		for _, at := range []time.Time{time.Date(2026, 12, 25, 13, 0, 0, 0, time.UTC), time.Date(2026, 12, 26, 13, 0, 0, 0, time.UTC), time.Date(2026, 12, 26, 3, 0, 0, 0, time.UTC)} {
			if open, h := s.Status(at); open != want || h != nil {
				t.Errorf("%s at %s: %v %v", word, at, open, h)
			}
		}
	}
}

func TestSayGroupsDaysThatAreAlike(t *testing.T) {
	for text, want := range map[string]string{
		`mon-fri: ["09:00-14:00", "16:00-19:00"], sat: ["10:00-13:00"]`:          "intro Mon day-to Fri from 9:00 to 14:00 and from 16:00 to 19:00 | Sat from 10:00 to 13:00",
		`mon: ["09:00-14:00"], tue: ["09:00-14:00"], fri: ["09:00-14:00"]`:       "intro Mon and Tue from 9:00 to 14:00 | Fri from 9:00 to 14:00",
		`mon-sun: ["00:00-24:00"]`:                                               "intro Mon day-to Sun from 0:00 to 0:00",
		`sun: ["10:00-12:00"], sat: ["10:00-12:00"]`:                             "intro Sat and Sun from 10:00 to 12:00",
		`fri-mon: ["10:00-12:00"]`:                                               "intro Mon from 10:00 to 12:00 | Fri day-to Sun from 10:00 to 12:00",
		`mon: []`:                                                                "closed",
		`"mon,wed": ["08:00-09:00"], tue: ["16:00-17:00", "08:00-09:00"]`:        "intro Mon from 8:00 to 9:00 | Tue from 8:00 to 9:00 and from 16:00 to 17:00 | Wed from 8:00 to 9:00",
		`mon-wed: ["08:00-09:00"], thu: [], fri: ["08:00-09:00", "09:00-10:00"]`: "intro Mon day-to Wed from 8:00 to 9:00 | Fri from 8:00 to 9:00 and from 9:00 to 10:00",
	} {
		var got []string
		s := schedule(t, "{id: a, week: {"+text+"}}")
		for _, say := range s.Say(tel.Spanish) {
			switch say.Kind {
			case tel.SayWeekday:
				got = append(got, time.Weekday(say.N).String()[:3])
			case tel.SayTime:
				got = append(got, fmt.Sprintf("%d:%02d", say.N/60, say.N%60))
			case tel.SayPause:
				got = append(got, "|")
			default:
				got = append(got, strings.TrimPrefix(say.ID, "hours-"))
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, s, want)
		}
	}
}
