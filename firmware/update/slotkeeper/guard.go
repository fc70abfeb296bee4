package slotkeeper

import (
	"context"
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/update/slotwire"
	"github.com/centralita/centralita/firmware/update/trial"
)

// Patience is how long the program has, from the start of the machine, to decide a
// trial. Then it is counted as one that cannot: it may crash at every start.
const Patience = trial.Limit + time.Minute

// Guard ends a trial that the program does not decide: it gives it up and restarts
// the machine by restart. booted is when the machine started. It returns when nothing
// is on trial, when ctx ends, or with restart's error.
func (k *Keeper) Guard(ctx context.Context, booted time.Time, restart func(context.Context) error) error {
	if !k.Trial {
		return nil
	}
	t := time.NewTimer(time.Until(booted.Add(Patience)))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return nil
	case <-t.C:
	}
	k.at <- struct{}{} // a commit that is being written is waited for
	defer k.leave()
	r, err := k.Disk.Record()
	if err == nil && !k.onTrial(r) {
		return nil
	}
	k.Log.Error("the program did not decide the trial", "within", Patience)
	if err == nil {
		_, err = k.rollbackTo(ctx, r, slotwire.RollbackAsk{Why: "silence"}, func(any) {})
	}
	if err != nil { // the boot loader falls back by itself
		k.Log.Error("giving the trial up", "err", err)
	}
	if err := restart(ctx); err != nil {
		return fmt.Errorf("cannot restart into the old system: %w", err)
	}
	return nil
}
