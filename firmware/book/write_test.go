package book

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// TestGroupCommit: in virtual time every fact is durable 200 ms after Append,
// and many facts of one moment share a transaction.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := Open(t.Context(), t.TempDir(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		commits, last := 0, b.Last()
		for i := range 100 {
			changed := b.Changed()
			start := time.Now()
			for range 1 + i%7 {
				b.Append(call.Fact{Kind: call.PhoneState, Ext: "201"})
				last++
			}
			<-changed
			commits++
			if d := time.Since(start); d > 200*time.Millisecond || b.Last() != last {
				t.Fatalf("after %v number %d of %d is durable", d, b.Last(), last)
			}
			<-time.After(time.Duration(i) * time.Millisecond)
		}
		// A trickle without a pause must not put the commit off.
		start, changed := time.Now(), b.Changed()
		for open := true; open; {
			b.Append(call.Fact{Kind: call.PhoneState, Ext: "202"})
			select {
			case <-changed:
				open = false
			case <-time.After(10 * time.Millisecond):
			}
		}
		if d := time.Since(start); d > 200*time.Millisecond {
			t.Errorf("a trickle waited %v", d)
		}
	})
}

func TestManyFactsAreWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := Open(t.Context(), t.TempDir(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		synctest.Wait()
		start := time.Now()
		for range GroupSize {
			b.Append(call.Fact{Kind: call.PhoneState, Ext: "201"})
		}
		synctest.Wait()
		if time.Since(start) != 0 || b.State().Pending != 0 {
			t.Errorf("%d facts still pending", b.State().Pending)
		}
	})
}

// TestFullDiskLosesNothing: while the file cannot grow, facts stay in memory
// in order, the state tells, and all of them are written when there is room.
func TestFullDiskLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := Open(t.Context(), t.TempDir(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		limit := func(pages int) {
			if _, err := b.db.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
				t.Fatal(err)
			}
		}
		limit(1) // SQLite takes the present size instead
		for i := range 300 {
			b.Append(call.Fact{Kind: call.Node, Call: tel.CallID(fmt.Sprint("1-", i)), Node: strings.Repeat("x", 200)})
			<-time.After(50 * time.Millisecond)
		}
		s := b.State()
		if s.Err == nil || s.Pending == 0 || s.Since.IsZero() || !fullDisk(s.Err) || s.Lost != 0 {
			t.Fatalf("the disk is full, and the state is %+v", s)
		}
		limit(100000)
		<-time.After(2 * time.Second)
		if s := b.State(); s.Err != nil || s.Pending != 0 || s.Last != 301 || !s.Since.IsZero() {
			t.Fatalf("there is room again, and the state is %+v", s)
		}
		if _, err := b.Verify(t.Context()); err != nil {
			t.Error(err)
		}
		rows, err := b.Rows(t.Context(), 1, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rows {
			if r.Call != tel.CallID(fmt.Sprint("1-", i)) {
				t.Fatalf("row %d is about %s", r.Seq, r.Call)
			}
		}
	})
}

// TestNumberIsNotUsedTwice: when a commit fails although the rows are in the
// file, they count as written.
func TestNumberIsNotUsedTwice(t *testing.T) {
	b, err := openIdle(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.closeFiles()
	rows, _, bad := b.seal([]call.Fact{{Kind: call.PhoneState, At: time.Now()}, {Kind: call.PhoneState, At: time.Now()}})
	if bad != 0 || b.arrived(t.Context(), rows) || b.arrived(t.Context(), nil) {
		t.Error("rows arrived before they were written")
	}
	if err := b.commit(t.Context(), rows, 0); err != nil {
		t.Fatal(err)
	}
	if !b.arrived(t.Context(), rows) {
		t.Error("rows that are in the file count as lost")
	}
	rows[1].Hash = make([]byte, 32)
	if b.arrived(t.Context(), rows) {
		t.Error("other rows of the same numbers count as these")
	}
}

func TestMemoryIsBoundedAndLossIsCounted(t *testing.T) {
	b, err := Open(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.db.Exec("PRAGMA query_only = 1"); err != nil { // a disk that takes nothing
		t.Fatal(err)
	}
	for range MaxPending + 7 {
		b.Append(call.Fact{Kind: call.PhoneState})
	}
	if s := b.State(); s.Pending != MaxPending || s.Lost != 7 {
		t.Errorf("pending %d, lost %d", s.Pending, s.Lost)
	}
	if err := b.Close(); err == nil || !strings.Contains(err.Error(), fmt.Sprint(MaxPending)) {
		t.Errorf("closing: %v", err)
	}
	b.Append(call.Fact{})
	if s := b.State(); s.Lost != 8 {
		t.Errorf("a fact after Close is not counted: %+v", s)
	}
}

func TestFactWithoutAFormIsDroppedLoudly(t *testing.T) {
	var log strings.Builder
	b, err := Open(t.Context(), t.TempDir(), Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	b.Append(call.Fact{Kind: call.PhoneState, At: time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC)})
	b.Append(call.Fact{Kind: call.PhoneState, Agent: "\xff\xfe"})
	flush(t, b)
	if s := b.State(); s.Lost != 1 || s.Last != 2 {
		t.Errorf("%+v", s)
	}
	if _, err := b.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	if err := b.Close(); err != nil || !strings.Contains(log.String(), "is dropped") {
		t.Errorf("%v, log %s", err, &log)
	}
}

func TestCursorOnlyMovesForward(t *testing.T) {
	b := openTest(t, t.TempDir())
	appendAll(b, story("1-1", b.start))
	flush(t, b)
	for _, c := range []struct{ set, want uint64 }{{5, 5}, {3, 5}, {18, 18}} {
		if err := b.SetCursor(t.Context(), "sede", c.set); err != nil {
			t.Fatal(err)
		}
		if got, err := b.Cursor(t.Context(), "sede"); err != nil || got != c.want {
			t.Errorf("set %d: %d, %v", c.set, got, err)
		}
	}
	if err := b.SetCursor(t.Context(), "sede", 19); err == nil {
		t.Error("the cursor went beyond the book")
	}
	if got, err := b.Cursor(t.Context(), "other"); err != nil || got != 0 {
		t.Errorf("another sink: %d, %v", got, err)
	}
}

// anyFact draws facts about few calls and agents, so that they meet in every
// order, sense or nonsense.
func anyFact(rt *rapid.T, at time.Time) call.Fact {
	f := call.Fact{
		Kind: rapid.SampledFrom([]call.Kind{call.Began, call.Answered, call.Node, call.Queued, call.Offered, call.Declined,
			call.QueueLeft, call.Dialled, call.Connected, call.HoldOn, call.HoldOff, call.Ended, call.AgentState, call.AgentState,
			call.Shutdown, call.Clock, call.LineState}).Draw(rt, "kind"),
		At:        at,
		Call:      tel.CallID(rapid.SampledFrom([]string{"", "1-1", "1-2", "1-3"}).Draw(rt, "call")),
		Agent:     tel.AgentID(rapid.SampledFrom([]string{"", "ana", "bruno"}).Draw(rt, "agent")),
		Queue:     "ventas",
		Offer:     tel.OfferID(rapid.IntRange(0, 2).Draw(rt, "offer")),
		Direction: rapid.SampledFrom([]tel.Direction{tel.Inbound, tel.Outbound, tel.Internal}).Draw(rt, "direction"),
		From:      tel.Number(rapid.SampledFrom([]string{"", "600111222"}).Draw(rt, "from")),
		Port:      "L1",
		Node:      "menu",
		State:     rapid.SampledFrom([]string{"ready", AfterCall, "talking", LoggedOut, call.BookStep, call.BookDrift}).Draw(rt, "state"),
		Millis:    int64(rapid.SampledFrom([]int{0, 0, -5000, 86_400_000, 1_700_000_000_000}).Draw(rt, "ms of a step")),
		By:        rapid.SampledFrom([]tel.By{tel.ByAgent, tel.ByCaller, tel.ByNobody}).Draw(rt, "by"),
		Cause:     tel.CauseNormal,
	}
	if f.Kind == call.Clock {
		f.Call, f.From = "", "" // the clock is nobody's, and never erased
	}
	return f
}

// TestBookProperties: whatever facts come in whatever order, with restarts and
// erasures between, the numbers have no gap, the chain verifies, nothing has a
// negative duration, and the projections rebuilt from the events are equal to
// those kept along the way.
func TestBookProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		var b *Book
		start := func() {
			var err error
			if b, err = Open(t.Context(), dir, Options{Location: time.UTC, unsafe: true}); err != nil {
				rt.Fatal(err)
			}
		}
		start()
		at := b.start
		for range rapid.IntRange(1, 60).Draw(rt, "facts") {
			at = at.Add(time.Duration(rapid.IntRange(-100, 5000).Draw(rt, "ms")) * time.Millisecond)
			b.Append(anyFact(rt, at))
			switch rapid.IntRange(0, 19).Draw(rt, "then") {
			case 0:
				if err := b.Close(); err != nil {
					rt.Fatal(err)
				}
				start()
			case 1, 2:
				if err := b.Flush(t.Context()); err != nil {
					rt.Fatal(err)
				}
			case 3:
				if err := b.Erase(t.Context(), "1-1", "test"); err != nil && !strings.Contains(err.Error(), "nothing private") {
					rt.Fatal(err)
				}
			}
		}
		defer b.Close()
		if err := b.Flush(t.Context()); err != nil {
			rt.Fatal(err)
		}
		if last, err := b.Verify(t.Context()); err != nil || last != b.Last() {
			rt.Fatalf("verified to %d of %d, %v", last, b.Last(), err)
		}
		before := dump(rt, b)
		if err := b.Rebuild(t.Context()); err != nil {
			rt.Fatal(err)
		}
		if after := dump(rt, b); after != before {
			rt.Fatalf("rebuilt\n%s\nwas\n%s", after, before)
		}
		for rec, err := range b.Calls(t.Context(), Filter{}) {
			if err != nil || rec.Wait < 0 || rec.Talk < 0 || rec.Hold < 0 || rec.ACW < 0 {
				rt.Fatalf("%+v, %v", rec, err)
			}
		}
	})
}

func TestFlushEndsWithItsContext(t *testing.T) {
	b := openTest(t, t.TempDir())
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Flush(t.Context()); err != nil { // nothing to write
		t.Error(err)
	}
	if err := b.SetCursor(t.Context(), "x", 0); err == nil {
		t.Error("a closed book moved a cursor")
	}
}

// BenchmarkAppend measures facts made durable, in groups as they come.
func BenchmarkAppend(b *testing.B) {
	k := openTest(b, b.TempDir())
	facts := story("1-1", k.start)
	i := 0
	for b.Loop() {
		f := facts[i%len(facts)]
		f.Call = tel.CallID(fmt.Sprint("1-", i/len(facts)))
		k.Append(f)
		if i++; i%5000 == 0 {
			flush(b, k)
		}
	}
	flush(b, k)
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "facts/s")
}

// BenchmarkVerify measures the walk along the chain.
func BenchmarkVerify(b *testing.B) {
	k := openTest(b, b.TempDir())
	for range 10_000 {
		k.Append(call.Fact{Kind: call.PhoneState, Ext: "201", State: "up"})
	}
	flush(b, k)
	for b.Loop() {
		if _, err := k.Verify(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(k.Last())*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
