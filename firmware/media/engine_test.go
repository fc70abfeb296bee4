package media_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/media"
)

// loop is an endpoint in memory: it says what it is told and keeps what it hears.
type loop struct {
	mu     sync.Mutex
	say    func(tick int, f *pcm.Frame)
	heard  []int16
	ticks  int
	closed bool
}

func (l *loop) Read(f *pcm.Frame) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	*f = pcm.Frame{}
	if l.say == nil {
		return false
	}
	l.say(l.ticks, f)
	return true
}

func (l *loop) Write(f *pcm.Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, f[:]...)
	l.ticks++
}

// sound returns what it heard so far.
func (l *loop) sound() []int16 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.heard)
}

func (l *loop) Stats() media.Stats { return media.Stats{Sent: uint64(l.ticks)} }
func (l *loop) Close() error       { l.closed = true; return nil }

// bench is an engine inside a bubble, with all that its sink was given.
type bench struct {
	*media.Engine
	mu     sync.Mutex // of events and at: all shards tell
	events []media.Event
	at     []time.Duration
	start  time.Time
	stop   context.CancelFunc
	done   chan error
}

// told returns the events so far.
func (b *bench) told() []media.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.events)
}

// forget forgets the events so far.
func (b *bench) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events, b.at = nil, nil
}

// after returns when an event was told.
func (b *bench) after(i int) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at[i]
}

func newBench(t *testing.T, shards int) *bench {
	t.Helper()
	b := &bench{start: time.Now(), done: make(chan error, 1)}
	b.Engine = media.New(media.Config{Shards: shards, Sink: func(es []media.Event) {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, e := range es {
			b.events = append(b.events, e)
			b.at = append(b.at, time.Since(b.start))
		}
	}})
	ctx, cancel := context.WithCancel(t.Context())
	b.stop = cancel
	go func() { b.done <- b.Run(ctx) }()
	return b
}

// end stops the engine and waits for it.
func (b *bench) end(t *testing.T) {
	t.Helper()
	b.stop()
	if err := <-b.done; err != nil {
		t.Errorf("Run: %v", err)
	}
}

// pass lets virtual time pass.
func pass(d time.Duration) {
	<-time.After(d) // inside a bubble: costs nothing
	synctest.Wait()
}

// stuck is an endpoint that holds its shard up until it is freed.
type stuck struct {
	loop
	free chan struct{}
}

func (s *stuck) Write(*pcm.Frame) { <-s.free }

// A shard that hangs gives no sign of life; the others do.
func TestPingTellsWhichShardHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 3)
		signs := func() (n int, all bool) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			all = b.Ping(ctx, func(int) { n++ })
			return n, all
		}
		if n, all := signs(); n != 3 || !all {
			t.Errorf("%d of 3 shards live", n)
		}
		s := &stuck{free: make(chan struct{})}
		if err := b.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: s}); err != nil {
			t.Fatal(err)
		}
		pass(100 * time.Millisecond)
		if n, all := signs(); n != 2 || all {
			t.Errorf("%d shards live, all: %t; one hangs", n, all)
		}
		close(s.free)
		pass(100 * time.Millisecond)
		if n, all := signs(); n != 3 || !all {
			t.Errorf("%d of 3 shards live again", n)
		}
		b.end(t)
	})
}
