// Package receiver is the far side of an uplink on the test bench: an HTTPS
// handler that stores each (site, number) once in SQLite and answers up to
// which number it has everything. It also misbehaves on request (Faults).
package receiver

import (
	"compress/gzip"
	"context"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Limits of one request.
const (
	maxPacked = 8 << 20
	maxPlain  = 64 << 20
	maxRows   = 100_000
)

const schema = `
CREATE TABLE IF NOT EXISTS row (
	site TEXT NOT NULL, seq INTEGER NOT NULL, boot INTEGER NOT NULL, at TEXT NOT NULL,
	kind TEXT NOT NULL, hash TEXT NOT NULL, body TEXT,
	PRIMARY KEY (site, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS site (site TEXT PRIMARY KEY, ack INTEGER NOT NULL) STRICT;`

// Row is one row as it was received.
type Row struct {
	Site string          `json:"site"`
	Seq  uint64          `json:"seq"`
	Boot uint64          `json:"boot"`
	At   time.Time       `json:"at"`
	Kind string          `json:"kind"`
	Hash string          `json:"hash"`
	Body json.RawMessage `json:"body"`
}

// Receiver stores rows. It is an http.Handler.
type Receiver struct {
	db    *sql.DB
	token string

	mu    sync.Mutex
	count Count
}

// Count says how often things came.
type Count struct{ Requests, Rows, Again int }

// Open opens or makes the store in file. token, when not empty, is asked of
// every request.
func Open(file, token string) (*Receiver, error) {
	q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("cannot open the store %s: %w", file, err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(schema); err != nil {
		return nil, fmt.Errorf("cannot open the store %s: %w", file, errors.Join(err, db.Close()))
	}
	return &Receiver{db: db, token: token}, nil
}

// Close closes the store.
func (r *Receiver) Close() error { return r.db.Close() }

// Count returns how much was received since Open.
func (r *Receiver) Count() Count {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

// refusal is an answer with a status.
type refusal struct {
	code int
	why  string
}

func (e refusal) Error() string { return e.why }

// ServeHTTP takes one batch.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	ack, err := r.take(w, req)
	if err != nil {
		code := http.StatusInternalServerError
		if no, ok := errors.AsType[refusal](err); ok {
			code = no.code
		}
		http.Error(w, err.Error(), code)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, "{\"ack\":%d}\n", ack) // a cut connection is the sender's business
}

func (r *Receiver) take(w http.ResponseWriter, req *http.Request) (uint64, error) {
	kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	switch {
	case req.Method != http.MethodPost:
		return 0, refusal{http.StatusMethodNotAllowed, "only POST"}
	case r.token != "" && subtle.ConstantTimeCompare([]byte(req.Header.Get("Authorization")), []byte("Bearer "+r.token)) != 1:
		return 0, refusal{http.StatusUnauthorized, "wrong token"}
	case err != nil || kind != "application/x-ndjson" || req.Header.Get("Content-Encoding") != "gzip":
		return 0, refusal{http.StatusUnsupportedMediaType, "only gzipped application/x-ndjson"}
	case req.Header.Get("Idempotency-Key") == "":
		return 0, refusal{http.StatusBadRequest, "no Idempotency-Key"}
	}
	rows, err := unpack(http.MaxBytesReader(w, req.Body, maxPacked))
	if err != nil {
		return 0, err
	}
	if key := fmt.Sprintf("%s:%d-%d", rows[0].Site, rows[0].Seq, rows[len(rows)-1].Seq); key != req.Header.Get("Idempotency-Key") {
		return 0, refusal{http.StatusBadRequest, "the Idempotency-Key is not that of the rows"}
	}
	ack, again, err := r.store(req.Context(), rows)
	if err != nil {
		return 0, err
	}
	r.mu.Lock()
	r.count.Requests, r.count.Rows, r.count.Again = r.count.Requests+1, r.count.Rows+len(rows), r.count.Again+again
	r.mu.Unlock()
	return ack, nil
}

// unpack reads a batch: one site, numbers without a gap, at least one row.
func unpack(body io.Reader) ([]Row, error) {
	zip, err := gzip.NewReader(body)
	if err != nil {
		return nil, refusal{http.StatusBadRequest, "not gzip"}
	}
	limited := &io.LimitedReader{R: zip, N: maxPlain}
	dec := json.NewDecoder(limited)
	var rows []Row
	for {
		var row Row
		if err := dec.Decode(&row); errors.Is(err, io.EOF) {
			break
		} else if limited.N <= 0 {
			return nil, refusal{http.StatusRequestEntityTooLarge, "too large"}
		} else if err != nil {
			return nil, refusal{http.StatusBadRequest, "not JSON lines"}
		}
		if row.Site == "" || row.Seq == 0 || row.Seq > 1<<62 || row.Hash == "" || row.Body == nil {
			return nil, refusal{http.StatusBadRequest, "a row lacks a field"}
		}
		if n := len(rows); n > 0 && (row.Site != rows[0].Site || row.Seq != rows[n-1].Seq+1) {
			return nil, refusal{http.StatusBadRequest, "the rows are not one site's without a gap"}
		}
		if rows = append(rows, row); len(rows) > maxRows {
			return nil, refusal{http.StatusRequestEntityTooLarge, "too many rows"}
		}
	}
	if len(rows) == 0 {
		return nil, refusal{http.StatusBadRequest, "no rows"}
	}
	return rows, nil
}

// store keeps each row once and returns the number up to which all of the
// site is there, and how many rows were known before. The same number with
// another hash is a conflict: two boxes use one name, or a book was replaced.
func (r *Receiver) store(ctx context.Context, rows []Row) (ack uint64, again int, err error) {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, 0, err
	}
	defer tx.Rollback()
	site := rows[0].Site
	for _, row := range rows {
		done, err := tx.ExecContext(ctx, `INSERT INTO row VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
			site, int64(row.Seq), int64(row.Boot), row.At.Format(time.RFC3339Nano), row.Kind, row.Hash, string(row.Body))
		if err != nil {
			return 0, 0, err
		}
		if n, err := done.RowsAffected(); err != nil {
			return 0, 0, err
		} else if n == 1 {
			continue
		}
		again++
		var hash string
		if err := tx.QueryRowContext(ctx, `SELECT hash FROM row WHERE site = ? AND seq = ?`, site, int64(row.Seq)).Scan(&hash); err != nil {
			return 0, 0, err
		}
		if hash != row.Hash {
			return 0, 0, refusal{http.StatusConflict, fmt.Sprintf("number %d of site %s is known with another hash", row.Seq, site)}
		}
	}
	err = tx.QueryRowContext(ctx, `WITH RECURSIVE run(n) AS (
			SELECT coalesce((SELECT ack FROM site WHERE site = ?1), 0)
			UNION ALL SELECT n + 1 FROM run WHERE EXISTS (SELECT 1 FROM row WHERE site = ?1 AND seq = n + 1))
		SELECT max(n) FROM run`, site).Scan(&ack)
	if err != nil {
		return 0, 0, err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO site VALUES (?1, ?2) ON CONFLICT DO UPDATE SET ack = ?2`, site, int64(ack)); err != nil {
		return 0, 0, err
	}
	return ack, again, tx.Commit()
}

// Rows returns all rows of a site in order.
func (r *Receiver) Rows(ctx context.Context, site string) ([]Row, error) {
	rows, err := r.db.QueryContext(ctx, `SELECT site, seq, boot, at, kind, hash, body FROM row WHERE site = ? ORDER BY seq`, site)
	if err != nil {
		return nil, fmt.Errorf("cannot read the store: %w", err)
	}
	defer rows.Close()
	var out []Row
	for rows.Next() {
		var row Row
		var at, body string
		if err := rows.Scan(&row.Site, &row.Seq, &row.Boot, &at, &row.Kind, &row.Hash, &body); err != nil {
			return nil, fmt.Errorf("cannot read the store: %w", err)
		}
		if row.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return nil, fmt.Errorf("cannot read the store: %w", err)
		}
		row.Body = json.RawMessage(body)
		out = append(out, row)
	}
	return out, rows.Err()
}
