package book

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// A boot that does not know the time books by a clock that is wrong. The events stay
// as they were written, for they are chained; when the clock is set the tables that
// people ask are moved to the right time, all that the boot has begun before.

// redate moves what this boot began before r by the step of the clock.
func (p *projector) redate(ctx context.Context, r *Row, f call.Fact) error {
	if f.Millis == 0 || f.State == call.BookDrift {
		return nil
	}
	if err := p.save(ctx); err != nil {
		return err
	}
	p.calls, p.order = make(map[tel.CallID]*callRow), nil
	var first int64
	stmt, err := p.prepare(ctx, `SELECT coalesce(min(seq), ?) FROM event WHERE boot = ?`)
	if err == nil {
		err = stmt.QueryRowContext(ctx, int64(r.Seq), int64(r.Boot)).Scan(&first)
	}
	if err != nil {
		return fmt.Errorf("cannot find the beginning of boot %d: %w", r.Boot, err)
	}
	us := (time.Duration(f.Millis) * time.Millisecond).Microseconds()
	for _, table := range []string{
		`UPDATE call SET began_us = began_us + ?1, answered_us = answered_us + ?1, queued_us = queued_us + ?1,
			connected_us = connected_us + ?1, ended_us = ended_us + ?1 WHERE seq >= ?2 AND seq < ?3`,
		`UPDATE visit SET joined_us = joined_us + ?1, left_us = left_us + ?1 WHERE seq >= ?2 AND seq < ?3`,
		`UPDATE offer SET made_us = made_us + ?1, ended_us = ended_us + ?1 WHERE seq >= ?2 AND seq < ?3`,
		`UPDATE interval SET from_us = from_us + ?1, to_us = to_us + ?1 WHERE seq >= ?2 AND seq < ?3`,
	} {
		if err := p.exec(ctx, table, us, first, int64(r.Seq)); err != nil {
			return err
		}
	}
	return nil
}

// shift moves the times of a record.
func (c *callRow) shift(d time.Duration) {
	for _, t := range []*time.Time{&c.rec.Began, &c.rec.Answered, &c.rec.Queued, &c.rec.Connected, &c.rec.Ended} {
		if !t.IsZero() {
			*t = t.Add(d)
		}
	}
}

// laterSteps is by how much the clock of a boot was set after an event.
func laterSteps(ctx context.Context, tx *sql.Tx, boot, seq uint64) (sum time.Duration, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+rowColumns+` FROM event WHERE kind = 'system.clock' AND boot = ? AND seq > ?`, int64(boot), int64(seq))
	if err != nil {
		return 0, fmt.Errorf("cannot read how the clock was set: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return 0, err
		}
		f, err := r.Fact()
		if err != nil {
			return 0, err
		}
		if f.State == call.BookDrift {
			continue
		}
		sum += time.Duration(f.Millis) * time.Millisecond
	}
	return sum, rows.Err()
}

// LastKnown returns the latest time at which an earlier boot was known to live; the
// zero time where there was none.
func (b *Book) LastKnown(ctx context.Context) (time.Time, error) {
	var us sql.NullInt64
	if err := b.db.QueryRowContext(ctx, `SELECT max(known_us) FROM boot WHERE boot < ?`, int64(b.boot)).Scan(&us); err != nil {
		return time.Time{}, fmt.Errorf("cannot read when the appliance last ran: %w", err)
	}
	if !us.Valid {
		return time.Time{}, nil
	}
	return time.UnixMicro(us.Int64).UTC(), nil
}

// lastLook is how many of the last events LastTrusted looks at.
const lastLook = 20_000

// LastTrusted returns the time of the latest event that was written with a clock in
// one of these states, among the last of them; the zero time for none. Before this
// boot.
func (b *Book) LastTrusted(ctx context.Context, states ...string) (time.Time, error) {
	in, err := json.Marshal(states)
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot read when the time was trusted last: %w", err)
	}
	var us sql.NullInt64
	err = b.db.QueryRowContext(ctx, `SELECT max(wall_us) FROM (SELECT wall_us, clock FROM event WHERE boot < ? ORDER BY seq DESC LIMIT ?)
		WHERE clock IN (SELECT value FROM json_each(?))`, int64(b.boot), lastLook, string(in)).Scan(&us)
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot read when the time was trusted last: %w", err)
	}
	if !us.Valid {
		return time.Time{}, nil
	}
	return time.UnixMicro(us.Int64).UTC(), nil
}
