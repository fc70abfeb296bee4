package health_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/view/viewtest"
	"pgregory.net/rapid"
)

var start = time.Date(2026, 11, 21, 8, 2, 0, 0, time.UTC)

func ids(r *health.Register) string {
	var list []string
	for _, a := range r.Alarms() {
		list = append(list, a.ID)
	}
	return strings.Join(list, " ")
}

func TestTheMostUrgentFirstThenTheOldest(t *testing.T) {
	var r health.Register
	r.Begin(start)
	r.Raise(start.Add(1*time.Second), health.UplinkDown("sede", 214, "", ""))
	r.Raise(start.Add(2*time.Second), health.LineDead("L3", "L4", "Sin tensión", "No voltage"))
	r.Raise(start.Add(3*time.Second), health.ClockUnset())
	r.Raise(start.Add(4*time.Second), health.BookFailed())
	if got := ids(&r); got != "line.L3 book uplink.sede clock" {
		t.Errorf("order %s", got)
	}
}

func TestAStandingConditionKeepsItsInstant(t *testing.T) {
	var r health.Register
	r.Begin(start)
	if !r.Calm().Equal(start) {
		t.Errorf("calm since %s", r.Calm())
	}
	at := start.Add(time.Minute)
	if !r.Raise(at, health.UplinkDown("sede", 1, "", "")) || !r.Calm().IsZero() {
		t.Errorf("not raised, calm since %s", r.Calm())
	}
	if r.Raise(at.Add(time.Second), health.UplinkDown("sede", 1, "", "")) {
		t.Error("the same again was a change")
	}
	if !r.Raise(at.Add(time.Second), health.UplinkDown("sede", 2, "", "")) {
		t.Error("one more record was no change")
	}
	if a := r.Alarms()[0]; !a.Since.Equal(at) || a.HintES != "2 registros a salvo aquí." {
		t.Errorf("alarm %+v", a)
	}
	if r.Clear(at, "line.L3") || !r.Clear(at.Add(time.Hour), "uplink.sede") || !r.Calm().Equal(at.Add(time.Hour)) {
		t.Errorf("not cleared, calm since %s", r.Calm())
	}
	copied := r.Alarms()
	r.Raise(at, health.BookFailed())
	if len(copied) != 0 {
		t.Error("a picture given out has changed")
	}
}

func TestLateParts(t *testing.T) {
	checks := health.NewChecks(start,
		health.Part{Name: "loop", Within: time.Second, WhenLate: health.LoopLate()},
		health.Part{Name: "writer", Within: 5 * time.Second, WhenLate: health.WriterLate()})
	var r health.Register
	r.Begin(start)
	at := start.Add(time.Second)
	if late := checks.Late(at); len(late) != 0 {
		t.Errorf("late at the deadline itself: %v", late)
	}
	at = at.Add(time.Millisecond)
	if late := checks.Late(at); len(late) != 1 || late[0].Name != "loop" {
		t.Errorf("late %v", late)
	}
	if !checks.Apply(at, &r) || ids(&r) != "loop" {
		t.Errorf("conditions %s", ids(&r))
	}
	checks.In(0, at)
	checks.In(0, start) // older news
	if !checks.Last(0).Equal(at) || !checks.Apply(at, &r) || ids(&r) != "" || checks.Apply(at, &r) {
		t.Errorf("last %s, conditions %q", checks.Last(0), ids(&r))
	}
}

// Parts of one kind share a condition: it stands while any of them is late.
func TestPartsShareACondition(t *testing.T) {
	checks := health.NewChecks(start,
		health.Part{Name: "shard 0", Within: time.Second, WhenLate: health.MediaLate()},
		health.Part{Name: "shard 1", Within: time.Second, WhenLate: health.MediaLate()})
	var r health.Register
	r.Begin(start)
	at := start.Add(2 * time.Second)
	checks.In(1, at)
	if late := checks.Late(at); len(late) != 1 || late[0].Name != "shard 0" || !checks.Apply(at, &r) || ids(&r) != "media" {
		t.Errorf("late %v, conditions %q", late, ids(&r))
	}
	checks.In(0, at)
	if !checks.Apply(at, &r) || ids(&r) != "" {
		t.Errorf("conditions %q", ids(&r))
	}
}

func TestCheckingInAllocatesNothing(t *testing.T) {
	checks := health.NewChecks(start, health.Part{Name: "shard"})
	at := start
	if n := testing.AllocsPerRun(100, func() { at = at.Add(time.Millisecond); checks.In(0, at) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A line out of service says why in both languages, and fits its place.
func TestWhyALineIsOut(t *testing.T) {
	seen := map[string]bool{}
	for _, fault := range []string{"no battery", "hardware gone", "no dial tone", "failed twice", "changed character"} {
		var r health.Register
		r.Begin(start)
		s := viewtest.Calm()
		s.Lines[1].Lamp, s.Lines[1].Fault = view.Dead, fault
		r.House(start, s)
		a := r.Alarms()[0]
		if a.ID != "line.L2" || seen[a.HintES] || seen[a.HintEN] || a.HintES == a.HintEN || utf8.RuneCountInString(a.HintES) > 70 || utf8.RuneCountInString(a.HintEN) > 70 {
			t.Errorf("%s: %s %q %q", fault, a.ID, a.HintES, a.HintEN)
		}
		seen[a.HintES], seen[a.HintEN] = true, true
	}
}

// TestEveryConditionSpeaksBothLanguages and fits its places: the title on a
// card of the wall.
func TestEveryConditionSpeaksBothLanguages(t *testing.T) {
	q := view.Queue{ID: "soporte", NameES: "Soporte", NameEN: "Support", Threshold: 3, Waiting: make([]view.Waiting, 5)}
	seen := map[string]bool{}
	for _, c := range []health.Condition{health.QueueOver(q, "Marta (Citas)"), health.LineDead("L3", "L4", "Sin tensión", "No voltage"), health.LineDead("L1", "", "Sin tensión", "No voltage"),
		health.TrunkDown("siptel"), health.PhonesLost([]string{"Fabio"}, []tel.Number{"203"}), health.UplinkDown("sede", 214, "", ""), health.ClockUnset(), health.ConfigTrial(12, 11), health.BookFailed(), health.LoopLate(), health.MediaLate(), health.WriterLate()} {
		if seen[c.ID] || c.ID == "" || c.Rank < view.Attention || c.Rank > view.Urgent {
			t.Errorf("condition %+v", c)
		}
		seen[c.ID] = true
		for _, s := range []string{c.ES, c.EN, c.HintES, c.HintEN} {
			if s == "" || utf8.RuneCountInString(s) > 70 {
				t.Errorf("%s: text %q", c.ID, s)
			}
		}
		if c.ES == c.EN || !strings.HasSuffix(c.HintES, ".") || !strings.HasSuffix(c.HintEN, ".") {
			t.Errorf("%s: %q and %q, %q and %q", c.ID, c.ES, c.EN, c.HintES, c.HintEN)
		}
	}
	if c := health.PhonesLost([]string{"Ana", "Bruno"}, []tel.Number{"201", "202"}); c.ES != "Sin teléfono: Ana, Bruno" || c.HintES != "No responden 201, 202." {
		t.Errorf("two phones: %+v", c)
	}
	if c := health.PhonesLost(make([]string, 6), []tel.Number{"1", "2", "3", "4", "5", "6"}); c.EN != "No phone: 6 agents" || c.HintEN != "No answer from 6 phones." {
		t.Errorf("six phones: %+v", c)
	}
	one := view.Queue{ID: "v", NameES: "Ventas", NameEN: "Sales", Threshold: 1, Waiting: make([]view.Waiting, 1)}
	if c := health.QueueOver(one, ""); c.ES != "Ventas: 1 espera" || c.HintEN != "Threshold 1. Nobody free." {
		t.Errorf("one caller: %+v", c)
	}
}

// TestRegisterAgainstAPlainMap: whatever is raised and cleared, exactly that
// stands, in order, and calm is known exactly when nothing stands.
func TestRegisterAgainstAPlainMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r health.Register
		r.Begin(start)
		model, now := map[string]time.Time{}, start
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "wait")) * time.Second)
			id := fmt.Sprint("c", rapid.IntRange(0, 5).Draw(t, "id"))
			bad := rapid.Bool().Draw(t, "bad")
			r.Hold(now, bad, health.Condition{ID: id, Rank: view.Rank(rapid.IntRange(1, 2).Draw(t, "rank"))})
			if _, stands := model[id]; bad && !stands {
				model[id] = now
			} else if !bad {
				delete(model, id)
			}
			alarms := r.Alarms()
			if len(alarms) != len(model) || r.Calm().IsZero() != (len(model) > 0) {
				t.Fatalf("%d stand, want %d; calm %s", len(alarms), len(model), r.Calm())
			}
			for _, a := range alarms {
				if !a.Since.Equal(model[a.ID]) {
					t.Fatalf("%s since %s, want %s", a.ID, a.Since, model[a.ID])
				}
			}
			if !slices.IsSortedFunc(alarms, func(a, b view.Alarm) int {
				if a.Rank != b.Rank {
					return int(b.Rank) - int(a.Rank)
				}
				return a.Since.Compare(b.Since)
			}) {
				t.Fatalf("out of order: %v", alarms)
			}
		}
	})
}

// TestHouse: the alarmed office raises its alarms, the calm one clears them
// all, also what has left the picture; what others raised stays.
func TestHouse(t *testing.T) {
	var r health.Register
	r.Begin(start)
	r.Raise(start, health.MediaLate())
	s := viewtest.Alarmed()
	s.Agents[5].Ext = "203"
	r.House(start, s)
	if got := ids(&r); got != "line.L3 media queue.soporte phones uplink.sede" {
		t.Errorf("conditions %s", got)
	}
	if a := r.Alarms()[0]; a.HintES != "Sin tensión. Sale por L1." {
		t.Errorf("the way round a dead line: %q", a.HintES)
	}
	s = viewtest.Alarmed()
	s.Agents[5].Ext, s.Agents[5].Lamp = "", view.Off // he logged out
	r.House(start.Add(time.Second), s)
	if got := ids(&r); got != "line.L3 media queue.soporte uplink.sede" {
		t.Errorf("after he left: %s", got)
	}
	s = viewtest.Calm()
	s.Lines[0].Lamp = view.Off
	s.Lines[1].Lamp = view.Dead
	r.House(start, s)
	if got := ids(&r); got != "line.L2 media" || r.Alarms()[0].HintEN != "No voltage. Going out by L3." {
		t.Errorf("conditions %s, %q", got, r.Alarms()[0].HintEN)
	}
	r.House(start, viewtest.Calm())
	if got := ids(&r); got != "media" {
		t.Errorf("calm, yet %s", got)
	}
}
