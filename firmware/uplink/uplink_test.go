package uplink

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/centralita/centralita/firmware/book"
)

// notebook is a Source in memory.
type notebook struct {
	mu      sync.Mutex
	last    uint64
	cursor  uint64
	full    bool // the disk takes no cursor
	changed chan struct{}
}

func newNotebook(last uint64) *notebook { return &notebook{last: last} }

func (n *notebook) Rows(_ context.Context, after uint64, limit int) ([]book.Row, error) {
	var out []book.Row
	for s := after + 1; s <= n.Last() && len(out) < limit; s++ {
		out = append(out, book.Row{Seq: s})
	}
	return out, nil
}

func (n *notebook) Last() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.last
}

func (n *notebook) Changed() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.changed
}

func (n *notebook) Cursor(context.Context, string) (uint64, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cursor, nil
}

func (n *notebook) SetCursor(_ context.Context, _ string, acked uint64) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.full {
		return errors.New("disk full")
	}
	if acked < n.cursor || acked > n.last {
		panic(fmt.Sprintf("cursor from %d to %d of %d", n.cursor, acked, n.last))
	}
	n.cursor = acked
	return nil
}

func (n *notebook) add(rows uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last += rows
	close(n.changed)
	n.changed = make(chan struct{})
}

// acked is the durable cursor.
func (n *notebook) acked() uint64 {
	acked, _ := n.Cursor(context.Background(), "")
	return acked
}

// sinkFunc is a Sink.
type sinkFunc func(rows []book.Row) (uint64, error)

func (f sinkFunc) Send(_ context.Context, rows []book.Row) (uint64, error) { return f(rows) }

func end(rows []book.Row) uint64 { return rows[len(rows)-1].Seq }

// inBubble runs an uplink in virtual time.
func inBubble(t *testing.T, src *notebook, sink Sink, opt Options, test func(t *testing.T, u *Uplink)) {
	synctest.Test(t, func(t *testing.T) {
		src.changed = make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		u := New("sede", src, sink, opt)
		done := make(chan error, 1)
		go func() { done <- u.Run(ctx) }()
		test(t, u)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// pass lets virtual time go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestSendsInBatchesAndWaitsForCompany(t *testing.T) {
	src := newNotebook(25)
	var sizes []int
	sink := sinkFunc(func(rows []book.Row) (uint64, error) { sizes = append(sizes, len(rows)); return end(rows), nil })
	inBubble(t, src, sink, Options{Batch: 10, Every: 2 * time.Second}, func(t *testing.T, u *Uplink) {
		pass(3 * time.Second)
		if s := u.State(); s.State != UpToDate || s.Acked != 25 || s.Pending != 0 || src.acked() != 25 {
			t.Errorf("%+v", s)
		}
		src.add(1)
		pass(time.Second)
		src.add(2)
		pass(500 * time.Millisecond)
		if s := u.State(); s.State != Sending || s.Pending != 3 {
			t.Errorf("%+v", s)
		}
		pass(time.Second)
		if got := fmt.Sprint(sizes); got != "[10 10 5 3]" {
			t.Errorf("batches %s", got)
		}
	})
}

func TestDayOfflineLosesNothing(t *testing.T) {
	src := newNotebook(0)
	var online atomic.Bool
	var tries, got atomic.Uint64
	sink := sinkFunc(func(rows []book.Row) (uint64, error) {
		tries.Add(1)
		if !online.Load() {
			return 0, errors.New("no route to host")
		}
		if rows[0].Seq != got.Load()+1 {
			return 0, fmt.Errorf("gap: %d after %d", rows[0].Seq, got.Load())
		}
		got.Store(end(rows))
		return end(rows), nil
	})
	inBubble(t, src, sink, Options{Seed: 1}, func(t *testing.T, u *Uplink) {
		for range 24 * 60 {
			src.add(3)
			pass(time.Minute)
		}
		s := u.State()
		if s.State != Waiting || s.Pending != 3*24*60 || s.Error != "no route to host" || s.Next.IsZero() {
			t.Errorf("offline: %+v", s)
		}
		if tries.Load() > 24*60 { // at most one a minute, near the end of the doubling
			t.Errorf("%d tries in a day", tries.Load())
		}
		online.Store(true)
		pass(MaxBackoff + time.Minute)
		if s := u.State(); s.State != UpToDate || got.Load() != src.Last() || src.acked() != got.Load() {
			t.Errorf("online again: %+v, far side has %d of %d", s, got.Load(), src.Last())
		}
	})
}

func TestRefusalIsAnAlarmNotALoss(t *testing.T) {
	src := newNotebook(5)
	var right atomic.Bool // the token
	sink := sinkFunc(func(rows []book.Row) (uint64, error) {
		if !right.Load() {
			return 0, &Refusal{Why: "401 wrong token"}
		}
		return end(rows), nil
	})
	inBubble(t, src, sink, Options{}, func(t *testing.T, u *Uplink) {
		pass(10 * time.Minute)
		if s := u.State(); s.State != Refused || s.Pending != 5 || s.Error != "401 wrong token" || time.Since(s.Since) < 9*time.Minute {
			t.Errorf("%+v", s)
		}
		right.Store(true)
		pass(MaxBackoff + 2*time.Second)
		if s := u.State(); s.State != UpToDate || s.Acked != 5 {
			t.Errorf("%+v", s)
		}
	})
}

func TestTooLargeBatchIsHalved(t *testing.T) {
	src := newNotebook(100)
	sink := sinkFunc(func(rows []book.Row) (uint64, error) {
		if len(rows) > 13 {
			return 0, &Refusal{Why: "413", TooLarge: true}
		}
		return end(rows), nil
	})
	inBubble(t, src, sink, Options{Batch: 100}, func(t *testing.T, u *Uplink) {
		pass(20 * time.Second)
		if s := u.State(); s.State != UpToDate || s.Acked != 100 {
			t.Errorf("%+v", s)
		}
	})
}

func TestForeignNumbersAreRefused(t *testing.T) {
	src := newNotebook(5)
	sink := sinkFunc(func([]book.Row) (uint64, error) { return 900, nil })
	inBubble(t, src, sink, Options{}, func(t *testing.T, u *Uplink) {
		pass(10 * time.Second)
		if s := u.State(); s.State != Refused || s.Acked != 0 || src.acked() != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestFullDiskDoesNotStopSending(t *testing.T) {
	src := newNotebook(30)
	src.full = true
	sink := sinkFunc(func(rows []book.Row) (uint64, error) { return end(rows), nil })
	inBubble(t, src, sink, Options{Batch: 10}, func(t *testing.T, u *Uplink) {
		pass(10 * time.Second)
		if s := u.State(); s.State != UpToDate || s.Acked != 30 {
			t.Errorf("%+v", s)
		}
	})
}

// TestCursorNeverLies answers by chance: any number, errors, refusals. The
// notebook panics when the cursor goes back or beyond; and what is acknowledged
// must have been sent.
func TestCursorNeverLies(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		answers := rapid.SliceOfN(rapid.IntRange(-20, 60), 1, 60).Draw(rt, "answers")
		src := newNotebook(uint64(rapid.IntRange(1, 40).Draw(rt, "rows")))
		var sent atomic.Uint64
		i := 0
		sink := sinkFunc(func(rows []book.Row) (uint64, error) {
			sent.Store(max(sent.Load(), end(rows)))
			a := answers[i%len(answers)]
			i++
			switch {
			case a < -10:
				return 0, errors.New("cut")
			case a < 0:
				return 0, &Refusal{Why: "no"}
			}
			return uint64(a), nil
		})
		inBubble(t, src, sink, Options{Batch: 7}, func(t *testing.T, u *Uplink) {
			before := uint64(0)
			for range 30 {
				pass(30 * time.Second)
				s := u.State()
				if s.Acked > sent.Load() || s.Acked < before || s.Acked != src.acked() {
					rt.Fatalf("acked %d after %d, sent %d, cursor %d", s.Acked, before, sent.Load(), src.acked())
				}
				before = s.Acked
				if s.Acked%3 == 0 {
					src.add(2)
				}
			}
		})
	})
}

func TestBackoffDoublesWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(-1, 1000).Draw(rt, "tries")
		chance := rapid.Float64Range(0, 0.999).Draw(rt, "chance")
		d := Backoff(n, chance)
		if d < MinBackoff/2 || d > MaxBackoff {
			rt.Fatalf("Backoff(%d, %v) = %v", n, chance, d)
		}
		if n >= 0 && n < 6 && Backoff(n+1, 0) != 2*Backoff(n, 0) {
			rt.Fatalf("Backoff(%d) does not double", n)
		}
	})
	if Backoff(0, 0) != MinBackoff || Backoff(99, 0) != MaxBackoff || Backoff(99, 0.5) >= Backoff(99, 0) {
		t.Error("the bounds are off")
	}
}
