// Package uplink sends the book upstream: one Uplink per sink walks the
// numbers behind its cursor, in batches, again and again until the far side
// has acknowledged them. A number is never skipped, and the cursor moves only
// to what was sent and acknowledged without a gap; so a day offline loses
// nothing, and a far side that keeps (site, number) once has each exactly once.
package uplink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/book"
)

// Source is the book as an uplink needs it.
type Source interface {
	// Rows returns up to limit durable rows with numbers above after, in order.
	Rows(ctx context.Context, after uint64, limit int) ([]book.Row, error)
	// Last returns the last durable number.
	Last() uint64
	// Changed returns a channel that is closed when Last grows.
	Changed() <-chan struct{}
	// Cursor returns the last number the sink acknowledged, 0 for none.
	Cursor(ctx context.Context, sink string) (uint64, error)
	// SetCursor makes an acknowledged number durable; it never goes back.
	SetCursor(ctx context.Context, sink string, acked uint64) error
}

// Sink is one far side.
type Sink interface {
	// Send delivers rows, at least one, and returns the number up to which the
	// far side has everything. The error is a *Refusal when trying again
	// changes nothing until a person acts.
	Send(ctx context.Context, rows []book.Row) (acked uint64, err error)
}

// Refusal is the answer of a far side that understood and said no.
type Refusal struct {
	Why      string
	TooLarge bool // a smaller batch may pass
}

// Error says why.
func (e *Refusal) Error() string { return e.Why }

// States of an uplink, as view.Uplink has them.
const (
	UpToDate = "up to date" // nothing is waiting
	Sending  = "sending"    // rows are on their way
	Waiting  = "waiting"    // the last try failed; Next says when the next comes
	Refused  = "refused"    // the far side said no; a person must act; tries go on slowly
)

// State is how an uplink does.
type State struct {
	ID      string
	State   string
	Since   time.Time // of State
	Pending uint64    // durable rows not acknowledged
	Acked   uint64    // last acknowledged number
	Error   string    // of the last try; empty when it went well
	Err     error     // the same
	Next    time.Time // next try; zero when not waiting for one
}

// Options of an uplink. The zero value of a field takes its default.
type Options struct {
	Batch int           // rows at once; 500
	Every time.Duration // longest time a row waits for company; 1 s
	Seed  uint64        // of the jitter
	Log   *slog.Logger  // nil: nothing is logged
}

// Uplink brings one sink behind the book.
type Uplink struct {
	id   string
	src  Source
	sink Sink
	opt  Options
	rand *rand.Rand

	mu    sync.Mutex
	state State
}

// New makes an uplink; Run works it. id names its cursor in the book.
func New(id string, src Source, sink Sink, opt Options) *Uplink {
	if opt.Batch <= 0 {
		opt.Batch = 500
	}
	if opt.Every <= 0 {
		opt.Every = time.Second
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	return &Uplink{
		id: id, src: src, sink: sink, opt: opt, rand: rand.New(rand.NewPCG(opt.Seed, 0)),
		state: State{ID: id, State: Sending, Since: time.Now()},
	}
}

// State returns how the uplink does.
func (u *Uplink) State() State {
	last := u.src.Last()
	u.mu.Lock()
	defer u.mu.Unlock()
	s := u.state
	if last > s.Acked {
		s.Pending = last - s.Acked
	}
	if s.Pending > 0 && s.State == UpToDate {
		s.State = Sending
	}
	return s
}

// Run sends until ctx ends. It returns nil then, and an error only when the
// book itself cannot be read at the start.
func (u *Uplink) Run(ctx context.Context) error {
	acked, err := u.src.Cursor(ctx, u.id)
	if err != nil {
		return fmt.Errorf("cannot start the uplink %s: %w", u.id, err)
	}
	u.mu.Lock()
	u.state.Acked = acked
	u.mu.Unlock()
	batch, tries := u.opt.Batch, 0
	for ctx.Err() == nil {
		changed := u.src.Changed()
		if u.src.Last() <= acked {
			u.set(UpToDate, nil, time.Time{})
			wait(ctx, changed, 0)
			continue
		}
		if tries == 0 {
			u.company(ctx, acked, batch)
		}
		now, err := u.send(ctx, acked, batch)
		if ctx.Err() != nil {
			return nil
		}
		if now > acked {
			acked = now
			u.moved(ctx, acked)
		}
		if err == nil {
			tries = 0
			u.set(Sending, nil, time.Time{})
			continue
		}
		if no, ok := errors.AsType[*Refusal](err); ok && no.TooLarge && batch > 1 {
			batch = (batch + 1) / 2 // and stays so
			continue
		}
		u.pause(ctx, err, tries)
		tries++
	}
	return nil
}

// company waits until a batch is full or the first row has waited long enough.
func (u *Uplink) company(ctx context.Context, acked uint64, batch int) {
	end := time.Now().Add(u.opt.Every)
	for ctx.Err() == nil {
		changed := u.src.Changed()
		left := time.Until(end)
		if left <= 0 || u.src.Last() >= acked+uint64(batch) {
			return
		}
		wait(ctx, changed, left)
	}
}

// send delivers the next batch and returns the number up to which all is
// acknowledged, never beyond what was sent. Less than all is no error as long
// as it is more than before.
func (u *Uplink) send(ctx context.Context, acked uint64, batch int) (uint64, error) {
	rows, err := u.src.Rows(ctx, acked, batch)
	if err != nil {
		return acked, err
	}
	if len(rows) == 0 || rows[0].Seq != acked+1 {
		return acked, &Refusal{Why: fmt.Sprintf("number %d is missing in the book; hint: centralita book verify", acked+1)}
	}
	got, err := u.sink.Send(ctx, rows)
	if err != nil {
		return acked, err
	}
	switch last := u.src.Last(); {
	case got > last:
		return acked, &Refusal{Why: fmt.Sprintf("the far side has numbers up to %d of this site, but the book ends at %d; "+
			"hint: does another box use this site's name, or is this a new book?", got, last)}
	case got <= acked:
		return acked, fmt.Errorf("the far side acknowledged %d only, after %d before", got, acked)
	}
	return min(got, rows[len(rows)-1].Seq), nil
}

// moved makes an acknowledgement durable. When the disk refuses, the number is
// kept in memory: after a restart some rows are sent again, none is lost.
func (u *Uplink) moved(ctx context.Context, acked uint64) {
	u.mu.Lock()
	u.state.Acked = acked
	u.mu.Unlock()
	if err := u.src.SetCursor(ctx, u.id, acked); err != nil && ctx.Err() == nil {
		u.opt.Log.Warn("an acknowledgement is kept in memory only", "uplink", u.id, "acked", acked, "err", err)
	}
}

// pause notes why a try failed and waits for the next.
func (u *Uplink) pause(ctx context.Context, err error, tries int) {
	state := Waiting
	if _, no := errors.AsType[*Refusal](err); no {
		state = Refused
	}
	d := Backoff(tries, u.rand.Float64())
	if tries == 0 {
		u.opt.Log.Warn("upstream does not take the book; it is safe here and tried again", "uplink", u.id, "err", err)
	}
	u.set(state, err, time.Now().Add(d))
	wait(ctx, nil, d)
}

// set notes the state; Since moves only when it changes.
func (u *Uplink) set(state string, err error, next time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.state.State != state {
		u.state.State, u.state.Since = state, time.Now()
	}
	u.state.Error, u.state.Err, u.state.Next = "", err, next
	if err != nil {
		u.state.Error = err.Error()
	}
}

// wait returns when ctx ends, changed closes or d is over (0: never).
func wait(ctx context.Context, changed <-chan struct{}, d time.Duration) {
	var over <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-ctx.Done():
	case <-changed:
	case <-over:
	}
}

// Shortest and longest pause between tries.
const (
	MinBackoff = time.Second
	MaxBackoff = 2 * time.Minute
)

// Backoff is the pause after the failed try number tries (from 0): it doubles
// from MinBackoff to MaxBackoff, and chance in [0,1) takes away up to half, so
// that a hundred boxes do not come back in the same second.
func Backoff(tries int, chance float64) time.Duration {
	d := MaxBackoff
	if tries >= 0 && tries < 16 {
		d = min(MinBackoff<<tries, MaxBackoff)
	}
	return d - time.Duration(chance*float64(d)/2)
}
