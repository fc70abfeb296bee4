package book

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// known is the last time at which a boot was known to live.
type known struct {
	boot  uint64
	at    time.Time
	mono  time.Duration
	clock string
}

// begin starts a new boot in one transaction: it ends what the last boot left
// open, as of the last time that boot was known to live, and then writes that
// this one began. The farewells carry the number and the monotonic time of the
// boot they end, so that durations are right.
func (b *Book) begin(ctx context.Context) error {
	h, err := b.startHead(ctx)
	if err != nil {
		return fmt.Errorf("cannot read its head: %w", err)
	}
	last, err := lastKnown(ctx, b.db)
	if err != nil {
		return fmt.Errorf("cannot read its last boot: %w", err)
	}
	b.boot = last.boot + 1
	if b.state.Missing, err = missing(ctx, b.db, h.seq); err != nil {
		return fmt.Errorf("cannot count its last rows: %w", err)
	}
	return inTx(ctx, b.db, func(tx *sql.Tx) error {
		facts, err := b.farewells(ctx, tx, last)
		if err != nil {
			return fmt.Errorf("cannot read what the last boot left open: %w", err)
		}
		var rows []Row
		at := h
		add := func(f call.Fact, boot uint64, mono time.Duration, clock string) error {
			r, err := newRow(f, boot, mono, clock, newSalt())
			if err != nil {
				return err
			}
			r.chain(at.seq+1, at.hash)
			at = head{r.Seq, r.Hash}
			rows = append(rows, r)
			return nil
		}
		for _, f := range facts {
			if err := add(f, last.boot, last.mono, last.clock); err != nil {
				return err
			}
		}
		began := b.dated(b.start, b.ahead)
		boot := call.Fact{Kind: call.Boot, At: began, State: b.opt.Version, Reason: b.opt.Clock}
		if err := add(boot, b.boot, 0, b.clock); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO boot (boot, began_us, known_us, known_ns, version, clock, zone) VALUES (?, ?, ?, 0, ?, ?, ?)`,
			int64(b.boot), began.UnixMicro(), began.UnixMicro(), b.opt.Version, b.opt.Clock, b.opt.Location.String())
		if err != nil {
			return fmt.Errorf("cannot begin a boot: %w", err)
		}
		if err := insertRows(ctx, tx, rows); err != nil {
			return err
		}
		b.head, b.state.Last, b.marked = at, at.seq, b.start
		return nil
	})
}

// startHead is the row that new ones follow. Telephones work even when somebody
// laid hands on the book: rows that the head does not know are not written over
// but followed, and verify goes on naming them.
func (b *Book) startHead(ctx context.Context) (head, error) {
	h, err := readHead(ctx, b.db)
	gone := errors.Is(err, sql.ErrNoRows)
	if err != nil && !gone {
		return h, err
	}
	if gone {
		h = head{0, make([]byte, 32)}
	}
	last := h
	err = b.db.QueryRowContext(ctx, `SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1`).Scan(&last.seq, &last.hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return h, err
	}
	if !gone && last.seq <= h.seq {
		return h, nil
	}
	b.opt.Log.Error("the book was altered by somebody else; hint: centralita book verify", "head", h.seq, "last", last.seq)
	_, err = b.db.ExecContext(ctx, `INSERT OR REPLACE INTO head VALUES (1, ?, ?)`, int64(last.seq), last.hash)
	return last, err
}

// lately is how many rows are counted at the start: about a megabyte is read for them.
// The whole book is what verify reads.
const lately = 2000

// missing counts the numbers among the last ones up to end that have no row.
func missing(ctx context.Context, db *sql.DB, end uint64) (uint64, error) {
	n, there := min(end, lately), uint64(0)
	err := db.QueryRowContext(ctx, `SELECT count(*) FROM event WHERE seq > ? AND seq <= ?`, int64(end-n), int64(end)).Scan(&there)
	return n - min(n, there), err
}

// lastKnown returns the last boot, boot 0 for an empty book.
func lastKnown(ctx context.Context, db *sql.DB) (known, error) {
	var k known
	var us, ns int64
	err := db.QueryRowContext(ctx, `SELECT boot, known_us, known_ns,
		coalesce((SELECT clock FROM event ORDER BY seq DESC LIMIT 1), boot.clock)
		FROM boot ORDER BY boot DESC LIMIT 1`).Scan(&k.boot, &us, &ns, &k.clock)
	if errors.Is(err, sql.ErrNoRows) {
		return known{}, nil
	}
	k.at, k.mono = time.UnixMicro(us).UTC(), time.Duration(ns)
	return k, err
}

// farewells are the facts that end the open calls and agent intervals, in the
// order in which those began.
func (b *Book) farewells(ctx context.Context, tx *sql.Tx, last known) ([]call.Fact, error) {
	said := "last known " + last.at.In(b.opt.Location).Format("15:04:05")
	var facts []call.Fact
	err := each(ctx, tx, `SELECT id FROM call WHERE ended_us IS NULL ORDER BY seq`, func(row scanner) error {
		f := call.Fact{Kind: call.Ended, At: last.at, By: tel.BySystem, Cause: tel.CausePowerLost,
			Evidence: said + fmt.Sprintf(", exact to %v", markCall)}
		facts = append(facts, f)
		return row.Scan(&facts[len(facts)-1].Call)
	})
	if err != nil {
		return nil, err
	}
	exact := markAgent
	if len(facts) > 0 {
		exact = markCall
	}
	err = each(ctx, tx, `SELECT agent, ext FROM interval WHERE to_us IS NULL ORDER BY seq`, func(row scanner) error {
		f := call.Fact{Kind: call.AgentState, At: last.at, State: LoggedOut, Reason: string(tel.CausePowerLost),
			By: tel.BySystem, Evidence: said + fmt.Sprintf(", exact to %v", exact)}
		facts = append(facts, f)
		at := &facts[len(facts)-1]
		return row.Scan(&at.Agent, &at.Ext)
	})
	return facts, err
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// each calls take for every row of a query.
func each(ctx context.Context, q querier, query string, take func(scanner) error, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := take(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
