package life

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/durable"
)

var quiet = slog.New(slog.DiscardHandler)

// house is a house that does as it is told.
type house struct {
	by     []int // numbers it worked by
	told   []string
	refuse error
	awaits int
}

func (h *house) Swap(_ context.Context, n int, doc []byte) error {
	if h.refuse != nil {
		err := h.refuse
		h.refuse = nil
		return err
	}
	if want := fmt.Sprintf("document %d", n); string(doc) != want {
		return fmt.Errorf("version %d is %q", n, doc)
	}
	h.by = append(h.by, n)
	return nil
}
func (h *house) Await(n int)   { h.awaits = n }
func (h *house) Restart(n int) { h.by = append(h.by, -n) }
func (h *house) Tell(v Version, by Person) {
	h.told = append(h.told, fmt.Sprintf("%d %s by %s", v.N, v.State, by))
}

func open(t *testing.T, d durable.Disk, dir string) *Life {
	t.Helper()
	l, err := Open(d, dir, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func doc(n int) []byte { return fmt.Appendf(nil, "document %d", n) }

var ana = Person{"ana", "ssh"}

func TestForgottenConfirmationComesBackByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, h := open(t, durable.Disk{}, t.TempDir()), &house{}
		if err := l.Take(doc(1), "factory", "", System); err != nil {
			t.Fatal(err)
		}
		l.Attach(h)
		if v, err := l.Try(t.Context(), doc(2), Version{By: ana, From: "draft"}, 5*time.Minute, false); err != nil || v.State != Live {
			t.Fatalf("%+v, %v", v, err)
		}
		<-time.After(5*time.Minute - time.Second)
		synctest.Wait()
		if _, n, _ := l.Status(); n != 2 {
			t.Fatalf("version %d is in use before the time is up", n)
		}
		<-time.After(2 * time.Second)
		synctest.Wait()
		want := []string{"1 confirmed by system", "2 waiting by ana (ssh)", "2 live by ana (ssh)", "2 rolled back by system", "1 confirmed by system"}
		if fmt.Sprint(h.by) != "[2 1]" || fmt.Sprint(h.told) != fmt.Sprint(want) {
			t.Errorf("worked by %v; the book: %v", h.by, h.told)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAConfirmedVersionStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		l, h := open(t, durable.Disk{}, dir), &house{}
		if err := l.Take(doc(1), "factory", "", System); err != nil {
			t.Fatal(err)
		}
		l.Attach(h)
		if _, err := l.Try(t.Context(), doc(2), Version{By: ana}, time.Minute, false); err != nil {
			t.Fatal(err)
		}
		if err := l.Confirm(ana); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Hour)
		synctest.Wait()
		h.refuse = errors.New("the port is taken")
		if v, err := l.Try(t.Context(), doc(3), Version{By: ana}, time.Minute, false); err != nil || v.State != RolledBack || v.Why != "the port is taken" {
			t.Fatalf("%+v, %v", v, err)
		}
		if fmt.Sprint(h.by) != "[2 2]" {
			t.Errorf("worked by %v", h.by)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, durable.Disk{}, dir)
		if got := l.Candidates(); fmt.Sprint(got) != "[2 1]" {
			t.Errorf("a start may use %v", got)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestTwoProgramsOnOneFolder(t *testing.T) {
	dir := t.TempDir()
	l := open(t, durable.Disk{}, dir)
	if _, err := Open(durable.Disk{}, dir, quiet); err == nil || !strings.Contains(err.Error(), "another centralita") {
		t.Errorf("the second: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestARottenIndexIsReadFromItsCopy(t *testing.T) {
	dir := t.TempDir()
	l := open(t, durable.Disk{}, dir)
	if err := errors.Join(l.Take(doc(1), "factory", "", System), l.Close()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, Folder, indexFile)
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	l = open(t, durable.Disk{}, dir)
	if got := l.Candidates(); fmt.Sprint(got) != "[1]" {
		t.Errorf("a start may use %v", got)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, Folder, indexCopy), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(durable.Disk{}, dir, quiet); err == nil || !strings.Contains(err.Error(), "damaged") || !strings.Contains(err.Error(), "--config FILE") {
		t.Errorf("both rotten: %v", err)
	}
}

// inMemory is a folder that costs no disk where the system has one: the hooks play the
// power cut, not the disk.
func inMemory(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "life")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// errCut is the end of the power.
var errCut = errors.New("the power went")

// The power goes before each step on the disk in turn, in a life with every kind of
// change. Afterwards the box starts by the version that was confirmed before the
// cut or by the one that was being confirmed, never by one that was only tried.
func TestPowerCutAtEveryWrite(t *testing.T) {
	cuts := 0
	for cut := 0; ; cut++ {
		dir, steps, dead := inMemory(t), 0, false
		d := durable.Disk{Before: func(durable.Step, string) error {
			if dead = dead || steps == cut; dead {
				return errCut
			}
			steps++
			return nil
		}}
		good := []string{""} // what may be confirmed after the cut
		l, err := Open(d, dir, quiet)
		h := &house{}
		do := func(after string, f func() error) {
			if after != "" && !dead {
				good = []string{good[len(good)-1], after} // while it happens
			}
			if f() == nil && !dead && after != "" {
				good = []string{after}
			}
		}
		if err == nil {
			l.Attach(h)
			ctx := context.Background()
			do("document 1", func() error { return l.Take(doc(1), "factory", "", System) })
			do("", func() error { return l.Edit(doc(20), ana) })
			do("", func() error { return l.Edit(doc(21), ana) })
			do("", func() error {
				_, err := l.Try(ctx, doc(2), Version{By: ana}, time.Hour, false)
				return err
			})
			if x, _, _ := l.Status(); x.Trial != nil && x.Trial.N == 2 && !x.Trial.Until.IsZero() {
				do("document 2", func() error { return l.Confirm(ana) })
			}
			do("", func() error {
				_, err := l.Try(ctx, doc(3), Version{By: ana}, time.Hour, false)
				return err
			})
			do("", func() error { return l.GiveUp(ctx, ana, "no") })
			do("", func() error { return l.Edit(nil, ana) })
			do("", func() error {
				_, err := l.Try(ctx, doc(4), Version{By: ana}, time.Hour, true)
				return err
			})
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
		l, err = Open(durable.Disk{}, dir, quiet)
		if err != nil {
			t.Fatalf("cut at step %d: %v", cut, err)
		}
		got := ""
		if c := l.Candidates(); len(c) > 0 {
			raw, err := l.Document(c[0])
			if err != nil {
				t.Fatalf("cut at step %d: %v", cut, err)
			}
			got = string(raw)
		}
		if got != good[0] && got != good[len(good)-1] {
			t.Fatalf("cut at step %d: the box starts by %q, may by %q", cut, got, good)
		}
		x := l.Index()
		for _, v := range x.Versions {
			if v.State == Asked || v.State == Live {
				t.Fatalf("cut at step %d: version %d is still %s", cut, v.N, v.State)
			}
		}
		if err := l.Take(doc(9), "file", "", System); err != nil {
			t.Fatalf("cut at step %d: %v", cut, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if !dead {
			cuts = cut
			break
		}
	}
	if cuts < 50 {
		t.Errorf("only %d steps were cut", cuts)
	}
	t.Logf("%d cuts", cuts)
}

// What stands on the disk has happened, though its second copy cannot be written:
// neither the answer nor the house says otherwise.
func TestTheSecondCopyCannotBeWritten(t *testing.T) {
	dir, full := t.TempDir(), false
	l, h := open(t, durable.Disk{Before: func(_ durable.Step, path string) error {
		if full && strings.Contains(path, indexCopy) {
			return errCut
		}
		return nil
	}}, dir), &house{}
	if err := l.Take(doc(1), "factory", "", System); err != nil {
		t.Fatal(err)
	}
	l.Attach(h)
	if _, err := l.Try(t.Context(), doc(2), Version{By: ana}, time.Hour, false); err != nil {
		t.Fatal(err)
	}
	full = true
	if err := l.Confirm(ana); err != nil {
		t.Errorf("it is confirmed on the disk: %v", err)
	}
	if x, n, _ := l.Status(); n != 2 || x.Confirmed != 2 || x.Trial != nil {
		t.Errorf("%d is in use, %d confirmed, %v tried", n, x.Confirmed, x.Trial)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, durable.Disk{}, dir)
	if x := l.Index(); x.Confirmed != 2 {
		t.Errorf("%d is confirmed on the disk", x.Confirmed)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// The time of a trial runs out while one house has ended and the next begins, by the
// version on trial: that one goes as soon as no call goes on.
func TestTheTimeRunsOutBetweenTwoHouses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, h := open(t, durable.Disk{}, t.TempDir()), &house{}
		if err := l.Take(doc(1), "factory", "", System); err != nil {
			t.Fatal(err)
		}
		l.Attach(h)
		if _, err := l.Try(t.Context(), doc(2), Version{By: ana}, time.Minute, false); err != nil {
			t.Fatal(err)
		}
		l.Attach(nil)
		<-time.After(2 * time.Minute)
		synctest.Wait()
		next := &house{}
		l.Attach(next)
		if err := l.Stands(2); err != nil {
			t.Fatal(err)
		}
		if _, _, returning := l.Status(); !returning || next.awaits != 1 {
			t.Errorf("returning %v, waits to restart by %d", returning, next.awaits)
		}
		if err := l.Idle(); err != nil {
			t.Fatal(err)
		}
		l.Attach(nil)
		l.Attach(&house{})
		if err := l.Stands(1); err != nil {
			t.Fatal(err)
		}
		if _, n, returning := l.Status(); returning || n != 1 || fmt.Sprint(next.by) != "[-1]" {
			t.Errorf("in use %d, returning %v, restarts %v", n, returning, next.by)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}
