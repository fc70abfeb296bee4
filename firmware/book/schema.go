package book

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// FileName is the name of the book inside the data folder.
const FileName = "book.db"

// levels are the steps of the file's form: level n is reached from n-1 by
// levels[n-1]. A step is never changed after a release; a new one is added.
var levels = [...]string{`
CREATE TABLE event (
	seq     INTEGER PRIMARY KEY,
	boot    INTEGER NOT NULL, -- whose monotonic clock mono_ns is read on
	mono_ns INTEGER NOT NULL,
	wall_us INTEGER NOT NULL, -- UTC
	clock   TEXT NOT NULL,    -- how far the wall clock can be trusted
	kind    TEXT NOT NULL,
	call    TEXT NOT NULL,
	leg     INTEGER NOT NULL,
	agent   TEXT NOT NULL,
	queue   TEXT NOT NULL,
	privacy TEXT NOT NULL,    -- '' or 'person'
	body    BLOB,             -- NULL once erased
	salt    BLOB,             -- NULL once erased
	digest  BLOB NOT NULL,    -- SHA-256(salt, body)
	prev    BLOB NOT NULL,
	hash    BLOB NOT NULL
) STRICT;
CREATE INDEX event_call ON event(call) WHERE call <> '';

CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
INSERT INTO head VALUES (1, 0, zeroblob(32));

CREATE TABLE boot (
	boot     INTEGER PRIMARY KEY,
	began_us INTEGER NOT NULL,
	known_us INTEGER NOT NULL, -- last time at which the boot was known to live
	known_ns INTEGER NOT NULL,
	version  TEXT NOT NULL,
	clock    TEXT NOT NULL
) STRICT;

CREATE TABLE cursor (sink TEXT PRIMARY KEY, acked INTEGER NOT NULL) STRICT;

CREATE TABLE call (
	seq          INTEGER PRIMARY KEY, -- of its first event
	id           TEXT NOT NULL UNIQUE,
	boot         INTEGER NOT NULL,
	direction    TEXT NOT NULL,
	from_no      TEXT NOT NULL,
	name         TEXT NOT NULL,
	to_no        TEXT NOT NULL,
	port         TEXT NOT NULL,
	flow_path    TEXT NOT NULL, -- JSON array of node names
	queue        TEXT NOT NULL,
	agent        TEXT NOT NULL,
	began_us     INTEGER NOT NULL,
	answered_us  INTEGER,
	queued_us    INTEGER,
	connected_us INTEGER,
	ended_us     INTEGER,
	wait_ns      INTEGER NOT NULL,
	talk_ns      INTEGER NOT NULL,
	hold_ns      INTEGER NOT NULL,
	acw_ns       INTEGER NOT NULL,
	ended_by     TEXT NOT NULL,
	cause        TEXT NOT NULL,
	evidence     TEXT NOT NULL,
	waiting_ns   INTEGER, -- monotonic start of what runs now
	talking_ns   INTEGER,
	holding_ns   INTEGER,
	holders      INTEGER NOT NULL
) STRICT;
CREATE INDEX call_open ON call(seq) WHERE ended_us IS NULL;
CREATE INDEX call_began ON call(began_us);

CREATE TABLE visit (
	seq       INTEGER PRIMARY KEY,
	call      TEXT NOT NULL,
	queue     TEXT NOT NULL,
	joined_us INTEGER NOT NULL,
	joined_ns INTEGER NOT NULL,
	left_us   INTEGER,
	wait_ns   INTEGER,
	cause     TEXT NOT NULL
) STRICT;
CREATE INDEX visit_call ON visit(call);

CREATE TABLE offer (
	seq      INTEGER PRIMARY KEY,
	call     TEXT NOT NULL,
	queue    TEXT NOT NULL,
	agent    TEXT NOT NULL,
	offer    INTEGER NOT NULL,
	made_us  INTEGER NOT NULL,
	made_ns  INTEGER NOT NULL,
	ended_us INTEGER,
	ring_ns  INTEGER,
	outcome  TEXT NOT NULL, -- 'accepted' or the cause
	why      TEXT NOT NULL
) STRICT;
CREATE INDEX offer_call ON offer(call);

CREATE TABLE interval (
	seq     INTEGER PRIMARY KEY,
	agent   TEXT NOT NULL,
	ext     TEXT NOT NULL,
	state   TEXT NOT NULL,
	reason  TEXT NOT NULL,
	call    TEXT NOT NULL,
	from_us INTEGER NOT NULL,
	from_ns INTEGER NOT NULL,
	to_us   INTEGER,
	ns      INTEGER
) STRICT;
CREATE INDEX interval_open ON interval(agent) WHERE to_us IS NULL;
CREATE INDEX interval_from ON interval(from_us);
`, `
ALTER TABLE boot ADD COLUMN zone TEXT NOT NULL DEFAULT ''; -- IANA name of the office's time zone
`, `
CREATE INDEX event_switch ON event(kind) WHERE kind = 'schedule.set'; -- read at every start
`, `
CREATE INDEX event_seat ON event(agent, seq) WHERE kind = 'agent.state'; -- read at every start
`, `
CREATE INDEX event_messages ON event(kind) WHERE kind = 'messages.wait'; -- read at every start
`, `
CREATE INDEX event_clock ON event(boot, seq) WHERE kind = 'system.clock'; -- read when a call is told again
`, `
ALTER TABLE call ADD COLUMN answer_evidence TEXT NOT NULL DEFAULT ''; -- how it is known that somebody answered
`}

// dsn names the book in dir for the driver. Every connection gets the same
// pragmas because they stand in the name: one set by a statement would be lost
// on the next connection of the pool.
func dsn(dir string, extra ...string) string {
	q := url.Values{"_pragma": append([]string{"busy_timeout(5000)"}, extra...)}
	path := filepath.Join(dir, FileName)
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// migrate brings the file to the newest level, all steps or none.
func migrate(ctx context.Context, db *sql.DB) error {
	var level int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&level); err != nil {
		return err
	}
	if level > len(levels) {
		return fmt.Errorf("it was written by a newer version (level %d, this one knows %d); hint: start the newer version again", level, len(levels))
	}
	if level == len(levels) {
		return nil
	}
	return inTx(ctx, db, func(tx *sql.Tx) error {
		for _, step := range levels[level:] {
			if _, err := tx.ExecContext(ctx, step); err != nil {
				return fmt.Errorf("cannot bring it from level %d to %d: %w", level, len(levels), err)
			}
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(levels)))
		return err
	})
}

// inTx runs do in a transaction: committed when do returns nil, else undone.
func inTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		if undo := tx.Rollback(); undo != nil {
			return fmt.Errorf("%w (and cannot undo: %v)", err, undo)
		}
		return err
	}
	return tx.Commit()
}
