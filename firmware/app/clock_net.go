package app

import (
	"context"
	"time"

	"github.com/centralita/centralita/firmware/clock/sntp"
)

// askTime asks the time servers of the configuration now and then. While a daemon of
// the machine keeps the system's clock by the network nobody needs to be asked.
func (h *House) askTime(ctx context.Context) error {
	a := sntp.Asker{Servers: h.cfg.Clock.Servers, Dial: h.out.DialTime}
	var pace sntp.Pace
	timer := time.NewTimer(0)
	defer timer.Stop()
	failed := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		if h.clock.daemon() {
			timer.Reset(pace.Next(true))
			continue
		}
		said, err := a.Ask(ctx)
		switch {
		case err == nil:
			h.hearTime(time.Now(), said)
		case ctx.Err() != nil:
			return nil
		case !failed: // once, until they answer again
			h.log.Warn("no time from the network", "err", err)
		}
		failed = err != nil
		timer.Reset(pace.Next(err == nil))
	}
}

// daemon reports whether a daemon of the machine disciplines the system's clock.
func (t *Time) daemon() bool {
	if t.below == nil {
		return false
	}
	return t.below.Reading().Synced
}
