package console

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// ServeLine serves whoever sits at a serial line until the line fails or ctx ends. The
// line is called name; seat is the place at it, which the caller keeps when ctx ends with
// ErrAnew. The line's Write gives up with os.ErrDeadlineExceeded when the far end
// takes nothing; then the session is over, and another begins with the next key.
func (c *Console) ServeLine(ctx context.Context, name string, line io.Writer, seat *Seat, idle time.Duration) error {
	d := Desk{Who: tel.Who{Name: string(tel.DoorSerial), Via: tel.DoorSerial}, From: name, In: seat.in, Out: line, Idle: idle, Seat: seat}
	for {
		err := c.Shell(ctx, d)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		c.d.Log.Info("nobody reads the serial line", "line", name)
		select {
		case _, ok := <-d.In: // whoever pressed it sees the banner for an answer
			if !ok {
				return errGone
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
