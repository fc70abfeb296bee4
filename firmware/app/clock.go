package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// timekeeper is what is known of the time. The system's clock is never touched: while
// it is not set, the time that callers' exchanges tell is counted beside it.
type timekeeper struct {
	started time.Time
	today   time.Time // of the day of the start, as far as that is known

	mu     sync.Mutex
	state  string
	caller *health.CallerClock // nil: something better is known
}

// keepTime begins to keep the time. A clock of which nothing is said is judged by
// what it shows.
func (h *House) keepTime(state string) error {
	if state == "" {
		state = clockState(h.started)
	}
	h.clock = &timekeeper{started: h.started, today: h.started, state: state}
	if state != "unset" && state != "restored" {
		return nil
	}
	last, err := h.book.LastKnown(context.Background())
	if err != nil {
		return err
	}
	if last.Before(written) {
		last = written
	}
	if state == "unset" {
		h.clock.today = last // the calls of that day are perhaps those of today
	}
	h.clock.caller = health.NewCallerClock(state, last, h.cfg.Site.Location)
	return nil
}

// State is what is known of the clock, as the picture shows it.
func (k *timekeeper) State() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state
}

// told carries what a port reports to the exchange. The date of a caller id is a
// clock where there is no better one.
func (h *House) told(id tel.PortID, ev port.Event) {
	if c, ok := ev.(port.CallerID); ok && c.Date.Known() {
		h.hearDate(id, c.Date, time.Now())
	}
	h.exchange.Post(exchange.OnPort{Port: id, Event: ev})
}

// hearDate takes the date of a call on a line.
func (h *House) hearDate(id tel.PortID, d port.Date, now time.Time) {
	k := h.clock
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.caller == nil {
		return
	}
	step, changed := k.caller.Heard(now, health.CallDate{Month: int(d.Month), Day: int(d.Day), Hour: int(d.Hour), Minute: int(d.Minute)})
	if !changed {
		return
	}
	k.state = "callerid"
	h.book.Append(call.Fact{
		Kind: call.Clock, At: now, Port: id, Reason: k.state, State: call.BookStep, Millis: step.Milliseconds(),
		Evidence: fmt.Sprintf("caller id on %s: %02d-%02d %02d:%02d", id, d.Month, d.Day, d.Hour, d.Minute),
	})
	ahead, _ := k.caller.Ahead()
	h.exchange.Post(exchange.OnClock{Ahead: ahead})
}

// lookAtClock sees whether somebody has set the system's clock meanwhile: then that
// is the time, and what was counted beside it ends.
func (h *House) lookAtClock(now time.Time) {
	k := h.clock
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.caller == nil || clockState(now) == "unset" || clockState(k.started) != "unset" {
		return
	}
	ahead, _ := k.caller.Ahead()
	moved := now.Round(0).Sub(k.started.Round(0)) - now.Sub(k.started)
	k.state, k.caller = "system", nil
	h.book.Append(call.Fact{
		Kind: call.Clock, At: now, Reason: k.state, State: call.BookEnd, Millis: (moved - ahead).Milliseconds(), Evidence: "the system's clock was set",
	})
	h.exchange.Post(exchange.OnClock{})
}
