package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/console"
)

// working starts the rooms of a house, each in a goroutine of its own. One that ends with
// an error before the house does ends it.
type working struct {
	work   context.Context // ends when the house does
	all    sync.WaitGroup
	failed chan error
}

func (p *working) run(name string, run func(context.Context) error) {
	p.all.Go(func() {
		if err := run(p.work); err != nil && p.work.Err() == nil {
			select {
			case p.failed <- fmt.Errorf("%s stopped: %w", name, err):
			default: // the house ends already
			}
		}
	})
}

// Run works until ctx ends, then says goodbye: calls are ended, the book is
// closed. ready is called once when calls are taken.
func (h *House) Run(ctx context.Context, ready func()) error {
	h.book.Append(call.Fact{Kind: call.Config, At: h.started, Reason: h.cfg.File, Evidence: h.cfg.Digest})
	h.openDog()
	h.bookBoard()
	work, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	p := &working{work: work, failed: make(chan error, 1)}
	h.takeCalls(p)
	h.openHouse(p)
	h.lookAfter(p)
	h.liveOn()
	ready()
	h.notify("READY=1")
	why, err := h.last(ctx, p.failed)
	h.leaveLife()
	h.farewell()
	if why != "" && h.seats != nil {
		stop(console.ErrAnew)
	}
	stop(nil)
	err = errors.Join(err, h.closeBoard())
	p.all.Wait()
	h.closeFront()
	h.book.Append(call.Fact{Kind: call.Shutdown, At: time.Now(), Reason: cmp.Or(why, "stopped")})
	err = errors.Join(err, h.book.Close(), h.clock.Close())
	err = errors.Join(err, h.closeDog(err))
	if why != "" {
		return &restart{why, err}
	}
	return err
}

// takeCalls starts what calls need.
func (h *House) takeCalls(p *working) {
	p.run("the media engine", h.engine.Run)
	p.run("the exchange", func(ctx context.Context) error { h.exchange.Run(ctx); return nil })
	for id, port := range h.wires {
		p.all.Go(func() { h.listen(id, port) })
		p.all.Go(func() { h.pumps[id].Run(p.work) })
	}
	for _, port := range h.idle {
		p.all.Go(func() { drain(port) })
	}
	p.run("the black box", h.recorder.run)
	p.run("the line profiles", h.profiles.run)
	if h.out.Wire != nil && h.sim != nil {
		p.run("the simulated wire", func(ctx context.Context) error { return h.sim.Serve(ctx, h.out.Wire) })
	}
	p.run("SIP", func(ctx context.Context) error { return h.sip.Serve(ctx, h.out.SIP, h.out.SIPStream) })
}

// openHouse starts what people see and the doors by which they come.
func (h *House) openHouse(p *working) {
	p.run("the panel", func(ctx context.Context) error {
		h.panel.Run(ctx)
		return nil
	})
	if h.real.buttons != nil {
		p.run("the buttons", h.pressed)
	}
	if h.out.Web != nil {
		p.run("the wall page", func(ctx context.Context) error { return h.web.Serve(ctx, h.out.Web) })
	}
	if h.doors.cert != nil {
		p.run("the pages over TLS", h.serveDoors)
	}
	p.run("the claim", h.doors.access.Run)
	if h.out.Control != nil {
		p.run("the console", h.serveConsole)
	}
	if h.out.SSH != nil && h.cfg.Access.SSH.IsValid() {
		p.run("SSH", h.serveSSH)
	}
	for _, d := range h.consoles {
		p.run("a serial console", func(ctx context.Context) error { return h.serveSerial(ctx, d) })
	}
}

// lookAfter starts what keeps the house in order and tells others of it.
func (h *House) lookAfter(p *working) {
	h.uplinks.run(p.work, p.run)
	h.syslog.run(p.work, p.run)
	if len(h.cfg.Clock.Servers) > 0 {
		p.run("the time servers", h.askTime)
	}
	p.run("the order to restart", h.attendOrder)
	p.run("updates", h.updates.Run)
	p.run("the watch", h.watch)
	p.run("late channels", h.awaitLate)
	p.run("the address", h.keepAddress)
	p.run("the watchdog", h.feed)
}
