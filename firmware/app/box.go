package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/keeper"
	"github.com/centralita/centralita/firmware/keeper/chores"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/wipe"
)

// restartOrder is a restart that waits for an idle house: there is one at most.
type restartOrder struct {
	wake chan struct{} // something was ordered

	mu     sync.Mutex
	stands bool
	who    tel.Who
	since  time.Time
	stop   context.CancelFunc // ends the waiting; nil: nobody waits
}

func newOrder() *restartOrder { return &restartOrder{wake: make(chan struct{}, 1)} }

// longestWait is how long a restart waits for an idle house; then it is forgotten, so
// that nobody is surprised days later.
const longestWait = 24 * time.Hour

// boxDesk is the machine as the console asks for it.
type boxDesk struct{ h *House }

// Whole implements console.Box.
func (b boxDesk) Whole() bool { return b.h.keeper.Present() }

func (b boxDesk) booked(who tel.Who, what string) {
	b.h.book.Append(call.Fact{Kind: call.Ordered, At: time.Now(), State: what, Reason: whose(who)})
}

// Restart implements console.Box.
func (b boxDesk) Restart(ctx context.Context, who tel.Who) error {
	b.booked(who, "restart")
	return b.h.startOver(ctx, "restart ordered by "+whose(who))
}

// startOver restarts the machine, or the program where there is no keeper.
func (h *House) startOver(ctx context.Context, why string) error {
	err := h.askKeeper(ctx, chores.Reboot, nil, nil)
	if errors.Is(err, keeper.ErrAbsent) {
		h.startAnew(why)
		return nil
	}
	return err
}

// WhenIdle implements console.Box.
func (b boxDesk) WhenIdle(who tel.Who) error {
	b.booked(who, "restart when idle")
	b.h.restartWhenIdle(who)
	return nil
}

// restartWhenIdle starts over as soon as there is no call. It does not wait; an order
// before is replaced.
func (h *House) restartWhenIdle(who tel.Who) {
	o := h.order
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stands, o.who, o.since = true, who, time.Now()
	h.repaint()
	select {
	case o.wake <- struct{}{}:
	default: // it will find this one too
	}
}

// attendOrder waits for orders and for the house to be idle, until ctx ends.
func (h *House) attendOrder(ctx context.Context) error {
	o := h.order
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-o.wake:
		}
		waiting, stop := context.WithCancel(ctx)
		o.mu.Lock()
		o.stop = stop
		stands := o.stands
		o.mu.Unlock()
		if !stands {
			stop()
			continue
		}
		err := h.whenIdle(waiting, longestWait)
		o.mu.Lock()
		back := waiting.Err() != nil // it was taken back, and maybe given anew
		stop()
		who := o.who
		if o.stop = nil; !back {
			o.stands = false
		}
		o.mu.Unlock()
		if back {
			continue
		}
		if err == nil {
			boxDesk{h}.booked(who, "restart now")
			err = h.startOver(ctx, "restart when idle, ordered by "+whose(who))
		}
		if err != nil {
			h.log.Error("the restart that was waiting", "err", err)
		}
	}
}

// Cancel implements console.Box.
func (b boxDesk) Cancel(who tel.Who) bool {
	o := b.h.order
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.stands {
		return false
	}
	o.stands = false
	if o.stop != nil {
		o.stop()
	}
	b.booked(who, "cancel")
	b.h.repaint()
	return true
}

// Waits implements console.Box.
func (b boxDesk) Waits() (who tel.Who, since time.Time, ok bool) {
	o := b.h.order
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.who, o.since, o.stands
}

// PowerOff implements console.Box.
func (b boxDesk) PowerOff(ctx context.Context, who tel.Who) error {
	if !b.h.keeper.Present() {
		return keeper.ErrAbsent
	}
	b.booked(who, "power off")
	return b.h.askKeeper(ctx, chores.PowerOff, nil, nil)
}

// Erase implements console.Box.
func (b boxDesk) Erase(ctx context.Context, who tel.Who) error {
	if err := b.h.whenIdle(ctx, 0); err != nil {
		return err
	}
	return b.h.eraseAll(ctx, who)
}

// eraseAll asks for a factory reset and starts over.
func (h *House) eraseAll(ctx context.Context, who tel.Who) error {
	boxDesk{h}.booked(who, "factory reset") // the upstream keeps it
	err := h.askKeeper(ctx, chores.Wipe, chores.WipeAsked{Word: chores.WipeWord}, nil)
	if !errors.Is(err, keeper.ErrAbsent) {
		return err
	}
	if err := wipe.Mark(h.dir); err != nil {
		return err
	}
	h.startAnew("factory reset ordered by " + whose(who))
	return nil
}
