package panel

import (
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/view/viewtest"
)

// screenCase is a screen of the fixed office.
type screenCase struct {
	name string
	s    *view.Snapshot
	page Page
}

// doings are the screens of what the box does.
func doings() (list []screenCase) {
	at := viewtest.At()
	add := func(name string, page Page, change func(s *view.Snapshot)) {
		s := viewtest.Calm()
		change(s)
		list = append(list, screenCase{name, s, page})
	}
	list = append(list, screenCase{"boot, hardware is looked for", &view.Snapshot{Version: "0.9.4", Starting: &view.Starting{Row: 48211}}, Page{}},
		screenCase{"boot, rows are missing", &view.Snapshot{Version: "0.9.4", Starting: &view.Starting{Row: 48211, Missing: 3}}, Page{}},
		screenCase{"boot, lines", &view.Snapshot{Version: "0.9.4", Starting: &view.Starting{Row: 48211, Lines: 3, Of: 8}}, Page{}})
	add("key of the pages", Page{Screen: Seal}, func(s *view.Snapshot) {
		s.TLSKey = "SE22-89XK-AGNS-83KY-1KBW-PEHH"
		s.Unclaimed = &view.Claim{Code: "7K4M-P9XT-2RVB", Until: at.Add(time.Minute), Address: "192.168.1.40:443"}
	})
	add("update", Page{}, func(s *view.Snapshot) { s.Update = &view.Update{Version: "0.9.5", Percent: 57} })
	add("update, writing", Page{}, func(s *view.Snapshot) { s.Update = &view.Update{Step: "writing", Percent: 5} })
	add("update, begun", Page{}, func(s *view.Snapshot) { s.Update = &view.Update{Percent: -1} })
	alarm := func(a view.Alarm) func(s *view.Snapshot) {
		return func(s *view.Snapshot) { a.Since, s.Alarms, s.Calm = s.At, []view.Alarm{a}, time.Time{} }
	}
	add("after a roll-back", Page{Alarm, 0}, alarm(view.Alarm{ID: "update.fell", Rank: view.Attention, ES: "Volvió a 0.9.4", EN: "Back to 0.9.4",
		HintES: "La 0.9.5 no dio señales en 5 min.", HintEN: "0.9.5 gave no sign in 5 min."}))
	add("not provisioned", Page{Alarm, 0}, alarm(view.Alarm{ID: "provision", Rank: view.Attention, ES: "No se tomó el archivo de la tarjeta", EN: "The card's file was not taken over",
		HintES: "Por qué: centralita-result.txt en la tarjeta.", HintEN: "Why: centralita-result.txt on the card."}))
	add("configuration on trial", Page{Alarm, 0}, func(s *view.Snapshot) {
		alarm(view.Alarm{ID: "config", Rank: view.Attention, ES: "Configuración 12 a prueba", EN: "Configuration 12 on trial"})(s)
		s.Trial = &view.Trial{N: 12, Back: 11, Until: at.Add(4*time.Minute + 12*time.Second)}
	})
	add("line doctor", Page{}, func(s *view.Snapshot) {
		s.Lines[4].Test = &view.Testing{Since: at.Add(-31 * time.Second), Longest: 60, NowES: "midiendo el eco", NowEN: "measuring the echo", Found: &view.Exam{
			VoltsOnHook: 48, MilliAmps: 22, DialHz: []float64{425}, Noise: -61, ERL: 9,
			Findings: []view.ExamFinding{{ID: "battery", Rank: "ok"}, {ID: "dial-tone", Rank: "ok"}, {ID: "twist", Rank: "look"}, {ID: "echo", Rank: "look"}}}}
	})
	held := func(name string, h view.Held, calls int) {
		add(name, Page{Alarm, 0}, func(s *view.Snapshot) {
			s.Calls, s.Held = make([]view.Call, calls), &h
		})
	}
	six, ten := at.Add(-6*time.Second), at.Add(4*time.Second)
	held("factory reset", view.Held{Does: view.DeedErase, Phase: view.PhaseHeld, Since: six, Until: ten, OK: true}, 0)
	held("factory reset by its button", view.Held{Does: view.DeedErase, Phase: view.PhaseHeld, Since: at, Until: ten.Add(6 * time.Second)}, 0)
	held("factory reset, told", view.Held{Does: view.DeedErase, Phase: view.PhaseTold, Since: at, Until: ten}, 0)
	held("factory reset, done", view.Held{Does: view.DeedErase, Phase: view.PhaseDone, Since: at}, 1)
	held("restart", view.Held{Does: view.DeedRestart, Phase: view.PhaseHeld, Since: at.Add(-2 * time.Second), Until: at.Add(time.Second)}, 2)
	held("restart, told", view.Held{Does: view.DeedRestart, Phase: view.PhaseTold, Since: at, Until: ten}, 2)
	held("restart, told, nobody talks", view.Held{Does: view.DeedRestart, Phase: view.PhaseTold, Since: at, Until: ten}, 0)
	held("restart, done", view.Held{Does: view.DeedRestart, Phase: view.PhaseDone, Since: at, Until: ten}, 1)
	held("restart, ordered before", view.Held{Does: view.DeedKeep, Phase: view.PhaseTold, Since: at, Until: ten}, 2)
	held("restart, cancelled", view.Held{Does: view.DeedKeep, Phase: view.PhaseDone, Since: at, Until: ten}, 2)
	return list
}

// A button that is held is shown before anything else, and the bar moves with time.
func TestTheBarOfAHeldButtonFillsAsTimeGoes(t *testing.T) {
	at := viewtest.At()
	s := viewtest.Alarmed()
	s.Held = &view.Held{Does: view.DeedErase, Phase: view.PhaseHeld, Since: at, Until: at.Add(10 * time.Second), OK: true}
	s.Unclaimed = &view.Claim{Code: "7K4M", Until: at.Add(time.Hour)}
	for _, c := range []struct {
		after time.Duration
		big   string
		left  string
	}{
		{0, "[................]", "--10"}, {5 * time.Second, "[########........]", "-- 5"},
		{9500 * time.Millisecond, "[###############.]", "-- 1"}, {time.Minute, "[################]", "-- 0"},
	} {
		now := at.Add(c.after)
		for _, page := range []Page{{}, {Alarm, 0}, {Line, 2}} {
			f := Render(s, now, page, tel.Spanish)
			if strings.TrimSpace(f.Rows[2]) != c.big || !strings.HasPrefix(f.Rows[1], "Mantenga OK 10 s") || !f.Next.Before(now.Add(time.Second)) {
				t.Errorf("after %s on page %v: %q, next in %s", c.after, page, f.Rows, f.Next.Sub(now))
			}
		}
		if text, _ := Count(s, now); text != c.left {
			t.Errorf("after %s the digits say %q, want %q", c.after, text, c.left)
		}
	}
}

// The key of the pages is beside the code while there is no owner, and last after that.
func TestTheKeyOfThePagesIsAmongThePages(t *testing.T) {
	s, at := viewtest.Calm(), viewtest.At()
	s.TLSKey = "SE22-89XK-AGNS-83KY-1KBW-PEHH"
	second := func(key Key) Page {
		var p State
		p.Look(s, at)
		p.Press(key, s, at)
		page, _ := p.Page(s, at)
		return page
	}
	if got := second(Prev); got.Screen != Seal {
		t.Errorf("last is %v", got)
	}
	s.Unclaimed = &view.Claim{Code: "7K4M-P9XT-2RVB", Until: at.Add(time.Minute)}
	if got := second(Next); got.Screen != Seal {
		t.Errorf("beside the code is %v", got)
	}
	if f := Render(s, at, second(Next), tel.Spanish); strings.TrimSpace(f.Rows[1]) != "SE22-89XK-AGNS" || strings.TrimSpace(f.Rows[2]) != "83KY-1KBW-PEHH" {
		t.Errorf("it shows %q", f.Rows)
	}
}

// An update and a test of a line are no news for who walks the pages, and wait behind the
// code of a box without an owner.
func TestWhatTheBoxDoesStandsWhereItRests(t *testing.T) {
	at := viewtest.At()
	s := viewtest.Calm()
	s.Update = &view.Update{Version: "0.9.5", Percent: 57}
	s.Lines[0].Test = &view.Testing{Since: at, Longest: 60}
	first := func(p Page) string { return strings.TrimSpace(Render(s, at, p, tel.Spanish).Rows[0]) }
	if got := first(Page{}); got != "Actualizando 0.9.5" {
		t.Errorf("at rest it shows %q", got)
	}
	if got := first(Page{Queues, 0}); !strings.HasPrefix(got, "Cola") {
		t.Errorf("the queues are %q", got)
	}
	if s.Update = nil; !strings.HasPrefix(first(Page{}), "Médico L1") {
		t.Errorf("then it shows %q", first(Page{}))
	}
	s.Unclaimed = &view.Claim{Code: "7K4M", Until: at.Add(time.Hour)}
	if got := first(Page{}); !strings.HasPrefix(got, "Centralita") {
		t.Errorf("without an owner it shows %q", got)
	}
}

// The key OK stops the test of a line where that is what stands there, and nothing else.
func TestOKStopsTheTestThatIsShown(t *testing.T) {
	s, at := viewtest.Calm(), viewtest.At()
	s.Lines[4].Test = &view.Testing{Since: at, Longest: 60}
	var p State
	p.Look(s, at)
	for _, k := range []Key{Next, Prev, LampTest, Taken} {
		if l, ok := p.Stops(k, s, at); ok {
			t.Errorf("key %d stops %s", k, l)
		}
	}
	if l, ok := p.Stops(OK, s, at); !ok || l != "L5" {
		t.Errorf("OK stops %q, %t", l, ok)
	}
	for name, change := range map[string]func(*view.Snapshot){
		"no test":          func(s *view.Snapshot) { s.Lines[4].Test = nil },
		"an update":        func(s *view.Snapshot) { s.Update = &view.Update{} },
		"no owner":         func(s *view.Snapshot) { s.Unclaimed = &view.Claim{} },
		"a button is held": func(s *view.Snapshot) { s.Held = &view.Held{} },
	} {
		s := viewtest.Calm()
		s.Lines[4].Test = &view.Testing{Since: at, Longest: 60}
		change(s)
		if l, ok := p.Stops(OK, s, at); ok {
			t.Errorf("%s: OK stops %s", name, l)
		}
	}
	p.Press(Next, s, at)
	if l, ok := p.Stops(OK, s, at); ok {
		t.Errorf("on another page OK stops %s", l)
	}
	run(t, s, func(f *front) {
		var stopped []tel.PortID
		f.OnStop(func(l tel.PortID) { stopped = append(stopped, l) })
		f.pass(time.Second)
		if !strings.HasPrefix(f.d.Shown[3], "[OK]parar") {
			t.Fatalf("shown is %q", f.d.Shown)
		}
		f.Press(Next)
		f.Press(OK)
		f.Press(OK)
		f.pass(0)
		if len(stopped) != 1 || stopped[0] != "L5" {
			t.Errorf("stopped %q", stopped)
		}
	})
}

// A line with a call shows in turns with whom it speaks and how it is.
func TestALineShowsItsCallAndItself(t *testing.T) {
	s := viewtest.Alarmed()
	s.Lines[4].Traits = &view.Learned{ERL: 11, Endings: []view.Ending{{Sign: "strange tone", Seen: 1}}}
	at := viewtest.At().Truncate(2 * turn)
	var seen []string
	for range 3 {
		f := Render(s, at, Page{Line, 4}, tel.Spanish)
		seen = append(seen, strings.TrimSpace(f.Rows[1])+"/"+strings.TrimSpace(f.Rows[2]))
		if f.Next.After(at.Add(turn)) {
			t.Errorf("it wakes at %s, after %s", f.Next, at.Add(turn))
		}
		at = at.Add(turn)
	}
	if got := strings.Join(seen, " "); got != "De ...142/Soporte eco 11 dB/Cuelga: tono propio De ...142/Soporte" {
		t.Errorf("seen are %q", seen)
	}
	if f := Render(s, at, Page{Line, 4}, tel.English); strings.TrimSpace(f.Rows[2]) != "Ends: strange" {
		t.Errorf("in English %q", f.Rows)
	}
}
