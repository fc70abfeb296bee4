package linesim

import (
	"context"
	"fmt"
)

// WaitAnswer returns when the other end has answered, and how often it rang.
func (c *Call) WaitAnswer(ctx context.Context) (rings int, err error) {
	err = c.line.s.wait(ctx, c.line.at.String()+" to be answered", func() bool { return c.answered || c.over })
	c.line.s.mu.Lock()
	defer c.line.s.mu.Unlock()
	if err == nil && !c.answered {
		err = fmt.Errorf("cannot be answered any more: %w", ErrOver)
	}
	return c.rings, err
}

// WaitOver returns when either end has hung up.
func (c *Call) WaitOver(ctx context.Context) error {
	return c.line.s.wait(ctx, "the other end to hang up", func() bool { return c.over })
}

// Over reports whether the call has ended, and whether the board ended it.
func (c *Call) Over() (over, byBoard bool) {
	c.line.s.mu.Lock()
	defer c.line.s.mu.Unlock()
	return c.over, c.byBoard
}

// HangUp ends the call at the subscriber's end: a ringing line falls silent, a
// closed loop is cleared in the exchange's way. A second HangUp does nothing.
func (c *Call) HangUp() {
	l := c.line
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if c.over || l.call != c {
		return
	}
	l.co.Way, l.co.Drop = l.Clearing, int(l.CPC.Milliseconds())
	l.co.HangUp()
	l.happen(l.co.Take(l.events[:0]))
}
