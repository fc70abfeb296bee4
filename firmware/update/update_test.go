package update

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/slotwire"
	"github.com/centralita/centralita/firmware/update/trial"
)

func TestABoxUpdatesItselfAtNight(t *testing.T) {
	bundle := testBundle(t, "0.9.5", 5, 200_000, nil)
	synctest.Test(t, func(t *testing.T) { // midnight, 2000-01-01
		b := newBox(t)
		b.site.file, b.url = bundle, "https://updates.example/stable/{board}.ctl"
		b.auto.From, b.auto.To = 2*time.Hour, 4*time.Hour
		b.boot()
		b.expect(9 * time.Minute)
		b.expect(4*time.Minute, "update: staged: 0.9.5 (5) in slot b")
		if ids, es, _ := b.notice(); ids != "update.staged" || es != "Lista la versión 0.9.5" {
			t.Errorf("%s %s", ids, es)
		}
		b.talk(1)
		b.expect(2*time.Hour, "update: start: 0.9.5 (5) in slot b, when nobody talks") // somebody talks
		b.expect(time.Hour)
		b.talk(0)
		b.expect(2*time.Second, "reboot")
		if s := b.state(); !s.Trial || s.Running != "b" || s.Good != "a" {
			t.Fatalf("%+v", s)
		}
		b.expect(59 * time.Second)
		if st, err := b.up.Status(t.Context()); err != nil || !strings.HasPrefix(st.Trial, "holding for ") {
			t.Errorf("%q, %v", st.Trial, err)
		}
		b.expect(2*time.Second, "update: committed: 0.9.5 (5) in slot b")
		if s := b.state(); s.Trial || s.Good != "b" || s.Floor != 1 {
			t.Errorf("%+v", s)
		}
		b.expect(25 * time.Hour) // nothing more is offered
		if b.boots != 2 {
			t.Errorf("%d starts", b.boots)
		}
		b.stop()
	})
}

func TestASickVersionGoesBackAndIsNotTriedAgain(t *testing.T) {
	five, six := testBundle(t, "0.9.5", 5, 20_000, nil), testBundle(t, "0.9.6", 6, 20_000, nil)
	for name, c := range map[string]struct {
		spoil func(*box)
		hint  string
	}{
		"it fails": {func(b *box) { b.sick[trial.Web] = true }, "La 0.9.5 no pasó las pruebas en 5 min: web."},
		"it hangs": {func(b *box) { b.hung[trial.Book] = true }, "La 0.9.5 no pasó las pruebas en 5 min: libro."},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBox(t)
			b.site.file, b.url = five, "https://updates.example/{board}.ctl"
			c.spoil(b)
			b.boot()
			b.expect(15*time.Minute, "update: staged: 0.9.5 (5) in slot b", "update: start: 0.9.5 (5) in slot b, when nobody talks", "reboot")
			b.pass(4*time.Minute + 58*time.Second)
			if got := b.take(); got != "" {
				t.Errorf("%s: too early: %s", name, got)
			}
			b.pass(3 * time.Second)
			if got := b.take(); !strings.HasPrefix(got, "update: gives up: ") || !strings.HasSuffix(got, "reboot") {
				t.Errorf("%s: %s", name, got)
			}
			b.pass(time.Second)
			if got := b.take(); !strings.HasPrefix(got, "update: fell back: to 0.9.4 from 0.9.5 (5): gate/") {
				t.Errorf("%s: %s", name, got)
			}
			if ids, es, hint := b.notice(); ids != "update.fell" || es != "Volvió a 0.9.4" || hint != c.hint {
				t.Errorf("%s: %s, %s: %s", name, ids, es, hint)
			}
			b.expect(24 * time.Hour) // it is offered still
			b.heal()
			b.boot() // booked once
			b.serves(six)
			b.expect(15*time.Minute, "update: staged: 0.9.6 (6) in slot b", "update: start: 0.9.6 (6) in slot b, when nobody talks", "reboot")
			b.expect(70*time.Second, "update: committed: 0.9.6 (6) in slot b")
			if ids, _, _ := b.notice(); ids != "" {
				t.Errorf("%s: still told: %s", name, ids)
			}
			b.stop()
		})
	}
}

func TestAHangIsToldAndAPersonTakesNotice(t *testing.T) {
	five := testBundle(t, "0.9.5", 5, 20_000, nil)
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t)
		b.boot()
		if err := os.WriteFile(filepath.Join(b.dir, "mine"), five, 0o600); err != nil {
			t.Fatal(err)
		}
		var steps []string
		if _, err := b.up.Stage(t.Context(), technician, filepath.Join(b.dir, "mine"), false, func(p slotwire.Progress) {
			if p.Done == 0 {
				steps = append(steps, p.Step)
			}
			if d, _ := b.up.Doing(); d.What != "stage" || d.Progress != p {
				t.Errorf("at %+v it is doing %+v", p, d)
			}
		}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(steps, " "); got != "checking writing verifying" {
			t.Error(got)
		}
		if _, err := b.up.Start(t.Context(), technician, false); err != nil {
			t.Fatal(err)
		}
		b.expect(time.Second, "ana: staged: 0.9.5 (5) in slot b", "ana: start: 0.9.5 (5) in slot b, when nobody talks", "reboot")
		b.boot() // the watchdog
		b.expect(2*time.Second, "update: fell back: to 0.9.4 from 0.9.5 (5): ended")
		if ids, es, hint := b.notice(); ids != "update.fell" || es != "Volvió a 0.9.4" || hint != "La 0.9.5 no dio señales en 5 min." {
			t.Errorf("%s, %s: %s", ids, es, hint)
		}
		if _, err := b.up.Commit(t.Context(), technician); err != nil {
			t.Fatal(err)
		}
		if ids, _, _ := b.notice(); ids != "" {
			t.Errorf("still told: %s", ids)
		}
		b.stop()
	})
}

func TestARestartThatFailsIsAskedForAgain(t *testing.T) {
	five := testBundle(t, "0.9.5", 5, 20_000, nil)
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t)
		b.sick[trial.Web] = true
		b.boot()
		b.serves(five)
		if _, err := b.up.Stage(t.Context(), technician, addr, false, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := b.up.Start(t.Context(), technician, false); err != nil {
			t.Fatal(err)
		}
		b.pass(time.Second)
		b.take()
		b.mu.Lock()
		b.deaf = 2
		b.mu.Unlock()
		b.expect(5*time.Minute+30*time.Second, "update: gives up: web")
		b.expect(2*time.Minute, "reboot")
		b.pass(time.Second)
		if s := b.state(); s.Running != "a" {
			t.Errorf("%+v", s)
		}
		b.stop()
	})
}

func TestAStartIsTakenBack(t *testing.T) {
	five := testBundle(t, "0.9.5", 5, 20_000, nil)
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t)
		b.boot()
		b.talk(1)
		b.serves(five)
		if _, err := b.up.Stage(t.Context(), technician, addr, false, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := b.up.Start(t.Context(), technician, false); err != nil {
			t.Fatal(err)
		}
		b.pass(time.Minute)
		if ids, es, _ := b.notice(); ids != "update.start" || es != "Espera para actualizar a 0.9.5" {
			t.Errorf("%s %s", ids, es)
		}
		if r, err := b.up.Rollback(t.Context(), technician, false); err != nil || r.Slot != "a" {
			t.Errorf("%+v, %v", r, err)
		}
		b.talk(0)
		b.pass(time.Hour)
		if got := b.take(); strings.Contains(got, "reboot") {
			t.Error(got)
		}
		// And on again, then back by hand once it stands.
		if _, err := b.up.Start(t.Context(), technician, false); err != nil {
			t.Fatal(err)
		}
		b.pass(time.Second)
		b.take()
		b.pass(2 * time.Minute)
		b.take()
		if _, err := b.up.Rollback(t.Context(), technician, false); err != nil {
			t.Fatal(err)
		}
		b.expect(time.Second, "ana: rolled back: to 0.9.4 (4) in slot a", "reboot")
		b.expect(2*time.Minute, "update: committed: 0.9.4 (4) in slot a")
		b.stop()
	})
}

// Whoever orders the same start twice has ordered it once.
func TestAStartOrderedTwiceStands(t *testing.T) {
	five := testBundle(t, "0.9.5", 5, 20_000, nil)
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t)
		b.boot()
		b.talk(1)
		b.serves(five)
		if _, err := b.up.Stage(t.Context(), technician, addr, false, nil); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := b.up.Start(t.Context(), technician, false); err != nil {
				t.Fatal(err)
			}
			b.pass(2 * time.Minute)
		}
		if st, err := b.up.Status(t.Context()); err != nil || !st.Armed || st.Slots.Try != "b" {
			t.Errorf("armed %v, on trial next %q, why %q, %v", st.Armed, st.Slots.Try, st.Slots.Why, err)
		}
		b.talk(0)
		b.pass(2 * time.Second)
		if got := b.take(); !strings.HasSuffix(got, "reboot") {
			t.Errorf("it does not start: %s", got)
		}
		b.stop()
	})
}

// left lists the inbox, but for what is remembered.
func left(t *testing.T, b *box) string {
	t.Helper()
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.Name() != memoryName {
			names = append(names, e.Name())
		}
	}
	return strings.Join(names, " ")
}

// Neither a file that is refused nor one that a power cut left half copied stays on the
// disk that the book needs.
func TestTheInboxIsLeftEmpty(t *testing.T) {
	five, other := testBundle(t, "0.9.5", 5, 20_000, nil), testBundle(t, "0.9.6", 6, 20_000, func(m *ctl.Manifest) { m.Board = "rpi4" })
	torn := bytes.Clone(five)
	torn[len(torn)-1] ^= 1
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t)
		b.boot()
		given := t.TempDir()
		for name, c := range map[string]struct {
			data []byte
			want string
		}{
			"no bundle": {bytes.Repeat([]byte("x"), 1<<20), "no update bundle"}, "other board": {other, "for the board rpi4"}, "torn": {torn, "not what was signed"},
			"longer": {append(bytes.Clone(five), make([]byte, 1<<20)...), "follows"}, "good": {five, ""},
		} {
			path := filepath.Join(given, name)
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := b.up.Stage(t.Context(), technician, path, false, nil)
			if c.want != "" {
				wantsText(t, err, c.want)
			} else if err != nil {
				t.Error(err)
			}
			if got := left(t, b); got != "" {
				t.Errorf("%s leaves %s", name, got)
			}
		}
		for _, n := range []string{fileName, DoneName, fileName + ".12345.new", partName, noteName} {
			if err := os.WriteFile(filepath.Join(b.dir, n), five, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b.boot()
		if got := left(t, b); got != noteName+" "+partName {
			t.Errorf("a power cut leaves %s", got)
		}
		b.stop()
	})
}

func TestADayWithoutAQuietMomentGivesTheStartUp(t *testing.T) {
	five := testBundle(t, "0.9.5", 5, 20_000, nil)
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t)
		b.boot()
		b.talk(1)
		b.serves(five)
		if _, err := b.up.Stage(t.Context(), technician, addr, false, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := b.up.Start(t.Context(), technician, false); err != nil {
			t.Fatal(err)
		}
		b.pass(25 * time.Hour)
		if s := b.state(); s.Try != "" || s.Why != "b/gate/busy" {
			t.Errorf("%+v", s)
		}
		b.stop()
	})
}

func TestPostponedUpdatesWait(t *testing.T) {
	five := testBundle(t, "0.9.5", 5, 20_000, nil)
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t)
		b.site.file, b.url = five, addr
		b.boot()
		if err := b.up.Postpone(technician, 3); err != nil {
			t.Fatal(err)
		}
		b.expect(24*time.Hour, "ana: postponed: 3 days", "update: staged: 0.9.5 (5) in slot b")
		b.boot() // it is remembered
		b.expect(24 * time.Hour)
		if err := b.up.Postpone(technician, 0); err != nil {
			t.Fatal(err)
		}
		b.expect(2*time.Minute, "ana: postponed: 0 days", "update: start: 0.9.5 (5) in slot b, when nobody talks", "reboot")
		b.stop()
	})
}

func TestTheFloorRisesAfterThirtyDays(t *testing.T) {
	five := testBundle(t, "0.9.5", 5, 2000, func(m *ctl.Manifest) { m.Floor = 5 })
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t)
		b.boot()
		b.serves(five)
		if _, err := b.up.Stage(t.Context(), technician, addr, false, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := b.up.Start(t.Context(), technician, false); err != nil {
			t.Fatal(err)
		}
		b.pass(time.Second)
		b.take()
		b.pass(2 * time.Minute)
		b.take()
		b.expect(29 * 24 * time.Hour)
		if s := b.state(); s.Floor != 1 {
			t.Errorf("floor %d", s.Floor)
		}
		b.expect(25*time.Hour, "update: floor: 5")
		b.stop()
	})
}

func TestUSBSticks(t *testing.T) {
	five, six := testBundle(t, "0.9.5", 5, 2000, nil), testBundle(t, "0.9.6", 6, 2000, func(m *ctl.Manifest) { m.Board = "rpi4" })
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t)
		b.boot()
		_, err := b.up.Stage(t.Context(), technician, "usb", false, nil)
		wantsText(t, err, "cannot find a USB stick")
		b.stick = t.TempDir()
		_, err = b.up.Stage(t.Context(), technician, "usb", false, nil)
		wantsText(t, err, "no .ctl file")
		put := func(name string, data []byte) {
			if err := os.WriteFile(filepath.Join(b.stick, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		put("broken.ctl", bytes.Repeat([]byte{1}, 100))
		_, err = b.up.Stage(t.Context(), technician, "usb", false, nil)
		wantsText(t, err, "no update bundle")
		put("five.ctl", five)
		if r, err := b.up.Stage(t.Context(), technician, "usb", false, nil); err != nil || r.Held.Version != "0.9.5" {
			t.Errorf("%+v, %v", r, err)
		}
		put("six.ctl", six)
		_, err = b.up.Stage(t.Context(), technician, "usb", false, nil)
		wantsText(t, err, "for the board rpi4")
		if r, err := b.up.Stage(t.Context(), technician, "usb:five.ctl", false, nil); err != nil || r.Held.Version != "0.9.5" {
			t.Errorf("%+v, %v", r, err)
		}
		b.stop()
	})
}

func wantsText(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
}

func TestAPresentPersonMayGoBelow(t *testing.T) {
	three := testBundle(t, "0.9.3", 3, 2000, nil)
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t)
		b.boot()
		b.serves(three)
		_, err := b.up.Stage(t.Context(), technician, addr, false, nil)
		wantsText(t, err, "only the serial console")
		if b.site.sent > ctl.MaxHeader {
			t.Errorf("%d bytes were downloaded for nothing", b.site.sent)
		}
		if _, err := b.up.Stage(t.Context(), technician, addr, true, nil); err != nil {
			t.Error(err)
		}
		b.stop()
	})
}

func TestOneAtATime(t *testing.T) {
	five := testBundle(t, "0.9.5", 5, 500_000, nil)
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t)
		b.boot()
		b.serves(five)
		b.site.slow = time.Second
		done := make(chan error, 1)
		go func() {
			_, err := b.up.Stage(t.Context(), technician, addr, false, nil)
			done <- err
		}()
		b.pass(5 * time.Second)
		_, err := b.up.Start(t.Context(), technician, false)
		wantsText(t, err, "another update command")
		st, err := b.up.Status(t.Context())
		if err != nil || st.Doing.What != "stage" || st.Doing.Progress.Step != slotwire.Fetching || st.Doing.Progress.Done == 0 {
			t.Errorf("%+v, %v", st.Doing, err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		b.stop()
	})
}

func TestAMachineWithoutKeeperSaysSo(t *testing.T) {
	b := &box{t: t, dir: t.TempDir(), site: &site{}}
	synctest.Test(t, func(t *testing.T) {
		b.t = t
		b.house()
		synctest.Wait() // Run has returned
		for _, err := range []error{
			second(b.up.Slots(t.Context())), second(b.up.Status(t.Context())), second(b.up.Stage(t.Context(), technician, addr, false, nil)),
			second(b.up.Start(t.Context(), technician, false)), second(b.up.Commit(t.Context(), technician)), second(b.up.Rollback(t.Context(), technician, false)),
			second(b.up.Found(t.Context())), b.up.Postpone(technician, 1),
		} {
			if !errors.Is(err, Absent) {
				t.Errorf("%v", err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }
