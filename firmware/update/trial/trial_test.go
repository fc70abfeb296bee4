package trial_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/update/trial"
)

// bench plays a trial second by second, as the shell does.
type bench struct {
	m      *trial.Machine
	start  time.Time
	now    time.Time
	log    []string
	bad    map[trial.Check]bool // fails
	deaf   map[trial.Check]bool // says nothing
	refuse int                  // commits that the keeper refuses
	hang   bool                 // the keeper does not answer
	sick   time.Time            // when a check failed last
	hasty  bool                 // it committed within a minute of that
}

func newBench() *bench {
	start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	return &bench{m: trial.New(start), start: start, now: start, bad: map[trial.Check]bool{}, deaf: map[trial.Check]bool{}}
}

func (b *bench) step(ev trial.Event) {
	if s, ok := ev.(trial.Seen); ok && !s.OK {
		b.sick = b.now
	}
	for _, e := range b.m.Step(b.now, ev, nil) {
		b.log = append(b.log, fmt.Sprintf("%s %s", b.now.Sub(b.start), e))
		if _, ok := e.(trial.Commit); ok && b.now.Sub(b.sick) < trial.Hold {
			b.hasty = true
		}
		if _, ok := e.(trial.Commit); ok && !b.hang {
			var err error
			if b.refuse > 0 {
				b.refuse--
				err = errors.New("the disk is broken")
			}
			b.step(trial.Committed{Err: err})
		}
	}
}

// pass lets d go by: the checks are asked every 2 s, deadlines are kept.
func (b *bench) pass(d time.Duration) {
	for end := b.now.Add(d); b.now.Before(end); {
		next := b.now.Add(2*time.Second - b.now.Sub(b.start)%(2*time.Second))
		if at, ok := b.m.Deadline(); ok && at.Before(next) {
			if b.now = at; at.After(end) {
				b.now = end
			}
			b.step(trial.TimedOut{})
			continue
		}
		b.now = next
		for _, c := range trial.Checks {
			if !b.deaf[c] {
				b.step(trial.Seen{Check: c, OK: !b.bad[c], Why: "it is broken"})
			}
		}
	}
}

func (b *bench) want(t *testing.T, want ...string) {
	t.Helper()
	if got := strings.Join(b.log, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("did\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestAHealthyHouseStaysAfterAMinute(t *testing.T) {
	b := newBench()
	b.pass(10 * time.Minute)
	b.want(t, "1m2s commit")
	if b.m.Phase() != trial.Stays {
		t.Error(b.m.Describe(b.now))
	}
}

func TestEachCheckHoldsItUp(t *testing.T) {
	for _, c := range trial.Checks {
		b := newBench()
		b.bad[c] = true
		b.pass(10 * time.Minute)
		b.want(t, "5m0s give up: "+string(c))
		b = newBench()
		b.deaf[c] = true
		b.pass(10 * time.Minute)
		b.want(t, "5m0s give up: "+string(c))
	}
}

func TestAMomentOfTroubleBeginsTheMinuteAnew(t *testing.T) {
	b := newBench()
	b.pass(50 * time.Second)
	b.bad[trial.Audio] = true
	b.pass(2 * time.Second)
	if got := b.m.Describe(b.now); !strings.Contains(got, "waiting; audio: it is broken; 4m8s left") {
		t.Error(got)
	}
	b.bad[trial.Audio] = false
	b.pass(2 * time.Minute)
	b.want(t, "1m54s commit")
}

func TestACheckThatFallsSilentBeginsItAnew(t *testing.T) {
	b := newBench()
	b.pass(30 * time.Second)
	b.deaf[trial.Web] = true
	b.pass(16 * time.Second)
	if b.m.Phase() != trial.Waiting || !strings.Contains(b.m.Describe(b.now), "web") {
		t.Errorf("after 16 s of silence: %s", b.m.Describe(b.now))
	}
	b.deaf[trial.Web] = false
	b.pass(2 * time.Minute)
	b.want(t, "1m48s commit")
}

func TestAShortSilenceDoesNot(t *testing.T) {
	b := newBench()
	b.pass(30 * time.Second)
	b.deaf[trial.Web] = true
	b.pass(12 * time.Second)
	b.deaf[trial.Web] = false
	b.pass(2 * time.Minute)
	b.want(t, "1m2s commit")
}

func TestTooLateIsTooLate(t *testing.T) {
	b := newBench()
	b.bad[trial.Ports], b.bad[trial.Book] = true, true
	b.pass(4*time.Minute + 10*time.Second)
	b.bad[trial.Ports], b.bad[trial.Book] = false, false
	b.pass(5 * time.Minute)
	b.want(t, "5m0s give up: late")
}

func TestARecordThatCannotBeWrittenIsTriedAgain(t *testing.T) {
	b := newBench()
	b.refuse = 2
	b.pass(10 * time.Minute)
	b.want(t, "1m2s commit", "1m12s commit", "1m22s commit")
	b = newBench()
	b.refuse = 1000
	b.pass(10 * time.Minute)
	if got := b.log[len(b.log)-1]; got != "5m0s give up: late" || len(b.log) != 25 {
		t.Errorf("%d attempts, then %s", len(b.log)-1, got)
	}
}

// While the keeper writes, giving up could undo what it has written.
func TestNothingIsDecidedWhileTheRecordIsWritten(t *testing.T) {
	b := newBench()
	b.hang = true
	b.pass(10 * time.Minute)
	b.want(t, "1m2s commit")
	b.step(trial.Committed{})
	if b.m.Phase() != trial.Stays {
		t.Error(b.m.Describe(b.now))
	}
	b = newBench()
	b.hang = true
	b.pass(10 * time.Minute)
	b.step(trial.Committed{Err: errors.New("no keeper")})
	b.want(t, "1m2s commit", "10m0s give up: late")
}

// Whatever happens: one commit that worked or one giving up, never both, and no
// commit without a minute of health.
func TestAnyTrialEndsOnce(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 5))
		b := newBench()
		b.refuse = rng.IntN(3)
		for range 200 {
			for _, c := range trial.Checks {
				b.bad[c], b.deaf[c] = rng.IntN(60) == 0, rng.IntN(30) == 0
			}
			b.pass(2 * time.Second)
		}
		ends := 0
		for _, l := range b.log {
			if strings.Contains(l, "give up") {
				ends++
			}
		}
		if b.m.Phase() == trial.Stays {
			ends++
		}
		if ends != 1 || b.hasty {
			t.Fatalf("seed %d: %v, %s", seed, b.log, b.m.Describe(b.now))
		}
	}
}
