package console

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// idleClock counts the time without a key of someone who has logged in.
type idleClock struct {
	limit  time.Duration // zero: none
	t      *time.Timer
	warned bool
	since  *time.Time // of the shell
}

// clock starts the count, for whom there is one. Another house does not begin it anew,
// but there is a warning before the end.
func (s *shell) clock() *idleClock {
	if !s.sat {
		s.since = time.Now()
	}
	s.sat = false
	c := &idleClock{since: &s.since}
	if s.who.Role > tel.Nobody {
		c.limit = s.idle
	}
	if c.limit > 0 {
		c.t = time.NewTimer(max(0, c.limit-c.notice()-time.Since(s.since)))
	}
	return c
}

// notice is how long before the end it is told.
func (c *idleClock) notice() time.Duration { return min(warning, c.limit/2) }

func (c *idleClock) timer() <-chan time.Time {
	if c.t == nil {
		return nil
	}
	return c.t.C
}

// touch begins the count anew.
func (c *idleClock) touch() {
	*c.since = time.Now()
	if c.t != nil {
		c.warned = false
		c.t.Reset(c.limit - c.notice())
	}
}

// warn begins the last part of the count and returns its length.
func (c *idleClock) warn() time.Duration {
	c.warned = true
	c.t.Reset(c.notice())
	return c.notice()
}

func (c *idleClock) stop() {
	if c.t != nil {
		c.t.Stop()
	}
}
