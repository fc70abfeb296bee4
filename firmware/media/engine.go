package media

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/tel"
)

// Config of an engine.
type Config struct {
	// Shards is the number of goroutines that tick; 0 is one per core.
	Shards int
	// Sink gets what a tick noticed, once at its end and only when there is
	// something. It is called by all shards, at the same time too, and must not
	// block. The slice belongs to the engine: it is valid until Sink returns.
	Sink func([]Event)
	// SilentAfter is how long a far end that should send may be quiet before
	// Silent is told; 0 is 30 s.
	SilentAfter time.Duration
	Log         *slog.Logger
}

// Leg is one party to be attached.
type Leg struct {
	ID       tel.LegID
	Call     tel.CallID
	Endpoint Endpoint
	// DTMF looks for digits: events of the endpoint, else tones in the audio.
	DTMF bool
	// Progress makes the leg a line: the signals of this plan are looked for and
	// kept from the room, and strange ones, fax machines and voices both ways are
	// told. It is nil for telephones. The plan must not change any more.
	Progress *plan.Plan
	// AwaitDial tells that nothing was dialled on this leg yet, so that a long
	// tone is dial tone; SendDigits ends it.
	AwaitDial bool
}

// Engine moves the audio of all legs. Its methods may be called by anybody and
// do not wait; they take effect at the next tick of the leg's shard. Orders for
// a leg that is not attached are ignored: it may have gone a moment ago.
type Engine struct {
	cfg    Config
	shards []*shard
	seed   maphash.Seed

	mu     sync.Mutex
	legs   map[tel.LegID]*leg
	closed bool
}

// errClosed is returned once the engine has ended.
var errClosed = errors.New("the media engine has ended")

// New returns an engine that works while Run does.
func New(cfg Config) *Engine {
	if cfg.Shards <= 0 {
		cfg.Shards = runtime.GOMAXPROCS(0)
	}
	if cfg.SilentAfter <= 0 {
		cfg.SilentAfter = 30 * time.Second
	}
	if cfg.Sink == nil {
		cfg.Sink = func([]Event) {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	e := &Engine{cfg: cfg, seed: maphash.MakeSeed(), legs: map[tel.LegID]*leg{}}
	for i := range cfg.Shards {
		e.shards = append(e.shards, newShard(i, cfg))
	}
	return e
}

// Run ticks until ctx ends, then closes all endpoints and returns nil. It is
// called once.
func (e *Engine) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, s := range e.shards {
		all.Go(func() { s.run(ctx) })
	}
	<-ctx.Done()
	e.mu.Lock()
	e.closed = true
	clear(e.legs)
	e.mu.Unlock()
	all.Wait()
	e.settle()
	for _, s := range e.shards {
		s.end()
	}
	return nil
}

// settle carries out what was ordered last, until no leg is between two shards.
func (e *Engine) settle() {
	for busy := true; busy; {
		busy = false
		for _, s := range e.shards {
			busy = busy || !s.in.empty()
			s.obey()
		}
	}
}

// Attach begins to move a leg's audio. The endpoint belongs to the engine from
// now on, and is closed by it, even when Attach fails.
func (e *Engine) Attach(l Leg) error {
	made := newLeg(l)
	e.mu.Lock()
	err := errClosed
	if !e.closed {
		err = nil
		if _, twice := e.legs[l.ID]; twice {
			err = errors.New("it is attached already")
		}
	}
	if err == nil {
		made.home = e.shardOf(l.Call)
		e.legs[l.ID] = made
		made.home.order(&command{act: doAttach, leg: l.ID, what: made})
	}
	e.mu.Unlock()
	if err != nil {
		return errors.Join(fmt.Errorf("cannot attach leg %s of call %s: %w", l.ID, l.Call, err), l.Endpoint.Close())
	}
	return nil
}

// Detach takes a leg out. Its endpoint is closed after the tick that let it go.
func (e *Engine) Detach(id tel.LegID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if l, ok := e.legs[id]; ok {
		delete(e.legs, id)
		l.home.order(&command{act: doDetach, leg: id})
	}
}

// Play plays to a leg, instead of whatever it was played. PlayDone tells the
// end; something that is replaced or stopped tells nothing.
func (e *Engine) Play(id tel.LegID, p Play) { e.order(&command{act: doPlay, leg: id, play: p}) }

// Stop ends what is played to a leg, and the keys that are being sent.
func (e *Engine) Stop(id tel.LegID) { e.order(&command{act: doStop, leg: id}) }

// Join puts a leg into a room, out of the one it was in. The legs of a room
// hear each other, except one that is played something.
func (e *Engine) Join(id tel.LegID, room tel.CallID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l, ok := e.legs[id]
	if !ok {
		return
	}
	if to := e.shardOf(room); to != l.home {
		to.order(&command{act: doExpect, leg: id})
		l.home.order(&command{act: doMove, leg: id, to: to})
		l.home = to
	}
	l.home.order(&command{act: doJoin, leg: id, room: room})
}

// Leave takes a leg out of its room.
func (e *Engine) Leave(id tel.LegID) { e.order(&command{act: doLeave, leg: id}) }

// Mute lets the room hear comfort noise instead of the leg; digits are still seen.
func (e *Engine) Mute(id tel.LegID, on bool) { e.order(&command{act: doMute, leg: id, on: on}) }

// SendDigits sends keys to the far end one after the other, as events when it
// takes them, else as tones. A comma waits for one second; anything else that
// is no key is left out. PlayDone tells the end.
func (e *Engine) SendDigits(id tel.LegID, play tel.PlayID, digits string) {
	e.order(&command{act: doKeys, leg: id, keys: keys{id: play, text: digits}})
}

// Listen chooses what is looked for in a leg's audio.
func (e *Engine) Listen(id tel.LegID, dtmf, progress bool) {
	e.order(&command{act: doListen, leg: id, on: dtmf, tones: progress})
}

// Stats returns the health of a leg; ok is false when it is not attached.
func (e *Engine) Stats(id tel.LegID) (s Stats, ok bool) {
	e.mu.Lock()
	l, ok := e.legs[id]
	e.mu.Unlock()
	if !ok {
		return Stats{}, false
	}
	s = l.ep.Stats()
	l.measure.fill(&s)
	return s, true
}

// Lateness tells how punctual all shards were since the start.
func (e *Engine) Lateness() Lateness {
	var hs []*histogram
	for _, s := range e.shards {
		hs = append(hs, &s.late)
	}
	return summary(hs)
}

// Legs returns how many legs are attached.
func (e *Engine) Legs() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.legs)
}

// Ping asks every shard for a sign of life and calls alive with the number of each
// that gives one, until all have or ctx ends. It reports whether all have. A shard
// that does has carried out all orders given to it before.
func (e *Engine) Ping(ctx context.Context, alive func(shard int)) bool {
	asked := make([]chan struct{}, len(e.shards))
	for i, s := range e.shards {
		asked[i] = make(chan struct{}, 1)
		s.order(&command{act: doPing, done: asked[i]})
	}
	all := true
	for i, done := range asked {
		select {
		case <-done:
			alive(i)
			continue
		case <-ctx.Done(): // one that hangs must not make those behind it look dead
		}
		select {
		case <-done:
			alive(i)
		default:
			all = false
		}
	}
	return all
}

// order hands a command to the shard of its leg.
func (e *Engine) order(c *command) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if l, ok := e.legs[c.leg]; ok {
		l.home.order(c)
	}
}

// shardOf returns where the legs of a call live.
func (e *Engine) shardOf(call tel.CallID) *shard {
	return e.shards[maphash.String(e.seed, string(call))%uint64(len(e.shards))]
}
