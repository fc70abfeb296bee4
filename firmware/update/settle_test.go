package update

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/hal/slot"
)

// A start is struck out once the program has worked for a minute, and not before; each
// start of the program begins the minute anew.
func TestAStartIsStruckOutAfterAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t)
		b.boot()
		b.pass(59 * time.Second)
		if s := b.state(); s.Fails != 1 {
			t.Errorf("after 59 s: %+v", s)
		}
		b.stop()
		synctest.Wait()
		b.house() // it ended and was started anew
		b.pass(59 * time.Second)
		if s := b.state(); s.Fails != 1 {
			t.Errorf("the program has run 59 s: %+v", s)
		}
		gen := b.state().Gen
		b.pass(2 * time.Second)
		if s := b.state(); s.Fails != 0 || s.Gen != gen+1 {
			t.Errorf("after a minute: %+v", s)
		}
		b.pass(time.Hour)
		if s := b.state(); s.Gen != gen+1 {
			t.Errorf("the record was written %d times", s.Gen-gen)
		}
		b.stop()
	})
}

// The good slot never comes up: the other one works, says so, and nothing is declared bad;
// when the good one comes up again that is forgotten.
func TestTheGoodSlotDoesNotComeUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t)
		img := testImage("0.9.3", 1000)
		w, err := b.disk.Write(slot.B)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(img); err != nil {
			t.Fatal(err)
		}
		r, err := b.disk.Record()
		if err != nil {
			t.Fatal(err)
		}
		r.Fails = slot.Chances
		if err := b.disk.Keep(r.With(slot.B, slot.Image{Number: 3, Version: "0.9.3", Floor: 1, Size: int64(len(img)), Sum: testSum(img)})); err != nil {
			t.Fatal(err)
		}
		b.boot()
		b.expect(2*time.Second, "update: did not come up: 0.9.4 (4) in slot a, b runs")
		if ids, es, hint := b.notice(); ids != "update.slot" || es != "La ranura a no arranca" || hint != "Funciona la otra. `update commit` la deja por buena." {
			t.Errorf("%s, %s: %s", ids, es, hint)
		}
		b.pass(2 * time.Minute)
		if s := b.state(); s.Fails != 0 || s.Good != "a" || s.Running != "b" || s.Trial {
			t.Errorf("%+v", s)
		}
		st, err := b.up.Status(t.Context())
		if err != nil || len(st.Failed) != 0 {
			t.Errorf("failed: %v, %v", st.Failed, err)
		}
		b.boot()
		b.pass(2 * time.Minute)
		if s := b.state(); s.Running != "a" || s.Why != "" || s.Fails != 0 {
			t.Errorf("%+v", s)
		}
		if ids, _, _ := b.notice(); ids != "" {
			t.Errorf("still told: %s", ids)
		}
		b.stop()
	})
}
