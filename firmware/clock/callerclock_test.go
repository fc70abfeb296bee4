package clock

import (
	"testing"
	"time"
)

func TestCallerClock(t *testing.T) {
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	last := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	boot := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	right := func(y, mo, d, h, mi int) time.Time { return time.Date(y, time.Month(mo), d, h, mi, 30, 0, madrid) }
	type heard struct {
		after time.Duration
		date  CallDate
		want  time.Time // zero: nothing changes
	}
	for name, c := range map[string]struct {
		state string
		began time.Time
		heard []heard
	}{
		"one is enough where nothing is known": {"unset", boot, []heard{{time.Minute, CallDate{11, 23, 10, 42}, right(2026, 11, 23, 10, 42)}}},
		"the next year":                        {"unset", boot, []heard{{time.Minute, CallDate{1, 3, 0, 0}, right(2027, 1, 3, 0, 0)}}},
		"a leap day":                           {"unset", boot, []heard{{time.Minute, CallDate{2, 29, 8, 1}, right(2028, 2, 29, 8, 1)}}},
		"a little before the last known time":  {"unset", boot, []heard{{time.Minute, CallDate{11, 20, 9, 0}, right(2026, 11, 20, 9, 0)}}},
		"impossible dates": {"unset", boot, []heard{{1, CallDate{2, 30, 8, 1}, time.Time{}}, {2, CallDate{13, 1, 8, 1}, time.Time{}}, {3, CallDate{0, 1, 8, 1}, time.Time{}},
			{4, CallDate{1, 1, 24, 1}, time.Time{}}, {5, CallDate{1, 1, 3, 60}, time.Time{}}, {6, CallDate{1, 0, 3, 6}, time.Time{}}, {7, CallDate{1, 1, -1, 6}, time.Time{}}}},
		"an ATA that knows no time": {"unset", boot, []heard{{1, CallDate{1, 1, 0, 3}, time.Time{}}, {time.Minute, CallDate{1, 1, 0, 4}, time.Time{}}}},
		"the first was wrong, two others agree": {"unset", boot, []heard{
			{0, CallDate{12, 25, 3, 7}, right(2026, 12, 25, 3, 7)}, {time.Hour, CallDate{11, 23, 11, 42}, time.Time{}}, {2 * time.Hour, CallDate{11, 23, 12, 43}, right(2026, 11, 23, 12, 43)}}},
		"confirmed, then others are not believed singly": {"unset", boot, []heard{
			{0, CallDate{11, 23, 10, 42}, right(2026, 11, 23, 10, 42)}, {time.Hour, CallDate{11, 23, 11, 42}, time.Time{}},
			{2 * time.Hour, CallDate{3, 1, 5, 0}, time.Time{}}, {3 * time.Hour, CallDate{4, 1, 5, 0}, time.Time{}}}},
		"about right takes two": {"restored", time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC), []heard{
			{0, CallDate{11, 23, 10, 42}, time.Time{}}, {30 * time.Minute, CallDate{11, 23, 11, 11}, right(2026, 11, 23, 11, 11)}}},
		"two that do not agree": {"restored", boot, []heard{{0, CallDate{11, 23, 10, 42}, time.Time{}}, {time.Minute, CallDate{11, 23, 10, 46}, time.Time{}}}},
	} {
		t.Run(name, func(t *testing.T) {
			k := NewCallerClock(c.state == "unset", last, madrid)
			var total time.Duration
			for i, h := range c.heard {
				now := c.began.Add(h.after)
				step, changed := k.Heard(now, h.date)
				if changed != !h.want.IsZero() {
					t.Fatalf("date %d: changed %t", i, changed)
				}
				if total += step; changed && !now.Add(total).Equal(h.want) {
					t.Errorf("date %d: it is %s, want %s", i, now.Add(total), h.want)
				}
				if ahead, found := k.Ahead(); ahead != total || found != (total != 0) {
					t.Errorf("date %d: ahead %s %t, the steps are %s", i, ahead, found, total)
				}
			}
		})
	}
}
