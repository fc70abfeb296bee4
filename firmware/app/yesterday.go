package app

import (
	"context"
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/tel"
)

// remember adds what the book knows of the time before this start: where agents
// sat and whether they were ready, and the calls of today. People's own log-ins
// stand above the seats of the configuration; a seat that is no phone any more
// is forgotten.
func (h *House) remember(s *exchange.Settings) error {
	ctx := context.Background()
	phones := map[tel.Number]bool{}
	for _, f := range s.Phones {
		phones[f.Ext] = true
	}
	for i := range s.Agents {
		a := &s.Agents[i]
		f, known, err := h.book.Seat(ctx, a.ID)
		switch {
		case err != nil:
			return fmt.Errorf("cannot seat the agents: %w", err)
		case !known:
		case f.State == acd.LoggedOut.String():
			a.Ext = ""
		case phones[f.Ext]:
			a.Ext = f.Ext
			if f.State == acd.NotReady.String() {
				a.Paused = f.Reason
			}
		}
	}
	waiting, err := h.book.Messages(ctx)
	if err != nil {
		return fmt.Errorf("cannot tell the phones of their messages: %w", err)
	}
	for i := range s.Phones {
		s.Phones[i].Messages = waiting[s.Phones[i].Ext]
	}
	now := h.clock.Now().In(h.cfg.Site.Location)
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	for r, err := range h.book.Calls(ctx, book.Filter{From: midnight.Add(-h.conf().Limits.Longest)}) {
		if err != nil {
			return fmt.Errorf("cannot read the calls of today: %w", err)
		}
		if !r.Ended.Before(midnight) || !r.Began.Before(midnight) {
			s.Today = append(s.Today, r)
		}
	}
	return nil
}
