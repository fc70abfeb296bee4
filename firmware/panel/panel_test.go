package panel

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/view/viewtest"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden screens anew")

// cases are all screens of the fixed office.
func cases() []screenCase {
	clock := viewtest.Calm()
	clock.Clock, clock.Calm = "unset", time.Time{}
	clock.Alarms = []view.Alarm{{ID: "clock", Rank: view.Attention, Since: clock.At, ES: "Reloj sin hora", EN: "Clock not set",
		HintES: "Se corrige sola al tener red. Las horas se arreglan después.", HintEN: "It sets itself when there is a network. Times are mended afterwards."}}
	small := viewtest.Calm() // the office of board/sim: four lines, four phones, no trunk, nobody waits
	small.Lines, small.Trunks, small.Queues = small.Lines[:4], nil, small.Queues[1:3]
	small.Phones = []view.Phone{{Ext: "101", Port: "F1", Lamp: view.Idle}, {Ext: "102", Port: "F2", Lamp: view.Ring},
		{Ext: "201", Lamp: view.Idle}, {Ext: "202", Lamp: view.Talk}, {Ext: "203", Lamp: view.Off}}
	claim, locked, urgent := viewtest.Calm(), viewtest.Calm(), viewtest.Calm()
	claim.Unclaimed = &view.Claim{Code: "7K4M-P9XT-2RVB", Until: claim.At.Add(8*time.Minute + 12*time.Second), Address: "192.168.1.40:443"}
	locked.Unclaimed = &view.Claim{Until: claim.At.Add(42 * time.Second), Address: "192.168.100.140:8443"}
	urgent.Calls = append(urgent.Calls, view.Call{ID: "1-9", Emergency: true, Direction: tel.Outbound, From: "104", To: "112", Way: "L1", Began: urgent.At.Add(-12 * time.Second)})
	urgent.Phones = append(urgent.Phones, view.Phone{Ext: "104", Name: "Ana Pérez"})
	urgent.Alarms = []view.Alarm{{ID: "emergency.1-9", Rank: view.Urgent, Since: urgent.At, ES: "Emergencia", EN: "Emergency"}}
	known, told, barred := viewtest.Calm(), viewtest.Calm(), viewtest.Alarmed()
	known.Lines[1].Number = "910000002"
	known.Lines[1].Exam = &view.Exam{Hum: -36, ERL: 9, Findings: []view.ExamFinding{{ID: "dial-tone", Rank: "ok"}, {ID: "hum", Rank: "bad"}, {ID: "echo", Rank: "look"}}}
	known.Lines[1].Traits = &view.Learned{Calls: 12, ERL: 11, Endings: []view.Ending{{Sign: "loop drop", Seen: 3}, {Sign: "busy tone", Seen: 9}}}
	told.Calls = append(told.Calls, urgent.Calls...)
	told.Calls[len(told.Calls)-1].Told = []string{"sede"}
	told.Phones, told.Alarms = urgent.Phones, urgent.Alarms
	barred.Uplinks[0].WhyES, barred.Uplinks[0].WhyEN = "su certificado caducó el 2026-11-20", "certificate expired on 2026-11-20"
	return append([]screenCase{
		{"one line, free and known", known, Page{Line, 1}},
		{"emergency, told", told, Page{Alarm, 0}},
		{"attention: upstream, expired", barred, Page{Alarm, 2}},
		{"claim", claim, Page{}},
		{"claim, too many wrong", locked, Page{}},
		{"emergency", urgent, Page{Alarm, 0}},
		{"boot", &view.Snapshot{Version: "0.9.4"}, Page{}},
		{"idle, calm", small, Page{}},
		{"idle, one waits", viewtest.Calm(), Page{}},
		{"idle, busy", viewtest.Alarmed(), Page{}},
		{"queues 1", viewtest.Alarmed(), Page{Queues, 0}},
		{"queues 2", viewtest.Alarmed(), Page{Queues, 1}},
		{"agents 1", viewtest.Alarmed(), Page{Agents, 0}},
		{"agents 2", viewtest.Calm(), Page{Agents, 1}},
		{"one line, first", viewtest.Calm(), Page{Line, 0}},
		{"one line, with a caller", viewtest.Alarmed(), Page{Line, 4}},
		{"alarm: queue", viewtest.Alarmed(), Page{Alarm, 0}},
		{"alarm: line", viewtest.Alarmed(), Page{Alarm, 1}},
		{"attention: upstream", viewtest.Alarmed(), Page{Alarm, 2}},
		{"attention: clock", clock, Page{Alarm, 0}},
	}, doings()...)
}

func TestScreens(t *testing.T) {
	var b strings.Builder
	for _, lang := range []tel.Lang{tel.Spanish, tel.English} {
		for _, c := range cases() {
			f := Render(c.s, viewtest.At(), c.page, lang)
			for i, r := range f.Rows {
				if n := utf8.RuneCountInString(r); n != Cols {
					t.Errorf("%s, %s: row %d is %d wide: %q", lang, c.name, i, n, r)
				}
			}
			fmt.Fprintf(&b, "%s: %s\n%s\n", lang, c.name, Text(f))
		}
	}
	const file = "testdata/screens.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
		for i := range min(len(g), len(w)) {
			if g[i] != w[i] {
				t.Errorf("%s:%d:\n got %q\nwant %q", file, i+1, g[i], w[i])
			}
		}
		if len(g) != len(w) {
			t.Errorf("%d lines, want %d; after looking at them: go test ./firmware/panel -update", len(g), len(w))
		}
	}
}

// At rest the last row says in turns who waits, who answers and how fast it was today.
func TestWhatIsSaidAtRest(t *testing.T) {
	for _, c := range []struct {
		s    *view.Snapshot
		want string
	}{
		{viewtest.Alarmed(), "Esperan 8   máx 4:%d|Libres %d     ocup. %d|Esperan 8   máx 4:%d|Servicio hoy     80%%"},
		{&view.Snapshot{Seq: 1, Lang: tel.Spanish}, "Todo en orden       |Todo en orden       |Todo en orden       |Todo en orden       "},
	} {
		var rows []string
		at := viewtest.At().Truncate(8 * turn)
		for range 4 {
			f := Render(c.s, at, Page{}, tel.Spanish)
			rows = append(rows, f.Rows[3])
			if len(c.s.Agents) > 0 && f.Next.After(at.Add(2*turn)) {
				t.Errorf("wakes at %s, after the turn of %s", f.Next, at)
			}
			at = at.Add(2 * turn)
		}
		digits := regexp.MustCompile(`4:\d\d|Libres +\d+ +ocup. \d+`)
		got := digits.ReplaceAllString(strings.Join(rows, "|"), "~")
		want := strings.NewReplacer("4:%d", "~", "Libres %d     ocup. %d", "~", "%%", "%").Replace(c.want)
		if got != want {
			t.Errorf("says %q, want %q", rows, want)
		}
	}
}

func TestNoWholeNumberAndNoSurname(t *testing.T) {
	private := regexp.MustCompile(`\d{4}|Ruiz|Pérez|Gómez|Rosa|Díaz`)
	for _, s := range []*view.Snapshot{viewtest.Calm(), viewtest.Alarmed()} {
		for screen := Rest; screen <= Alarm; screen++ {
			for n := range 9 {
				f := Render(s, viewtest.At(), Page{screen, n}, tel.Spanish)
				for _, r := range f.Rows {
					if strings.HasPrefix(r, "12345678 ") {
						continue // the numbers of the lamps
					}
					if m := private.FindString(r); m != "" {
						t.Errorf("screen %d.%d shows %q in %q", screen, n, m, r)
					}
				}
			}
		}
	}
}

func TestAnythingFitsTheDisplay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := viewtest.Alarmed()
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "\x1b[2J", "ñandú", "漢字漢字漢字漢字漢字漢字", strings.Repeat("W", 90)}))
		s.Site = text.Draw(t, "site")
		for i := range s.Queues {
			s.Queues[i].NameES, s.Queues[i].CanHelp = text.Draw(t, "queue"), text.Draw(t, "helper")
			s.Queues[i].Free = rapid.IntRange(0, 1e6).Draw(t, "free")
		}
		for i := range s.Agents {
			s.Agents[i].Name = text.Draw(t, "agent")
			s.Agents[i].Since = s.At.Add(-time.Duration(rapid.Int64Range(-1e9, 4e14).Draw(t, "since")))
		}
		for i := range s.Alarms {
			s.Alarms[i].ES, s.Alarms[i].HintES = text.Draw(t, "what"), text.Draw(t, "hint")
		}
		s.Trunks[0].Used = rapid.IntRange(0, 200).Draw(t, "used")
		page := Page{Screen(rapid.IntRange(0, 6).Draw(t, "screen")), rapid.IntRange(0, 9).Draw(t, "n")}
		f := Render(s, s.At, page, tel.Spanish)
		for i, r := range f.Rows {
			if utf8.RuneCountInString(r) != Cols || strings.ContainsAny(r, "\x1b\n\r\t\x00") {
				t.Fatalf("page %v row %d: %q", page, i, r)
			}
		}
		if !f.Next.After(s.At) {
			t.Fatalf("the frame would change at %s, not after %s", f.Next, s.At)
		}
	})
}

func TestSignsAreWhereTheLampsAre(t *testing.T) {
	f := Render(viewtest.Alarmed(), viewtest.At(), Page{}, tel.Spanish)
	if want := uint32(0xFF | 0x3FF<<10); f.Signs[2] != want || f.Signs[0]|f.Signs[1]|f.Signs[3] != 0 {
		t.Errorf("signs %x, want row 2 %x", f.Signs, want)
	}
	if f := Render(viewtest.Alarmed(), viewtest.At(), Page{Agents, 0}, tel.Spanish); f.Signs != [4]uint32{1 << 7, 1 << 7, 1 << 7, 1 << 7} {
		t.Errorf("agents' signs %x", f.Signs)
	}
}

func TestKeysWalkEveryPageAndBack(t *testing.T) {
	s, at := viewtest.Calm(), viewtest.At()
	var p State
	p.Look(s, at)
	var walked []Page
	for range 2 + 2 + 8 + 1 {
		shown, _ := p.Page(s, at)
		walked = append(walked, shown)
		p.Press(Next, s, at)
	}
	want := []Page{{}, {Queues, 0}, {Queues, 1}, {Agents, 0}, {Agents, 1}, {Line, 0}, {Line, 1}, {Line, 2}, {Line, 3}, {Line, 4}, {Line, 5}, {Line, 6}, {Line, 7}}
	if fmt.Sprint(walked) != fmt.Sprint(want) {
		t.Errorf("walked %v\nwant   %v", walked, want)
	}
	if shown, _ := p.Page(s, at); shown != (Page{}) {
		t.Errorf("after the last line %v, want rest", shown)
	}
	p.Press(Prev, s, at)
	if shown, _ := p.Page(s, at); shown != (Page{Line, 7}) {
		t.Errorf("before rest is %v, want the last line", shown)
	}
}

func TestAnAlarmSeenComesBackOnlyWhenItIsNew(t *testing.T) {
	s, at := viewtest.Alarmed(), viewtest.At().Truncate(8*time.Second).Add(turn)
	s.Alarms = s.Alarms[1:2]
	var p State
	p.Look(s, at)
	if shown, _ := p.Page(s, at); shown != (Page{Alarm, 0}) {
		t.Fatalf("shows %v, want the alarm", shown)
	}
	p.Press(OK, s, at)
	for i := range 10 {
		if shown, _ := p.Page(s, at.Add(time.Duration(i)*turn)); shown != (Page{}) {
			t.Fatalf("a seen alarm is shown again after %d turns", i)
		}
	}
	again := viewtest.Alarmed()
	again.Alarms = []view.Alarm{s.Alarms[0]}
	again.Alarms[0].Since = at.Add(time.Hour)
	p.Look(again, at)
	if shown, _ := p.Page(again, at.Truncate(8*time.Second).Add(turn)); shown != (Page{Alarm, 0}) {
		t.Errorf("the line died again and is not shown: %v", shown)
	}
}
