package flow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/tel"
)

// days are the words for days of the week in the document, by time.Weekday.
var days = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseSchedule reads one schedule from the table n; its clock is that of zone.
func ParseSchedule(sink *place.Sink, n *place.Node, zone *time.Location) Schedule {
	f := sink.Fields(n, n.At, "schedule")
	s := Schedule{ID: f.NeedText("id", "oficina"), Location: zone}
	checkID(sink, f.At("id"), "the id of a schedule", s.ID)
	if name := f.Text("timezone", ""); name != "" {
		if loc, ok := Zone(sink, f.At("timezone"), name); ok {
			s.Location = loc
		}
	}
	s.Override = Override(f.Enum("override", "auto", "auto", "open", "closed"))
	if s.Override == "auto" {
		s.Override = Auto
	}
	f.Need("week", `{mon-fri: ["09:00-14:00"]}`)
	var set [7]place.At
	for _, p := range f.Pairs("week") {
		spans := parseSpans(sink, p.Value, p.Key.Text)
		wd := parseDays(sink, p.Key)
		for _, d := range wd {
			if set[d] != (place.At{}) {
				sink.Report(p.Key.At, fmt.Sprintf("%s stands in the week twice", days[d]),
					fmt.Sprintf("line %d has it already", set[d].Line), "give each day its hours once")
				break
			}
		}
		for _, d := range wd {
			s.Week[d], set[d] = spans, p.Key.At
		}
	}
	for _, item := range f.List("holidays") {
		if h, ok := parseHoliday(sink, item, s.Holidays); ok {
			s.Holidays = append(s.Holidays, h)
		}
	}
	f.Done()
	return s
}

// Zone loads a time zone by its name in the tz database, reporting an unknown one.
func Zone(sink *place.Sink, at place.At, name string) (*time.Location, bool) {
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" || name == "" {
		sink.Report(at, fmt.Sprintf("the time zone %s is not known", place.Quote(name)), "names are those of the tz database",
			"write one such as Europe/Madrid or America/Bogota")
		return nil, false
	}
	return loc, true
}

// parseDays reads "mon", "mon-fri" or "mon,wed".
func parseDays(sink *place.Sink, key *place.Node) []int {
	var out []int
	for part := range strings.SplitSeq(key.Text, ",") {
		first, last, span := strings.Cut(strings.TrimSpace(part), "-")
		if !span {
			last = first
		}
		from, to := slices.Index(days[:], first), slices.Index(days[:], last)
		if from < 0 || to < 0 {
			hint := "write mon-fri, sat or mon,wed,fri"
			if w := place.Near(first, days[:]); from < 0 && w != "" {
				hint = fmt.Sprintf("did you mean %q?", w)
			}
			sink.Report(key.At, fmt.Sprintf("%s is no day of the week", place.Quote(key.Text)), "days are mon tue wed thu fri sat sun", hint)
			return nil
		}
		for d := from; ; d = (d + 1) % 7 {
			out = append(out, d)
			if d == to {
				break
			}
		}
	}
	return out
}

// parseSpans reads openings of one day: sorted, not overlapping, not past midnight.
func parseSpans(sink *place.Sink, n *place.Node, day string) []Span {
	if n.Kind != place.List {
		sink.Report(n.At, fmt.Sprintf("the hours of %s must be a list", place.Quote(day)), "they are "+n.Kind.String(), `write ["09:00-14:00"]; [] is closed`)
		return nil
	}
	var out []Span
	for _, item := range n.Items {
		a, b, dash := strings.Cut(item.Text, "-")
		from, ok1 := parseTime(strings.TrimSpace(a))
		to, ok2 := parseTime(strings.TrimSpace(b))
		quoted := place.Quote(item.Text)
		switch {
		case item.Kind != place.Text || !dash || !ok1 || !ok2:
			sink.Report(item.At, fmt.Sprintf("%s are no hours", quoted), "hours are from 00:00 to 24:00", `write them as "09:00-14:00"`)
			continue
		case to == from:
			sink.Report(item.At, fmt.Sprintf("the hours %s are empty", quoted), "they end when they begin", "remove them")
			continue
		case to < from:
			sink.Report(item.At, fmt.Sprintf("the hours %s end before they begin", quoted), "hours belong to one day",
				fmt.Sprintf("divide them: \"%s-24:00\" here and \"00:00-%s\" on the next day", clock(from), clock(to)))
			continue
		}
		overlap := slices.ContainsFunc(out, func(s Span) bool { return from < s.To && s.From < to })
		if overlap {
			sink.Report(item.At, fmt.Sprintf("the hours %s overlap others of %s", quoted, place.Quote(day)), "a time stands in one of them", "join them")
			continue
		}
		out = append(out, Span{from, to})
	}
	slices.SortFunc(out, func(a, b Span) int { return a.From - b.From })
	return out
}

// clock prints minutes after midnight as HH:MM.
func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// parseHoliday reads {date, name, open}; date is MM-DD of every year or YYYY-MM-DD.
func parseHoliday(sink *place.Sink, n *place.Node, others []Holiday) (Holiday, bool) {
	f := sink.Fields(n, n.At, "holiday")
	date := f.NeedText("date", `"12-25"`)
	h := Holiday{Name: f.Text("name", "")}
	if f.Has("open") {
		if open := f.Get("open"); open != nil {
			h.Open = parseSpans(sink, open, date)
		}
	}
	f.Done()
	if date == "" {
		return h, false
	}
	ok := true
	parts := strings.Split(date, "-")
	if len(parts) == 3 {
		ok = len(parts[0]) == 4
		h.Year = atoi(parts[0])
		parts = parts[1:]
		ok = ok && h.Year >= 2000
	}
	ok = ok && len(parts) == 2 && len(parts[0]) == 2 && len(parts[1]) == 2
	if ok {
		h.Month, h.Day = atoi(parts[0]), atoi(parts[1])
	}
	year := h.Year
	if year == 0 {
		year = 2000 // a leap year: 02-29 is a day
	}
	d := time.Date(year, time.Month(h.Month), h.Day, 12, 0, 0, 0, time.UTC)
	if !ok || d.Month() != time.Month(h.Month) || d.Day() != h.Day {
		sink.Report(f.At("date"), fmt.Sprintf("%s is no date", place.Quote(date)), "the calendar has no such day", `write "12-25" for every year or "2027-12-25"`)
		return h, false
	}
	for _, o := range others {
		if o.Year == h.Year && o.Month == h.Month && o.Day == h.Day {
			sink.Report(f.At("date"), fmt.Sprintf("the holiday %s stands there twice", date), "a day has one rule", "remove one of them")
			return h, false
		}
	}
	return h, true
}

// atoi reads plain digits; anything else is -1.
func atoi(s string) int {
	v, err := strconv.Atoi(s)
	if err != nil || strings.Trim(s, "0123456789") != "" {
		return -1
	}
	return v
}

// Status tells whether the office is open at the instant now, on the clock of
// its own zone, and which holiday it is. A holiday with a year stands above one
// of every year, both above the week, and the night switch above all.
func (s *Schedule) Status(now time.Time) (open bool, holiday *Holiday) {
	switch s.Override {
	case ForcedOpen:
		return true, nil
	case ForcedClosed:
		return false, nil
	}
	local := now
	if s.Location != nil {
		local = now.In(s.Location)
	}
	year, month, day := local.Date()
	for i := range s.Holidays {
		h := &s.Holidays[i]
		if h.Month == int(month) && h.Day == day && (h.Year == year || h.Year == 0 && holiday == nil) {
			holiday = h
		}
	}
	spans := s.Week[local.Weekday()]
	if holiday != nil {
		spans = holiday.Open
	}
	minute := local.Hour()*60 + local.Minute()
	for _, span := range spans {
		open = open || minute >= span.From && minute < span.To
	}
	return open, holiday
}

// Prompts that Say and greetings are made of.
var hoursPrompts = []string{"hours-intro", "hours-day-to", "hours-from", "hours-to", "hours-and", "hours-closed"}

// Say is the opening hours of a week, Monday first, days that are alike taken
// together: "we are open: Monday to Friday from nine to two and from four to
// seven; Saturday from ten to one". Which words those are is the prompts'
// business; both languages have the same order.
func (s *Schedule) Say(tel.Lang) []tel.Say {
	prompt := func(id string) tel.Say { return tel.Say{Kind: tel.SayPrompt, ID: id} }
	var out []tel.Say
	for i := 0; i < 7; {
		first := (i + 1) % 7
		n := 1
		for i+n < 7 && slices.Equal(s.Week[(i+1+n)%7], s.Week[first]) {
			n++
		}
		last := (i + n) % 7
		i += n
		if len(s.Week[first]) == 0 {
			continue
		}
		if len(out) > 0 {
			out = append(out, tel.Say{Kind: tel.SayPause, N: 300})
		}
		out = append(out, tel.Say{Kind: tel.SayWeekday, N: int64(first)})
		switch {
		case n == 2:
			out = append(out, prompt("hours-and"))
		case n > 2:
			out = append(out, prompt("hours-day-to"))
		}
		if n > 1 {
			out = append(out, tel.Say{Kind: tel.SayWeekday, N: int64(last)})
		}
		for j, span := range s.Week[first] {
			if j > 0 {
				out = append(out, prompt("hours-and"))
			}
			out = append(out, prompt("hours-from"), tel.Say{Kind: tel.SayTime, N: int64(span.From)},
				prompt("hours-to"), tel.Say{Kind: tel.SayTime, N: int64(span.To % 1440)})
		}
	}
	if len(out) == 0 {
		return []tel.Say{prompt("hours-closed")}
	}
	return append([]tel.Say{prompt("hours-intro")}, out...)
}
