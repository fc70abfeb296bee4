package update

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/update/slotwire"
)

// longest is how long a start waits for an idle house before it is given up.
const longest = 24 * time.Hour

// Start puts the staged slot on trial and restarts into it as soon as nobody talks.
// It returns when that is arranged; Rollback takes it back until then. present: somebody
// stands at the box and permits one below the floor.
func (u *Updater) Start(ctx context.Context, who tel.Who, present bool) (slotwire.Result, error) {
	end, err := u.begin("start")
	if err != nil {
		return slotwire.Result{}, err
	}
	defer end()
	r, err := u.do(ctx, slotwire.Try, slotwire.TryAsk{Present: present, Rate: u.rate()}, func(p slotwire.Progress) { u.note(slotwire.Doing{What: "start", Progress: p}) })
	if err != nil {
		return r, err
	}
	if err := u.remember(u.order); err != nil {
		return r, err
	}
	u.booked(who, "start", fmt.Sprintf("%s (%d) in slot %s, when nobody talks", r.Held.Version, r.Held.Number, r.Slot))
	u.arm(true)
	return r, nil
}

// order is what is remembered of a start that is ordered.
func (u *Updater) order(m *memory) { m.Ports, m.Ordered = u.c.Ports(), u.c.Boot }

// resume goes on with a start that was ordered before the program began. In the same run
// of the machine it waits on. In a later one the boot loader passed it by, because it
// could not keep its record; it would do so again, so the start is taken back, and the
// number counts as one that failed here.
func (u *Updater) resume(ctx context.Context, s slotwire.State) error {
	if s.Trial || s.Try == "" {
		return nil
	}
	u.mu.Lock()
	same := u.c.Boot != "" && u.mem.Ordered == u.c.Boot
	u.mu.Unlock()
	if same {
		u.arm(true)
		return nil
	}
	if _, err := u.do(ctx, slotwire.Rollback, slotwire.RollbackAsk{Why: "loader"}, nil); err != nil {
		return fmt.Errorf("cannot take back a start that the boot loader passed by: %w", err)
	}
	s, err := u.Slots(ctx)
	if err != nil {
		return err
	}
	return u.tellFall(s)
}

// arm orders the waiting for an idle house, or takes it back.
func (u *Updater) arm(on bool) {
	u.mu.Lock()
	u.armed = on
	if u.cancel != nil {
		u.cancel()
	}
	u.mu.Unlock()
	select {
	case u.kick <- struct{}{}:
	default: // it looks anyway
	}
}

// waitToStart restarts the machine once nobody talks, when a start is ordered.
func (u *Updater) waitToStart(ctx context.Context) {
	u.mu.Lock()
	if !u.armed {
		u.mu.Unlock()
		return
	}
	waiting, cancel := context.WithTimeout(ctx, longest)
	u.cancel = cancel
	u.mu.Unlock()
	defer cancel()
	err := u.c.Idle(waiting)
	u.mu.Lock()
	still := u.armed
	u.cancel = nil
	u.mu.Unlock()
	switch {
	case ctx.Err() != nil || !still:
		return
	case errors.Is(waiting.Err(), context.Canceled): // it was ordered anew meanwhile: the next round waits for that
		return
	case err == nil:
		err = u.c.Reboot(ctx, "update")
	}
	if err != nil { // a day without a quiet moment, or no restart: the old system stays
		u.c.Log.Error("the start of the update", "err", err)
		u.arm(false)
		if _, err := u.do(ctx, slotwire.Rollback, slotwire.RollbackAsk{Why: "busy"}, nil); err != nil {
			u.c.Log.Error("taking the start of the update back", "err", err)
		}
		return
	}
	if wait(ctx, again) { // the machine should be going down
		u.goDown(ctx, "update")
	}
}

// again is how long a restart may take before it is asked for anew.
const again = time.Minute

// goDown asks for a restart until it comes.
func (u *Updater) goDown(ctx context.Context, why string) {
	for {
		if err := u.c.Reboot(ctx, why); err != nil {
			u.c.Log.Error("restarting", "why", why, "err", err)
		}
		if !wait(ctx, again) {
			return
		}
	}
}

// Commit declares the running slot good; where the owner says so, what it names as too
// old is shut out at once. It is also how a person says that he has seen a fall-back.
func (u *Updater) Commit(ctx context.Context, who tel.Who) (slotwire.State, error) {
	end, err := u.begin("commit")
	if err != nil {
		return slotwire.State{}, err
	}
	defer end()
	s, err := u.commit(ctx, slotwire.CommitAsk{Floor: who.Role >= tel.Owner})
	if err != nil {
		return s, err
	}
	u.booked(who, "committed", fmt.Sprintf("%s (%d) in slot %s", s.Of(s.Running).Version, s.Of(s.Running).Number, s.Running))
	u.mu.Lock()
	u.machine = nil // nothing is on trial any more
	u.mu.Unlock()
	return s, u.remember(func(m *memory) { m.Acked = fallMark(s) })
}

func (u *Updater) commit(ctx context.Context, ask slotwire.CommitAsk) (slotwire.State, error) {
	var s slotwire.State
	err := u.c.Keeper.Do(ctx, slotwire.Commit, ask, nil, &s)
	if err == nil {
		u.mu.Lock()
		u.state = s
		u.mu.Unlock()
	}
	return s, err
}

// Rollback goes back to the other slot: a start that waits is taken back, a trial is
// given up, else the other slot is put on trial. It restarts as soon as nobody talks
// where that is needed.
func (u *Updater) Rollback(ctx context.Context, who tel.Who, present bool) (slotwire.Result, error) {
	end, err := u.begin("rollback")
	if err != nil {
		return slotwire.Result{}, err
	}
	defer end()
	before, err := u.Slots(ctx)
	if err != nil {
		return slotwire.Result{}, err
	}
	r, err := u.do(ctx, slotwire.Rollback, slotwire.RollbackAsk{Present: present, Rate: u.rate()}, func(p slotwire.Progress) {
		u.note(slotwire.Doing{What: "rollback", Progress: p})
	})
	if err != nil {
		return r, err
	}
	if err := u.remember(u.order); err != nil {
		return r, err
	}
	u.booked(who, "rolled back", fmt.Sprintf("to %s (%d) in slot %s", r.Held.Version, r.Held.Number, r.Slot))
	u.mu.Lock()
	u.machine = nil
	u.mu.Unlock()
	u.arm(r.Slot != before.Running)
	return r, nil
}

// Postpone keeps updates from starting by themselves for some days; 0: no longer.
func (u *Updater) Postpone(who tel.Who, days int) error {
	if !u.c.Keeper.Present() {
		return Absent
	}
	var until time.Time
	if days > 0 {
		until = u.c.Now().AddDate(0, 0, days).Truncate(time.Second)
	}
	if err := u.remember(func(m *memory) { m.Postponed = until }); err != nil {
		return err
	}
	u.booked(who, "postponed", fmt.Sprintf("%d days", days))
	return nil
}
