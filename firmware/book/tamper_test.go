package book

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/call"
)

// alter closes the book of a new folder with 18 rows in it, runs statements on
// the file, and returns the folder.
func alter(t *testing.T, statements ...string) string {
	t.Helper()
	dir := t.TempDir()
	b, err := Open(t.Context(), dir, Options{Site: "centro", Version: "test", unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	appendAll(b, story("1-1", b.start))
	flush(t, b)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", dsn(dir, "synchronous(OFF)"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return dir
}

func verify(t *testing.T, dir string) (uint64, error) {
	t.Helper()
	r, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return r.Verify(t.Context())
}

func TestVerifyNamesTheFirstBrokenNumber(t *testing.T) {
	for name, c := range map[string]struct {
		sql  []string
		want uint64
	}{
		"body altered":     {[]string{`UPDATE event SET body = CAST(replace(CAST(body AS TEXT), '600111222', '600111223') AS BLOB) WHERE seq = 3`}, 3},
		"kind altered":     {[]string{`UPDATE event SET kind = 'call.began' WHERE seq = 5`}, 5},
		"call altered":     {[]string{`UPDATE event SET call = '1-2' WHERE seq = 5`}, 5},
		"leg altered":      {[]string{`UPDATE event SET leg = 9 WHERE seq = 5`}, 5},
		"agent altered":    {[]string{`UPDATE event SET agent = 'x' WHERE seq = 5`}, 5},
		"queue altered":    {[]string{`UPDATE event SET queue = 'x' WHERE seq = 5`}, 5},
		"time altered":     {[]string{`UPDATE event SET wall_us = wall_us + 1 WHERE seq = 7`}, 7},
		"mono altered":     {[]string{`UPDATE event SET mono_ns = mono_ns + 1 WHERE seq = 7`}, 7},
		"boot altered":     {[]string{`UPDATE event SET boot = 9 WHERE seq = 7`}, 7},
		"clock altered":    {[]string{`UPDATE event SET clock = 'rtc' WHERE seq = 7`}, 7},
		"class altered":    {[]string{`UPDATE event SET privacy = 'person' WHERE seq = 7`}, 7},
		"salt altered":     {[]string{`UPDATE event SET salt = zeroblob(16) WHERE seq = 7`}, 7},
		"digest altered":   {[]string{`UPDATE event SET digest = zeroblob(32) WHERE seq = 7`}, 7},
		"hash altered":     {[]string{`UPDATE event SET hash = zeroblob(32) WHERE seq = 7`}, 7},
		"first gone":       {[]string{`DELETE FROM event WHERE seq = 1`}, 1},
		"middle gone":      {[]string{`DELETE FROM event WHERE seq = 9`}, 9},
		"last gone":        {[]string{`DELETE FROM event WHERE seq = 18`}, 18},
		"all gone":         {[]string{`DELETE FROM event`}, 1},
		"swapped":          {[]string{`UPDATE event SET seq = 99 WHERE seq = 4`, `UPDATE event SET seq = 4 WHERE seq = 6`, `UPDATE event SET seq = 6 WHERE seq = 99`}, 4},
		"renumbered":       {[]string{`DELETE FROM event WHERE seq = 10`, `UPDATE event SET seq = 10 WHERE seq = 11`}, 10},
		"body taken":       {[]string{`UPDATE event SET body = NULL, salt = NULL WHERE seq = 5`}, 5},
		"erased in secret": {[]string{`UPDATE event SET body = NULL, salt = NULL WHERE seq = 3`}, 3},
		"row added":        {[]string{`INSERT INTO event SELECT 19, boot, mono_ns, wall_us, clock, kind, call, leg, agent, queue, privacy, body, salt, digest, hash, hash FROM event WHERE seq = 18`}, 19},
		"record altered":   {[]string{`UPDATE call SET talk_ns = talk_ns + 1`}, 3},
		"record gone":      {[]string{`DELETE FROM call`}, 3},
		"record invented":  {[]string{`UPDATE call SET id = '1-2'`}, 3},
		"end cut off":      {[]string{`INSERT INTO cursor VALUES ('sede', 18)`, `DELETE FROM event WHERE seq > 16`, `UPDATE head SET (seq, hash) = (SELECT seq, hash FROM event WHERE seq = 16)`}, 17},
		"head gone":        {[]string{`DELETE FROM head`}, 19},
	} {
		t.Run(name, func(t *testing.T) {
			dir := alter(t, c.sql...)
			r, err := Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			_, err = r.Verify(t.Context())
			b, ok := errors.AsType[*Broken](err)
			if !ok || b.Seq != c.want {
				t.Errorf("%v, want number %d", err, c.want)
			}
		})
	}
	if last, err := verify(t, alter(t)); err != nil || last != 18 {
		t.Errorf("an unaltered book: %d, %v", last, err)
	}
}

// TestForgedRowBreaksTheNext: somebody who knows the form writes a whole row
// anew, with right digest and hash, and even mends the link of the next row.
// The hash of that next row gives it away.
func TestForgedRowBreaksTheNext(t *testing.T) {
	dir := alter(t)
	r, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := r.Rows(t.Context(), 2, 1) // number 3
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	forged := rows[0]
	forged.Body = []byte(strings.Replace(string(forged.Body), "600111222", "600999999", 1))
	forged.Digest = digest(forged.Salt, forged.Body)
	forged.chain(forged.Seq, forged.Prev)
	db, err := sql.Open("sqlite", dsn(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE event SET body = ?, digest = ?, hash = ? WHERE seq = 3`, forged.Body, forged.Digest, forged.Hash); err != nil {
		t.Fatal(err)
	}
	for _, mended := range []bool{false, true} {
		if mended {
			if _, err := db.Exec(`UPDATE event SET prev = ? WHERE seq = 4`, forged.Hash); err != nil {
				t.Fatal(err)
			}
		}
		_, err := verify(t, dir)
		if b, ok := errors.AsType[*Broken](err); !ok || b.Seq != 4 {
			t.Errorf("mended %v: %v", mended, err)
		}
	}
}

func TestErasedBodyIsGoneAndTheChainHolds(t *testing.T) {
	dir := t.TempDir()
	b := openTest(t, dir)
	appendAll(b, story("1-1", b.start))
	appendAll(b, []call.Fact{{Kind: call.Began, Call: "1-2", From: "699888777", Direction: "in"}})
	if err := b.Erase(t.Context(), "1-1", "asked by the caller"); err != nil {
		t.Fatal(err)
	}
	if err := b.Erase(t.Context(), "1-1", "again"); err == nil {
		t.Error("erased twice")
	}
	if last, err := b.Verify(t.Context()); err != nil || last != 20 {
		t.Errorf("verified to %d, %v", last, err)
	}
	before := dump(t, b)
	if err := b.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := dump(t, b); after != before {
		t.Errorf("rebuilt\n%s\nwas\n%s", after, before)
	}
	if !strings.Contains(before, "ventas") || strings.Contains(before, "600111222") {
		t.Errorf("wrong things erased:\n%s", before)
	}
	b.Append(call.Fact{Kind: call.Shutdown}) // the chain goes on behind an erasure
	flush(t, b)
	if _, err := b.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	for _, name := range []string{FileName, FileName + "-wal"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", name, info.Mode(), err)
		}
		if strings.Contains(string(raw), "600111222") {
			t.Errorf("the number still stands in %s", name)
		}
	}
}

// dump is the text of every projection.
func dump(t interface{ Fatal(...any) }, b *Book) string {
	var out strings.Builder
	for _, q := range []string{
		`SELECT ` + callColumns + ` FROM call ORDER BY seq`, `SELECT * FROM visit ORDER BY seq`,
		`SELECT * FROM offer ORDER BY seq`, `SELECT * FROM interval ORDER BY seq`,
	} {
		rows, err := b.reader.db.QueryContext(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			vals, refs := make([]sql.NullString, len(names)), make([]any, len(names))
			for i := range vals {
				refs[i] = &vals[i]
			}
			if err := rows.Scan(refs...); err != nil {
				t.Fatal(err)
			}
			for i, v := range vals {
				out.WriteString(names[i] + "=" + v.String + " ")
			}
			out.WriteByte('\n')
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestReadersBesideAndAfterTheWriter(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "there is none") {
		t.Errorf("an empty folder: %v", err)
	}
	b := openTest(t, dir)
	appendAll(b, story("1-1", b.start))
	flush(t, b)
	r, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := count(t, r)
	b.Append(call.Fact{Kind: call.Began, Call: "1-2", From: "1"})
	flush(t, b)
	if m := count(t, r); n != 1 || m != 2 {
		t.Errorf("beside the writer: %d calls, then %d", n, m)
	}
	if err := errors.Join(r.Close(), b.Close()); err != nil {
		t.Fatal(err)
	}
	r, err = Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if m := count(t, r); m != 2 {
		t.Errorf("after the writer: %d calls", m)
	}
	if _, err := r.db.Exec(`DELETE FROM event`); err == nil {
		t.Error("a reader wrote")
	}
}

func count(t *testing.T, r *Reader) int {
	t.Helper()
	n := 0
	for _, err := range r.Calls(t.Context(), Filter{From: time.Unix(0, 0)}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}
