package slotkeeper_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/update/slotwire"
	"github.com/centralita/centralita/hal/slot"
)

// updated is a box that was updated from 0.9.4 in a to 0.9.5 in b.
func updated(t *testing.T) *machine {
	t.Helper()
	m := newMachine(t, v4)
	m.live()
	m.update(v5.bundle(t, "1"))
	if s := m.state(); s.Good != "b" {
		t.Fatalf("%+v", s)
	}
	m.log, m.silent = nil, map[slot.ID]bool{}
	return m
}

// The good slot ceases to come up: after four starts the other one works, and nothing is
// decided by that; a person, or the good slot come back to life, is.
func TestAGoodSlotThatCeasesToComeUp(t *testing.T) {
	m := updated(t)
	m.silent[slot.B] = true
	if !m.live() {
		t.Fatal("the power failed")
	}
	if got := strings.Join(m.log, " "); got != "b:0.9.5 b:0.9.5 b:0.9.5 b:0.9.5 a:0.9.4" || m.start.Trial {
		t.Errorf("%s, trial %v", got, m.start.Trial)
	}
	if s := m.state(); s.Good != "b" || s.Running != "a" || s.Why != "b/starts" || s.Fails != 0 || s.Try != "" {
		t.Errorf("%+v", s)
	}
	m.silent[slot.B], m.log = false, nil
	m.live()
	if s := m.state(); s.Running != "b" || s.Fails != 0 || s.Why != "" || len(m.log) != 1 {
		t.Errorf("it works again: %v, %+v", m.log, s)
	}
	m.silent[slot.B] = true
	m.live()
	if _, err := m.do(slotwire.Commit, nil); err != nil {
		t.Fatal(err)
	}
	if m.log = nil; !m.live() || len(m.log) != 1 || m.start.Slot != slot.A {
		t.Errorf("declared good by a person: %v", m.log)
	}
}

// Neither comes up: the recovery, and after it everything from the start.
func TestBothSlotsCeaseToComeUp(t *testing.T) {
	m := updated(t)
	m.silent[slot.A], m.silent[slot.B] = true, true
	for range 2 * (slot.Chances + 2) {
		m.boot()
	}
	round := "b:0.9.5 b:0.9.5 b:0.9.5 b:0.9.5 a:0.9.4 recovery"
	if got := strings.Join(m.log, " "); got != round+" "+round {
		t.Error(got)
	}
	m.silent[slot.B] = false // as a person has erased the data, or the power stays
	m.log = nil
	if m.live(); strings.Join(m.log, " ") != "b:0.9.5" {
		t.Errorf("mended: %v", m.log)
	}
}

// A slot below the floor gets no chance.
func TestTheOtherSlotIsTooOld(t *testing.T) {
	m := newMachine(t, v4)
	m.live()
	m.update(system{version: "0.9.5", number: 5, floor: 5, nature: healthy, keys: "1"}.bundle(t, "1"))
	if _, err := m.do(slotwire.Commit, slotwire.CommitAsk{Floor: true}); err != nil {
		t.Fatal(err)
	}
	m.silent, m.log = map[slot.ID]bool{slot.B: true}, nil
	for range slot.Chances + 2 {
		m.boot()
	}
	if got := strings.Join(m.log, " "); got != "b:0.9.5 b:0.9.5 b:0.9.5 b:0.9.5 recovery b:0.9.5" {
		t.Error(got)
	}
}

// Two writes of the record for a start that is well, none for a second word about it; a
// trial says nothing of the good slot; an ordered restart is no failure.
func TestStartsAreStruckOut(t *testing.T) {
	m := updated(t)
	before := m.state()
	m.boot()
	if s := m.state(); s.Fails != 1 || s.Gen != before.Gen+1 {
		t.Errorf("started: %+v", s)
	}
	for range 2 {
		if _, err := m.do(slotwire.Well, nil); err != nil {
			t.Fatal(err)
		}
	}
	if s := m.state(); s.Fails != 0 || s.Gen != before.Gen+2 {
		t.Errorf("well: %+v", s)
	}
	for range 2 * slot.Chances {
		if m.boot(); m.start.Slot != slot.B {
			t.Fatalf("restarted by order: %v", m.log)
		}
		m.keeper.Ordered(context.Background())
	}
	m.boot()
	if err := m.deliver(system{version: "0.9.6", number: 6, floor: 1, nature: hanging, keys: "1"}.bundle(t, "1")); err != nil {
		t.Fatal(err)
	}
	if _, err := m.do(slotwire.Try, nil); err != nil {
		t.Fatal(err)
	}
	r, _, _ := m.record()
	r.Fails = 2
	if err := m.save(r); err != nil {
		t.Fatal(err)
	}
	m.boot() // the trial, which hangs
	m.boot()
	if s := m.state(); s.Running != "b" || s.Fails != 3 || s.Why != "a/ended" {
		t.Errorf("after a trial: %+v", s)
	}
}

// Power that fails at any instant, any number of times in a row, decides nothing: the
// same slot is good, nothing is on trial, and once it stays the good slot is running within
// one round of starts, nobody having done anything.
func TestPowerThatFlapsDecidesNothing(t *testing.T) {
	rounds, recoveries := 0, 0
	seeds := *cuts / 4
	for seed := range seeds {
		lot := rand.New(rand.NewPCG(seed, 9))
		m := updated(t)
		for range lot.IntN(12) {
			m.disk.CutAfter(lot.IntN(90), lot.Uint64())
			if m.live(); m.disk.Cut() {
				m.disk.Power()
				rounds++
			}
		}
		m.disk.CutAfter(1<<40, 0)
		recoveries += strings.Count(strings.Join(m.log, " "), "recovery")
		for n := 0; ; n++ {
			if n > 2 {
				t.Fatalf("seed %d: the good slot does not come: %v", seed, m.log)
			}
			if m.live(); m.start.Slot == slot.B {
				break
			}
		}
		s := m.state()
		if s.Good != "b" || s.Try != "" || s.Fails != 0 || s.A.Version != v4.version || s.B.Version != v5.version {
			t.Fatalf("seed %d: %+v; %v", seed, s, m.log)
		}
	}
	t.Logf("the power failed %d times, %d times came the recovery", rounds, recoveries)
	if recoveries == 0 || rounds < int(seeds) {
		t.Error("the power failed too seldom to show anything")
	}
}
