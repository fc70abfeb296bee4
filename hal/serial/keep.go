package serial

import (
	"context"
	"time"
)

// Waits of Keep between two openings. LongWait is what somebody who plugs a cable in
// waits at most.
const (
	FirstWait = time.Second
	LongWait  = 5 * time.Second
	Steady    = 10 * time.Second // a line that lasted so long was no brief one
)

// Keep opens dev and gives each open line to use, which works on it until it fails
// or ctx ends; Keep closes it. It opens again after a wait that doubles from
// FirstWait to LongWait while the device stays away, and another while each line that
// opens is lost within Steady: how long the device was away before makes no line that
// is lost wait longer. tell hears of each change: nil when a line is open, else why
// there is none; the same sentence is told once. Keep returns when ctx ends.
func Keep(ctx context.Context, dev Device, lim Limits, use func(context.Context, Line) error, tell func(error)) {
	told, first := "", true
	say := func(err error) {
		text := ""
		if err != nil {
			text = err.Error()
		}
		if first || text != told {
			told, first = text, false
			tell(err)
		}
	}
	away, brief := FirstWait, FirstWait // the next waits for a device, and after a line
	for {
		wait := &away
		line, err := dev.Open(lim)
		if err == nil {
			say(nil)
			began := time.Now()
			err = hold(ctx, line, use)
			wait, away = &brief, FirstWait
			if time.Since(began) >= Steady {
				brief = FirstWait
			}
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			say(err)
		}
		t := time.NewTimer(*wait)
		*wait = min(2**wait, LongWait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// hold works on an open line and closes it, also under use when ctx ends.
func hold(ctx context.Context, line Line, use func(context.Context, Line) error) error {
	closed := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { closed <- line.Close() })
	err := use(ctx, line)
	if !stop() {
		<-closed
		return err
	}
	if cerr := line.Close(); err == nil {
		err = cerr
	}
	return err
}
