package book

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// Broken says where the chain of the book does not hold.
type Broken struct {
	Seq uint64 // first broken number
	Why string
}

// Error names the number.
func (e *Broken) Error() string {
	return fmt.Sprintf("the book is broken at number %d: %s", e.Seq, e.Why)
}

// Number returns the first broken number.
func (e *Broken) Number() uint64 { return e.Seq }

// Verify walks the whole chain and returns the last number. The error is a
// *Broken for the first number that was altered, is missing, does not follow
// its predecessor, or lost its body without an event that says so. When the
// chain holds, the records of calls are told again from it and compared; one
// that differs is broken at the number of its first event.
func (d *reader) Verify(ctx context.Context) (uint64, error) {
	tx, err := d.db.BeginTx(ctx, nil) // one picture of rows and head while a daemon writes
	if err != nil {
		return 0, fmt.Errorf("cannot verify the book: %w", err)
	}
	defer tx.Rollback()
	seq, prev := uint64(0), make([]byte, 32)
	told := newTeller()
	erased := map[tel.CallID]uint64{} // first erased row that no event explained yet
	err = each(ctx, tx, `SELECT `+rowColumns+` FROM event ORDER BY seq`, func(row scanner) error {
		r, err := scanRow(row)
		if err != nil {
			return &Broken{seq + 1, "it cannot be read: " + err.Error()}
		}
		if why := r.check(seq+1, prev); why != "" {
			return &Broken{seq + 1, why}
		}
		if err := told.tell(&r); err != nil {
			return &Broken{r.Seq, err.Error()}
		}
		if _, known := erased[r.Call]; r.Erased() && !known {
			erased[r.Call] = r.Seq
		}
		if r.Kind == call.Erased {
			delete(erased, r.Call)
		}
		seq, prev = r.Seq, r.Hash
		return nil
	})
	if err == nil {
		err = unexplained(erased)
	}
	if err == nil {
		var h head
		err = tx.QueryRowContext(ctx, `SELECT seq, hash FROM head`).Scan(&h.seq, &h.hash)
		switch {
		case err != nil:
			err = &Broken{seq + 1, "the head is gone"}
		case h.seq > seq:
			err = &Broken{seq + 1, fmt.Sprintf("row %d is missing", seq+1)}
		case h.seq < seq || !bytes.Equal(h.hash, prev):
			err = &Broken{seq, "the head does not know it"}
		}
	}
	if err == nil {
		var acked uint64
		if err = tx.QueryRowContext(ctx, `SELECT coalesce(max(acked), 0) FROM cursor`).Scan(&acked); err == nil && acked > seq {
			err = &Broken{seq + 1, fmt.Sprintf("row %d is missing: it was acknowledged upstream", seq+1)}
		}
	}
	if err == nil {
		err = told.compare(ctx, tx)
	}
	if _, broken := errors.AsType[*Broken](err); err != nil && !broken {
		err = fmt.Errorf("cannot verify the book: %w", err)
	}
	return seq, err
}

// unexplained returns the first erased row without an event that says so.
func unexplained(erased map[tel.CallID]uint64) error {
	var first uint64
	for _, seq := range erased {
		if first == 0 || seq < first {
			first = seq
		}
	}
	if first == 0 {
		return nil
	}
	return &Broken{first, "its body is gone, and no later event says that it was erased"}
}
