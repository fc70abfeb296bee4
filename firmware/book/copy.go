package book

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Copy writes the book of the data folder dir into the file to, which must not be
// there, as it is at one instant. The daemon may write meanwhile.
func Copy(ctx context.Context, dir, to string) error {
	db, err := sql.Open("sqlite", dsn(dir)+"&mode=ro")
	if err != nil {
		return fmt.Errorf("cannot copy the book: %w", err)
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, to)
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("cannot copy the book: %w", err)
	}
	return nil
}
