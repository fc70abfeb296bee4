package slotkeeper_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/slotkeeper"
	"github.com/centralita/centralita/firmware/update/slotwire"
	"github.com/centralita/centralita/hal/slot"
	"github.com/centralita/centralita/hal/slot/slottest"
)

// wants checks that an error names what is expected.
func wants(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}

// standing is a machine that runs 0.9.4 in a, and 0.9.5 stands staged in b.
func standing(t *testing.T) *machine {
	t.Helper()
	m := newMachine(t, v4)
	m.live()
	if err := m.deliver(v5.bundle(t, "1")); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestARefusedBundleChangesNothing(t *testing.T) {
	m := newMachine(t, system{version: "0.9.4", number: 4, floor: 3, nature: healthy, keys: "1"})
	m.live()
	good := v5.bundle(t, "1")
	large := v5
	large.version = "0.9.5-" + strings.Repeat("x", 30)
	gen := m.state().Gen
	for want, b := range map[ctl.Code][]byte{
		ctl.NotABundle: []byte("hello"),
		ctl.Truncated:  good[:len(good)-1],
		ctl.Trailing:   append(append([]byte{}, good...), 'x'),
		ctl.UnknownKey: v5.bundle(t, "2"),
		ctl.Damaged:    append(append([]byte{}, good[:len(good)-20]...), make([]byte, 20)...),
		ctl.BelowFloor: system{version: "0.9.2", number: 2, nature: healthy}.bundle(t, "1"),
		ctl.Older:      system{version: "0.9.3", number: 3, nature: healthy}.bundle(t, "1"),
	} {
		err := m.deliver(b)
		var r *ctl.Refusal
		if !errors.As(err, &r) || r.Code != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if s := m.state(); s.Gen != gen || s.B.Number != 0 {
		t.Errorf("the record was written: %+v", s)
	}
}

func TestSomebodyAtTheBoxMayGoBack(t *testing.T) {
	m := newMachine(t, system{version: "0.9.4", number: 4, floor: 3, nature: healthy, keys: "1"})
	m.live()
	if err := os.WriteFile(filepath.Join(m.inbox, "old.ctl"), system{version: "0.9.2", number: 2, nature: healthy, keys: "1"}.bundle(t, "1"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := m.do(slotwire.Stage, slotwire.StageAsk{File: "old.ctl"})
	wants(t, "nobody there", err, "none below 3")
	if _, err := m.do(slotwire.Stage, slotwire.StageAsk{File: "old.ctl", Present: true}); err != nil {
		t.Fatal(err)
	}
	_, err = m.do(slotwire.Try, nil)
	wants(t, "staged by one who was there, started from afar", err, "none below 3")
	if s := m.state(); s.Try != "" {
		t.Errorf("it is on trial: %+v", s)
	}
	if _, err := m.do(slotwire.Try, slotwire.TryAsk{Present: true}); err != nil {
		t.Fatal(err)
	}
	m.live()
	if s := m.state(); s.Running != "b" || s.B.Version != "0.9.2" || s.Floor != 3 {
		t.Errorf("%+v", s)
	}
}

func TestTheFloorRisesWhenTheOwnerSaysSo(t *testing.T) {
	m := standing(t)
	if _, err := m.do(slotwire.Try, nil); err != nil {
		t.Fatal(err)
	}
	m.live()
	if s := m.state(); s.Running != "b" || s.Floor != 1 {
		t.Errorf("the gate raised the floor: %+v", s)
	}
	gen := m.state().Gen
	if _, err := m.do(slotwire.Commit, nil); err != nil {
		t.Fatal(err)
	}
	if s := m.state(); s.Gen != gen {
		t.Error("what stood already was written again")
	}
	if _, err := m.do(slotwire.Commit, slotwire.CommitAsk{Floor: true}); err != nil {
		t.Fatal(err)
	}
	if s := m.state(); s.Floor != 3 {
		t.Errorf("floor %d", s.Floor)
	}
	// What is below may not even be gone back to.
	m2 := newMachine(t, v4)
	m2.live()
	m2.update(system{version: "0.9.5", number: 5, floor: 5, nature: healthy, keys: "1"}.bundle(t, "1"))
	if _, err := m2.do(slotwire.Commit, slotwire.CommitAsk{Floor: true}); err != nil {
		t.Fatal(err)
	}
	_, err := m2.do(slotwire.Rollback, nil)
	wants(t, "below the floor", err, "none below 5")
	if _, err := m2.do(slotwire.Rollback, slotwire.RollbackAsk{Present: true}); err != nil {
		t.Error(err)
	}
}

func TestASlotIsReadBackBeforeItStarts(t *testing.T) {
	m := standing(t)
	m.disk.Flip(5<<20+700, 3)
	_, err := m.do(slotwire.Try, nil)
	wants(t, "a spoilt slot", err, "worn out")
	if s := m.state(); s.Try != "" {
		t.Errorf("a spoilt slot is on trial: %+v", s)
	}
	// A medium that loses what was written is found while staging.
	m = newMachine(t, v4)
	m.live()
	m.disk.Fail(func(op string, at int64) error {
		if op == "sync" && at == 0 {
			return syscall.EIO
		}
		return nil
	})
	wants(t, "a broken card", m.deliver(v5.bundle(t, "1")), "input/output error")
	m.disk.Fail(nil)
	if s := m.state(); s.B.Number != 0 || s.Good != "a" {
		t.Errorf("%+v", s)
	}
}

func TestNothingIsWrittenDuringATrial(t *testing.T) {
	m := standing(t)
	if _, err := m.do(slotwire.Try, nil); err != nil {
		t.Fatal(err)
	}
	m.boot()
	if s := m.state(); !s.Trial || s.Running != "b" || s.Good != "a" {
		t.Fatalf("%+v", s)
	}
	wants(t, "staging", m.deliver(v5.bundle(t, "1")), "during a trial")
	_, err := m.do(slotwire.Try, nil)
	wants(t, "trying", err, "during a trial")
	if _, err := m.do(slotwire.Rollback, nil); err != nil {
		t.Fatal(err)
	}
	m.live()
	if s := m.state(); s.Running != "a" || s.Why != "b/asked" {
		t.Errorf("%+v", s)
	}
}

func TestAnEmptySlotIsNoWayBack(t *testing.T) {
	m := newMachine(t, v4)
	m.live()
	_, err := m.do(slotwire.Try, nil)
	wants(t, "trying", err, "slot b: it is empty")
	_, err = m.do(slotwire.Rollback, nil)
	wants(t, "going back", err, "slot b: it is empty")
}

func TestAStagedSlotIsNotOnTrialByItself(t *testing.T) {
	m := standing(t)
	m.live()
	if got := strings.Join(m.log, " "); got != "a:0.9.4 a:0.9.4" {
		t.Error(got)
	}
}

func TestTheInboxIsTheOnlyPlace(t *testing.T) {
	m := newMachine(t, v4)
	m.live()
	outside := filepath.Join(t.TempDir(), "x.ctl")
	if err := os.WriteFile(outside, v5.bundle(t, "1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(m.inbox, "link.ctl")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(m.inbox, "pipe.ctl"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(m.inbox, "dir.ctl"), 0o700); err != nil {
		t.Fatal(err)
	}
	up, err := filepath.Rel(m.inbox, outside)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link.ctl", "pipe.ctl", "dir.ctl", up, outside, "none.ctl", ""} {
		if _, err := m.do(slotwire.Stage, slotwire.StageAsk{File: name}); err == nil || !strings.Contains(err.Error(), "cannot open the bundle") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestRequestsThatAreNone(t *testing.T) {
	m := newMachine(t, v4)
	m.live()
	for _, name := range []string{slotwire.Stage, slotwire.Commit, slotwire.Rollback} {
		_, err := m.keeper.Handlers()[name](t.Context(), json.RawMessage(`{"floo":true}`), func(any) {})
		wants(t, name, err, "cannot read the request")
	}
}

func TestALostRecordIsMadeAnew(t *testing.T) {
	disk := slottest.NewFake(1 << 20)
	open := func(running slot.ID) *slotkeeper.Keeper {
		k, err := slotkeeper.New(slotkeeper.Config{Disk: disk, Keys: ctl.NewKeys(), Running: running,
			Self: slot.Image{Number: 7, Version: "0.9.7", Floor: 5}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	m := &machine{t: t, keeper: open(slot.None)}
	if s := m.state(); s.Record == "" {
		t.Errorf("recovery without a record: %+v", s)
	}
	_, err := m.do(slotwire.Commit, nil)
	wants(t, "the recovery system", err, "no slot")
	m.keeper = open(slot.B)
	if s := m.state(); s.Good != "b" || s.B.Number != 7 || s.Floor != 5 || s.A.Number != 0 {
		t.Errorf("%+v", s)
	}
	// The good slot did not start, the other did.
	if err := disk.Keep(slot.Record{Good: slot.A, A: slot.Image{Number: 9, Version: "0.9.9", Size: 1}}); err != nil {
		t.Fatal(err)
	}
	m.keeper = open(slot.B)
	if s := m.state(); s.Good != "a" || s.B.Number != 7 {
		t.Errorf("%+v", s)
	}
	_, err = m.do(slotwire.Try, nil)
	wants(t, "trying the good one", err, "update commit declares b good")
	if _, err := m.do(slotwire.Commit, nil); err != nil {
		t.Fatal(err)
	}
	if s := m.state(); s.Good != "b" {
		t.Errorf("%+v", s)
	}
	_, err = m.do(slotwire.Try, nil)
	wants(t, "a broken slot", err, "worn out")
}

func TestStagingKeepsToItsRateAndEndsWithItsAsker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, v4)
		m.live()
		b := v5.bundle(t, "1")
		if err := os.WriteFile(filepath.Join(m.inbox, "x.ctl"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		stage := m.keeper.Handlers()[slotwire.Stage]
		ask := json.RawMessage(`{"file":"x.ctl","rate":100}`)
		began := time.Now()
		var steps []slotwire.Progress
		if _, err := stage(t.Context(), ask, func(p any) { steps = append(steps, p.(slotwire.Progress)) }); err != nil {
			t.Fatal(err)
		}
		size := int64(len(v5.image()))
		want := time.Duration(2*size+int64(len(b))-300) * time.Second / 100 // the header is not counted
		if took := time.Since(began); took < want-5*time.Second || took > want+5*time.Second {
			t.Errorf("took %s, want about %s", took, want)
		}
		last := map[string]slotwire.Progress{}
		for _, p := range steps {
			if p.Done < last[p.Step].Done {
				t.Errorf("progress went back: %+v after %+v", p, last[p.Step])
			}
			last[p.Step] = p
		}
		for _, s := range []string{slotwire.Checking, slotwire.Writing, slotwire.Verifying} {
			if p := last[s]; p.Done != p.Of || p.Of == 0 {
				t.Errorf("%s ended at %+v", s, p)
			}
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() {
			began := time.Now()
			if _, err := m.keeper.Handlers()[slotwire.Try](ctx, nil, func(any) {}); err == nil || time.Since(began) != 2*time.Second {
				t.Errorf("a second one at the slots: %v after %s", err, time.Since(began))
			}
			if s, err := m.keeper.Handlers()[slotwire.Slots](ctx, nil, func(any) {}); err != nil || s.(slotwire.State).Running != "a" {
				t.Errorf("the state meanwhile: %+v, %v", s, err)
			}
			cancel(errors.New("the asker has gone"))
		})
		_, err := stage(ctx, ask, func(any) {})
		wants(t, "an asker who goes away", err, "the asker has gone")
	})
}

func TestATrialThatNobodyDecidesIsEnded(t *testing.T) {
	m := standing(t)
	if _, err := m.do(slotwire.Try, nil); err != nil {
		t.Fatal(err)
	}
	m.boot()
	restarts := 0
	guard := func(t *testing.T, booted time.Time) time.Duration {
		began := time.Now()
		if err := m.keeper.Guard(t.Context(), booted, func(context.Context) error { restarts++; return nil }); err != nil {
			t.Error(err)
		}
		return time.Since(began)
	}
	synctest.Test(t, func(t *testing.T) {
		if took := guard(t, time.Now().Add(-time.Minute)); took != slotkeeper.Patience-time.Minute || restarts != 1 {
			t.Errorf("restarted %d times after %s", restarts, took)
		}
	})
	m.live()
	if s := m.state(); s.Running != "a" || s.Why != "b/gate/silence" {
		t.Errorf("%+v", s)
	}
	synctest.Test(t, func(t *testing.T) {
		if took := guard(t, time.Now()); took != 0 || restarts != 1 {
			t.Errorf("without a trial: restarted %d times after %s", restarts, took)
		}
	})
	if _, err := m.do(slotwire.Try, nil); err != nil {
		t.Fatal(err)
	}
	m.boot()
	synctest.Test(t, func(t *testing.T) {
		time.AfterFunc(time.Minute, func() {
			if _, err := m.keeper.Handlers()[slotwire.Commit](t.Context(), nil, func(any) {}); err != nil {
				t.Error(err)
			}
		})
		if guard(t, time.Now()); restarts != 1 {
			t.Error("a trial that was kept was ended")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := m.keeper.Guard(ctx, time.Now(), nil); err != nil {
			t.Error(err)
		}
	})
}
