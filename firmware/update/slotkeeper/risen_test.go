package slotkeeper_test

import (
	"testing"

	"github.com/centralita/centralita/firmware/update/slotwire"
)

// A trial that was ordered before the floor rose above it is not begun: the boot script
// does not compare, because somebody at the box may start an older one.
func TestAFloorThatRisesEndsWhatWaitsBelowIt(t *testing.T) {
	m := newMachine(t, v4)
	m.live()
	m.update(system{version: "0.9.5", number: 5, floor: 5, nature: healthy, keys: "1"}.bundle(t, "1"))
	if _, err := m.do(slotwire.Rollback, nil); err != nil {
		t.Fatal(err)
	}
	if s := m.state(); s.Try != "a" || s.Floor >= 5 {
		t.Fatalf("nothing waits: %+v", s)
	}
	if _, err := m.do(slotwire.Commit, slotwire.CommitAsk{Floor: true}); err != nil {
		t.Fatal(err)
	}
	if s := m.state(); s.Floor != 5 || s.Try != "" || s.Tries != 0 || s.Good != "b" {
		t.Errorf("%+v", s)
	}
	if m.log = nil; !m.live() || len(m.log) != 1 || m.log[0] != "b:0.9.5" {
		t.Errorf("started %v", m.log)
	}
}
