package view_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/view/viewtest"
	"pgregory.net/rapid"
)

func TestMask(t *testing.T) {
	for n, want := range map[tel.Number]string{"+34915550142": "··· 142", "112": "112", "201": "201", "2001": "··· 001", "": "···", "*11": "*11"} {
		if got := view.Mask(n); got != want {
			t.Errorf("Mask(%q) = %q, want %q", n, got, want)
		}
	}
}

func TestQueueLamp(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		waiting, threshold int
		longest, limit     time.Duration
		want               view.Lamp
	}{
		{0, 3, 0, 180 * s, view.Idle}, {1, 3, 5 * s, 180 * s, view.Idle}, {2, 3, 5 * s, 180 * s, view.Warn}, {3, 3, 5 * s, 180 * s, view.Dead}, {9, 3, 0, 0, view.Dead},
		{1, 0, 134 * s, 180 * s, view.Idle}, {1, 0, 135 * s, 180 * s, view.Warn}, {1, 0, 180 * s, 180 * s, view.Dead},
		{1, 1, 0, 0, view.Dead}, {50, 0, time.Hour, 0, view.Idle},
	} {
		if got := view.QueueLamp(c.waiting, c.threshold, c.longest, c.limit); got != c.want {
			t.Errorf("QueueLamp(%d of %d, %s of %s) = %s, want %s", c.waiting, c.threshold, c.longest, c.limit, got, c.want)
		}
	}
}

func TestServiceLevel(t *testing.T) {
	if pct, ok := (view.Queue{Answered: 97, Late: 3, InTarget: 91}).ServiceLevel(); pct != 91 || !ok {
		t.Errorf("91 of 97 answered and 3 gone late: %d %t", pct, ok)
	}
	if _, ok := (view.Queue{}).ServiceLevel(); ok {
		t.Error("a day without calls has a service level")
	}
}

func TestDurationAndTimeOfDay(t *testing.T) {
	for d, want := range map[time.Duration]string{-time.Hour: "0:00", 14900 * time.Millisecond: "0:14", 222 * time.Second: "3:42", 3729 * time.Second: "1:02:09"} {
		if got := view.Duration(d); got != want {
			t.Errorf("Duration(%s) = %q, want %q", d, got, want)
		}
	}
	if got := view.TimeOfDay(time.Date(2026, 1, 1, 9, 5, 59, 0, time.UTC)); got != "9:05" {
		t.Errorf("TimeOfDay = %q", got)
	}
}

func TestEveryLampHasItsOwnNameSignAndWords(t *testing.T) {
	names, signs, es, en := map[string]bool{}, map[byte]bool{}, map[string]bool{}, map[string]bool{}
	for _, l := range view.Lamps() {
		k := l.Look()
		if names[k.Name] || signs[k.Sign] || es[k.ES] || en[k.EN] || len(k.Rhythm) == 0 {
			t.Errorf("%s is not unlike the others: %+v", l, k)
		}
		names[k.Name], signs[k.Sign], es[k.ES], en[k.EN] = true, true, true, true
		var back view.Lamp
		b, err := json.Marshal(l)
		if err == nil {
			err = json.Unmarshal(b, &back)
		}
		if err != nil || back != l {
			t.Errorf("%s through JSON is %s: %v", l, back, err)
		}
	}
	if len(names) != 13 {
		t.Errorf("%d states, want 13", len(names))
	}
}

// TestAtMostTwoFlashesASecond: the limit of the specification, for every
// rhythm of lamps and of the health LED but the answer to a button.
func TestAtMostTwoFlashesASecond(t *testing.T) {
	check := func(name string, rhythm []view.Blink) {
		flashes, whole := 0, time.Duration(0)
		for _, p := range rhythm {
			whole += p.Time
			if p.Colour != view.Dark && len(rhythm) > 1 {
				flashes++
			}
		}
		if whole > 0 && float64(flashes) > 2*whole.Seconds() {
			t.Errorf("%s: %d flashes in %s", name, flashes, whole)
		}
	}
	for _, l := range view.Lamps() {
		check(l.String(), l.Look().Rhythm)
	}
	for _, h := range view.Healths() {
		if h != view.Accepted {
			check(h.String(), h.Rhythm())
		}
	}
}

func TestColourChangesExactlyWhenItSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rhythm := rapid.SampledFrom(view.Lamps()).Draw(t, "lamp").Look().Rhythm
		at := time.Unix(0, rapid.Int64Range(0, 4e18).Draw(t, "at"))
		c, next := view.ColourAt(rhythm, at)
		if len(rhythm) == 1 {
			if !next.IsZero() || c != rhythm[0].Colour {
				t.Fatalf("steady, yet %v until %s", c, next)
			}
			return
		}
		if !next.After(at) || next.Sub(at) > 2*time.Second {
			t.Fatalf("at %s the next change is at %s", at, next)
		}
		if before, _ := view.ColourAt(rhythm, next.Add(-1)); before != c {
			t.Fatalf("%v changed to %v before %s", c, before, next)
		}
		if after, _ := view.ColourAt(rhythm, next); after == c {
			t.Fatalf("%v did not change at %s", c, next)
		}
	})
}

func TestHealth(t *testing.T) {
	if h := viewtest.Calm().Health(); h != view.Sound {
		t.Errorf("calm is %s", h)
	}
	s := viewtest.Alarmed()
	if h := s.Health(); h != view.Failed {
		t.Errorf("a dead line is %s", h)
	}
	s.Alarms = s.Alarms[2:]
	if h := s.Health(); h != view.NeedsAttention {
		t.Errorf("no uplink is %s", h)
	}
}

func TestReasonIn(t *testing.T) {
	for _, c := range []struct {
		a      view.Agent
		es, en string
	}{
		{view.Agent{Reason: "descanso", ReasonES: "Descanso", ReasonEN: "Break"}, "Descanso", "Break"},
		{view.Agent{Reason: "almuerzo"}, "Almuerzo", "Almuerzo"}, {view.Agent{Reason: "no answer"}, "No contestó", "No answer"},
		{view.Agent{Reason: "login"}, "Sin empezar", "Not started"}, {view.Agent{}, "", ""}, {view.Agent{Reason: "\x1b[2J"}, "[2J", "[2J"},
	} {
		if es, en := c.a.ReasonIn(tel.Spanish), c.a.ReasonIn(tel.English); es != c.es || en != c.en {
			t.Errorf("%q is %q and %q, want %q and %q", c.a.Reason, es, en, c.es, c.en)
		}
	}
}

func TestTrunkLamps(t *testing.T) {
	s := viewtest.Alarmed()
	lamps := s.TrunkLamps(s.Trunks[0])
	if len(lamps) != 10 || lamps[5] != view.Queued || lamps[6] != view.Idle {
		t.Errorf("lamps %v", lamps)
	}
	if lamps := s.TrunkLamps(view.Trunk{ID: "other", Used: 1, Size: 2, Lamp: view.Dead}); len(lamps) != 2 || lamps[0] != view.Talk || lamps[1] != view.Dead {
		t.Errorf("a dead trunk with a call we do not know: %v", lamps)
	}
}

func TestStoreWakesWhoWaits(t *testing.T) {
	var store view.Store
	if store.Get() == nil || store.Get().Seq != 0 {
		t.Fatal("an empty store has no empty picture")
	}
	const pictures, readers = 1000, 4
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			last := uint64(0)
			for last < pictures {
				changed := store.Changed()
				s := store.Get()
				if s.Seq < last {
					t.Errorf("picture %d after %d", s.Seq, last)
					return
				}
				if last = s.Seq; last < pictures {
					<-changed
				}
			}
		})
	}
	for i := uint64(1); i <= pictures; i++ {
		store.Set(&view.Snapshot{Seq: i})
	}
	wg.Wait()
}
