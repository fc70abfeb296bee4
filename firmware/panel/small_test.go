package panel

import (
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/view/viewtest"
	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/display/displaytest"
	"github.com/centralita/centralita/hal/led"
	"pgregory.net/rapid"
)

// turnsOf are the different pictures that a page shows from at on, in order.
func turnsOf(draw func(at time.Time) (string, time.Time)) []string {
	var seen []string
	for _, at := range instants(draw) {
		text, _ := draw(at)
		seen = append(seen, text)
	}
	return seen
}

// instants are when each of the different pictures of a page is seen first.
func instants(draw func(at time.Time) (string, time.Time)) (first []time.Time) {
	var seen []string
	at := viewtest.At().Truncate(2 * turn)
	for end := at.Add(30 * beat); at.Before(end); at = at.Add(beat) {
		text, _ := draw(at)
		if !slices.Contains(seen, text) {
			seen, first = append(seen, text), append(first, at)
		}
	}
	return first
}

// golden compares got with a file, or writes it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what is drawn; after looking at the difference: go test ./firmware/panel -update\n%s", file, got)
	}
}

// still stops the counting of a picture at the instant at, so that turns can be told apart.
func still(s *view.Snapshot, at, then time.Time) *view.Snapshot {
	c, by := *s, then.Sub(at)
	c.Queues, c.Agents, c.Lines = slices.Clone(s.Queues), slices.Clone(s.Agents), slices.Clone(s.Lines)
	for i := range c.Queues {
		c.Queues[i].Waiting = slices.Clone(c.Queues[i].Waiting)
		for j := range c.Queues[i].Waiting {
			c.Queues[i].Waiting[j].Since = c.Queues[i].Waiting[j].Since.Add(by)
		}
	}
	for i := range c.Agents {
		c.Agents[i].Since = c.Agents[i].Since.Add(by)
	}
	for i := range c.Lines {
		c.Lines[i].Since = c.Lines[i].Since.Add(by)
	}
	if h := s.Held; h != nil {
		c.Held = &view.Held{Does: h.Does, Phase: h.Phase, OK: h.OK, Since: h.Since.Add(by), Until: h.Until.Add(by)}
	}
	if u := s.Unclaimed; u != nil {
		c.Unclaimed = &view.Claim{Code: u.Code, Until: u.Until.Add(by), Address: u.Address}
	}
	c.Calls = slices.Clone(s.Calls)
	for i := range c.Calls {
		c.Calls[i].Began = c.Calls[i].Began.Add(by)
	}
	if s.Trial != nil {
		c.Trial = &view.Trial{N: s.Trial.N, Back: s.Trial.Back, Until: s.Trial.Until.Add(by)}
	}
	for i, l := range c.Lines {
		if l.Test != nil {
			now := *l.Test
			now.Since = now.Since.Add(by)
			c.Lines[i].Test = &now
		}
	}
	return &c
}

func TestSmallScreens(t *testing.T) {
	var b strings.Builder
	for _, lang := range []tel.Lang{tel.Spanish, tel.English} {
		for _, c := range cases() {
			fmt.Fprintf(&b, "%s: %s\n", lang, c.name)
			for _, text := range turnsOf(func(at time.Time) (string, time.Time) {
				f := RenderSmall(still(c.s, viewtest.At(), at), at, c.page, lang)
				for i, r := range f.Rows {
					if utf8.RuneCountInString(r) != SmallCols {
						t.Errorf("%s, %s: row %d is %q", lang, c.name, i, r)
					}
				}
				return strings.Join(f.Rows[:], "|\n|"), f.Next
			}) {
				fmt.Fprintf(&b, "|%s|\n", text)
			}
			b.WriteString("\n")
		}
	}
	golden(t, "testdata/small.txt", b.String())
}

func TestCount(t *testing.T) {
	var b strings.Builder
	for _, c := range cases() {
		fmt.Fprintf(&b, "%-26s", c.name)
		for _, text := range turnsOf(func(at time.Time) (string, time.Time) { return Count(still(c.s, viewtest.At(), at), at) }) {
			fmt.Fprintf(&b, " [%5s]", text)
		}
		b.WriteString("\n")
	}
	golden(t, "testdata/digits.txt", b.String())
}

// Whatever the picture, two rows and four digits hold it, and the next instant is ahead.
func TestAnythingFitsTheSmall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := viewtest.Alarmed()
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "\x1b[2J", "ñandú", strings.Repeat("Wörter wie diese ", 20)}))
		for i := range s.Queues {
			s.Queues[i].NameES, s.Queues[i].CanHelp = text.Draw(t, "queue"), text.Draw(t, "helper")
			for j := range s.Queues[i].Waiting {
				s.Queues[i].Waiting[j].Since = s.At.Add(-time.Duration(rapid.Int64Range(-1e9, 4e17).Draw(t, "since")))
			}
		}
		for i := range s.Alarms {
			s.Alarms[i].ES, s.Alarms[i].HintES = text.Draw(t, "what"), text.Draw(t, "hint")
		}
		at := s.At.Add(time.Duration(rapid.IntRange(0, 1e6).Draw(t, "ms")) * time.Millisecond)
		page := Page{Screen(rapid.IntRange(0, 6).Draw(t, "screen")), rapid.IntRange(0, 9).Draw(t, "n")}
		f := RenderSmall(s, at, page, tel.Spanish)
		for i, r := range f.Rows {
			if utf8.RuneCountInString(r) != SmallCols || strings.ContainsAny(r, "\x1b\n\r\t\x00") {
				t.Fatalf("page %v row %d: %q", page, i, r)
			}
		}
		count, next := Count(s, at)
		if n := utf8.RuneCountInString(strings.Replace(count, ":", "", 1)); n < 1 || n > 4 {
			t.Fatalf("count %q", count)
		}
		if !f.Next.After(at) || !next.After(at) {
			t.Fatalf("at %s the next is %s and %s", at, f.Next, next)
		}
	})
}

// An alarm takes turns with the rest screen; nothing of its hint is hidden for good.
func TestEveryRowOfAnAlarmComesInItsTurns(t *testing.T) {
	s := viewtest.Alarmed()
	s.Alarms = s.Alarms[1:2]
	for words := 1; words < 24; words++ {
		hint := "uno"
		for i := range words {
			hint += fmt.Sprintf(" y%02d", i)
		}
		s.Alarms[0].HintES = hint
		hidden := map[string]bool{}
		for _, row := range wrap(hint, SmallCols)[:min(7, len(wrap(hint, SmallCols)))] {
			hidden[fit(row, SmallCols)] = true
		}
		var p State
		for at := viewtest.At().Truncate(2 * turn); at.Before(viewtest.At().Add(time.Minute)); at = at.Add(beat) {
			p.Look(s, at)
			if page, _ := p.Page(s, at); page.Screen == Alarm {
				delete(hidden, RenderSmall(s, at, page, tel.Spanish).Rows[1])
			}
		}
		if len(hidden) > 0 {
			t.Errorf("in a minute never seen of %q: %q", hint, slices.Sorted(maps.Keys(hidden)))
		}
	}
}

func TestFewGlyphsGoToLampsFirst(t *testing.T) {
	d := &poor{Fake: displaytest.NewFake(16, 2, "")}
	o := newScreen(d)
	text, err := o.fold(rows{[]string{"áéíóúñÑ¿O#      ", "¡Ándale!        "}, []uint32{1<<8 | 1<<9, 0}})
	if err != nil {
		t.Fatal(err)
	}
	g := display.Glyph
	want := []string{string([]rune{g(2), 'e', 'i', 'o', 'u', 'n', 'N', '?', g(0), g(1)}) + "      ", "!Andale!        "}
	if fmt.Sprintf("%q", text) != fmt.Sprintf("%q", want) {
		t.Errorf("three own glyphs draw %q, want %q", text, want)
	}
	// The next page needs others: those that it does not need are given away.
	if text, err = o.fold(rows{[]string{"ñandú éxito     ", "                "}, []uint32{0, 0}}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text[0], "n") + strings.Count(text[0], "u") + strings.Count(text[0], "e"); n != 1 {
		t.Errorf("three letters for three glyphs are drawn %q", text[0])
	}
}

// poor has three own glyphs.
type poor struct{ *displaytest.Fake }

func (*poor) Glyphs() int { return 3 }

func TestLampTestAndAcceptedButton(t *testing.T) {
	run(t, calm(), func(f *front) {
		for _, want := range []led.Colour{led.Green, led.Red, led.Amber, led.DimAmber} {
			if want == led.Green {
				f.Press(LampTest)
				f.pass(0)
			}
			for i, c := range f.s.Shown {
				if c != want {
					t.Errorf("lamp %d is %s, want %s", i, c, want)
				}
			}
			f.pass(tested)
		}
		if f.s.Shown[8] != led.Green {
			t.Errorf("after the test the health lamp is %s", f.s.Shown[8])
		}
		f.Press(Taken)
		f.pass(0)
		if f.s.Shown[8] == led.Green || f.Frame().Health != view.Accepted {
			t.Errorf("after a button the health lamp is %s, %s", f.s.Shown[8], f.Frame().Health)
		}
		f.pass(accepted)
		if f.s.Shown[8] != led.Green {
			t.Errorf("two seconds later the health lamp is %s", f.s.Shown[8])
		}
	})
}

// digits keep what they were told.
type digits struct {
	text   string
	light  display.Light
	writes int
}

func (d *digits) Show(text string) error          { d.text = text; d.writes++; return nil }
func (d *digits) Backlight(l display.Light) error { d.light = l; return nil }

func TestFrontsOfEverySizeShowTheSame(t *testing.T) {
	var store view.Store
	s := viewtest.Calm()
	store.Set(s)
	big, little, four := displaytest.NewFake(20, 4, ""), displaytest.NewFake(16, 2, ""), &digits{}
	p := New(&store, big, nil, slog.New(slog.DiscardHandler))
	p.Add(Front{Display: little, Digits: four})
	at := viewtest.At().Truncate(6 * turn) // the row at rest begins with who waits
	p.show(s, at)
	if !strings.HasPrefix(big.Shown[0], "Oficina Centro ") || !strings.Contains(little.Shown[0], "10:") || little.Shown[1][:5] != "Esp 1" || four.text == "" {
		t.Errorf("%q %q %q", big.Shown, little.Shown, four.text)
	}
	writes := four.writes + little.Writes + big.Writes
	p.show(s, at)
	if n := four.writes + little.Writes + big.Writes; n != writes {
		t.Errorf("%d writes for the same picture", n-writes)
	}
}
