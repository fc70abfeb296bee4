package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/serial"
)

// stalled is how long the far end of a serial line may take nothing before its session
// ends.
const stalled = 5 * time.Second

// serialDoor is a serial line at which a technician may sit. The line that was opened
// at the start, or kept from the house before, is for the first session.
type serialDoor struct {
	serial.Device
	seats *seats
	house context.Context // set before it is served
	mu    sync.Mutex
	first *seatLine // nil: it was used, or could not be opened
}

// begin opens the line at the start.
func (d *serialDoor) begin() (err error) {
	if d.first = d.seats.take(d.Name()); d.first == nil {
		d.first, err = d.open()
	}
	return err
}

func (d *serialDoor) open() (*seatLine, error) {
	l, err := d.Device.Open(serial.Limits{Write: stalled})
	if err != nil {
		return nil, err
	}
	return &seatLine{l, console.Sit(l)}, nil
}

// Open implements serial.Device.
func (d *serialDoor) Open(serial.Limits) (serial.Line, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.first
	if d.first = nil; l == nil {
		var err error
		if l, err = d.open(); err != nil {
			return nil, err
		}
	}
	return &lent{seatLine: l, name: d.Name(), house: d.house, seats: d.seats}, nil
}

// giveBack gives back the line of a house that does not come about: the next one may.
func (d *serialDoor) giveBack() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.first
	if d.first = nil; l == nil {
		return nil
	}
	return d.seats.keep(d.Name(), l)
}

// openConsoles opens the serial lines that the board has for a technician. One that is
// not there, or busy, is tried again while the house stands.
func (h *House) openConsoles() {
	if h.cfg.Board.Front == nil {
		return
	}
	for _, path := range h.cfg.Board.Front.Consoles {
		if h.out.Console == nil {
			h.addPart(board.Report{Driver: consoleDriver, Port: path, State: board.Skipped, Why: "no serial lines are opened here"})
			continue
		}
		d := &serialDoor{Device: h.out.Console(path), seats: h.seats}
		h.consoles = append(h.consoles, d)
		r := consoleReport(path, d.begin())
		h.real.reports = append(h.real.reports, r)
		h.addPart(r)
	}
}

// consoleDriver is the driver's name in reports.
const consoleDriver = "console"

// consoleReport says what became of opening a serial line.
func consoleReport(path string, err error) board.Report {
	r := board.Report{Driver: consoleDriver, Port: path, State: board.Loaded, What: "115200 baud"}
	if err != nil {
		r.State, r.What = board.Failed, ""
		r.Why, r.Hint = whyNoConsole(err)
		if errors.Is(err, serial.ErrAbsent) {
			r.State = board.Skipped
		}
	}
	return r
}

// whyNoConsole is an error of a serial line for people.
func whyNoConsole(err error) (why, hint string) {
	for _, c := range []struct {
		err  error
		hint string
	}{
		{serial.ErrAbsent, "it is taken as soon as it is there"},
		{serial.ErrBusy, "end it; it may be a log-in of the system (getty)"},
		{serial.ErrDenied, "add the user to the group dialout"},
		{serial.ErrStrange, "correct console: of the board"},
		{serial.ErrGone, "it is taken as soon as it is there"},
	} {
		if errors.Is(err, c.err) {
			return c.err.Error(), c.hint
		}
	}
	return err.Error(), ""
}

// serveSerial serves whoever sits at a serial line, as often as it comes back.
func (h *House) serveSerial(ctx context.Context, d *serialDoor) error {
	c := h.desk()
	d.house = ctx
	serial.Keep(ctx, d, serial.Limits{}, func(ctx context.Context, l serial.Line) error {
		if err := c.ServeLine(ctx, d.Name(), l, l.(*lent).seat, h.cfg.Access.Console); ctx.Err() == nil {
			h.log.Debug("a serial console ended", "line", d.Name(), "err", err)
			return serial.ErrGone // whatever it says: it is nobody's any more
		}
		return ctx.Err()
	}, func(err error) {
		if err != nil {
			h.log.Warn("a serial console is not there", "err", err)
		}
		h.consoleTold(consoleReport(d.Name(), err))
	})
	return nil
}

// consoleTold puts what became of a serial line in the place of what was told before.
func (h *House) consoleTold(r board.Report) {
	h.real.lock.Lock()
	defer h.real.lock.Unlock()
	now := view.Hardware{Driver: r.Driver, Port: r.Port, State: r.State.String(), What: r.What, Why: r.Why, Hint: r.Hint}
	i := slices.IndexFunc(h.hardware, func(p view.Hardware) bool { return p.Driver == r.Driver && p.Port == r.Port })
	if i < 0 || h.hardware[i] == now {
		return
	}
	h.hardware = slices.Clone(h.hardware) // pictures hold the old one
	h.hardware[i] = now
	h.exchange.Post(exchange.OnNews{})
}

// Code is what the web asks of whoever wants to be the first owner, and until when.
func (h *House) Code() (code string, until time.Time) { return h.doors.access.Code() }
