package book

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// Reader reads a book that another process may be writing.
type Reader struct{ reader }

// reader is what a Book and a Reader have in common.
type reader struct{ db *sql.DB }

// Read opens the book in dir for reading only. It works while a daemon holds
// the folder and when none does; it never changes the book.
func Read(dir string) (*Reader, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read the book in %s: %w", dir, err)
	}
	file := filepath.Join(dir, FileName)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the book in %s: there is none; hint: name the --data folder of the daemon", dir)
	} else if err != nil {
		return nil, fmt.Errorf("cannot read the book in %s: %w", dir, err)
	}
	// A reader needs the shared index beside the log, which only a writing
	// connection can make when the last one is gone (query_only keeps it from
	// writing anything else). On a read-only disk nobody can make it, but there
	// nobody writes either.
	modes := []string{"mode=ro", "mode=rw"}
	if _, err := os.Stat(file + "-wal"); errors.Is(err, fs.ErrNotExist) {
		modes = append(modes, "mode=ro&immutable=1")
	}
	var bad error
	for _, mode := range modes {
		db, err := openReader(dir, mode)
		if err == nil {
			return &Reader{reader{db}}, nil
		}
		bad = errors.Join(bad, err)
	}
	return nil, fmt.Errorf("cannot read the book in %s: %w", dir, bad)
}

// openReader opens a pool of reading connections and tries one.
func openReader(dir, mode string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(dir, "query_only(1)")+"&"+mode)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	var level, heads int
	err = db.QueryRow(`SELECT user_version, (SELECT count(*) FROM head) FROM pragma_user_version`).Scan(&level, &heads)
	if err == nil && level > len(levels) {
		err = fmt.Errorf("it was written by a newer version (level %d, this one knows %d)", level, len(levels))
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Location is the time zone of the office at its last start, the system's when
// the book does not say.
func (r *Reader) Location() *time.Location {
	var zone string
	if err := r.db.QueryRow(`SELECT zone FROM boot ORDER BY boot DESC LIMIT 1`).Scan(&zone); err != nil || zone == "" {
		return time.Local // a book of an older form has no zone
	}
	l, err := time.LoadLocation(zone)
	if err != nil {
		return time.Local
	}
	return l
}

// Close ends the reading.
func (r *Reader) Close() error { return r.db.Close() }

const rowColumns = `seq, boot, mono_ns, wall_us, clock, kind, call, leg, agent, queue, privacy, body, salt, digest, prev, hash`

func scanRow(row scanner) (Row, error) {
	var r Row
	var mono, wall, leg int64
	err := row.Scan(&r.Seq, &r.Boot, &mono, &wall, &r.Clock, &r.Kind, &r.Call, &leg, &r.Agent, &r.Queue, &r.Privacy,
		&r.Body, &r.Salt, &r.Digest, &r.Prev, &r.Hash)
	r.Mono, r.At, r.Leg = time.Duration(mono), time.UnixMicro(wall).UTC(), tel.LegID(leg)
	return r, err
}

// Rows returns up to limit events with numbers above after, in order.
func (d *reader) Rows(ctx context.Context, after uint64, limit int) ([]Row, error) {
	return d.rows(ctx, `SELECT `+rowColumns+` FROM event WHERE seq > ? ORDER BY seq LIMIT ?`, int64(after), limit)
}

// Tail returns the last n events, oldest first.
func (d *reader) Tail(ctx context.Context, n int) ([]Row, error) {
	return d.rows(ctx, `SELECT * FROM (SELECT `+rowColumns+` FROM event ORDER BY seq DESC LIMIT ?) ORDER BY seq`, n)
}

// Switches returns where a person last set the night switch of each schedule:
// "auto", "open" or "closed".
func (d *reader) Switches(ctx context.Context) (map[string]string, error) {
	rows, err := d.rows(ctx, `SELECT `+rowColumns+` FROM event WHERE kind = '`+string(call.ScheduleSet)+`' ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, r := range rows {
		f, err := r.Fact()
		if err != nil {
			return nil, err
		}
		out[f.Node] = f.State
	}
	return out, nil
}

// Seat returns what an agent last did before this boot, farewells of boots
// apart; false when the book knows nothing of him.
func (d *reader) Seat(ctx context.Context, agent tel.AgentID) (call.Fact, bool, error) {
	rows, err := d.rows(ctx, `SELECT `+rowColumns+` FROM event WHERE kind = '`+string(call.AgentState)+`' AND agent = ? ORDER BY seq DESC LIMIT 8`, string(agent))
	if err != nil {
		return call.Fact{}, false, err
	}
	for _, r := range rows {
		f, err := r.Fact()
		if err != nil {
			return call.Fact{}, false, err
		}
		if f.State != LoggedOut || f.Reason != string(tel.CausePowerLost) && f.Reason != string(tel.CauseShutdown) {
			return f, true, nil
		}
	}
	return call.Fact{}, false, nil
}

func (d *reader) rows(ctx context.Context, query string, args ...any) ([]Row, error) {
	var out []Row
	err := each(ctx, d.db, query, func(row scanner) error {
		r, err := scanRow(row)
		out = append(out, r)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("cannot read the book: %w", err)
	}
	return out, nil
}

// Filter chooses calls. The zero Filter chooses all.
type Filter struct {
	ID     tel.CallID // this one only
	From   time.Time  // began at or after
	To     time.Time  // began before
	Open   bool       // only those going on
	Newest int        // only the newest n of those chosen, 0 all; they come oldest first all the same
}

// Calls returns the records chosen by f, oldest first. A record that goes on
// has a zero Ended, and its durations are those of the parts that are over.
func (d *reader) Calls(ctx context.Context, f Filter) iter.Seq2[call.Record, error] {
	where, args := []string{"1"}, []any{}
	add := func(cond string, arg ...any) { where, args = append(where, cond), append(args, arg...) }
	if f.ID != "" {
		add("id = ?", string(f.ID))
	}
	if !f.From.IsZero() {
		add("began_us >= ?", f.From.UnixMicro())
	}
	if !f.To.IsZero() {
		add("began_us < ?", f.To.UnixMicro())
	}
	if f.Open {
		add("ended_us IS NULL")
	}
	query := `SELECT ` + callColumns + ` FROM call WHERE ` + strings.Join(where, " AND ") + ` ORDER BY seq`
	if f.Newest > 0 {
		query = `SELECT * FROM (` + query + ` DESC LIMIT ?) ORDER BY seq`
		args = append(args, f.Newest)
	}
	return func(yield func(call.Record, error) bool) {
		err := each(ctx, d.db, query, func(row scanner) error {
			c, err := scanCall(row)
			if err != nil {
				return err
			}
			if !yield(c.rec, nil) {
				return errEnough
			}
			return nil
		}, args...)
		if err != nil && !errors.Is(err, errEnough) {
			yield(call.Record{}, fmt.Errorf("cannot read the calls: %w", err))
		}
	}
}

// errEnough ends a query whose reader wants no more.
var errEnough = errors.New("enough")

// Interval is a time an agent spent in one state.
type Interval struct {
	Agent  tel.AgentID   `json:"agent"`
	Ext    tel.Number    `json:"ext"`
	State  string        `json:"state"`
	Reason string        `json:"reason"`
	Call   tel.CallID    `json:"call"`
	From   time.Time     `json:"from"`
	To     time.Time     `json:"to"` // zero while it goes on
	Lasted time.Duration `json:"-"`
}

// Intervals returns the intervals that began in [from, to), oldest first, of
// one agent or of all for "". A zero to has no end.
func (d *reader) Intervals(ctx context.Context, agent tel.AgentID, from, to time.Time) ([]Interval, error) {
	end := int64(1<<63 - 1)
	if !to.IsZero() {
		end = to.UnixMicro()
	}
	var out []Interval
	err := each(ctx, d.db, `SELECT agent, ext, state, reason, call, from_us, to_us, coalesce(ns, 0) FROM interval
		WHERE (agent = ?1 OR ?1 = '') AND from_us >= ?2 AND from_us < ?3 ORDER BY seq`, func(row scanner) error {
		var i Interval
		var began, ns int64
		var ended sql.NullInt64
		err := row.Scan(&i.Agent, &i.Ext, &i.State, &i.Reason, &i.Call, &began, &ended, &ns)
		i.From, i.To, i.Lasted = time.UnixMicro(began).UTC(), instant(ended), time.Duration(ns)
		out = append(out, i)
		return err
	}, string(agent), from.UnixMicro(), end)
	if err != nil {
		return nil, fmt.Errorf("cannot read the agents' times: %w", err)
	}
	return out, nil
}

// Cursor returns the last number that a sink acknowledged, 0 for none.
func (d *reader) Cursor(ctx context.Context, sink string) (uint64, error) {
	var acked int64
	err := d.db.QueryRowContext(ctx, `SELECT acked FROM cursor WHERE sink = ?`, sink).Scan(&acked)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("cannot read the cursor of %s: %w", sink, err)
	}
	return uint64(acked), nil
}

// SetCursor notes that a sink acknowledged every number up to acked. It never
// goes back and never beyond the last number.
func (b *Book) SetCursor(ctx context.Context, sink string, acked uint64) error {
	if last := b.Last(); acked > last {
		return fmt.Errorf("cannot move the cursor of %s to %d: the book ends at %d", sink, acked, last)
	}
	err := b.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO cursor VALUES (?1, ?2)
			ON CONFLICT (sink) DO UPDATE SET acked = max(acked, ?2)`, sink, int64(acked))
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot move the cursor of %s to %d: %w", sink, acked, err)
	}
	return nil
}
