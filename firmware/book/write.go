package book

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"github.com/centralita/centralita/firmware/call"
)

// run is the one goroutine that writes.
func (b *Book) run() {
	defer close(b.done)
	ctx := context.Background() // ends with Close, never in the middle of a transaction
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		b.runJobs(ctx)
		for b.due(time.Now()) {
			b.write(ctx)
		}
		if at, ok := b.next(); ok {
			timer.Reset(time.Until(at))
		} else {
			timer.Stop()
		}
		select {
		case <-b.wake:
		case <-timer.C:
		case <-b.stop:
			b.runJobs(ctx)
			b.writeAll(ctx)
			return
		}
	}
}

// due reports whether there is something to write now.
func (b *Book) due(now time.Time) bool {
	b.mu.Lock()
	hurry, n := b.hurry, len(b.pending)
	b.hurry = false
	b.mu.Unlock()
	if hurry && n > 0 {
		return true
	}
	at, ok := b.next()
	return ok && !now.Before(at)
}

// next is the instant at which the writer has to write: the oldest fact has
// waited long enough, many are waiting, or the boot must be marked alive.
func (b *Book) next() (time.Time, bool) {
	b.mu.Lock()
	n, since := len(b.pending), b.since
	b.mu.Unlock()
	var at time.Time
	switch {
	case n >= GroupSize:
		at = since
	case n > 0:
		at = since.Add(GroupTime)
	}
	mark := time.Duration(0)
	switch {
	case b.calls > 0:
		mark = markCall
	case b.agents > 0:
		mark = markAgent
	}
	if m := b.marked.Add(mark); mark > 0 && (at.IsZero() || m.Before(at)) {
		at = m
	}
	if at.IsZero() {
		return at, false
	}
	if at.Before(b.retry) {
		at = b.retry
	}
	return at, true
}

// writeAll writes until nothing is pending or the disk refuses.
func (b *Book) writeAll(ctx context.Context) {
	for b.State().Pending > 0 {
		if !b.write(ctx) {
			return
		}
	}
}

// write makes up to GroupSize pending facts durable in one transaction and
// reports whether it could. What could not be written stays pending, in order.
func (b *Book) write(ctx context.Context) bool {
	began := time.Now()
	b.mu.Lock()
	group := b.pending[:min(len(b.pending), GroupSize)]
	b.mu.Unlock()
	rows, ahead, bad := b.seal(group)
	err := b.commit(ctx, rows, ahead)
	if err != nil && !b.arrived(ctx, rows) {
		b.failed(err)
		return false
	}
	b.ahead = ahead
	b.wrote(began, len(group), rows, bad)
	return true
}

// seal makes rows of facts, chained behind the head. A fact that has no JSON
// form cannot ever be written; it is counted and said in the log. ahead is by how
// much the time booked is ahead of the origin's clock behind the last.
func (b *Book) seal(group []call.Fact) (rows []Row, ahead time.Duration, bad uint64) {
	rows = make([]Row, 0, len(group))
	at, clock, ahead := b.head, b.clock, b.ahead
	for _, f := range group {
		if f.Kind == call.Clock && f.Reason != "" {
			clock = f.Reason
		}
		if f.Kind == call.Clock && (f.State == call.BookStep || f.State == call.BookDrift) {
			ahead += time.Duration(f.Millis) * time.Millisecond
		}
		mono := f.At.Sub(b.start)
		f.At = b.dated(f.At, ahead)
		r, err := newRow(f, b.boot, mono, clock, newSalt())
		if err != nil {
			b.opt.Log.Error("a fact cannot be written and is dropped", "err", err)
			bad++
			continue
		}
		r.chain(at.seq+1, at.hash)
		at = head{r.Seq, r.Hash}
		rows = append(rows, r)
	}
	return rows, ahead, bad
}

// dated is the right time of an instant: of the origin's clock, which only goes on.
func (b *Book) dated(at time.Time, ahead time.Duration) time.Time {
	origin := b.opt.Origin
	if origin.IsZero() {
		origin = b.start
	}
	run := at.Sub(origin)
	if run == math.MaxInt64 || run == math.MinInt64 {
		return at // beyond what a duration can tell: it is nobody's clock
	}
	return origin.Round(0).Add(run + ahead)
}

// commit writes rows, their projections and the mark in one transaction.
func (b *Book) commit(ctx context.Context, rows []Row, ahead time.Duration) error {
	now := time.Now()
	err := inTx(ctx, b.db, func(tx *sql.Tx) error {
		if err := insertRows(ctx, tx, rows); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE boot SET known_us = ?, known_ns = ? WHERE boot = ?`,
			b.dated(now, ahead).UnixMicro(), int64(now.Sub(b.start)), int64(b.boot))
		if err != nil {
			return fmt.Errorf("cannot mark the boot: %w", err)
		}
		b.calls, b.agents, err = open(ctx, tx)
		return err
	})
	if err == nil {
		b.marked = now
	}
	return err
}

// insertRows writes chained rows, their projections and the new head.
func insertRows(ctx context.Context, tx *sql.Tx, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO event VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`)
	if err != nil {
		return fmt.Errorf("cannot write events: %w", err)
	}
	defer insert.Close()
	p := newProjector(tx)
	for i := range rows {
		r := &rows[i]
		_, err := insert.ExecContext(ctx, int64(r.Seq), int64(r.Boot), int64(r.Mono), r.At.UnixMicro(), r.Clock, string(r.Kind),
			string(r.Call), int64(r.Leg), string(r.Agent), string(r.Queue), r.Privacy, r.Body, r.Salt, r.Digest, r.Prev, r.Hash)
		if err != nil {
			return fmt.Errorf("cannot write event %d: %w", r.Seq, err)
		}
		if err := p.apply(ctx, r); err != nil {
			return err
		}
	}
	if err := p.save(ctx); err != nil {
		return err
	}
	last := &rows[len(rows)-1]
	if _, err := tx.ExecContext(ctx, `UPDATE head SET seq = ?, hash = ?`, int64(last.Seq), last.Hash); err != nil {
		return fmt.Errorf("cannot write the head: %w", err)
	}
	return nil
}

// open counts the calls and the agent intervals that are open.
func open(ctx context.Context, tx *sql.Tx) (calls, agents int, err error) {
	err = tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM call WHERE ended_us IS NULL),
		(SELECT count(*) FROM interval WHERE to_us IS NULL)`).Scan(&calls, &agents)
	return calls, agents, err
}

// arrived reports whether rows are in the file although the commit failed: an
// error of the last sync leaves that open, and a number must not be used twice.
func (b *Book) arrived(ctx context.Context, rows []Row) bool {
	if len(rows) == 0 {
		return false
	}
	h, err := readHead(ctx, b.db)
	last := rows[len(rows)-1]
	return err == nil && h.seq == last.Seq && bytes.Equal(h.hash, last.Hash)
}

func readHead(ctx context.Context, db *sql.DB) (head, error) {
	var h head
	err := db.QueryRowContext(ctx, `SELECT seq, hash FROM head`).Scan(&h.seq, &h.hash)
	return h, err
}

// failed notes that the disk refused; the next try comes after retryTime.
func (b *Book) failed(err error) {
	now := time.Now()
	b.retry = now.Add(retryTime)
	b.mu.Lock()
	first := b.state.Err == nil
	if first {
		b.state.Since = now
	}
	b.state.Err = fmt.Errorf("cannot write the book: %w", err)
	b.state.Failed++
	pending := len(b.pending)
	b.mu.Unlock()
	if first {
		b.opt.Log.Error("the book cannot be written; facts are kept in memory", "pending", pending, "err", err)
	}
}

// wrote notes that the first n pending facts are durable since a write that
// began at began.
func (b *Book) wrote(began time.Time, n int, rows []Row, bad uint64) {
	if len(rows) > 0 {
		last := rows[len(rows)-1]
		b.head, b.clock = head{last.Seq, last.Hash}, last.Clock
	}
	b.retry = time.Time{}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state.Err != nil {
		b.opt.Log.Info("the book is written again", "pending", len(b.pending)-n)
		b.state.Err, b.state.Since = nil, time.Time{}
	}
	b.state.Last = b.head.seq
	b.state.Lost += bad
	b.committed += uint64(n)
	if b.pending = b.pending[n:]; len(b.pending) == 0 {
		b.pending = nil // let go of a long array
	} else if n < GroupSize {
		b.since = began // what is left came while this group was written
	}
	if n > 0 {
		close(b.changed)
		b.changed = make(chan struct{})
	}
}

// do runs work of somebody else in a transaction of the writer.
func (b *Book) do(ctx context.Context, work func(context.Context, *sql.Tx) error) error {
	j := &job{do: work, done: make(chan error, 1)}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return fmt.Errorf("the book is closed")
	}
	b.jobs = append(b.jobs, j)
	b.mu.Unlock()
	b.poke()
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// runJobs does what is waiting, each in its own transaction.
func (b *Book) runJobs(ctx context.Context) {
	b.mu.Lock()
	jobs := b.jobs
	b.jobs = nil
	b.mu.Unlock()
	for _, j := range jobs {
		err := inTx(ctx, b.db, func(tx *sql.Tx) error { return j.do(ctx, tx) })
		b.reread(ctx)
		j.done <- err
	}
}

// reread takes the head from the file after a job, which may have moved it.
func (b *Book) reread(ctx context.Context) {
	h, err := readHead(ctx, b.db)
	if err != nil || h.seq == b.head.seq {
		return
	}
	b.head = h
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.Last = h.seq
	close(b.changed)
	b.changed = make(chan struct{})
}
