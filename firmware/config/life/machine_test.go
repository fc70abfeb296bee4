package life

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

var t0 = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func text(out []Effect) string {
	s := ""
	for _, ef := range out {
		switch ef := ef.(type) {
		case Save:
			s += "save "
		case Swap:
			s += fmt.Sprintf("swap%d ", ef.N)
		case Await:
			s += fmt.Sprintf("await%d ", ef.N)
		case Restart:
			s += fmt.Sprintf("restart%d ", ef.N)
		case Tell:
			s += fmt.Sprintf("tell%d:%s ", ef.Version.N, ef.Version.State)
		case Refused:
			s += "refused "
		}
	}
	return s
}

// want steps ev and checks the effects.
func want(t *testing.T, m *Machine, now time.Time, ev Event, effects string) {
	t.Helper()
	if got := text(m.Step(now, ev, nil)); got != effects {
		t.Fatalf("%T: %q, want %q", ev, got, effects)
	}
}

// begun has version 1 confirmed.
func begun(t *testing.T) *Machine {
	m := &Machine{}
	want(t, m, t0, Take{Version: Version{Digest: "a", By: System}}, "save tell1:confirmed ")
	return m
}

func TestAVersionIsTriedAndConfirmed(t *testing.T) {
	m := begun(t)
	want(t, m, t0, Try{Version{Digest: "b"}, 5 * time.Minute, false}, "save tell2:waiting swap2 ")
	if _, ok := m.Deadline(); ok {
		t.Error("the time runs before it is in use")
	}
	want(t, m, t0, Confirm{}, "refused ")
	want(t, m, t0.Add(time.Second), Applied{}, "save tell2:live ")
	if at, ok := m.Deadline(); !ok || !at.Equal(t0.Add(time.Second+5*time.Minute)) || m.InUse() != 2 {
		t.Errorf("until %v, in use %d", at, m.InUse())
	}
	want(t, m, t0, Try{Version{Digest: "c"}, time.Minute, false}, "refused ")
	want(t, m, t0, Take{Version: Version{Digest: "c"}}, "refused ")
	want(t, m, t0.Add(time.Minute), Confirm{}, "save tell2:confirmed ")
	if v, _ := m.Version(1); v.State != Former || m.Confirmed != 2 {
		t.Errorf("version 1 is %s", v.State)
	}
	want(t, m, t0.Add(time.Hour), TimedOut{}, "")
	want(t, m, t0, Confirm{}, "refused ")
}

func TestNobodyConfirms(t *testing.T) {
	m := begun(t)
	want(t, m, t0, Try{Version{Digest: "b"}, 5 * time.Minute, false}, "save tell2:waiting swap2 ")
	want(t, m, t0, Applied{}, "save tell2:live ")
	want(t, m, t0.Add(5*time.Minute-1), TimedOut{}, "")
	want(t, m, t0.Add(5*time.Minute), TimedOut{}, "save tell2:rolled back swap1 ")
	want(t, m, t0, Try{Version{Digest: "c"}, time.Minute, false}, "refused ") // it is still being put back
	want(t, m, t0, Applied{}, "tell1:confirmed ")
	if m.InUse() != 1 || m.Returning() {
		t.Errorf("in use %d", m.InUse())
	}
	if v, _ := m.Version(2); v.Why != "nobody confirmed it within 5m0s" {
		t.Errorf("why: %q", v.Why)
	}
}

func TestWhatCannotBeAppliedIsPutBack(t *testing.T) {
	m := begun(t)
	want(t, m, t0, Try{Version{Digest: "b"}, time.Minute, false}, "save tell2:waiting swap2 ")
	want(t, m, t0, Failed{"no"}, "save tell2:rolled back swap1 ")
	want(t, m, t0, Failed{"no"}, "await1 ") // the running house cannot: a new one can
	want(t, m, t0, Idle{}, "restart1 ")
	want(t, m, t0, Applied{}, "tell1:confirmed ")
}

func TestARestartWhenIdle(t *testing.T) {
	m := begun(t)
	want(t, m, t0, Try{Version{Digest: "b"}, time.Minute, true}, "save tell2:waiting await2 ")
	if m.InUse() != 1 {
		t.Errorf("in use %d while calls go on", m.InUse())
	}
	want(t, m, t0, Idle{}, "restart2 ")
	want(t, m, t0, Applied{}, "save tell2:live ")
	want(t, m, t0.Add(time.Minute), TimedOut{}, "save tell2:rolled back await1 ")
	want(t, m, t0, Idle{}, "restart1 ")
	want(t, m, t0, Applied{}, "tell1:confirmed ")

	want(t, m, t0, Try{Version{Digest: "b"}, time.Minute, true}, "save tell3:waiting await3 ")
	want(t, m, t0, GiveUp{Why: "calls went on"}, "save tell3:rolled back await0 ") // it was never in use: nobody waits any more
	want(t, m, t0, Idle{}, "")

	want(t, m, t0, Try{Version{Digest: "b"}, time.Minute, true}, "save tell4:waiting await4 ")
	want(t, m, t0, Idle{}, "restart4 ")
	want(t, m, t0, Failed{"the port is taken"}, "save tell4:rolled back restart1 ")
	want(t, m, t0, Applied{}, "tell1:confirmed ")
}

// A version that cannot be used any more gives its place to the one that the house
// works by.
func TestTheConfirmedOneCannotBeUsed(t *testing.T) {
	m := begun(t)
	want(t, m, t0, Take{Version: Version{Digest: "b", By: System}}, "save tell2:confirmed ")
	want(t, m, t0, Began{2, "another could not"}, "")
	want(t, m, t0, Began{1, "it rots"}, "save tell2:rolled back tell1:confirmed ")
	if v, _ := m.Version(2); m.InUse() != 1 || v.Why != "it rots" {
		t.Errorf("in use %d; 2 is given up because %q", m.InUse(), v.Why)
	}
}

func TestAPowerCutWhileItIsTried(t *testing.T) {
	for _, idle := range []bool{false, true} {
		for _, applied := range []bool{false, true} {
			m := begun(t)
			m.Step(t0, Try{Version{Digest: "b"}, time.Minute, idle}, nil)
			if applied {
				m.Step(t0, Applied{}, nil)
			}
			m = &Machine{Index: m.Index} // all that is on the disk
			want(t, m, t0, Boot{}, "save tell2:rolled back ")
			if m.InUse() != 1 || m.Confirmed != 1 {
				t.Errorf("in use %d", m.InUse())
			}
			want(t, m, t0, Boot{}, "")
		}
	}
}

// Random lives: one version at most is confirmed, the live and the last good one are
// never forgotten, numbers never fall, and there are never too many.
func TestRandomLives(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 5))
		m, now, last := begun(t), t0, 1
		for range 400 {
			now = now.Add(time.Duration(r.IntN(120)) * time.Second)
			ev := []Event{
				Boot{}, Take{Version: Version{Digest: "x"}}, Edit{Draft{Digest: "d", Base: m.InUse()}}, Edit{},
				Try{Version{Digest: "y"}, time.Minute, r.IntN(2) == 0}, Idle{}, Applied{}, Failed{"z"}, Confirm{}, GiveUp{}, TimedOut{},
			}[r.IntN(11)]
			m.Step(now, ev, nil)
			if m.Last < last {
				t.Fatalf("seed %d: number %d after %d", seed, m.Last, last)
			}
			last = m.Last
			confirmed := 0
			for _, v := range m.Versions {
				if v.State == Confirmed {
					confirmed++
				}
			}
			if _, ok := m.Version(m.InUse()); !ok || confirmed != 1 {
				t.Fatalf("seed %d: after %T version %d in use is there: %v; %d confirmed", seed, ev, m.InUse(), ok, confirmed)
			}
			if v, ok := m.Version(m.Confirmed); !ok || v.State != Confirmed {
				t.Fatalf("seed %d: the confirmed version %d is %q", seed, m.Confirmed, v.State)
			}
			if m.Trial != nil {
				if _, ok := m.Version(m.Trial.N); !ok {
					t.Fatalf("seed %d: what is tried was forgotten", seed)
				}
			}
			if len(m.Versions) > Keep {
				t.Fatalf("seed %d: %d versions are kept", seed, len(m.Versions))
			}
		}
	}
}
