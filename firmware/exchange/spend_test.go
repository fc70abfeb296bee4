package exchange

import (
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

func limited(l ...numbering.Limit) func(*Settings) { return func(s *Settings) { s.Spending = l } }

// callOut lets a telephone call outside and be put through; it returns the line.
func (w *world) callOut(id tel.PortID, number string) tel.PortID {
	w.t.Helper()
	w.dials(id, number)
	w.wait(15 * time.Second)
	for _, l := range []tel.PortID{"L1", "L2"} {
		if w.closed[l] && w.e.ports[l].call != 0 {
			w.post(OnPort{l, port.Polarity{Reversed: true}}) // the answer
			return l
		}
	}
	w.fail("no line was seized")
	return ""
}

// ended returns the last ending that is booked.
func (w *world) ended() call.Fact {
	for i := len(w.facts) - 1; i >= 0; i-- {
		if w.facts[i].Kind == call.Ended {
			return w.facts[i]
		}
	}
	return call.Fact{}
}

// A limit that is used up refuses the next call: told by congestion tone, booked
// with its rule in words. The other classes and help go out as before.
func TestLimitRefusesAndSaysWhy(t *testing.T) {
	w := story(t, limited(numbering.Limit{Name: "nacional", Classes: []numbering.Class{numbering.National}, Calls: 1}))
	w.callOut("F1", "0910000001")
	w.post(OnPort{"F1", port.OnHook{}})
	w.wait(5 * time.Second)
	w.did = nil
	w.dials("F1", "0910000002")
	w.wait(6 * time.Second)
	if w.has("L1 seize") || w.has("L2 seize") {
		w.fail("a line was seized")
	}
	w.must("tone congestion")
	if f := w.ended(); f.Cause != tel.CauseForbidden || f.Evidence != "limit nacional: the one call a day is used up" {
		w.fail("booked as " + string(f.Cause) + ": " + f.Evidence)
	}
	w.post(OnPort{"F1", port.OnHook{}})
	w.callOut("F1", "112")
	w.wait(time.Hour)
	if s := w.store.Get().Spent; len(s) != 1 || s[0].Calls != 1 || s[0].MaxCalls != 1 || s[0].Limit != "nacional" {
		w.fail("the picture has the limits otherwise")
	}
}

// A line whose day is spent is left out, and the call takes the next.
func TestLimitOfALineTakesTheNext(t *testing.T) {
	w := story(t, limited(numbering.Limit{Name: "linea", Each: numbering.EachWay, Calls: 1}))
	w.post(OnTrunk{"siptel", true, "200"})
	if l := w.callOut("F1", "0910000001"); l != "L2" {
		w.fail("the first call took " + string(l))
	}
	w.post(OnPort{"F1", port.OnHook{}})
	w.wait(5 * time.Second)
	w.did = nil
	w.dials("F1", "0910000001")
	w.wait(15 * time.Second)
	if w.has("L2 seize") {
		w.fail("the spent line was used")
	}
	w.must("dial 910000001 over siptel")
}

// A call that reaches its limit is warned by a tone, then ended, and both are booked.
func TestCallIsWarnedAndEndedByItsLimit(t *testing.T) {
	w := story(t, limited(numbering.Limit{Name: "diario", PerDay: 5 * time.Minute}))
	l := w.callOut("F1", "0910000001")
	w.did = nil
	w.wait(4*time.Minute + 10*time.Second)
	if w.has("tone confirm") {
		w.fail("warned too early")
	}
	w.wait(30 * time.Second)
	w.must("tone confirm to leg 1")
	if f := w.fact(call.Warned); f.Reason != "limit diario: 5m of talk a day are used up" || f.Call == "" {
		w.fail("the warning is booked as " + f.Reason)
	}
	if w.has(string(l) + " release") {
		w.fail("ended too early")
	}
	w.wait(30 * time.Second)
	w.must(string(l) + " release")
	w.must("tone congestion")
	if f := w.ended(); f.Cause != tel.CauseLimit || f.By != tel.BySystem || !strings.HasPrefix(f.Evidence, "limit diario: 5m of talk") {
		w.fail("ended by " + string(f.Cause) + ": " + f.Evidence)
	}
	w.post(OnPort{"F1", port.OnHook{}})
	w.wait(16 * time.Hour) // midnight passes
	w.did = nil
	w.callOut("F1", "0910000001")
}

// A house that boots without the time counts what the book has of the day as soon as
// the clock is set, once; a call that goes on meanwhile lasts no longer for it.
func TestLimitsWaitForTheClock(t *testing.T) {
	right := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) // the world believes in the 23rd of November
	began := right.Add(-5 * time.Hour)
	w := story(t, limited(numbering.Limit{Name: "diario", PerDay: 6 * time.Minute}), func(s *Settings) {
		s.Today = []call.Record{{ID: "0-1", Direction: tel.Outbound, From: "101", To: "0910000001", Port: "L2", Began: began, Connected: began, Ended: began.Add(5 * time.Minute)}}
	})
	w.callOut("F1", "0910000001")
	w.post(OnClock{Ahead: right.Sub(w.now)})
	if s := w.store.Get().Spent; len(s) != 1 || s[0].Calls != 2 || s[0].Talk < 300 || s[0].Talk > 305 {
		t.Errorf("the limits have counted %+v", s)
	}
	w.wait(70 * time.Second)
	if f := w.ended(); f.Cause != tel.CauseLimit {
		w.fail("the call was not ended: " + string(f.Cause))
	}
	w.post(OnClock{Ahead: right.Sub(w.now) + 90*time.Second})
	if s := w.store.Get().Spent; s[0].Calls != 2 {
		t.Errorf("after a small step the limits have counted %+v", s)
	}
}

// What the book has of today counts after a restart, and what it has of yesterday
// does not.
func TestLimitsSurviveARestart(t *testing.T) {
	began := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	past := func(at time.Time) call.Record {
		return call.Record{ID: "0-1", Direction: tel.Outbound, From: "101", To: "0910000001", Port: "L2", Began: at,
			Connected: at.Add(10 * time.Second), Ended: at.Add(10*time.Second + 5*time.Minute)}
	}
	for name, c := range map[string]struct {
		at      time.Time
		refused bool
	}{"today": {began, true}, "yesterday": {began.Add(-24 * time.Hour), false}} {
		t.Run(name, func(t *testing.T) {
			w := story(t, limited(numbering.Limit{Name: "diario", PerDay: 5 * time.Minute}), func(s *Settings) { s.Today = []call.Record{past(c.at)} })
			w.dials("F1", "0910000001")
			w.wait(15 * time.Second)
			if got := w.ended().Evidence == "limit diario: 5m of talk a day are used up"; got != c.refused {
				w.fail("the call was treated otherwise: " + w.ended().Evidence)
			}
		})
	}
}
