package book

import (
	"context"
	"fmt"
)

// Counts returns how many events of each kind there are, and nothing of what they say.
func (d *reader) Counts(ctx context.Context) (map[string]uint64, error) {
	out := map[string]uint64{}
	err := each(ctx, d.db, `SELECT kind, count(*) FROM event GROUP BY kind`, func(row scanner) error {
		var kind string
		var n int64
		if err := row.Scan(&kind, &n); err != nil {
			return err
		}
		out[kind] = uint64(n)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cannot count the book: %w", err)
	}
	return out, nil
}
