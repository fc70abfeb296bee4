package update

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// ordered is a box that talks and has a start ordered.
func ordered(t *testing.T) *box {
	t.Helper()
	b := newBox(t)
	b.boot()
	b.talk(1)
	b.serves(testBundle(t, "0.9.5", 5, 20_000, nil))
	if _, err := b.up.Stage(t.Context(), technician, addr, false, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.up.Start(t.Context(), technician, false); err != nil {
		t.Fatal(err)
	}
	b.pass(time.Minute)
	b.take()
	return b
}

// A start that waits for the end of calls outlives a new start of the program.
func TestAnOrderOutlivesTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := ordered(t)
		b.stop()
		synctest.Wait()
		b.house() // a new configuration, or a crash
		b.pass(10 * time.Minute)
		if got := b.take(); got != "" {
			t.Errorf("while somebody talks: %s", got)
		}
		b.talk(0)
		b.expect(2*time.Second, "reboot")
		b.expect(2*time.Minute, "update: committed: 0.9.5 (5) in slot b")
		b.stop()
	})
}

// A boot loader that cannot keep its record starts no trial. The order is taken back
// and told, and nothing restarts the box for it again and again.
func TestALoaderThatPassesAnOrderBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := ordered(t)
		b.mute = true
		b.talk(0)
		b.expect(2*time.Second, "reboot")
		if b.booted.Slot != "a" || b.booted.Trial {
			t.Fatalf("started %+v", b.booted)
		}
		b.pass(24 * time.Hour)
		got := b.take()
		if !strings.Contains(got, "fell back") || !strings.Contains(got, "loader") || strings.Contains(got, "reboot") {
			t.Errorf("booked %q", got)
		}
		st, err := b.up.Status(t.Context())
		if err != nil || st.Armed || st.Slots.Try != "" {
			t.Errorf("armed %v, next %q, %v", st.Armed, st.Slots.Try, err)
		}
		if ids, es, _ := b.notice(); !strings.Contains(ids, "update.fell") || !strings.Contains(es, "Volvió a 0.9.4") {
			t.Errorf("%s %s", ids, es)
		}
		b.stop()
	})
}
