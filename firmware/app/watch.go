package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/health"
)

// The parts that must check in, in the order of their list.
const (
	checkLoop = iota
	checkMedia
	checkWriter
)

// watchEvery is how often each part is asked for a sign of life; a page counts
// itself stale after five seconds without one of the loop.
const watchEvery = 2 * time.Second

// checks is the list of parts with how long each may be silent.
func checks(now time.Time) *health.Checks {
	return health.NewChecks(now,
		health.Part{Name: "loop", Within: 5 * time.Second, WhenLate: health.LoopLate()},
		health.Part{Name: "media", Within: 5 * time.Second, WhenLate: health.MediaLate()},
		health.Part{Name: "writer", Within: 15 * time.Second, WhenLate: health.WriterLate()},
	)
}

// watch asks loop, engine and writer for signs of life until ctx ends.
func (h *House) watch(ctx context.Context) error {
	t := time.NewTicker(watchEvery)
	defer t.Stop()
	shown := ""
	for {
		h.exchange.Post(exchange.Ping{Done: func() { h.checks.In(checkLoop, time.Now()) }})
		asked, cancel := context.WithTimeout(ctx, watchEvery)
		if h.engine.Ping(asked) == nil {
			h.checks.In(checkMedia, time.Now())
		}
		cancel()
		if h.book.State().Pending == 0 {
			h.checks.In(checkWriter, time.Now())
		}
		h.lookAtClock(time.Now())
		if news := h.news(time.Now()); news != shown {
			shown = news
			h.exchange.Post(exchange.OnNews{})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// news is what the picture shows of the rooms that tell the loop nothing.
func (h *House) news(now time.Time) string {
	st := h.book.State()
	var b strings.Builder
	fmt.Fprint(&b, len(h.checks.Late(now)), st.Last, st.Err)
	for _, u := range h.uplinks {
		s := u.State()
		fmt.Fprint(&b, s.State, s.Acked, s.Pending, s.Error, s.Next)
	}
	return b.String()
}
