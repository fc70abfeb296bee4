package numbering

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

var madrid = zone("Europe/Madrid")

func zone(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return l
}

// morning is ten o'clock of a day without a change of the clock.
var morning = time.Date(2026, 11, 23, 10, 0, 0, 0, madrid)

func TestMoney(t *testing.T) {
	for text, want := range map[string]Money{"25": 250000, "0.35": 3500, "0.0125": 125, "1.5": 15000, "0": 0} {
		if got, ok := ParseMoney(text); !ok || got != want {
			t.Errorf("%q is %d %t, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", ".5", "1.", "1.00001", "-1", "1,5", "1e3", "9999999999", "1.-1", "+1"} {
		if got, ok := ParseMoney(text); ok {
			t.Errorf("%q is taken as %d", text, got)
		}
	}
	for m, want := range map[Money]string{250000: "25.00", 3500: "0.35", 125: "0.0125", 0: "0.00"} {
		if m.String() != want {
			t.Errorf("%d is written %s, want %s", m, m, want)
		}
	}
}

// talk places a call, and lets it last from now for so long.
func talk(s *Spend, id tel.CallID, a Attempt, way string, now time.Time, lasts time.Duration) {
	s.Placed(now, id, a)
	s.Up(now, id, way)
	s.Over(now.Add(lasts), id)
}

func TestLimitsRefuseByTheirRule(t *testing.T) {
	foreign := Attempt{International, "0044123456", "101"}
	home := Attempt{National, "910000001", "101"}
	mobile := Attempt{Mobile, "600123456", "102"}
	ways := []string{"L1", "L2"}
	for name, c := range map[string]struct {
		limit Limit
		spent func(*Spend)
		asks  Attempt
		open  []string
		why   string
	}{
		"nothing spent":     {Limit{Name: "a", Calls: 1}, func(*Spend) {}, home, ways, ""},
		"another class":     {Limit{Name: "a", Classes: []Class{International}, Calls: 1}, func(s *Spend) { talk(s, "1", foreign, "L1", morning, time.Minute) }, home, ways, ""},
		"calls":             {Limit{Name: "a", Calls: 1}, func(s *Spend) { talk(s, "1", home, "L1", morning, time.Minute) }, home, nil, "limit a: the one call a day is used up"},
		"a call being made": {Limit{Name: "a", Calls: 1}, func(s *Spend) { s.Placed(morning, "1", home) }, home, nil, "limit a: the one call a day is used up"},
		"not answered": {Limit{Name: "a", Calls: 1}, func(s *Spend) { s.Placed(morning, "1", home); s.Over(morning.Add(time.Minute), "1") },
			home, ways, ""},
		"by pattern": {Limit{Name: "inglaterra", Pattern: "0044.", Calls: 1}, func(s *Spend) { talk(s, "1", foreign, "L1", morning, time.Minute) },
			foreign, nil, "limit inglaterra: the one call a day is used up"},
		"another number": {Limit{Name: "inglaterra", Pattern: "0044.", Calls: 1}, func(s *Spend) { talk(s, "1", foreign, "L1", morning, time.Minute) },
			Attempt{International, "0033123456", "101"}, ways, ""},
		"talk": {Limit{Name: "a", PerDay: 90 * time.Minute}, func(s *Spend) { talk(s, "1", home, "L1", morning.Add(-2*time.Hour), 90*time.Minute) },
			mobile, nil, "limit a: 1h30m of talk a day are used up"},
		"talk goes on": {Limit{Name: "a", PerDay: time.Hour}, func(s *Spend) {
			s.Placed(morning.Add(-time.Hour), "1", home)
			s.Up(morning.Add(-time.Hour), "1", "L1")
		}, home, nil, "limit a: 1h of talk a day are used up"},
		"talk of each line": {Limit{Name: "línea", PerDay: time.Hour, Each: EachWay}, func(s *Spend) { talk(s, "1", home, "L1", morning.Add(-time.Hour), time.Hour) },
			home, []string{"L2"}, ""},
		"talk of every line": {Limit{Name: "línea", PerDay: time.Hour, Each: EachWay}, func(s *Spend) {
			talk(s, "1", home, "L1", morning.Add(-time.Hour), time.Hour)
			talk(s, "2", home, "L2", morning.Add(-time.Hour), time.Hour)
		}, home, nil, "limit línea of L1: 1h of talk a day are used up"},
		"one line only": {Limit{Name: "cara", Ways: []string{"L2"}, Calls: 1}, func(s *Spend) { talk(s, "1", home, "L2", morning, time.Minute) },
			home, []string{"L1"}, ""},
		"another phone": {Limit{Name: "a", Calls: 1, Each: EachPhone}, func(s *Spend) { talk(s, "1", home, "L1", morning, time.Minute) }, mobile, ways, ""},
		"the same phone": {Limit{Name: "a", Calls: 1, Each: EachPhone}, func(s *Spend) { talk(s, "1", home, "L1", morning, time.Minute) },
			home, nil, "limit a of 101: the one call a day is used up"},
		"a phone it names": {Limit{Name: "a", Phones: []tel.Number{"102"}, Calls: 1}, func(s *Spend) { talk(s, "1", home, "L1", morning, time.Minute) }, home, ways, ""},
		"budget": {Limit{Name: "a", Minute: 3500, Setup: 1000, Budget: 10000}, // 0.10 + 2 · 0.35 leave 0.20
			func(s *Spend) { talk(s, "1", home, "L1", morning.Add(-time.Hour), 61*time.Second) }, home, nil, "limit a: the budget of 1.00 a day is used up"},
		"a minute is left": {Limit{Name: "a", Minute: 3500, Setup: 1000, Budget: 10000},
			func(s *Spend) { talk(s, "1", home, "L1", morning.Add(-time.Hour), 60*time.Second) }, home, ways, ""},
		"yesterday": {Limit{Name: "a", Calls: 1}, func(s *Spend) { talk(s, "1", home, "L1", morning.Add(-11*time.Hour), 30*time.Minute) }, home, ways, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewSpend([]Limit{c.limit}, madrid, morning.Add(-24*time.Hour))
			c.spent(s)
			open, why := s.Permit(morning.Add(time.Second), c.asks, ways)
			if !reflect.DeepEqual(open, c.open) || why != c.why {
				t.Errorf("open %v, %q; want %v, %q", open, why, c.open, c.why)
			}
		})
	}
	if ways[0] != "L1" || ways[1] != "L2" {
		t.Errorf("the route was changed: %v", ways)
	}
}

// What was spent before the start is the same as if there had been no start, over
// midnight and back to summer time too.
func TestRecallIsAsIfItHadRun(t *testing.T) {
	limits := []Limit{
		{Name: "all", Calls: 99, PerDay: 20 * time.Hour, Minute: 100, Setup: 7, Budget: 1 << 40},
		{Name: "way", PerDay: time.Hour, Each: EachWay}, {Name: "phone", Calls: 3, Each: EachPhone},
	}
	r := rand.New(rand.NewPCG(3, 3))
	for range 50 {
		now := time.Date(2026, 10, 24, 20, 0, 0, 0, madrid)
		ran := NewSpend(limits, madrid, now)
		type past struct {
			a        Attempt
			way      string
			up, over time.Time
		}
		var all []past
		for i := range 40 {
			a := Attempt{National, "910000001", []tel.Number{"101", "102"}[r.IntN(2)]}
			p := past{a, []string{"L1", "L2"}[r.IntN(2)], now, now.Add(time.Duration(r.IntN(3600)) * time.Second)}
			talk(ran, tel.CallID(fmt.Sprint(i)), a, p.way, p.up, p.over.Sub(p.up))
			all = append(all, p)
			now = p.over.Add(time.Duration(r.IntN(600)) * time.Second)
		}
		recalled := NewSpend(limits, madrid, now)
		for _, p := range all {
			recalled.Recall(now, p.a, p.way, p.up, p.over)
		}
		sum := func(us []Usage) map[string]Usage {
			m := map[string]Usage{}
			for _, u := range us {
				if u.Calls > 0 {
					m[u.Limit.Name+u.Subject] = Usage{Calls: u.Calls, Talk: u.Talk, Cost: u.Cost}
				}
			}
			return m
		}
		if a, b := sum(ran.Usage(now)), sum(recalled.Usage(now)); !reflect.DeepEqual(a, b) || len(a) == 0 {
			t.Fatalf("ran %v\nrecalled %v", a, b)
		}
	}
}

// A call that meets a limit is warned half a minute before and ended in time: the
// account never shows more than the limit.
func TestCallsAreWarnedAndEnded(t *testing.T) {
	a := Attempt{International, "0044123456", "101"}
	for name, c := range map[string]struct {
		limit      Limit
		warn, ends time.Duration
		why        string
	}{
		"one call":      {Limit{Name: "a", PerCall: 10 * time.Minute}, 570 * time.Second, 600 * time.Second, "limit a: a call lasts 10m at most"},
		"the day":       {Limit{Name: "a", PerDay: 2 * time.Minute}, 90 * time.Second, 120 * time.Second, "limit a: 2m of talk a day are used up"},
		"a short limit": {Limit{Name: "a", PerDay: 20 * time.Second}, 0, 20 * time.Second, "limit a: 20s of talk a day are used up"},
		"the budget": {Limit{Name: "a", Minute: 3500, Setup: 1000, Budget: 12000}, 150 * time.Second, 180 * time.Second,
			"limit a: the budget of 1.20 a day is used up"},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewSpend([]Limit{c.limit}, madrid, morning)
			s.Placed(morning.Add(-5*time.Second), "1", a)
			s.Up(morning, "1", "L1")
			var warned, ended time.Duration = -1, -1
			now := morning
			for range 100 {
				for _, d := range s.Due(now, nil) {
					if d.Why != c.why || d.Call != "1" {
						t.Fatalf("at %s: %+v", now.Sub(morning), d)
					}
					if d.End {
						ended = now.Sub(morning)
					} else if warned < 0 {
						warned = now.Sub(morning)
					} else {
						t.Fatal("warned twice")
					}
				}
				at, ok := s.Deadline(now)
				if ended >= 0 || !ok {
					break
				}
				now = at
			}
			if warned != c.warn || ended != c.ends {
				t.Errorf("warned after %s and ended after %s, want %s and %s", warned, ended, c.warn, c.ends)
			}
		})
	}
}

// A day of random calls: no account ever shows more than its limit allows, time
// always goes on, and a limit that is met says so of a call that it is about.
func TestRandomDaysStayWithinTheirLimits(t *testing.T) {
	limits := []Limit{
		{Name: "all", PerDay: 3 * time.Hour, Calls: 80}, {Name: "way", PerDay: 100 * time.Minute, Each: EachWay},
		{Name: "abroad", Classes: []Class{International}, PerCall: 7 * time.Minute, Minute: 3500, Setup: 500, Budget: 200000},
		{Name: "phone", Each: EachPhone, PerDay: 45 * time.Minute},
	}
	ended, refused := 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		now := time.Date(2026, 10, 24, 21, 0, 0, 0, madrid).Add(time.Duration(r.IntN(3600)) * time.Second)
		s := NewSpend(limits, madrid, now)
		next := 0
		var on []tel.CallID
		drop := func(i int) { s.Over(now, on[i]); on = append(on[:i], on[i+1:]...) }
		check := func() {
			t.Helper()
			for _, u := range s.Usage(now) {
				if l := u.Limit; l.PerDay > 0 && u.Talk > l.PerDay || l.Calls > 0 && u.Calls > l.Calls || l.Budget > 0 && u.Cost > l.Budget {
					t.Fatalf("seed %d at %s: %s%s has %d calls, %s, %s", seed, now, l.Name, u.Subject, u.Calls, u.Talk, u.Cost)
				}
			}
		}
		for range 400 {
			end := now.Add(time.Duration(r.IntN(120)) * time.Second)
			for at, ok := s.Deadline(now); ok && !at.After(end); at, ok = s.Deadline(now) {
				if !at.After(now) && len(s.Due(now, nil)) == 0 {
					t.Fatalf("seed %d: nothing is due at %s", seed, now)
				}
				now = at
				for _, d := range s.Due(now, nil) {
					for i := range on {
						if d.End && on[i] == d.Call {
							ended++
							drop(i)
							break
						}
					}
				}
				check()
			}
			now = end
			switch k := r.IntN(10); {
			case k < 5:
				a := Attempt{[]Class{National, International}[r.IntN(2)], "0044123456", []tel.Number{"101", "102", "103"}[r.IntN(3)]}
				ways, why := s.Permit(now, a, []string{"L1", "L2"})
				if (why == "") != (len(ways) > 0) {
					t.Fatalf("ways %v, why %q", ways, why)
				}
				if len(ways) == 0 {
					refused++
					continue
				}
				next++
				id := tel.CallID(fmt.Sprint(next))
				s.Placed(now, id, a)
				if r.IntN(5) > 0 && len(on) < 3 {
					s.Up(now, id, ways[r.IntN(len(ways))])
					on = append(on, id)
				} else {
					s.Over(now, id)
				}
			case len(on) > 0 && k < 7:
				drop(r.IntN(len(on)))
			}
			check()
		}
	}
	if ended < 300 || refused < 300 {
		t.Errorf("only %d calls were ended and %d refused: the limits were hardly met", ended, refused)
	}
}
