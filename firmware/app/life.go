package app

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/config/life"
)

// idleLimit is how long a version that takes a restart waits for an idle house.
const idleLimit = 24 * time.Hour

// Tell implements life.House: the book gets what became of a version.
func (h *House) Tell(v life.Version, by life.Person) {
	why := by.String()
	switch {
	case v.Why != "":
		why += ": " + v.Why
	case v.From != "":
		why += ": from " + v.From
	}
	h.book.Append(call.Fact{
		Kind: call.Version, At: time.Now(), Node: strconv.Itoa(v.N), State: string(v.State), Reason: why, Evidence: v.Digest,
	})
}

// liveOn says to the configuration's life that this house stands.
func (h *House) liveOn() {
	if h.life == nil {
		return
	}
	h.life.Attach(h)
	if err := h.life.Stands(h.version); err != nil {
		h.log.Error("the configuration's life", "err", err)
	}
}

// leaveLife is the opposite of liveOn.
func (h *House) leaveLife() {
	h.awaiting.stop()
	h.restores.stop()
	if h.life != nil {
		h.life.Attach(nil)
	}
}

// awaiting is the question whether the house is idle.
type awaiting struct {
	mu     sync.Mutex
	cancel context.CancelFunc
}

// stop withdraws the question.
func (a *awaiting) stop() { a.replace(nil) }

func (a *awaiting) replace(cancel context.CancelFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cancel != nil {
		a.cancel()
	}
	a.cancel = cancel
}

// Await implements life.House.
func (h *House) Await(n int) {
	if n == 0 {
		h.awaiting.stop()
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.awaiting.replace(cancel)
	_, _, returning := h.life.Status()
	limit := idleLimit
	if returning {
		limit = 0 // what nobody confirmed goes, however long that takes
	}
	go func() {
		defer cancel()
		err := h.whenIdle(ctx, limit)
		switch {
		case err == nil:
			err = h.life.Idle()
		case errors.Is(err, context.DeadlineExceeded):
			err = h.life.GiveUp(context.Background(), life.System, "calls went on for "+limit.String())
		default:
			return // withdrawn
		}
		if err != nil {
			h.log.Error("the configuration's life", "version", n, "err", err)
		}
	}()
}

// Restart implements life.House.
func (h *House) Restart(n int) { h.startAnew("configuration " + strconv.Itoa(n)) }
