package book

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// Erase removes the private bodies of a call (numbers and names; an agent's
// state has none) and their
// salts for good, from the file and its log, writes that it did and why, and
// brings the record of the call to what is still known. The chain verifies as
// before. Facts of the call that are not durable yet are written first.
func (b *Book) Erase(ctx context.Context, id tel.CallID, reason string) error {
	if err := b.Flush(ctx); err != nil {
		return fmt.Errorf("cannot erase call %s: %w", id, err)
	}
	err := b.do(ctx, func(ctx context.Context, tx *sql.Tx) error { return b.erase(ctx, tx, id, reason) })
	if err != nil {
		return fmt.Errorf("cannot erase call %s: %w", id, err)
	}
	// Old pages stand in the log until it is copied into the file and cut.
	var busy, pages, copied int
	if err := b.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &copied); err != nil || busy != 0 {
		return fmt.Errorf("cannot erase call %s from the log: somebody is reading the book (%v); hint: it goes when the reader ends", id, err)
	}
	return nil
}

// erase is the writer's part, in its transaction.
func (b *Book) erase(ctx context.Context, tx *sql.Tx, id tel.CallID, reason string) error {
	done, err := tx.ExecContext(ctx, `UPDATE event SET body = NULL, salt = NULL
		WHERE call = ? AND privacy = ? AND kind <> ? AND body IS NOT NULL`, string(id), Person, string(call.AgentState))
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("the book has nothing private of it")
	}
	now := time.Now()
	f := call.Fact{Kind: call.Erased, At: b.dated(now, b.ahead), Call: id, Reason: reason, Millis: n}
	r, err := newRow(f, b.boot, now.Sub(b.start), b.clock, newSalt())
	if err != nil {
		return err
	}
	r.chain(b.head.seq+1, b.head.hash)
	if err := insertRows(ctx, tx, []Row{r}); err != nil {
		return err
	}
	return retell(ctx, tx, id)
}

// retell makes the record, queue visits and offers of one call again from its
// events. After-call work is told by its agent's events and is kept.
func retell(ctx context.Context, tx *sql.Tx, id tel.CallID) error {
	p := newProjector(tx)
	old, err := p.call(ctx, id)
	if err != nil || old == nil {
		return err
	}
	var rows []Row
	err = each(ctx, tx, `SELECT `+rowColumns+` FROM event WHERE call = ? ORDER BY seq`, func(row scanner) error {
		r, err := scanRow(row)
		rows = append(rows, r)
		return err
	}, string(id))
	if err != nil {
		return err
	}
	for _, table := range []string{"visit", "offer", "call"} {
		column := "call"
		if table == "call" {
			column = "id"
		}
		if err := p.exec(ctx, "DELETE FROM "+table+" WHERE "+column+" = ?", string(id)); err != nil {
			return err
		}
	}
	p = newProjector(tx)
	for i := range rows {
		if !ofCall(rows[i].Kind) {
			continue // about more than this call
		}
		late, err := laterSteps(ctx, tx, rows[i].Boot, rows[i].Seq)
		if err != nil {
			return err
		}
		rows[i].At = rows[i].At.Add(late)
		if err := p.apply(ctx, &rows[i]); err != nil {
			return err
		}
	}
	if c := p.calls[id]; c != nil {
		c.rec.ACW = old.rec.ACW
	}
	return p.save(ctx)
}

// Rebuild makes every projection again from the events. Nothing else changes.
func (b *Book) Rebuild(ctx context.Context) error {
	if err := b.Flush(ctx); err != nil {
		return fmt.Errorf("cannot rebuild the tables: %w", err)
	}
	if err := b.do(ctx, rebuild); err != nil {
		return fmt.Errorf("cannot rebuild the tables: %w", err)
	}
	return nil
}

func rebuild(ctx context.Context, tx *sql.Tx) error {
	for _, table := range []string{"call", "visit", "offer", "interval"} {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
			return err
		}
	}
	for after := int64(0); ; {
		var rows []Row
		err := each(ctx, tx, `SELECT `+rowColumns+` FROM event WHERE seq > ? ORDER BY seq LIMIT ?`, func(row scanner) error {
			r, err := scanRow(row)
			rows = append(rows, r)
			return err
		}, after, GroupSize)
		if err != nil || len(rows) == 0 {
			return err
		}
		p := newProjector(tx)
		for i := range rows {
			if err := p.apply(ctx, &rows[i]); err != nil {
				return err
			}
		}
		if err := p.save(ctx); err != nil {
			return err
		}
		after = int64(rows[len(rows)-1].Seq)
	}
}
