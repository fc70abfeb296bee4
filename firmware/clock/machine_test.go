package clock

import (
	"testing"
	"time"
)

var (
	build = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	now29 = time.Date(2026, 11, 29, 1, 23, 0, 0, time.UTC) // what time it really is when a board starts
	at70  = time.Date(1970, 1, 1, 0, 0, 20, 0, time.UTC)
)

// bench is a machine with a real time beside it.
type bench struct {
	*testing.T
	m    *Machine
	from time.Time // the system's clock at the start
	now  time.Time
	out  []Effect
}

// start starts a board whose system's clock shows wall.
func start(t *testing.T, wall time.Time, b Begin) *bench {
	t.Helper()
	b.Build, b.System.Wall = build, wall
	return &bench{T: t, m: New(wall, b), from: wall, now: wall}
}

// do passes time and steps.
func (b *bench) do(after time.Duration, ev Event) []Effect {
	b.Helper()
	b.now = b.now.Add(after)
	b.out = b.m.Step(b.now, ev, nil)
	return b.out
}

// real is what time it is now.
func (b *bench) real() time.Time { return now29.Add(b.now.Sub(b.from)) }

func (b *bench) want(what string, s State, at time.Time) {
	b.Helper()
	if got := b.m.Time(b.now); b.m.State() != s || !got.Equal(at) {
		b.Errorf("%s: it is %s (%s), want %s (%s)", what, got, b.m.State(), at, s)
	}
}

// changed returns the one change among the effects.
func (b *bench) changed() Changed {
	b.Helper()
	var c []Changed
	for _, ef := range b.out {
		if x, ok := ef.(Changed); ok {
			c = append(c, x)
		}
	}
	if len(c) != 1 {
		b.Fatalf("the effects are %+v", b.out)
	}
	return c[0]
}

func (b *bench) has(want Effect) bool {
	for _, ef := range b.out {
		if ef == want {
			return true
		}
	}
	return false
}

func (b *bench) silent(what string) {
	b.Helper()
	for _, ef := range b.out {
		if _, ok := ef.(Changed); ok {
			b.Errorf("%s: %+v", what, b.out)
		}
	}
}

// What a start makes of what it finds.
func TestStart(t *testing.T) {
	saved := func(s State, boot string, up time.Duration) *Saved {
		return &Saved{At: now29.Add(-time.Hour), State: s, Floor: now29.Add(-24 * time.Hour), Boot: boot, Up: up}
	}
	for name, c := range map[string]struct {
		wall  time.Time
		b     Begin
		state State
		want  time.Time
	}{
		"1970 and nothing known":             {at70, Begin{}, Unset, build},
		"1970 with the last minute":          {at70, Begin{Saved: saved(NTP, "a", 0), Boot: "b", Up: 20 * time.Second}, Restored, now29.Add(-time.Hour + 20*time.Second)},
		"1970, the program began again":      {at70, Begin{Saved: saved(CallerID, "a", 90*time.Second), Boot: "a", Up: 100 * time.Second}, CallerID, now29.Add(-time.Hour + 10*time.Second)},
		"a battery":                          {at70, Begin{RTC: now29}, RTC, now29},
		"a battery that was empty":           {at70, Begin{RTC: time.Date(2000, 1, 1, 0, 3, 0, 0, time.UTC), Saved: saved(NTP, "a", 0), Boot: "b"}, Restored, now29.Add(-time.Hour)},
		"a battery that stood still":         {at70, Begin{RTC: now29.AddDate(0, 0, -9), Saved: saved(NTP, "a", 0), Boot: "b"}, Restored, now29.Add(-time.Hour)},
		"the kernel read the battery":        {now29.Add(300 * time.Millisecond), Begin{RTC: now29}, RTC, now29.Add(300 * time.Millisecond)},
		"battery against a wrong system":     {now29.Add(5 * time.Hour), Begin{RTC: now29}, RTC, now29},
		"a daemon":                           {now29, Begin{System: Reading{Synced: true}, RTC: now29.Add(-3 * time.Minute)}, NTP, now29},
		"a daemon against all":               {now29.AddDate(3, 0, 0), Begin{System: Reading{Synced: true}, RTC: now29}, RTC, now29},
		"2099":                               {time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), Begin{}, Unset, build},
		"2099 under a daemon":                {time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), Begin{System: Reading{Synced: true}, Saved: saved(RTC, "", 0)}, Restored, now29.Add(-time.Hour)},
		"2099 was saved":                     {at70, Begin{Saved: &Saved{At: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), Floor: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)}}, Unset, build},
		"a laptop":                           {now29, Begin{Saved: saved(System, "a", 0), Boot: "b"}, System, now29},
		"a system behind what was saved":     {now29.Add(-2 * time.Hour), Begin{Saved: saved(System, "a", 0), Boot: "b"}, Restored, now29.Add(-time.Hour)},
		"the system was set by us":           {now29.Add(-time.Hour), Begin{Saved: saved(Restored, "a", time.Second), Boot: "a", Up: time.Second}, Restored, now29.Add(-time.Hour)},
		"somebody vouches for it":            {time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Begin{Forced: NTP}, NTP, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"the book was trusted later":         {at70, Begin{Floor: now29}, Unset, now29},
		"saved before the floor of the book": {at70, Begin{Floor: now29, Saved: saved(NTP, "a", 0), Boot: "b"}, Restored, now29},
	} {
		t.Run(name, func(t *testing.T) { start(t, c.wall, c.b).want("at the start", c.state, c.want) })
	}
}

// The network comes: the time steps, the whole boot is dated anew, and the clock with
// the battery is set; a daemon's small corrections are its own business.
func TestNetworkComes(t *testing.T) {
	b := start(t, at70, Begin{Saved: &Saved{At: now29.Add(-time.Hour), State: NTP}, HasRTC: true})
	b.do(time.Minute, Reading{Wall: b.now.Add(time.Minute)})
	if !b.has(SetSystem{b.m.Time(b.now)}) {
		t.Errorf("the system's clock is left in 1970: %+v", b.out)
	}
	b.do(time.Minute, Reading{Wall: b.m.Time(b.now).Add(time.Minute)}) // it was set
	b.silent("our own setting")
	b.do(time.Minute, Reading{Wall: now29.Add(3 * time.Minute), Synced: true})
	b.want("the daemon has the time", NTP, b.real())
	if c := b.changed(); c.From != Restored || c.To != NTP || c.Step != time.Hour || !c.Redate {
		t.Errorf("%+v", c)
	}
	if !b.has(SetRTC{b.real()}) {
		t.Errorf("the battery's clock is not set: %+v", b.out)
	}
	b.do(time.Minute, Reading{Wall: b.real().Add(time.Minute + 20*time.Millisecond), Synced: true})
	b.silent("20 ms")
	b.do(time.Minute, Reading{Wall: b.real().Add(time.Minute - 5*time.Second), Synced: true})
	b.want("it steps back", NTP, b.real().Add(-5*time.Second))
	if c := b.changed(); c.Step != -5*time.Second || c.Redate {
		t.Errorf("what was right when it was written is dated anew: %+v", c)
	}
}

// Our own questions: the same, in coarser steps.
func TestServersAnswer(t *testing.T) {
	b := start(t, at70, Begin{})
	b.do(time.Minute, Net{At: b.real().Add(time.Minute), From: "2 of 3 servers"})
	b.want("asked", NTP, b.real())
	b.do(time.Hour, Net{At: b.real().Add(time.Hour + 200*time.Millisecond)})
	b.silent("200 ms")
	b.do(time.Hour, Net{At: b.real().Add(time.Hour + 300*time.Millisecond)})
	b.want("300 ms", NTP, b.real().Add(300*time.Millisecond))
}

// A network that is forged: below what was trusted, or a leap from it. A battery that
// agrees, or a person, settles it.
func TestForgedNetwork(t *testing.T) {
	b := start(t, at70, Begin{RTC: now29})
	for _, wrong := range []time.Duration{-40 * 24 * time.Hour, -26 * time.Hour, 25 * time.Hour, 10 * 365 * 24 * time.Hour} {
		b.do(time.Minute, Net{At: b.real().Add(time.Minute + wrong)})
		b.want("forged", RTC, b.real())
		if d := b.m.Doubts(b.now); len(d) != 1 || d[0].Source != OfNet || d[0].Doubt == "" || d[0].Used {
			t.Errorf("%s off: %+v", wrong, d)
		}
	}
	b.do(time.Minute, Net{At: b.real().Add(time.Minute + 2*time.Second)})
	b.want("honest", NTP, b.real().Add(2*time.Second))
	if d := b.m.Doubts(b.now); len(d) != 0 {
		t.Errorf("%+v", d)
	}

	// A forged floor: what a battery and the network agree on goes below it.
	b = start(t, at70, Begin{RTC: now29, Floor: now29.AddDate(1, 0, 0)})
	b.want("the floor is forged", Unset, now29.AddDate(1, 0, 0))
	b.do(time.Second, Net{At: b.real().Add(time.Second)})
	b.want("two agree", NTP, b.real())
	if f := b.m.Floor(); !f.Equal(b.real()) {
		t.Errorf("the floor stays at %s", f)
	}

	// Nothing agrees: a person is asked, and believed.
	b = start(t, at70, Begin{Floor: now29.AddDate(1, 0, 0)})
	b.do(time.Second, Reading{Wall: b.real().Add(time.Second), Synced: true})
	b.want("alone", Unset, now29.AddDate(1, 0, 0).Add(time.Second))
	if _, may := b.m.MaySet(b.now); !may {
		t.Error("a person may not set what the network tells wrongly")
	}
	b.do(time.Minute, Set{At: b.real().Add(time.Minute), Who: "ana"})
	b.want("by hand", ByHand, b.real())
	b.do(time.Second, Reading{Wall: b.real().Add(time.Second), Synced: true})
	b.want("the daemon agrees with her", NTP, b.real())
	if src, may := b.m.MaySet(b.now); may || src != OfDaemon {
		t.Errorf("what the network keeps may be set: %s", src)
	}
}

// A doubt is said once, not with every look.
func TestDoubtOnce(t *testing.T) {
	b := start(t, at70, Begin{RTC: now29})
	n := 0
	for range 100 {
		for _, ef := range b.do(2*time.Second, Reading{Wall: b.real().AddDate(2, 0, 0), Synced: true}) {
			if _, ok := ef.(Doubted); ok {
				n++
			}
		}
	}
	if n != 1 {
		t.Errorf("said %d times", n)
	}
}

// A caller's date is a hint: it helps where nothing better is known, changes nothing
// where something is, and a forged one is set right by the network, for it is no floor.
func TestForgedCaller(t *testing.T) {
	b := start(t, at70, Begin{Saved: &Saved{At: now29.Add(-time.Hour)}})
	b.do(time.Minute, Caller{Port: "L1", Date: CallDate{Month: 12, Day: 31, Hour: 23, Minute: 59}})
	b.want("forged", CallerID, time.Date(2026, 12, 31, 23, 59, 30, 0, time.UTC))
	if c := b.changed(); c.Port != "L1" || !c.Redate || c.Evidence != "caller id on L1: 12-31 23:59" {
		t.Errorf("%+v", c)
	}
	if f := b.m.Save(b.now).Floor; f.After(build) {
		t.Errorf("a caller made %s the floor", f)
	}
	b.do(time.Minute, Net{At: b.real().Add(time.Minute)})
	b.want("the network", NTP, b.real())
	b.do(time.Minute, Caller{Port: "L1", Date: CallDate{Month: 5, Day: 5, Hour: 5, Minute: 5}})
	b.silent("a caller against the network")
	for _, s := range []State{System, RTC} {
		b = start(t, now29, Begin{Forced: s})
		b.do(time.Minute, Caller{Port: "L1", Date: CallDate{Month: 5, Day: 5, Hour: 5, Minute: 5}})
		b.want("a caller against "+string(s), s, b.now)
	}
}

// Somebody sets the system's clock: taken where nothing better is known.
func TestSystemIsSet(t *testing.T) {
	b := start(t, at70, Begin{})
	b.do(time.Minute, Reading{Wall: b.real().Add(time.Minute)})
	b.want("set", System, b.real())
	if c := b.changed(); !c.Redate || c.From != Unset {
		t.Errorf("%+v", c)
	}
	b.do(time.Minute, Set{At: b.real().Add(time.Minute), Who: "ana"})
	b.want("by hand", ByHand, b.real())
	b.do(time.Minute, Reading{Wall: b.real().Add(5 * time.Hour)})
	b.want("the system strays from what a person said", ByHand, b.real())
	if len(b.out) != 1 || b.out[0] != (SetSystem{b.real()}) {
		t.Errorf("%+v", b.out)
	}
}

// A laptop that sleeps: monotonic time stood still, and all that was written is right.
func TestSleep(t *testing.T) {
	b := start(t, now29, Begin{})
	b.do(time.Minute, Reading{Wall: b.real().Add(8*time.Hour + time.Minute), Slept: 8 * time.Hour})
	b.want("after the night", System, b.real().Add(8*time.Hour))
	if c := b.changed(); c.Redate || c.Step != 8*time.Hour {
		t.Errorf("%+v", c)
	}
	b.do(time.Minute, Reading{Wall: b.real().Add(8*time.Hour + time.Minute), Slept: 8 * time.Hour})
	b.silent("a minute later")
}

// What the book knows: a board whose file of the last minute is lost.
func TestPast(t *testing.T) {
	b := start(t, at70, Begin{Up: 20 * time.Second})
	b.do(0, Past{Known: now29, Trusted: now29.Add(-time.Hour)})
	b.want("the book", Restored, now29.Add(20*time.Second))
	if c := b.changed(); c.From != Unset || !c.Redate {
		t.Errorf("%+v", c)
	}
	b.do(time.Minute, Net{At: now29.AddDate(0, 0, -2)})
	b.want("below the trusted time of the book", Restored, b.real().Add(20*time.Second))
	b = start(t, now29, Begin{RTC: now29})
	b.do(0, Past{Known: now29.Add(time.Minute), Trusted: now29.Add(time.Minute)})
	b.want("a battery a minute slow", RTC, now29)
	b = start(t, at70, Begin{})
	b.do(0, Past{})
	b.want("a new book", Unset, build)
}

// What is saved is what the next start goes on from, in the same boot and after it.
func TestSaveAndGoOn(t *testing.T) {
	b := start(t, at70, Begin{RTC: now29, Boot: "a", Up: 20 * time.Second})
	b.now = b.now.Add(time.Hour)
	s := b.m.Save(b.now)
	if s.State != RTC || !s.At.Equal(b.real()) || !s.Floor.Equal(b.real()) || s.Boot != "a" || s.Up != time.Hour+20*time.Second {
		t.Fatalf("%+v", s)
	}
	b.now = b.now.Add(time.Minute)
	same := start(t, at70.Add(61*time.Minute), Begin{Saved: &s, Boot: "a", Up: s.Up + time.Minute})
	same.want("the same boot", RTC, b.real())
	next := start(t, at70, Begin{Saved: &s, Boot: "b", Up: 5 * time.Second})
	next.want("the next boot", Restored, s.At.Add(5*time.Second))
}

// Where the clocks change a caller's date means the hour that is nearer, and one that
// the day does not have means nothing.
func TestCallersWhereTheClocksChange(t *testing.T) {
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	twice := time.Date(2027, 10, 31, 0, 30, 0, 0, time.UTC) // 02:30 in summer; an hour later in winter
	for _, at := range []time.Time{twice, twice.Add(time.Hour)} {
		c := NewCallerClock(false, at.AddDate(0, -1, 0), madrid)
		for i := range 2 {
			c.Heard(at.Add(time.Duration(i)*10*time.Minute), CallDate{10, 31, 2, 30 + 10*i})
		}
		if ahead, found := c.Ahead(); !found || ahead.Abs() > time.Minute {
			t.Errorf("%s: ahead by %s, %t", at, ahead, found)
		}
	}
	c := NewCallerClock(true, build, madrid)
	if _, took := c.Heard(time.Date(2027, 3, 28, 1, 30, 0, 0, time.UTC), CallDate{3, 28, 2, 30}); took {
		t.Error("an hour that there was not was taken")
	}
}
