package media_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/media/player"
	"github.com/centralita/centralita/firmware/tel"
)

// loop is an endpoint in memory: it says what it is told and keeps what it hears.
type loop struct {
	say    func(tick int, f *pcm.Frame)
	heard  []int16
	ticks  int
	closed bool
}

func (l *loop) Read(f *pcm.Frame) bool {
	*f = pcm.Frame{}
	if l.say == nil {
		return false
	}
	l.say(l.ticks, f)
	return true
}

func (l *loop) Write(f *pcm.Frame) {
	l.heard = append(l.heard, f[:]...)
	l.ticks++
}
func (l *loop) Stats() media.Stats { return media.Stats{Sent: uint64(l.ticks)} }
func (l *loop) Close() error       { l.closed = true; return nil }

// bench is an engine inside a bubble, with all that its sink was given.
type bench struct {
	*media.Engine
	events []media.Event
	at     []time.Duration
	start  time.Time
	stop   context.CancelFunc
	done   chan error
}

func newBench(t *testing.T, shards int) *bench {
	t.Helper()
	b := &bench{start: time.Now(), done: make(chan error, 1)}
	lock := make(chan struct{}, 1)
	b.Engine = media.New(media.Config{Shards: shards, Sink: func(es []media.Event) {
		lock <- struct{}{}
		for _, e := range es {
			b.events = append(b.events, e)
			b.at = append(b.at, time.Since(b.start))
		}
		<-lock
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

func TestPlayEndsWithOneEventAtTheRightTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		ep := &loop{}
		if err := b.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: ep}); err != nil {
			t.Fatal(err)
		}
		b.Play(1, media.Play{ID: 7, Parts: []player.Part{{PCM: make([]int16, 8000)}}})
		pass(3 * time.Second)
		if len(b.events) != 1 || b.events[0].Kind != media.PlayDone || b.events[0].Play != 7 || b.events[0].Leg != tel.LegID(1) {
			t.Fatalf("events %v, want one end of play 7", b.events)
		}
		if b.at[0] != time.Second {
			t.Errorf("one second of audio ended after %v", b.at[0])
		}
		b.Detach(1)
		pass(20 * time.Millisecond)
		if !ep.closed {
			t.Error("the endpoint of a detached leg is open")
		}
		b.end(t)
	})
}
