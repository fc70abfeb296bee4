package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/centralita/centralita/firmware/exchange"
)

// restFor is how long no call is taken once the house is found idle: as long as its
// end may take.
const restFor = 10 * time.Second

// whenIdle returns as soon as there is no call of any kind, and keeps new ones away
// for restFor from then on. It gives up when ctx ends, or after limit unless that
// is 0.
func (h *House) whenIdle(ctx context.Context, limit time.Duration) error {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	for {
		changed := h.store.Changed()
		var err error
		if len(h.store.Get().Calls) == 0 {
			if err = (control{h.exchange}).order(ctx, exchange.Rest{For: restFor}); err == nil {
				return nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("cannot wait for an idle house any longer: %d calls go on: %w", len(h.store.Get().Calls), context.Cause(ctx)), err)
		}
	}
}

// startAnew ends the house so that another begins in the same process. It does not
// wait.
func (h *House) startAnew(why string) {
	select {
	case h.again <- why:
	default: // it ends already
	}
}

// last waits for the end of the house; why is not empty when another one is to
// follow.
func (h *House) last(ctx context.Context, failed <-chan error) (why string, err error) {
	select {
	case <-ctx.Done():
	case err = <-failed:
	case why = <-h.again:
		h.notify("STATUS=Starting anew: " + why)
		return why, nil
	}
	h.notify("STOPPING=1", "STATUS=Ending calls")
	return "", err
}

// versionName is what a version of the configuration is called in problems: a file
// of the data folder, so that others may be named from there.
func versionName(dir string, n int) string { return filepath.Join(dir, "version-"+strconv.Itoa(n)) }
