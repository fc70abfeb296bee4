package book

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// childEnv makes the test binary write into the folder it names until killed.
const childEnv = "CENTRALITA_BOOK_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child has 50 calls up and goes on writing, telling what it appended and what
// became durable.
func child(dir string) error {
	b, err := Open(context.Background(), dir, Options{Version: "child", Location: time.UTC})
	if err != nil {
		return err
	}
	b.Append(call.Fact{Kind: call.AgentState, Agent: "ana", Ext: "201", State: "ready"})
	for i := range 50 {
		b.Append(call.Fact{Kind: call.Began, Call: tel.CallID(fmt.Sprint("1-", i)), Direction: tel.Inbound, From: "600111222", Port: "L1"})
	}
	n := 52 // with the boot
	for tick := time.NewTicker(time.Millisecond); ; <-tick.C {
		b.Append(call.Fact{Kind: call.Node, Call: tel.CallID(fmt.Sprint("1-", n%50)), Node: "n" + strconv.Itoa(n)})
		n++
		fmt.Printf("appended %d %d\ndurable %d %d\n", n, time.Now().UnixNano(), b.Last(), time.Now().UnixNano())
	}
}

// TestKill9 kills a writing process. What it called durable is there, all that
// it appended more than 200 ms before its last sign of life is there unless the
// disk itself was slower, the chain verifies, every open call is closed with
// its cause, and no record is lost.
func TestKill9(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	type sign struct {
		n  uint64
		at int64
	}
	var appended []sign
	var durable sign
	slowest := time.Duration(0)
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		var what string
		var s sign
		if n, _ := fmt.Sscan(scan.Text(), &what, &s.n, &s.at); n != 3 {
			continue // cut by the kill
		}
		if what == "durable" {
			for _, a := range appended { // how late was the oldest of this group?
				if a.n > durable.n && a.n <= s.n {
					slowest = max(slowest, time.Duration(s.at-a.at))
					break
				}
			}
			durable = s
			continue
		}
		if appended = append(appended, s); len(appended) == 500 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	last := appended[len(appended)-1]
	promise := max(200*time.Millisecond, slowest)
	want := durable.n
	for _, a := range appended {
		if time.Duration(last.at-a.at) > promise {
			want = max(want, a.n)
		}
	}
	t.Logf("appended %d, durable told %d, slowest %v, at least %d must be there", last.n, durable.n, slowest, want)

	if _, err := verify(t, dir); err != nil { // a reader before the next start
		t.Error(err)
	}
	if err := os.Remove(filepath.Join(dir, FileName+"-shm")); err != nil {
		t.Fatal(err)
	}
	if _, err := verify(t, dir); err != nil { // and one of a copy without the shared index
		t.Error(err)
	}
	b := openTest(t, dir)
	rows, err := b.Rows(t.Context(), 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	old := uint64(0)
	for _, r := range rows {
		if r.Kind == call.Boot && r.Boot == 2 {
			break
		}
		if r.Kind == call.Node || r.Kind == call.Began {
			old = r.Seq
		}
	}
	if old < want || want < 60 {
		t.Errorf("%d facts survived, %d had to", old, want)
	}
	if _, err := b.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	calls := 0
	for rec, err := range b.Calls(t.Context(), Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		calls++
		if rec.Ended.Before(rec.Began) || rec.Cause != tel.CausePowerLost || !strings.HasPrefix(rec.Evidence, "last known ") {
			t.Errorf("%+v", rec)
		}
	}
	if calls != 50 || b.Boot() != 2 {
		t.Errorf("%d records, boot %d", calls, b.Boot())
	}
}

// crash leaves a book in a folder as a power cut would: copied while open. The
// copy is made through SQLite, as a reader may.
func crash(t *testing.T, b *Book) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := b.db.Exec(`VACUUM INTO ?`, filepath.Join(dir, FileName)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestPowerLoss: the next boot ends calls, queue visits, offers and agents'
// times at the last known time, which is at most a second before the cut while
// a call is up, and the durations end there too.
func TestPowerLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := Open(t.Context(), t.TempDir(), Options{Version: "0.1", Clock: "rtc", Location: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		t0 := time.Now()
		b.Append(call.Fact{Kind: call.AgentState, Agent: "ana", Ext: "201", State: "ready"})
		b.Append(call.Fact{Kind: call.Began, Call: "1-1", Direction: tel.Inbound, From: "600111222", Port: "L1"})
		b.Append(call.Fact{Kind: call.Queued, Call: "1-1", Queue: "ventas"})
		b.Append(call.Fact{Kind: call.Offered, Call: "1-1", Queue: "ventas", Agent: "ana", Offer: 1})
		<-time.After(90*time.Second + 700*time.Millisecond) // nothing happens, and then the power goes
		cut := time.Now()
		dir := crash(t, b)

		<-time.After(time.Hour)
		b2, err := Open(t.Context(), dir, Options{Version: "0.2", Clock: "ntp", Location: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		defer b2.Close()
		if b2.Boot() != 2 || b2.Last() != 8 {
			t.Errorf("boot %d, last %d", b2.Boot(), b2.Last())
		}
		for rec, err := range b2.Calls(t.Context(), Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			if gap := cut.Sub(rec.Ended); gap < 0 || gap > 1100*time.Millisecond {
				t.Errorf("ended %v before the cut", gap)
			}
			if rec.Wait != rec.Ended.Sub(t0) || rec.EndedBy != tel.BySystem || rec.Cause != tel.CausePowerLost {
				t.Errorf("%+v", rec)
			}
			if want := "last known " + rec.Ended.Format("15:04:05") + ", exact to 1s"; rec.Evidence != want {
				t.Errorf("evidence %q, want %q", rec.Evidence, want)
			}
		}
		ivs, err := b2.Intervals(t.Context(), "", time.Time{}, time.Time{})
		if err != nil || len(ivs) != 1 || ivs[0].To.IsZero() || ivs[0].Lasted < 89*time.Second {
			t.Errorf("%+v, %v", ivs, err)
		}
		if text := dump(t, b2); strings.Contains(text, "left_us= ") || strings.Contains(text, "ring_ns= ") {
			t.Errorf("something is still open:\n%s", text)
		}
		if _, err := b2.Verify(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestCleanStopLeavesNothingToClose: after a shutdown fact the next boot adds
// its own beginning and nothing else.
func TestCleanStopLeavesNothingToClose(t *testing.T) {
	dir := t.TempDir()
	b := openTest(t, dir)
	appendAll(b, story("1-1", b.start))
	b.Append(call.Fact{Kind: call.Shutdown, At: b.start.Add(time.Minute), Reason: "SIGTERM"})
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = openTest(t, dir)
	rows, err := b.Rows(t.Context(), 19, 10)
	if err != nil || len(rows) != 1 || rows[0].Kind != call.Boot || rows[0].Boot != 2 {
		t.Errorf("%+v, %v", rows, err)
	}
}

// TestNoMarkWithoutReason: a quiet house does not wear its card.
func TestNoMarkWithoutReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := Open(t.Context(), t.TempDir(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		<-time.After(24 * time.Hour)
		k, err := lastKnown(t.Context(), b.reader.db)
		if err != nil || !k.at.Equal(b.start.UTC().Truncate(time.Microsecond)) {
			t.Errorf("marked at %v, %v", k.at, err)
		}
	})
}

func TestSecondDaemonIsRefused(t *testing.T) {
	dir := t.TempDir()
	openTest(t, dir)
	_, err := Open(t.Context(), dir, Options{})
	want := fmt.Sprintf("cannot open the book in %s: another centralita (pid %d) holds it", dir, os.Getpid())
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v\nwant %s", err, want)
	}
}

func TestFolderTroubleIsSaidClearly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if _, err := Open(t.Context(), dir, Options{}); err == nil || !strings.Contains(err.Error(), "it is not a folder; hint:") {
			t.Errorf("%s: %v", dir, err)
		}
	}
	for want, err := range map[string]error{
		"the file system is read-only": syscall.EROFS,
		"this user may not write":      syscall.EACCES,
		"the disk is full":             syscall.ENOSPC,
		"input/output error":           syscall.EIO,
	} {
		if got := folderError("/x", &os.PathError{Op: "open", Path: "/x", Err: err}).Error(); !strings.Contains(got, want) {
			t.Errorf("%v is said as %q", err, got)
		}
	}
	notBook := t.TempDir()
	if err := os.WriteFile(filepath.Join(notBook, FileName), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), notBook, Options{}); err == nil || !strings.Contains(err.Error(), "is damaged; hint:") {
		t.Errorf("garbage: %v", err)
	}
	b := openTest(t, t.TempDir())
	if _, err := b.db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), b.dir, Options{}); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("a newer book: %v", err)
	}
}

// TestRealFullAndReadOnlyDisk uses a tmpfs of one megabyte.
func TestRealFullAndReadOnlyDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("cannot mount a tmpfs (%v); run as root with the right to mount", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	b := openTest(t, dir)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	for i := range 2000 {
		b.Append(call.Fact{Kind: call.PhoneState, Ext: "201", Reason: strings.Repeat("x", 300), Millis: int64(i)})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := b.Flush(ctx); err == nil {
		t.Error("two thousand facts fitted a full disk")
	}
	if err := os.Truncate(ballast, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, Options{}); err == nil {
		t.Error("opened twice")
	}
	if s := b.State(); s.Err == nil || s.Pending == 0 || s.Lost != 0 {
		t.Errorf("%+v", s)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", syscall.MS_REMOUNT, "size=16m"); err != nil {
		t.Fatal(err)
	}
	flush(t, b)
	if last, err := b.Verify(t.Context()); err != nil || last != 2001 {
		t.Errorf("verified to %d, %v", last, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=16m"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, Options{}); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("a read-only folder: %v", err)
	}
	if last, err := verify(t, dir); err != nil || last != 2001 {
		t.Errorf("reading from a read-only folder: %d, %v", last, err)
	}
}

// TestAlteredBookStillTakesCalls: the house starts on a book that somebody
// altered, writes behind what is there, and verify still names the place.
func TestAlteredBookStillTakesCalls(t *testing.T) {
	for name, c := range map[string]struct {
		sql     string
		want    uint64
		missing uint64
	}{
		"row added": {`INSERT INTO event SELECT 19, boot, mono_ns, wall_us, clock, kind, call, leg, agent, queue, privacy, body, salt, digest, hash, hash FROM event WHERE seq = 18`, 19, 0},
		"last gone": {`DELETE FROM event WHERE seq = 18`, 18, 1},
		"some gone": {`DELETE FROM event WHERE seq IN (7, 8)`, 7, 2},
		"all gone":  {`DELETE FROM event`, 1, 18},
		"altered":   {`UPDATE event SET wall_us = 1 WHERE seq = 5`, 5, 0},
		"head gone": {`DELETE FROM head`, 0, 0}, // mended: the rows themselves are sound
	} {
		t.Run(name, func(t *testing.T) {
			b := openTest(t, alter(t, c.sql))
			if n := b.State().Missing; n != c.missing {
				t.Errorf("%d rows are missed, want %d", n, c.missing)
			}
			b.Append(call.Fact{Kind: call.Began, Call: "2-1", From: "1"})
			flush(t, b)
			_, err := b.Verify(t.Context())
			if k, ok := errors.AsType[*Broken](err); ok != (c.want > 0) || ok && k.Seq != c.want {
				t.Errorf("%v, want number %d", err, c.want)
			}
			rows, err := b.Tail(t.Context(), 1)
			if err != nil || len(rows) != 1 || rows[0].Call != "2-1" {
				t.Errorf("%+v, %v", rows, err)
			}
		})
	}
}

// TestOlderBookIsBroughtUp: a book of the first form is read as it is and
// brought to the newest form by the next start.
func TestOlderBookIsBroughtUp(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite", dsn(dir, "journal_mode(WAL)"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(levels[0] + "PRAGMA user_version = 1"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	zone := func(want string) {
		r, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Location().String(); got != want {
			t.Errorf("zone %s, want %s", got, want)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	zone(time.Local.String()) // "Local", or what TZ says
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(t.Context(), dir, Options{Location: madrid})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	zone("Europe/Madrid")
}
